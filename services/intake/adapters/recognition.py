"""Recognising people by keyed hashes of what is sealed: a key of intake's own, and a table."""

from collections.abc import Collection, Sequence
from datetime import datetime

from ninehours.intake.v1 import intake_events_pb2 as intake

from kernel.facts import Recorded
from kernel.messaging.persons import ids_of_each
from kernel.messaging.public_facts import public_facts
from kernel.rpc.translate import date_of
from kernel.sites import those_asked
from kernel.store.store import Transaction
from services.intake.adapters.keyed_hashes import keyed_hash
from services.intake.adapters.sealed import identity_of, membership_of
from services.intake.app.sealing import every_version
from services.intake.app.streams import IDENTITY, client_stream
from services.intake.domain.recognition import (
    DoublesJudged,
    MemberRecognised,
    Particulars,
    membership_words,
    person_words,
)

OWNER = "recognition"
DOUBLES = """
SELECT DISTINCT CAST(alike.client_id AS text) AS client_id
FROM likeness JOIN likeness alike USING (digest)
WHERE likeness.client_id = :client AND alike.client_id <> likeness.client_id
  AND NOT EXISTS (SELECT FROM doubles_judged
       WHERE client_id = least(likeness.client_id, alike.client_id)
         AND other_client_id = greatest(likeness.client_id, alike.client_id)
         AND verdict = 'TWO_PEOPLE')
  AND (CAST(:sites AS uuid[]) IS NULL OR EXISTS (
       SELECT FROM client_site WHERE client_site.client_id = alike.client_id
         AND site_id = ANY(CAST(:sites AS uuid[]))))
ORDER BY 1
"""
JUDGED_TWO = """
SELECT CAST(client_id AS text), CAST(other_client_id AS text) FROM doubles_judged
WHERE verdict = 'TWO_PEOPLE' AND (client_id = ANY(CAST(:clients AS uuid[]))
                                  OR other_client_id = ANY(CAST(:clients AS uuid[])))
"""


def member_key(tx: Transaction, payer_id: str, membership: bytes, identity: bytes) -> str:
    """The same for the same member number of the payer's and birth date."""
    born = date_of(identity_of(identity), "birth_date")
    member_number, _ = membership_of(membership)
    return _digest(tx, membership_words(payer_id, member_number, born))


def note_person(tx: Transaction, client_id: str, identity: bytes, noted_at: datetime) -> None:
    """Enter by what a client is recognised now, name and birth date; no more by what before."""
    earlier = every_version(tx, client_stream(client_id), IDENTITY)
    digest = _digest(tx, _person_words(identity))
    before = {_digest(tx, _person_words(said)) for said in earlier} - {digest}
    _note_no_more(tx, client_id, before)
    _note(tx, client_id, digest, noted_at)


def possible_doubles(tx: Transaction, client_id: str, sites: Collection[str]) -> list[str]:
    """Clients of these sites who may be the same person, and whom nobody judged to be two."""
    found = [
        row.client_id for row in tx.execute(DOUBLES, client=client_id, sites=those_asked(sites))
    ]
    persons = ids_of_each(tx.connection, [client_id, *found])
    return sorted({persons[each][0] for each in found} - {persons[client_id][0]})


def judged_two_people(tx: Transaction, client_ids: Collection[str]) -> set[str]:
    """Whom somebody judged to be another person than one of these."""
    judged = tx.execute(JUDGED_TWO, clients=list(client_ids)).all()
    return {each for pair in judged for each in pair} - set(client_ids)


def keep(tx: Transaction, recorded: Recorded) -> None:
    """Enter a member recognised, or a judgement, in the transaction that records it."""
    match recorded.fact:
        case MemberRecognised() as fact:
            said = public_facts(
                tx.connection, [intake.MemberRecognised], subject=client_stream(fact.client_id)
            )
            keys = [(told.message.coverage_id, told.message.key) for told in said]
            _note_no_more(tx, fact.client_id, {key for _, key in keys} - {*dict(keys).values()})
            _note(tx, fact.client_id, fact.key, recorded.at)
        case DoublesJudged() as fact:
            pair = sorted([fact.client_id, fact.other_client_id])
            tx.execute(
                "INSERT INTO doubles_judged VALUES (:client, :other, :verdict, :at)"
                " ON CONFLICT (client_id, other_client_id)"
                " DO UPDATE SET verdict = excluded.verdict",
                client=pair[0],
                other=pair[1],
                verdict=fact.verdict,
                at=recorded.at,
            )


def _note(tx: Transaction, client_id: str, digest: str, noted_at: datetime) -> None:
    tx.execute(
        "INSERT INTO likeness VALUES (:client, :digest, :at) ON CONFLICT DO NOTHING",
        client=client_id,
        digest=digest,
        at=noted_at,
    )


def _note_no_more(tx: Transaction, client_id: str, digests: Collection[str]) -> None:
    tx.execute(
        "DELETE FROM likeness WHERE client_id = :client AND digest = ANY(:digests)",
        client=client_id,
        digests=list(digests),
    )


def _person_words(identity: bytes) -> tuple[str, ...]:
    said = identity_of(identity)
    return person_words(
        Particulars(
            family_name=said.family_name,
            given_name=said.given_name,
            birth_date=date_of(said, "birth_date"),
        )
    )


def _digest(tx: Transaction, words: Sequence[str]) -> str:
    return keyed_hash(tx, OWNER)(words).hex()
