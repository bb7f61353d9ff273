"""What others hear of each private fact: a decision for every type, and none by forgetting one."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import Message

from kernel.facts import Label, Publication, Recorded, publication_of
from kernel.mapping.writing import Writer

HIPAA: Label = "HIPAA"
PART2: Label = "PART2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One public fact that a private one makes: about whom, what, and under which label."""

    subject: str
    message: Message
    label: Label


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

    KeyError for a type that nobody decided about: a test finds it first.
    """

    def publish(recorded: Recorded) -> Iterator[Publication]:
        decision = decisions[type(recorded.fact)]
        if isinstance(decision, Published):
            for said in decision.say(recorded.fact):
                yield publication_of(recorded, said.subject, said.message, label=said.label)

    return publish
