"""The search index: keyed hashes of what clients are found by, and the question put to it.

A hash is of site, field and text, under a key of its own: a token of one site says nothing of
another's, and without the key nothing at all but how many share it.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ninehours.intake.v1 import intake_service_pb2 as pb

from kernel.facts import Recorded, id_of, kind_of
from kernel.sites import speaks_for_every, those_asked
from kernel.statements import content_of, standing
from kernel.store.rows import from_row
from kernel.store.store import Transaction
from services.intake.adapters import network, sealed
from services.intake.adapters.bindings import sites_of
from services.intake.adapters.keyed_hashes import keyed_hash
from services.intake.app.streams import (
    CONTACTS,
    IDENTITY,
    client_stream,
    membership_document,
)
from services.intake.domain.client import ClientRegistered
from services.intake.domain.forgetting import ClientForgotten
from services.intake.domain.person import PersonChanged
from services.intake.domain.search import (
    Clue,
    Findable,
    LikelyBy,
    MatchedBy,
    QuestionPart,
    clues_of,
    likely_by,
)

OWNER = "search"
TOKEN_BYTES = 16
FOLLOWED = ("client", "episode")  # streams
NO_SITE = ""  # of whom no site has: found by who speaks for the whole network
MEMBERSHIPS = "SELECT DISTINCT kind FROM document WHERE owner = :owner AND kind LIKE :kinds"
ENTER = """
INSERT INTO search_token
SELECT token, :client FROM unnest(CAST(:tokens AS bytea[])) AS x(token) ON CONFLICT DO NOTHING
"""
DROP_OTHERS = """
DELETE FROM search_token WHERE client_id = :client AND token <> ALL(CAST(:tokens AS bytea[]))
"""
DROP = "DELETE FROM search_token WHERE client_id = :client"
MOST_RANKED = 200
# Each part of a question is met once, by the best of its ways. Who meets all parts is ranked; of
# the first of them, equal ones in care come first.
FIND = """
WITH met AS (
    SELECT client_id, part, max(rank) AS rank
    FROM unnest(CAST(:tokens AS bytea[]), CAST(:parts AS int[]), CAST(:ranks AS int[]))
         AS asked(token, part, rank)
    JOIN search_token USING (token)
    WHERE token = ANY(CAST(:tokens AS bytea[]))
    GROUP BY client_id, part
), ranked AS (
    SELECT client_id, sum(rank) AS score, array_agg(DISTINCT rank) AS ranks
    FROM met GROUP BY client_id HAVING count(*) = :wanted
    ORDER BY score DESC, client_id LIMIT :ranked
)
SELECT client_id, ranks, coalesce(newest.site_id, registration.site_id) AS site_id, level_of_care,
       newest.site_id IS NOT NULL AND newest.closed_on IS NULL AS active
FROM ranked JOIN registration USING (client_id)
LEFT JOIN LATERAL (
    SELECT site_id, level_of_care, closed_on FROM episode
    WHERE episode.client_id = ranked.client_id
      AND (CAST(:sites AS uuid[]) IS NULL OR site_id = ANY(CAST(:sites AS uuid[])))
    ORDER BY closed_on IS NOT NULL, number DESC LIMIT 1) AS newest ON true
