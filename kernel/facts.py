"""What is recorded, what is published, and where it stands: values that all modules share."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID, uuid5

from google.protobuf.message import Message

NINEHOURS = UUID("6f0d3c0a-9e2b-5d38-8f3c-9a0f6b1d2c45")
Label = Literal["HIPAA", "PART2", "NOTES"]
"""Under which law others may hear a public fact; the strictest last."""


def derived_id(*parts: object) -> UUID:
    """A UUID that depends on the parts and nothing else; no id contains their separator."""
    return uuid5(NINEHOURS, "\x1f".join(str(part) for part in parts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A private fact with its place in its stream."""

    id: UUID
    stream: str
    version: int
    fact: Any
    at: datetime
    actor: str


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a published log."""

    topic: str
    subject: str
    sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """A public fact about to be published for one subject.

    `label` is the strictest of what it rests on; `signed_at`, of what no command makes, the latest
    (None: when it is recorded).
    """

    id: UUID
    subject: str
    message: Message
    label: Label
    causation: str
    may_ignore: bool = False
    signed_at: datetime | None = None

    @property
    def type(self) -> str:
        return self.message.DESCRIPTOR.full_name


def public_id(recorded: Recorded, subject: str, message: type[Message] | Message) -> UUID:
    """Of the fact that this private one is published as, for that subject."""
    return derived_id(recorded.id, message.DESCRIPTOR.full_name, subject)


def publication_of(
    recorded: Recorded, subject: str, message: Message, *, label: Label
) -> Publication:
    """The public side of a private fact, published once for each subject that it concerns."""
    return Publication(
        id=public_id(recorded, subject, message),
        subject=subject,
        message=message,
        label=label,
        causation=str(recorded.id),
        signed_at=recorded.at,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardFact:
    """A public fact as a projection sees it.

    `signed_at`: the `now` of the command that made it; a derived fact's, the latest of what it
    rests on.
    """

    id: UUID
    topic: str
    subject: str
    sequence: int
    type: str
    message: Message
    label: Label
    signed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One derived row: its content, and what it rests on.

    `key` names it within its kind (`client|2026-03-02`); `content` is a frozen dataclass of the
    derivation's `rows`; `rests_on` the ids of facts; `rules` the rule version, empty where none
    applies.
    """

    kind: str
    key: str
    content: Any
    rests_on: frozenset[str]
    rules: str = ""


def kind_of(subject: str) -> str:
    """`client` of `client/<uuid>`."""
    return subject.partition("/")[0]


def id_of(subject: str) -> str:
    """The uuid of `client/<uuid>`."""
    return subject.partition("/")[2]


def of_kind(kind: str) -> Callable[[str], str]:
    """Names what is of this kind by its id: a stream, a subject, a document."""
    return lambda key: f"{kind}/{key}"
