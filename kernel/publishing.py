"""What others hear of each private fact: a decision for every type, and none by forgetting one."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from google.protobuf.message import Message
from ninehours.common.v1 import statements_pb2

from kernel.facts import (
    Label,
    Publication,
    Recorded,
    derived_id,
    id_of,
    kind_of,
    public_id,
    publication_of,
)
from kernel.mapping.writing import Writer, writer
from kernel.statements import StatementAmended

HIPAA: Label = "HIPAA"
PART2: Label = "PART2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One public fact that a private one makes: about whom, what, and under which label.

    `amends`: the public fact of which it is another telling, where there may be several about one
    subject; each has an id of its own.
    """

    subject: str
    message: Message
    label: Label
    amends: UUID | None = None


@dataclass(frozen=True, slots=True)
class Published:
    """Others hear of it, as these messages."""

    messages: tuple[type[Message], ...]
    say: Callable[[Any], Iterable[Said]]


@dataclass(frozen=True, slots=True)
class Kept:
    """Nobody else hears of it, and why."""

    why: str


Decision = Published | Kept


def published(
    kind: str,
    *writers: Writer[Any, Any],
    label: Label | Callable[[Any], Label],
    key: Callable[[Any], str] | None = None,
) -> Published:
    """A public fact by each of the writers, about one subject.

    That is `<kind>/<id>`, the id by `key`, or else what the fact calls `<kind>_id`. The label is
    always said: one that is forgotten would be the one that permits more.
    """

    def say(fact: Any) -> Iterator[Said]:
        identity = getattr(fact, f"{kind}_id") if key is None else key(fact)
        labelled = label if isinstance(label, str) else label(fact)
        for write in writers:
            yield Said(subject=f"{kind}/{identity}", message=write(fact), label=labelled)

    return Published(tuple(write.message for write in writers), say)


def publisher(
    decisions: Mapping[type, Decision],
) -> Callable[[Recorded], Iterator[Publication]]:
    """What makes the public facts of a private one, each with its subject and label.

    What amends one is published as what amends each of those. KeyError for a type that nobody
    decided about: a test finds it first.
    """

    def said_by(fact: Any) -> Iterable[Said]:
        decision = decisions[type(fact)]
        return decision.say(fact) if isinstance(decision, Published) else ()

    def publish(recorded: Recorded) -> Iterator[Publication]:
        if isinstance(amended := recorded.fact, StatementAmended):
            for said in said_by(amended.content):
                yield _amendment(recorded, amended, said)
            return
        for said in said_by(recorded.fact):
            published = publication_of(recorded, said.subject, said.message, label=said.label)
            if said.amends is not None:
                published = replace(published, id=derived_id(recorded.id, said.amends, "amended"))
            yield published

    return publish


def _amendment(recorded: Recorded, amended: StatementAmended, said: Said) -> Publication:
    """Says otherwise, or no more, what the statement's public fact about this subject said."""
    first = public_id(replace(recorded, id=amended.statement), said.subject, said.message)
    message = _amended(
        amended,
        client_id=id_of(said.subject) if kind_of(said.subject) == "client" else "",
        statement_id=str(amended.statement),
        fact_id=str(first),
        type=said.message.DESCRIPTOR.full_name,
        content=b"" if amended.voided else said.message.SerializeToString(deterministic=True),
        by=recorded.actor,
    )
    published = publication_of(recorded, said.subject, message, label=said.label)
    # Of one amendment there may be several about one subject.
    return replace(published, id=derived_id(recorded.id, first, "amended"))


_amended = writer(
    statements_pb2.StatementAmended,
    StatementAmended,
    given=("client_id", "statement_id", "fact_id", "type", "content", "by"),
)
