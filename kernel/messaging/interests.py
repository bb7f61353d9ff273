"""Which public facts a service uses, what they refer to, and what each makes due."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from google.protobuf.message import Message
from sqlalchemy import Connection, text

from kernel.facts import HeardFact, Row, kind_of
from kernel.messaging.reacting import Reaction, raise_reactions
from kernel.store.store import Transaction

Facts = Mapping[str, Sequence[HeardFact]]


def no_references(_: Any) -> Iterable[str]:
    """For facts that name no site, staff, provider or payer."""
    return ()


@dataclass(frozen=True, slots=True)
class Interest:
    """A public fact this service uses, and the references (`site/<uuid>` …) to be read with it."""

    message: type[Message]
    references: Callable[[Any], Iterable[str]] = no_references

    @property
    def type(self) -> str:
        return self.message.DESCRIPTOR.full_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Derivation:
    """A pure function from a client's facts, and those of their references, to rows.

    `derive(client, facts)`: facts by subject, each in sequence. `publish(kind, content, revision,
    withdrawn)` gives the public fact of a changed row, or None. `code` changes when the function's
    meaning does.
    """

    name: str
    code: str
    derive: Callable[[str, Facts], Sequence[Row]]
    publish: Callable[[str, Mapping[str, Any], int, bool], Message | None]


class Interests:
    """All a service uses, by type, the derivations that read it, and the reactions to it."""

    def __init__(
        self,
        interests: Iterable[Interest],
        derivations: Iterable[Derivation] = (),
        reactions: Iterable[Reaction] = (),
    ) -> None:
        self.by_type = {interest.type: interest for interest in interests}
        self.derivations = tuple(derivations)
        self.reactions = tuple(reactions)

    def decode(self, kind: str, body: bytes) -> Message:
        """The message of a type this service uses."""
        return self.by_type[kind].message.FromString(body)

    def references(self, kind: str, message: Message) -> list[str]:
        """What the message refers to; ValueError for what no subject is named."""
        found = sorted(set(self.by_type[kind].references(message)))
        if any("\x00" in reference for reference in found):
            raise ValueError("a reference with a NUL in it")
        return found

    def due_after(self, connection: Connection, subjects: Iterable[str]) -> set[tuple[str, str]]:
        """The keys of derivations that facts of these subjects raise.

        A reference raises every client whose facts lead to it; its row must be locked before.
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
        return {(each.name, client) for each in self.derivations for client in clients}

    def leads_to(self, connection: Connection, client: str) -> set[str]:
        """The references that the client's facts lead to: what `gather` reads beside the client."""
        found: set[str] = set()
        frontier = {client}
        while frontier:
            rows = connection.execute(
                text(
                    "SELECT DISTINCT unnest(refs) FROM heard_fact"
                    " WHERE subject = ANY(CAST(:subjects AS text[]))"
                    " AND type = ANY(CAST(:types AS text[]))"
                ),
                {"subjects": sorted(frontier), "types": sorted(self.by_type)},
            )
            frontier = {reference for (reference,) in rows} - found - {client}
            found |= frontier
        return found

    def gather(
        self, connection: Connection, client: str, until: datetime | None = None
    ) -> dict[str, list[HeardFact]]:
        """The client's facts and those of every reference they lead to, by subject, in sequence.

        With `until`, only those signed by then: what this service would have known. Types that
        another release heard and this one doesn't use are passed over.
        """
        facts: dict[str, list[HeardFact]] = {}
        wanted = {client}
        while wanted:
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
                {"subjects": sorted(wanted), "types": sorted(self.by_type), "until": until},
            ).all()
            facts |= {subject: [] for subject in wanted}
            for row in rows:
                facts[row.subject].append(
                    HeardFact(
                        id=row.id,
                        topic=row.topic,
                        subject=row.subject,
                        sequence=row.sequence,
                        type=row.type,
                        message=self.decode(row.type, bytes(row.body)),
                        label=row.label,
                        signed_at=row.signed_at,
                    )
                )
            wanted = {ref for row in rows for ref in row.refs} - facts.keys()
        return facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A fact of a used type, on its way into `heard_fact`."""

    id: UUID
    topic: str
    subject: str
    sequence: int
    type: str
    body: bytes
    label: str
    recorded_at: datetime
    signed_at: datetime
    refs: list[str]


def use(tx: Transaction, interests: Interests, uses: Sequence[Use]) -> None:
    """Write facts into `heard_fact`, and make due what follows from them.

    Those already there stay as they are. The caller holds their subjects' locks. Raises
    HeldElsewhere.
    """
    if not uses:
        return
    keep(tx.connection, uses)
    make_due(tx, interests, {each.subject for each in uses}, uses)


def use_owned(tx: Transaction, interests: Interests, uses: Sequence[Use]) -> None:
    """As `use`, of facts that stand there for sure: who holds their ids elsewhere loses them."""
    try:
        use(tx, interests, uses)
    except HeldElsewhere as held:
        lost = take_back(tx, held)
        use(tx, interests, uses)
        make_due(tx, interests, lost, ())


def make_due(
    tx: Transaction, interests: Interests, subjects: Iterable[str], new: Iterable[Use]
) -> None:
    """Make due what follows from facts of these subjects, and what reacts to the new ones."""
    tx.raise_due(interests.due_after(tx.connection, subjects))
    raise_reactions(
        tx,
        [
            (reaction.name, each.id, each.subject)
            for each in new
            for reaction in interests.reactions
            if each.type == reaction.to.DESCRIPTOR.full_name
        ],
    )


class HeldElsewhere(Exception):
    """Facts under the ids of others: `places` tells where each id is held (topic and subject).

    What a fact is, its place in its owner's log says, and each has an id of its own.
    """

    def __init__(self, places: Mapping[UUID, tuple[str, str]]) -> None:
        super().__init__(f"{len(places)} ids are held under other places")
        self.places = places


KEEP = (
    "INSERT INTO heard_fact AS h"
    " (id, topic, subject, sequence, type, body, label, recorded_at, signed_at, refs)"
    " VALUES (:id, :topic, :subject, :sequence, :type, :body, :label, :recorded_at,"
    " :signed_at, CAST(:refs AS text[])) ON CONFLICT (id) DO "
)
OVERWRITE = (
    "UPDATE SET (sequence, type, body, label, recorded_at, signed_at, refs)"
    " = (excluded.sequence, excluded.type, excluded.body,"
    " excluded.label, excluded.recorded_at, excluded.signed_at, excluded.refs)"
    " WHERE (h.topic, h.subject) = (excluded.topic, excluded.subject)"
)


def keep(connection: Connection, uses: Sequence[Use], *, overwrite: bool = False) -> None:
    """Write facts; those already there stay as they are, or are overwritten.

    Raises HeldElsewhere for an id that another place has: whose it is, their owners know.
    """
    if not uses:
        return
    written = connection.execute(
        text(KEEP + (OVERWRITE if overwrite else "NOTHING")), [asdict(use) for use in uses]
    ).rowcount
    if written < len(uses) and (places := _held_elsewhere(connection, uses)):
        raise HeldElsewhere(places)


def _held_elsewhere(connection: Connection, uses: Sequence[Use]) -> dict[UUID, tuple[str, str]]:
    rows = connection.execute(
        text(
            "SELECT id, topic, subject, sequence FROM heard_fact"
            " WHERE id = ANY(CAST(:ids AS uuid[]))"
        ),
        {"ids": [use.id for use in uses]},
    )
    held = {row.id: row for row in rows}
    return {
        use.id: (row.topic, row.subject)
        for use in uses
        if (row := held.get(use.id)) is not None
        and (row.topic, row.subject, row.sequence) != (use.topic, use.subject, use.sequence)
    }


def take_back(tx: Transaction, held: HeldElsewhere) -> set[str]:
    """Have nobody hold these ids: their owners say that they are others'.

    Gives the subjects that held them, which are exchanged for what their owners have.
    """
    subjects = {subject for _, subject in held.places.values()}
    tx.lock(subjects)
    rows = [
        {"id": fact, "topic": topic, "subject": subject}
        for fact, (topic, subject) in held.places.items()
    ]
    for change in (
        "DELETE FROM heard_fact WHERE id = :id AND (topic, subject) = (:topic, :subject)",
        "UPDATE heard_head SET anew = true WHERE (topic, subject) = (:topic, :subject)",
    ):
        tx.connection.execute(text(change), rows)
    return subjects
