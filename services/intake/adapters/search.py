"""The question put to the search index: who meets it, each person once, the best first."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ninehours.intake.v1 import intake_service_pb2 as pb

from kernel.facts import id_of
from kernel.messaging.persons import persons_of
from kernel.sites import speaks_for_every, those_asked
from kernel.store.rows import from_row
from kernel.store.store import Transaction
from services.intake.adapters import network, recognition, sealed
from services.intake.adapters.search_tokens import NO_SITE, SearchTokens
from services.intake.app.streams import IDENTITY, client_stream
from services.intake.domain.search import (
    Findable,
    LikelyBy,
    MatchedBy,
    QuestionPart,
    likely_by,
)

MOST_RANKED = 200
BEST_FIRST = sorted(MatchedBy, reverse=True)
# Each part of a question is met once, by the best of its ways, and who meets all is ranked: where
# one isn't met there is no sum. Of equal ones those in care come first. The tokens are looked for
# as one array, so that the plan knows how many there are, and looks for each in the index.
FIND = """
WITH ranked AS (
    SELECT client_id, {score} AS score, {ways} AS ways
    FROM unnest(CAST(:tokens AS bytea[]), CAST(:parts AS int[]), CAST(:ranks AS int[]))
         AS asked(token, part, rank)
    JOIN search_token USING (token)
    WHERE token = ANY(CAST(:tokens AS bytea[]))
    GROUP BY client_id HAVING {score} IS NOT NULL
    ORDER BY score DESC, client_id LIMIT :ranked
), best AS (
    SELECT client_id, score, ways, site_id, level_of_care,
           site_id IS NOT NULL AND closed_on IS NULL AS active
    FROM ranked LEFT JOIN LATERAL (
        SELECT site_id, level_of_care, closed_on FROM episode
        WHERE episode.client_id = ranked.client_id
          AND (CAST(:sites AS uuid[]) IS NULL OR site_id = ANY(CAST(:sites AS uuid[]))
               OR (SELECT bool_or(stay.site_id = ANY(CAST(:sites AS uuid[]))) FROM stay
                   WHERE stay.episode_id = episode.episode_id))
        ORDER BY closed_on IS NOT NULL, number DESC LIMIT 1) AS newest ON true
    ORDER BY score DESC, active DESC, client_id LIMIT :most
)
SELECT CAST(client_id AS text) AS client_id, score, ways, level_of_care, active,
       coalesce(best.site_id, registration.site_id) AS site_id
