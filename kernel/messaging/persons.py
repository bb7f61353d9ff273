"""Who is one person: clients that were merged, as far as it was heard, and stands.

A merge moves nothing. Wherever facts of a client are gathered, those of every client of the person
are, log by log in the order of signing, as if they had been the survivor's from the first.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar

from ninehours.common.v1.persons_pb2 import ClientMerged, ClientUnmerged
from sqlalchemy import Connection

from kernel.facts import HeardFact, Row, id_of, kind_of
from kernel.refusal import AgainstTheRules
from kernel.store.statements import text

T = TypeVar("T")
Saying = ClientMerged | ClientUnmerged
SAYINGS = {message.DESCRIPTOR.full_name: message for message in (ClientMerged, ClientUnmerged)}
MOST_NAMED = 1000  # subjects that are asked for by name; of more, all that was merged is read

# The types as literals: that is what the index of merges is for. Of few clients the index of
# references gives what there is: no other fact refers to a client.
SAID = """
SELECT type, body, coalesce(signed_at, recorded_at) AS signed_at FROM heard_fact
WHERE type IN ('ninehours.common.v1.ClientMerged', 'ninehours.common.v1.ClientUnmerged')
  AND (CAST(:until AS timestamptz) IS NULL OR coalesce(signed_at, recorded_at) <= :until)
"""
OF_THEM = " AND refs && CAST(:subjects AS text[])"


@dataclass(frozen=True, slots=True)
class MergeSaid:
    """What was said of two clients last, and when."""

    saying: Saying
    at: datetime

    @property
    def holds(self) -> bool:
        """Whether they are merged."""
        return isinstance(self.saying, ClientMerged)


@dataclass(frozen=True)  # no slots: who is one is found once
class Persons:
    """The clients that were asked about, by subject (`client/<uuid>`), and all they are one with.

    `into`: absorbed → the survivor of its merge, who may be absorbed in turn. `linked`: whoever was
    ever merged with one of those asked about, or with one of these, and they themselves. `beside`:
    client → those with whom it was ever merged.
    """

    into: Mapping[str, str] = field(default_factory=dict)
    linked: frozenset[str] = frozenset()
    beside: Mapping[str, Set[str]] = field(default_factory=dict)

    def survivor_of(self, client: str) -> str:
        """Under whom the person's facts are gathered; a client nobody absorbed is their own."""
        way = [client]
        while (survivor := self.into.get(way[-1])) is not None:
            if survivor in way:  # heard by halves: whoever it is, it is the same for all of them
                return min(way[way.index(survivor) :])
            way.append(survivor)
        return way[-1]

    def clients_of(self, client: str) -> tuple[str, ...]:
        """Every client of the person, the survivor first."""
        survivor = self.survivor_of(client)
        return (survivor, *self._absorbed.get(survivor, ()))

    def linked_with(self, client: str) -> Set[str]:
        """Whoever was ever merged with it, or with one of these; and it itself."""
        found, reached = {client}, {client}
        while reached:
            reached = {other for each in reached for other in self.beside.get(each, ())} - found
            found |= reached
        return found

    @cached_property
    def _absorbed(self) -> Mapping[str, Sequence[str]]:
        """Survivor → those who go on as them."""
        found: dict[str, list[str]] = {}
        for client in sorted(self.into):
            if (survivor := self.survivor_of(client)) != client:
                found.setdefault(survivor, []).append(client)
        return found

    def as_one(self, said: Iterable[T], place: Callable[[T], tuple[str, str, datetime]]) -> list[T]:
        """Facts of one person, each log's in its order; several logs of a topic by time.

        `place` gives topic, subject and time of one.
        """
        logs: dict[str, dict[str, list[T]]] = {}
        for one in said:
            topic, subject, _ = place(one)
            logs.setdefault(topic, {}).setdefault(subject, []).append(one)
        return [
            one
            for _, of_topic in sorted(logs.items())
            for one in heapq.merge(
                *(log for _, log in sorted(of_topic.items())), key=lambda one: place(one)[2]
            )
        ]


def references(said: Any) -> Iterable[str]:
    """What a merge refers to: both clients, whichever of them it is told of."""
    return (f"client/{said.survivor_client_id}", f"client/{said.absorbed_client_id}")


def persons_of(
    connection: Connection,
    subjects: Iterable[str] | None,
    until: datetime | None = None,
    supposed: Iterable[MergeSaid] = (),
) -> Persons:
    """Of the clients among these, or (None) of everybody: by what was signed by `until`.

    `supposed` stands as if it had been heard, too.
    """
    beside = list(supposed)
    wanted = None if subjects is None else {each for each in subjects if kind_of(each) == "client"}
    if wanted is not None and len(wanted) > MOST_NAMED:
        found = persons_of(connection, None, until, beside)
        return replace(found, linked=found.linked | wanted)
    told: list[MergeSaid] = []
    linked: set[str] = set(wanted or ())
    while wanted is None or wanted:
        rows = connection.execute(
            text(SAID if wanted is None else SAID + OF_THEM),
            {"until": until} | ({} if wanted is None else {"subjects": sorted(wanted)}),
        ).all()
        told += [
            MergeSaid(SAYINGS[row.type].FromString(bytes(row.body)), row.signed_at) for row in rows
        ]
        told += [said for said in beside if wanted is None or wanted & {*references(said.saying)}]
        reached = {client for said in told for client in references(said.saying)} - linked
        linked |= reached
        wanted = set() if wanted is None else reached
    return Persons(standing(told), frozenset(linked), _beside(told))


