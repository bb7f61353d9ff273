"""Recognising people by keyed hashes of what is sealed: a key of intake's own, and a table."""

import hmac
import json
import secrets
from collections.abc import Collection, Sequence
from datetime import datetime
from hashlib import sha256

from kernel.facts import Recorded
from kernel.rpc.translate import date_of
from kernel.sites import those_asked
from kernel.store.store import Store, Transaction
from services.intake.adapters.sealed import identity_of, membership_of
from services.intake.domain.recognition import (
    DoublesJudged,
    MemberRecognised,
    Particulars,
    membership_words,
    person_words,
)

# The key is a document: sealed under the master key in use, its content outlives that one.
OWNER, KIND, FIRST = "recognition", "key", 1
KEY_BYTES = 32
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


def member_key(tx: Transaction, payer_id: str, membership: bytes, identity: bytes) -> str:
    """The same for the same member number of the payer's and birth date."""
    born = date_of(identity_of(identity), "birth_date")
    member_number, _ = membership_of(membership)
    return _digest(tx, membership_words(payer_id, member_number, born))


def note_person(tx: Transaction, client_id: str, identity: bytes, noted_at: datetime) -> None:
    """Enter by what a client registered is recognised: name and birth date."""
    said = identity_of(identity)
    person = Particulars(
        family_name=said.family_name,
        given_name=said.given_name,
        birth_date=date_of(said, "birth_date"),
    )
    _note(tx, client_id, _digest(tx, person_words(person)), noted_at)


def possible_doubles(tx: Transaction, client_id: str, sites: Collection[str]) -> list[str]:
    """Clients of these sites who may be the same person, and whom nobody judged to be two."""
    rows = tx.execute(DOUBLES, client=client_id, sites=those_asked(sites))
    return [row.client_id for row in rows]


def keep(tx: Transaction, recorded: Recorded) -> None:
    """Enter a member recognised, or a judgement, in the transaction that records it."""
    match recorded.fact:
        case MemberRecognised() as fact:
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


def forget_likeness(store: Store, client_id: str) -> None:
    """Nobody is recognised as this client any more."""
    with store.transaction() as tx:
        tx.execute("DELETE FROM likeness WHERE client_id = :client", client=client_id)


def _note(tx: Transaction, client_id: str, digest: str, noted_at: datetime) -> None:
    tx.execute(
        "INSERT INTO likeness VALUES (:client, :digest, :at) ON CONFLICT DO NOTHING",
        client=client_id,
        digest=digest,
        at=noted_at,
    )


def _digest(tx: Transaction, words: Sequence[str]) -> str:
    return hmac.digest(_key(tx), json.dumps(words).encode(), sha256).hex()


def _key(tx: Transaction) -> bytes:
    """Made when it is first wanted. Of two made at once the first holds, whoever asks."""
    document = tx.documents.open(OWNER, KIND, FIRST)
    if document is None:
        tx.documents.put(OWNER, KIND, secrets.token_bytes(KEY_BYTES))
        document = tx.documents.open(OWNER, KIND, FIRST)
    if document is None:
        raise RuntimeError("the key of recognition can't be made")
    return document.content
