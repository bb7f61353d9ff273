"""Members as intake recognised them, and what a person said of two of them, as it was heard."""

from collections.abc import Mapping, Sequence

from ninehours.intake.v1 import intake_events_pb2 as intake
from ninehours.intake.v1 import intake_service_pb2 as words
from sqlalchemy import Connection

from kernel.facts import id_of
from kernel.messaging.persons import ids_of_each
from kernel.store.statements import text
from kernel.store.store import Transaction
from services.billing.adapters.heard import heard_facts, subjects_of
from services.billing.adapters.issued import claims_to
from services.billing.domain.claims.members import Members, in_force_of
from services.billing.domain.payers.payer import PAYER

RECOGNISED = intake.MemberRecognised.DESCRIPTOR.full_name


def member_subject(key: str) -> str:
    """What is locked, and what a recognition is filed under."""
    return f"member/{key}"


def keys_of(connection: Connection, clients: Sequence[str] | None) -> dict[str, dict[str, str]]:
    """Client → coverage → the key it was recognised by last; of everybody with None."""
    found: dict[str, dict[str, str]] = {}
    subjects = subjects_of("client", clients)
    for client_id, recognised in heard_facts(connection, intake.MemberRecognised, subjects):
        found.setdefault(client_id, {})[recognised.coverage_id] = recognised.key
    return found


def every_key(keys: Mapping[str, Mapping[str, str]]) -> set[str]:
    """Of all the clients and coverages."""
    return {key for of_client in keys.values() for key in of_client.values()}


def apart_of(connection: Connection, clients: Sequence[str] | None) -> set[frozenset[str]]:
    """Pairs whose last word is that they are two people; each word is told of both."""
    found: dict[frozenset[str], int] = {}
    subjects = subjects_of("client", clients)
    for client_id, judged in heard_facts(connection, intake.DoublesJudged, subjects):
        found[frozenset({client_id, judged.other_client_id})] = judged.verdict
    two = words.DOUBLES_VERDICT_TWO_PEOPLE
    return {pair for pair, verdict in found.items() if verdict == two}


def members_of(tx: Transaction, payer_id: str, clients: Sequence[str]) -> Members:
    """Of these clients, with the claims to the payer that stand of all who have their keys.

    Voids that the payer hasn't processed take nothing back where its rules wait for that.
    """
    keys = keys_of(tx.connection, clients)
    alike = _clients_alike(tx.connection, sorted(every_key(keys)))
    keys |= keys_of(tx.connection, alike)
    claims = claims_to(tx, payer_id, alike)
    payer = PAYER.after(tx.load(f"payer/{payer_id}"))
    persons = ids_of_each(tx.connection, {*clients, *alike})
    members = Members(
        keys=keys,
        apart=apart_of(tx.connection, clients),
        survivors={client_id: ids[0] for client_id, ids in persons.items()},
    )
    return members.joined_by(*in_force_of(claims, payer))


def _clients_alike(connection: Connection, keys: Sequence[str]) -> list[str]:
    """All who have a key, or had it, that isn't one client's alone."""
    rows = connection.execute(
        text(
            "SELECT DISTINCT unnest(alike.subjects) AS subject FROM ("
            " SELECT array_agg(DISTINCT subject) AS subjects FROM heard_fact WHERE type = :type"
            " AND refs && CAST(:members AS text[]) GROUP BY refs HAVING count(DISTINCT subject) > 1"
            ") AS alike ORDER BY subject"
        ),
        {"type": RECOGNISED, "members": [member_subject(key) for key in keys]},
    )
    return [id_of(row.subject) for row in rows]