def _beside(told: Iterable[MergeSaid]) -> Mapping[str, Set[str]]:
    found: dict[str, set[str]] = {}
    for said in told:
        survivor, absorbed = references(said.saying)
        found.setdefault(survivor, set()).add(absorbed)
        found.setdefault(absorbed, set()).add(survivor)
    return found


def standing(told: Iterable[MergeSaid]) -> dict[str, str]:
    """Absorbed → survivor, by what was said of each two last.

    Of several survivors of one client, heard by halves, the one that was said last.
    """
    last: dict[frozenset[str], MergeSaid] = {}
    for said in told:
        pair = frozenset(references(said.saying))
        if pair not in last or last[pair].saying.revision < said.saying.revision:
            last[pair] = said
    latest: dict[str, tuple[datetime, str]] = {}
    for said in last.values():
        if said.holds:
            survivor, absorbed = references(said.saying)
            latest[absorbed] = max((said.at, survivor), latest.get(absorbed, (said.at, survivor)))
    return {absorbed: survivor for absorbed, (_, survivor) in latest.items()}


def resting_on_merges(
    client: str, rows: Iterable[Row], facts: Iterable[HeardFact]
) -> Iterator[Row]:
    """The client's rows, each resting on the merges by which it rests on an absorbed one's facts.

    `facts`: the client's, those of whomever it absorbed among them.
    """
    facts = list(facts)
    merges = _merges_that_hold([fact for fact in facts if fact.type in SAYINGS])
    of_absorbed = {
        str(fact.id): frozenset(way)
        for fact in (facts if merges else ())
        if fact.type not in SAYINGS
        and (way := list(_way(f"client/{getattr(fact.message, 'client_id', '')}", client, merges)))
    }
    for row in rows:
        by = frozenset[str]().union(*(of_absorbed.get(fact, ()) for fact in row.rests_on))
        yield replace(row, rests_on=row.rests_on | by) if by else row


def _merges_that_hold(said: Sequence[HeardFact]) -> dict[str, tuple[str, str]]:
    """Absorbed → survivor, and the id of the merge; it is told of both: of the survivor first."""
    messages: list[tuple[HeardFact, Any]] = [(fact, fact.message) for fact in said]
    into = standing(MergeSaid(message, fact.signed_at) for fact, message in messages)
    found: dict[str, tuple[int, bool, str]] = {}
    for fact, merge in messages:
        survivor, absorbed = references(merge)
        if isinstance(merge, ClientMerged) and into.get(absorbed) == survivor:
            is_survivors = merge.client_id == merge.survivor_client_id
            told = (merge.revision, is_survivors, str(fact.id))
            found[absorbed] = max(told, found.get(absorbed, told))
    return {absorbed: (into[absorbed], fact) for absorbed, (_, _, fact) in found.items()}


def _way(of: str, client: str, merges: Mapping[str, tuple[str, str]]) -> Iterator[str]:
    """The merges on the way from one client to the other."""
    gone: set[str] = set()
    while of != client and of in merges and of not in gone:
        gone.add(of)
        of, fact = merges[of]
        yield fact


def ids_of_each(connection: Connection, client_ids: Iterable[str]) -> dict[str, list[str]]:
    """Client → every client of the person, the survivor first; by their ids."""
    subjects = {client_id: f"client/{client_id}" for client_id in client_ids}
    persons = persons_of(connection, subjects.values())
    return {
        client_id: [id_of(client) for client in persons.clients_of(subject)]
        for client_id, subject in subjects.items()
    }


def ids_of(connection: Connection, client_id: str) -> list[str]:
    """Every client of this one's person, the survivor first."""
    return ids_of_each(connection, [client_id])[client_id]


def survivor_of(connection: Connection, client: str, until: datetime | None = None) -> str:
    """Under which client (a subject, too) the person's facts are gathered, as was known by then."""
    return persons_of(connection, [client], until).survivor_of(client)


def refuse_absorbed(connection: Connection, client_ids: Sequence[str]) -> None:
    """Refuses (CLIENT_MERGED, with the id to use) a client who was merged into another."""
    if not client_ids:
        return
    persons = persons_of(connection, [f"client/{client_id}" for client_id in client_ids])
    for client_id in client_ids:
        survivor = id_of(persons.survivor_of(f"client/{client_id}"))
        if survivor != client_id:
            raise Merged(client_id, survivor)


class Merged(AgainstTheRules):
    """Nothing is said any more under the id of a client who was merged into another."""

    def __init__(self, client_id: str, survivor_client_id: str) -> None:
        super().__init__(
            "CLIENT_MERGED",
            "this client was merged into another; say it of that one",
            client_id=client_id,
            survivor_client_id=survivor_client_id,
        )
