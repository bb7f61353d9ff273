"""Which public facts a service uses, what they refer to, and what each makes pending."""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from google.protobuf.message import Message
from ninehours.common.v1.persons_pb2 import ClientMerged, ClientUnmerged
from ninehours.common.v1.statements_pb2 import StatementAmended
from sqlalchemy import Connection

from kernel.codec import Codec
from kernel.facts import HeardFact, Row, kind_of
from kernel.messaging.amendments import AMENDED, Amended, History, history_of
from kernel.messaging.persons import SAYINGS, MergeSaid, Persons, persons_of
from kernel.messaging.persons import references as of_both
from kernel.store.statements import text
from kernel.store.store import Context, Store

Facts = Mapping[str, Sequence[HeardFact]]


def no_references(_: Any) -> Iterable[str]:
    """For facts that name no site, staff, provider or payer."""
    return ()


@dataclass(frozen=True, slots=True)
class Subscription:
    """A public fact this service uses, and the references (`site/<uuid>` …) to be read with it."""

    message: type[Message]
    references: Callable[[Any], Iterable[str]] = no_references

    @property
    def type(self) -> str:
        return self.message.DESCRIPTOR.full_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """A pure function from a client's facts, and those of their references, to rows.

    `derive(client, facts)`: facts by subject, each in sequence. `publish(kind, content, revision,
    withdrawn)` gives the public fact of a changed row, or None. `code` changes when the function's
    meaning does. `rows` stores contents by their kind.
    """

    name: str
    code: str
    derive: Callable[[str, Facts], Sequence[Row]]
    publish: Callable[[str, Any, int, bool], Message | None]
    rows: Codec

    def encode(self, row: Row) -> str:
        """The row's content as JSON."""
        return self.rows.encode(row.content)[1]

    def decode(self, kind: str, stored: Mapping[str, Any]) -> Any:
        """A stored content, unset fields at their defaults; ValueError for none of ours."""
        return self.rows.decode(kind, stored)

    def says(self, row: Row, stored: Mapping[str, Any]) -> bool:
        """Whether a stored content says the same. To the letter it mostly does; otherwise it is
        compared decoded, as an earlier release's may say less, and JSON knows no tuples."""
        now = json.loads(self.encode(row))
        if now == stored:
            return True
        try:
            was = self.decode(row.kind, stored)
        except ValueError:
            return False
        return bool(was == self.decode(row.kind, now))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """What this service does when it hears `to` of a client.

    `react(store, message, context)` gives one command through the executor. The context's command
    id depends on the fact and the name alone, so that reacting again answers what was answered.
    `again` does what `to`, put right, asks for, in the same way. None: that asks for nothing.
    """

    name: str
    to: type[Message]
    react: Callable[[Store, Any, Context], object] | None = None
    again: Callable[[Store, Amended, Context], object] | None = None

    def concerns(self, kind: str, body: bytes) -> bool:
        """Whether it is reacted to such a fact."""
        asked = self.react
        if kind == AMENDED:
            kind, asked = StatementAmended.FromString(body).type, self.again
        return asked is not None and kind == self.to.DESCRIPTOR.full_name