ORDER BY score DESC, active DESC, client_id LIMIT :most
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientInBrief:
    """With what tells people apart. `site_id` empty: of no site.

    `admitted_level`: of the newest episode there, empty where there is none.
    """

    client_id: str
    identity: pb.Identity
    site_id: str
    admitted_level: str
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundClient:
    """Who was found, and by what, the best first."""

    client: ClientInBrief
    matched_by: tuple[MatchedBy, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LikelyDouble:
    """Who may be the same person, and why, the weightiest first."""

    client: ClientInBrief
    reasons: tuple[LikelyBy, ...]


def keep(tx: Transaction, recorded: Recorded) -> None:
    """After whatever is recorded of a client or an episode: they may be found otherwise now.

    Who was forgotten isn't found from that moment on, whenever the key is destroyed. In the
    transaction that records it, under the client's lock.
    """
    kind, fact = kind_of(recorded.stream), content_of(recorded)
    if kind not in FOLLOWED:
        return
    client_id = id_of(recorded.stream) if kind == "client" else fact.client_id
    if isinstance(fact, ClientForgotten):
        tx.execute(DROP, client=client_id)
    else:
        follow(tx, client_id)


def follow(tx: Transaction, client_id: str) -> None:
    """A client's tokens are of what is sealed now, at each of the client's sites."""
    client = _findable(tx, client_id)
    hashed = SearchTokens(tx)
    tokens = [
        hashed.token(site_id, clue)
        for site_id in sites_of(tx, client_id) or {NO_SITE}
        for clue in (clues_of(client) if client is not None else ())
    ]
    tx.execute(DROP_OTHERS, client=client_id, tokens=tokens)
    tx.execute(ENTER, client=client_id, tokens=tokens)


def find(
    tx: Transaction, parts: Sequence[QuestionPart], sites: Collection[str], *, most: int
) -> list[FoundClient]:
    """Clients of these sites who meet each part of a question; the best first, at most so many."""
    rows = tx.execute(FIND, **question(tx, parts, sites, most=most)).all()
    identities = tx.documents.newest([client_stream(str(r.client_id)) for r in rows], IDENTITY)
    return [
        _found(row, sealed.identity_of(said.content))
        for row in rows
        if (said := identities.get(client_stream(str(row.client_id)))) is not None
    ]


def likely_doubles(
    tx: Transaction, person: Findable, sites: Collection[str], *, most: int
) -> list[LikelyDouble]:
    """Clients of these sites who may be this person, at most so many for each reason."""
    clients: dict[str, ClientInBrief] = {}
    reasons: dict[str, tuple[LikelyBy, ...]] = {}
    for reason, parts in likely_by(person).items():
        for found in find(tx, parts, sites, most=most):
            client_id = found.client.client_id
            clients[client_id] = found.client
            reasons[client_id] = (*reasons.get(client_id, ()), reason)
    return [
        LikelyDouble(client=clients[client_id], reasons=found)
        for client_id, found in reasons.items()
    ]


def question(
    tx: Transaction, parts: Sequence[QuestionPart], sites: Collection[str], *, most: int
) -> Mapping[str, Any]:
    """As FIND is asked it: each clue as it is hashed at each site, its part, and its rank."""
    hashed = SearchTokens(tx)
    asked = [
        (hashed.token(site_id, clue), number, int(clue.by))
        for site_id in _searched(tx, sites)
        for number, part in enumerate(parts)
        for clue in part
    ]
    return {
        "tokens": [token for token, _, _ in asked],
        "parts": [number for _, number, _ in asked],
        "ranks": [rank for _, _, rank in asked],
        "wanted": len(parts),
        "sites": those_asked(sites),
        "ranked": MOST_RANKED,
        "most": most,
    }


class SearchTokens:
    """Of sites and clues, under the key of this database."""

    def __init__(self, tx: Transaction) -> None:
        self._hash = keyed_hash(tx, OWNER)

    def token(self, site_id: str, clue: Clue) -> bytes:
        return self._hash((site_id, clue.field, clue.by.name, clue.text))[:TOKEN_BYTES]


def _searched(tx: Transaction, sites: Collection[str]) -> Iterable[str]:
    return (*network.programs(tx).of_site, NO_SITE) if speaks_for_every(sites) else sites


def _findable(tx: Transaction, client_id: str) -> Findable | None:
    """As what is said now is sealed; None: forgotten."""
    owner = client_stream(client_id)
    identity = tx.documents.open(owner, IDENTITY)
    if identity is None:
        return None
    return sealed.findable(identity.content, [*_memberships(tx, owner)], _contacts(tx, owner))


def _contacts(tx: Transaction, owner: str) -> bytes:
    """Those of now, which needn't be sealed last; empty: none were said."""
    said = [recorded.fact for recorded in standing(tx.load(owner))]
    changes = [fact for fact in said if isinstance(fact, PersonChanged)]
    versions = [
        *(fact.contacts_version for fact in said if isinstance(fact, ClientRegistered)),
        *(c.contacts_version for c in sorted(changes, key=lambda change: change.changed_from)),
    ]
    contacts = tx.documents.open(owner, CONTACTS, versions[-1]) if versions[-1] else None
    return b"" if contacts is None else contacts.content


def _memberships(tx: Transaction, owner: str) -> Iterator[bytes]:
    kinds = tx.execute(MEMBERSHIPS, owner=owner, kinds=membership_document("%")).scalars().all()
    for kind in kinds:
        if (document := tx.documents.open(owner, kind)) is not None:
            yield document.content


def _found(row: Any, identity: pb.Identity) -> FoundClient:
    client = from_row(
        ClientInBrief,
        row,
        identity=identity,
        site_id=str(row.site_id or ""),
        admitted_level=row.level_of_care or "",
    )
    matched_by = tuple(MatchedBy(rank) for rank in sorted(row.ranks, reverse=True))
    return FoundClient(client=client, matched_by=matched_by)