FROM best JOIN registration USING (client_id)
ORDER BY score DESC, active DESC, client_id
"""
# The same of a person: of all their clients together.
STAYS = """
SELECT DISTINCT ON (survivor) survivor, site_id, level_of_care, closed_on IS NULL AS active
FROM unnest(CAST(:survivors AS text[]), CAST(:clients AS uuid[])) AS x(survivor, client_id)
JOIN episode USING (client_id)
WHERE CAST(:sites AS uuid[]) IS NULL OR site_id = ANY(CAST(:sites AS uuid[]))
ORDER BY survivor, closed_on IS NOT NULL, number DESC
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
class FoundAs:
    """An absorbed client who led to the person, as they are named."""

    client_id: str
    identity: pb.Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundClient:
    """Who was found, and by what, the best first; `found_as`: which absorbed clients led there."""

    client: ClientInBrief
    matched_by: tuple[MatchedBy, ...]
    found_as: tuple[FoundAs, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LikelyDouble:
    """Who may be the same person, and why, the weightiest first; `found_as` as of who is found."""

    client: ClientInBrief
    reasons: tuple[LikelyBy, ...]
    found_as: tuple[FoundAs, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Met:
    """Who meets a question: one person, under the survivor's id. `by`: the clients who do."""

    client_id: str
    by: tuple[str, ...]
    score: int
    matched_by: tuple[MatchedBy, ...]
    site_id: str
    admitted_level: str
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """FIND for so many parts, and what it is asked with but for how many are told."""

    statement: str
    parameters: Mapping[str, Any]
    sites: Collection[str]


def find(
    tx: Transaction,
    hashed: SearchTokens,
    parts: Sequence[QuestionPart],
    sites: Collection[str],
    *,
    most: int,
) -> list[FoundClient]:
    """People of these sites who meet each part of a question; the best first, at most so many."""
    met = _met(tx, question(hashed, parts, searched(tx, sites), sites), most)
    told = _told(tx, met)
    return [
        FoundClient(
            client=client,
            matched_by=one.matched_by,
            found_as=found_as,
        )
        for one in met
        if one.client_id in told
        for client, found_as in [told[one.client_id]]
    ]


def likely_doubles(
    tx: Transaction,
    hashed: SearchTokens,
    person: Findable,
    sites: Collection[str],
    *,
    of_client: str | None,
    most: int,
) -> list[LikelyDouble]:
    """People of these sites who may be this person, at most so many for each reason.

    `of_client`: who the person is, if they are registered; neither they nor who was judged to be
    another person than they are told.
    """
    places = searched(tx, sites)
    reasons: dict[str, list[LikelyBy]] = {}
    whole: dict[str, _Met] = {}
    for reason, parts in likely_by(person).items():
        for one in _met(tx, question(hashed, parts, places, sites), most):
            reasons.setdefault(one.client_id, []).append(reason)
            seen = whole.setdefault(one.client_id, one)
            whole[one.client_id] = replace(seen, by=tuple(dict.fromkeys((*seen.by, *one.by))))
    others = whole.keys() - _ruled_out(tx, of_client, whole.keys())
    told = _told(tx, [one for one in whole.values() if one.client_id in others])
    return [
        LikelyDouble(client=client, reasons=tuple(reasons[client_id]), found_as=found_as)
        for client_id, (client, found_as) in told.items()
    ]


def question(
    hashed: SearchTokens,
    parts: Sequence[QuestionPart],
    searched: Iterable[str],
    sites: Collection[str],
) -> Question:
    """Each clue as it is hashed at each site, its part, and its rank."""
    clues = list({clue for part in parts for clue in part})
    numbers = {clue: number for number, clue in enumerate(clues)}
    asked = [
        (numbers[clue], part, int(clue.by)) for part, any_of in enumerate(parts) for clue in any_of
    ]
    at_sites = [[token.hex() for token in hashed.tokens(site_id, clues)] for site_id in searched]
    tokens = [tokens[number] for tokens in at_sites for number, _, _ in asked]
    best = [f"max(rank) FILTER (WHERE part = {number})" for number in range(len(parts))]
    ways = (f"(1 << {each})" for each in best)
    return Question(
        statement=FIND.format(score=" + ".join(best), ways=" | ".join(ways)),
        parameters={
            "tokens": _array(rf'"\\x{token}"' for token in tokens),
            "parts": _array([str(part) for _, part, _ in asked] * len(at_sites)),
            "ranks": _array([str(rank) for _, _, rank in asked] * len(at_sites)),
            "sites": those_asked(sites),
            "ranked": MOST_RANKED,
        },
        sites=sites,
    )


def searched(tx: Transaction, sites: Collection[str]) -> Collection[str]:
    """At which sites whoever has these looks."""
    return (*network.sites(tx), NO_SITE) if speaks_for_every(sites) else sites


def _array(written: Iterable[str]) -> str:
    """As PostgreSQL reads one: three hundred values in turn are dear to send."""
    return f"{{{','.join(written)}}}"


def _met(tx: Transaction, asked: Question, most: int) -> list[_Met]:
    """People who meet it, each once, as they are met best; at most so many."""
    found = _clients(tx, asked, most)
    if not persons_of(tx.connection, [client_stream(one.client_id) for one in found]).into:
        return found
    ranked = _clients(tx, asked, MOST_RANKED)  # some of them are one, and leave room for others
    return _as_persons(tx, ranked, asked.sites)[:most]


def _clients(tx: Transaction, asked: Question, most: int) -> list[_Met]:
    return [
        from_row(
            _Met,
            row,
            by=(row.client_id,),
            matched_by=tuple(by for by in BEST_FIRST if row.ways >> by & 1),
            site_id=str(row.site_id or ""),
            admitted_level=row.level_of_care or "",
        )
        for row in tx.execute(asked.statement, **asked.parameters, most=most)
    ]


def _as_persons(tx: Transaction, found: Sequence[_Met], sites: Collection[str]) -> list[_Met]:
    """Clients of one person as their survivor, who is where any of them is."""
    persons = persons_of(tx.connection, [client_stream(one.client_id) for one in found])
    people: dict[str, _Met] = {}
    for one in found:
        survivor = id_of(persons.survivor_of(client_stream(one.client_id)))
        best = people.setdefault(survivor, replace(one, client_id=survivor, by=()))
        people[survivor] = replace(best, by=(*best.by, one.client_id))
    merged = {
        survivor: [id_of(each) for each in persons.clients_of(client_stream(survivor))]
        for survivor in people
    }
    clients = [(survivor, each) for survivor, ids in merged.items() for each in ids if ids[1:]]
    stays = tx.execute(
        STAYS,
        survivors=[survivor for survivor, _ in clients],
        clients=[each for _, each in clients],
        sites=those_asked(sites),
    )
    for stay in stays:
        people[stay.survivor] = replace(
            people[stay.survivor],
            site_id=str(stay.site_id),
            admitted_level=stay.level_of_care or "",
            active=stay.active,
        )
    return sorted(people.values(), key=lambda one: (-one.score, not one.active, one.client_id))


def _told(
    tx: Transaction, met: Sequence[_Met]
) -> Mapping[str, tuple[ClientInBrief, tuple[FoundAs, ...]]]:
    """Client → what of them is told, and as whom they were found; of none who was forgotten."""
    named = {each for one in met for each in (one.client_id, *one.by)}
    documents = tx.documents.newest([client_stream(each) for each in named], IDENTITY)
    identities = {
        id_of(owner): sealed.identity_of(document.content) for owner, document in documents.items()
    }
    return {
        one.client_id: (
            ClientInBrief(
                client_id=one.client_id,
                identity=identities[one.client_id],
                site_id=one.site_id,
                admitted_level=one.admitted_level,
                active=one.active,
            ),
            tuple(
                FoundAs(client_id=each, identity=identities[each])
                for each in one.by
                if each != one.client_id and each in identities
            ),
        )
        for one in met
        if one.client_id in identities
    }


def _ruled_out(tx: Transaction, client_id: str | None, others: Iterable[str]) -> set[str]:
    """Of survivors those who are this client's person, or were judged to be another than that."""
    if client_id is None:
        return set()
    persons = persons_of(tx.connection, map(client_stream, (client_id, *others)))
    own = persons.clients_of(client_stream(client_id))
    two = recognition.judged_two_people(tx, list(map(id_of, own)))
    return {
        other
        for other in others
        if (clients := persons.clients_of(client_stream(other))) == own
        or not two.isdisjoint(map(id_of, clients))
    }