class Subscriptions:
    """All a service uses, by type, the projections that read it, and the reactions to it."""

    def __init__(
        self,
        subscriptions: Iterable[Subscription],
        projections: Iterable[Projection] = (),
        reactions: Iterable[Reaction] = (),
    ) -> None:
        self.by_type = {subscription.type: subscription for subscription in subscriptions}
        if self.by_type:  # whoever hears a statement hears how it was put right
            amended = Subscription(StatementAmended, self._references_of_content)
            self.by_type[AMENDED] = amended
            for message in SAYINGS.values():  # and who is one person with whom
                self.by_type[message.DESCRIPTOR.full_name] = Subscription(message, of_both)
        self.projections = tuple(projections)
        self.reactions = tuple(reactions)

    def uses(self, message: Message) -> bool:
        """Whether anything is derived from such a fact; from what is put right, as from that."""
        if isinstance(message, StatementAmended):
            return message.type in self.by_type
        return message.DESCRIPTOR.full_name in self.by_type

    def decode(self, kind: str, body: bytes) -> Message:
        """The message of a type this service uses."""
        return self.by_type[kind].message.FromString(body)

    def references(self, kind: str, message: Message) -> list[str]:
        """What the message refers to; ValueError for what no subject is named."""
        found = sorted(set(self.by_type[kind].references(message)))
        if any("\x00" in reference for reference in found):
            raise ValueError("a reference with a NUL in it")
        return found

    def _references_of_content(self, amended: StatementAmended) -> Iterable[str]:
        """What the content refers to; of a statement that isn't used here nothing."""
        subscription = self.by_type.get(amended.type)
        if subscription is None or amended.voided:
            return ()
        return subscription.references(self.decode(amended.type, amended.content))

    def pending_after(
        self, connection: Connection, subjects: Iterable[str]
    ) -> set[tuple[str, str]]:
        """The keys of projections that facts of these subjects make pending.

        A reference does so for every client whose facts lead to it, and must be locked before; a
        client for whomever they are, or ever were, one person with.
        """
        found = set(subjects)
        clients = {subject for subject in found if kind_of(subject) == "client"}
        frontier = found - clients
        while frontier:
            dependants = {
                subject
                for (subject,) in connection.execute(
                    text(
                        "SELECT DISTINCT subject FROM heard_fact"
                        " WHERE refs && CAST(:subjects AS text[])"
                    ),
                    {"subjects": sorted(frontier)},
                )
            }
            clients |= {subject for subject in dependants if kind_of(subject) == "client"}
            frontier = {s for s in dependants if kind_of(s) != "client"} - found
            found |= frontier
        if clients:
            clients |= persons_of(connection, clients).linked
        return {(projection.name, client) for projection in self.projections for client in clients}

    def references_of(self, connection: Connection, client: str) -> set[str]:
        """What the client's facts lead to: what `read_history` reads beside the client.

        Among it whomever they were ever merged with: what is said of those is said of them too.
        """
        persons = persons_of(connection, [client])
        found = set(persons.linked) - {client}
        frontier = set(persons.clients_of(client))
        while frontier:
            rows = connection.execute(
                text(
                    "SELECT DISTINCT unnest(refs) FROM heard_fact"
                    " WHERE subject = ANY(CAST(:subjects AS text[]))"
                    " AND type = ANY(CAST(:types AS text[]))"
                ),
                {"subjects": sorted(frontier), "types": sorted(self.by_type)},
            )
            frontier = {ref for (ref,) in rows if kind_of(ref) != "client"} - found
            found |= frontier
        return found

    def read_history(
        self,
        connection: Connection,
        client: str,
        until: datetime | None = None,
        supposed: Sequence[HeardFact] = (),
    ) -> History:
        """The client's facts and those of every reference they lead to, by subject, in sequence.

        As they stand: what was put right by then says what it says now, or nothing.

        With `until`, only those signed by then: what this service would have known. `supposed`
        stand as if they had been heard, too. Types that another release heard and this one doesn't
        use are passed over.

        Of merged clients all facts are the survivor's; of an absorbed one stands that it is so.
        """
        return self.read_histories(connection, [client], until, supposed)[client]

    def read_histories(
        self,
        connection: Connection,
        clients: Sequence[str],
        until: datetime | None = None,
        supposed: Sequence[HeardFact] = (),
    ) -> dict[str, History]:
        """As `read_history`, of several clients at once: what they share is read once.

        Supposed merges make one person of clients, or two, as those that were heard do.
        """
        persons = persons_of(connection, clients, until, merges_among(supposed))
        told: dict[str, list[HeardFact]] = {}
        refs: dict[str, set[str]] = {}
        wanted = {each for client in clients for each in persons.clients_of(client)} | {*clients}
        while wanted:
            told |= {subject: [] for subject in wanted}
            refs |= {subject: set() for subject in wanted}
            for fact, refers_to in self._said_about(connection, wanted, until, supposed):
                told[fact.subject].append(fact)
                refs[fact.subject].update(refers_to)
            leads_to = {ref for subject in wanted for ref in refs[subject]}
            wanted = {ref for ref in leads_to if kind_of(ref) != "client"} - told.keys()
        return {client: self._history_among(told, refs, client, persons) for client in clients}

    def _history_among(
        self,
        told: Facts,
        refs: Mapping[str, Iterable[str]],
        client: str,
        persons: Persons,
    ) -> History:
        """Of the client, among what was told of several."""
        if persons.survivor_of(client) != client:
            return history_of(
                {client: [fact for fact in told[client] if fact.type in SAYINGS]}, self.decode
            )
        facts: dict[str, list[HeardFact]] = {}
        wanted = {*persons.clients_of(client)}
        while wanted:
            facts |= {subject: [*told[subject]] for subject in wanted}
            leads_to = {ref for subject in wanted for ref in refs[subject]}
            wanted = {ref for ref in leads_to if kind_of(ref) != "client"} - facts.keys()
        as_the_survivors(client, persons, facts)
        return history_of(facts, self.decode)

    def _said_about(
        self,
        connection: Connection,
        subjects: Collection[str],
        until: datetime | None,
        supposed: Sequence[HeardFact],
    ) -> Iterator[tuple[HeardFact, Iterable[str]]]:
        """Facts in sequence, supposed ones last, each with what it refers to."""
        rows = connection.execute(
            text(
                "SELECT id, topic, subject, sequence, type, body, label, refs,"
                " coalesce(signed_at, recorded_at) AS signed_at FROM heard_fact"
                " WHERE subject = ANY(CAST(:subjects AS text[]))"
                " AND type = ANY(CAST(:types AS text[]))"
                " AND (CAST(:until AS timestamptz) IS NULL"
                "      OR coalesce(signed_at, recorded_at) <= :until)"
                " ORDER BY topic, subject, sequence"
            ),
            {"subjects": sorted(subjects), "types": sorted(self.by_type), "until": until},
        )
        for row in rows:
            yield (
                HeardFact(
                    id=row.id,
                    topic=row.topic,
                    subject=row.subject,
                    sequence=row.sequence,
                    type=row.type,
                    message=self.decode(row.type, bytes(row.body)),
                    label=row.label,
                    signed_at=row.signed_at,
                ),
                row.refs,
            )
        for fact in supposed:
            if fact.subject in subjects:
                yield fact, self.references(fact.type, fact.message)


def merges_among(facts: Iterable[HeardFact]) -> list[MergeSaid]:
    """What of these says who is one person."""
    return [
        MergeSaid(fact.message, fact.signed_at)
        for fact in facts
        if isinstance(fact.message, ClientMerged | ClientUnmerged)
    ]


def as_the_survivors(client: str, persons: Persons, facts: dict[str, list[HeardFact]]) -> None:
    """Have all facts of the person be the survivor's alone, each topic's numbered anew."""
    clients = persons.clients_of(client)
    if len(clients) == 1:
        return
    said = [fact for one in clients for fact in facts[one]]
    facts |= {one: [] for one in clients}
    last: dict[str, int] = {}
    for fact in persons.as_one(said, lambda fact: (fact.topic, fact.subject, fact.signed_at)):
        last[fact.topic] = last.get(fact.topic, 0) + 1
        facts[client].append(replace(fact, subject=client, sequence=last[fact.topic]))
