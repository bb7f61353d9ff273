"""Whether the search index is what it must be, and making it so: rows that nobody's command left.

Documents that don't open say nothing of what their client is found by: they are passed over.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from kernel.keys.ports import KeyLost, MasterKeyMissing
from kernel.keys.sealing import Unsealable
from kernel.messaging.persons import ids_of_each
from kernel.store.store import Transaction
from services.intake.adapters.search_tokens import SearchTokens, enter, tokens_now
from services.intake.app.streams import client_stream

AT_ONCE = 100  # clients that are locked together
CLIENTS = """
SELECT CAST(client_id AS text) FROM registration
WHERE CAST(:after AS uuid) IS NULL OR client_id > CAST(:after AS uuid)
ORDER BY client_id LIMIT :most
"""
KEPT = """
SELECT CAST(client_id AS text) AS client_id, array_agg(token) AS tokens FROM search_token
WHERE client_id = ANY(CAST(:clients AS uuid[])) GROUP BY client_id
"""
NOBODYS = """
SELECT CAST(client_id AS text) AS client_id, count(*) AS tokens FROM search_token
WHERE NOT EXISTS (SELECT FROM registration WHERE registration.client_id = search_token.client_id)
GROUP BY client_id ORDER BY client_id
"""
DROP_NOBODYS = """
DELETE FROM search_token
WHERE NOT EXISTS (SELECT FROM registration WHERE registration.client_id = search_token.client_id)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientTokens:
    """Of one client, as they must be, and as they are."""

    client_id: str
    wanted: frozenset[bytes]
    kept: frozenset[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mended:
    """How many clients were looked at, of how many tokens were made anew, and of how many
    something doesn't open; `last_client_id` empty: there are no more."""

    looked_at: int
    mended: int
    unopened: int
    last_client_id: str


def clients_after(tx: Transaction, client_id: str | None) -> list[str]:
    """The next ones by their ids; None: the first."""
    return [str(each) for each in tx.execute(CLIENTS, after=client_id, most=AT_ONCE).scalars()]


def compared(
    tx: Transaction, hashed: SearchTokens, client_ids: Collection[str]
) -> list[ClientTokens]:
    """Of each of these clients, but of those of whom something doesn't open."""
    kept = {
        row.client_id: frozenset(map(bytes, row.tokens))
        for row in tx.execute(KEPT, clients=list(client_ids))
    }
    return [
        ClientTokens(client_id=each, wanted=wanted, kept=kept.get(each, frozenset()))
        for each, wanted in _wanted(tx, hashed, client_ids).items()
    ]


def nobodys(tx: Transaction) -> Iterator[tuple[str, int]]:
    """Ids that no client has, with how many tokens lead to them."""
    for row in tx.execute(NOBODYS):
        yield row.client_id, row.tokens


def mend(tx: Transaction, after_client_id: str | None) -> Mended:
    """Makes the tokens of the next clients what they must be, under their locks.

    After the last of them those that are nobody's go.
    """
    client_ids = clients_after(tx, after_client_id)
    persons = ids_of_each(tx.connection, client_ids)
    tx.lock(client_stream(each) for ids in persons.values() for each in ids)
    found = compared(tx, SearchTokens(tx), client_ids)
    wrong = [each for each in found if each.wanted != each.kept]
    for each in wrong:
        enter(tx, each.client_id, each.wanted)
    is_last = len(client_ids) < AT_ONCE
    if is_last:
        tx.execute(DROP_NOBODYS)
    return Mended(
        looked_at=len(client_ids),
        mended=len(wrong),
        unopened=len(client_ids) - len(found),
        last_client_id="" if is_last else client_ids[-1],
    )


def _wanted(
    tx: Transaction, hashed: SearchTokens, client_ids: Collection[str]
) -> Mapping[str, frozenset[bytes]]:
    try:
        return tokens_now(tx, hashed, client_ids)
    except (KeyLost, MasterKeyMissing, Unsealable):
        if len(client_ids) == 1:
            return {}
    return {
        client_id: tokens
        for each in client_ids
        for client_id, tokens in _wanted(tx, hashed, [each]).items()
    }
