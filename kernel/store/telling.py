"""A service's private log read for whoever asks: what was said, when, by whom, in which words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from kernel.facts import Recorded
from kernel.keys.ports import OwnerForgotten
from kernel.statements import statements
from kernel.store.store import Transaction

T = TypeVar("T", bound="Told")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """When something was recorded, and by whom; what it is, each kind says beside, as `fact`.

    `revision`: of how it stands.
    """

    recorded_at: datetime
    recorded_by: str
    statement_id: str
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldWhole(Told):
    """With the version that its stream has now: what a command on it expects."""

    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What was sealed; `text_forgotten`: there was text, and its key was destroyed."""

    text: str = ""
    text_forgotten: bool = False


class Telling:
    """Streams as they stood by `until` (None: as they stand), each with the version it has now."""

    def __init__(self, tx: Transaction, until: datetime | None = None) -> None:
        self.tx = tx
        self._until = until
        self._versions: dict[str, int] = {}
        self._revisions: dict[UUID, int] = {}

    def load(self, streams: Sequence[str]) -> "Facts":
        """What stands in them, one stream after the other, in this order."""
        found = self.tx.load_many(streams)
        self._versions |= {stream: len(history) for stream, history in found.items()}
        told = (recorded for history in found.values() for recorded in history)
        said = statements(
            recorded for recorded in told if self._until is None or recorded.at <= self._until
        )
        self._revisions |= {statement.first.id: statement.revision for statement in said}
        return Facts(statement.now for statement in said if not statement.voided)

    def whole(self, kind: type[T], recorded: Recorded, **beside: Any) -> T:
        """As `part`, with its stream's version."""
        return self.part(kind, recorded, version=self._versions[recorded.stream], **beside)

    def part(self, kind: type[T], recorded: Recorded, **beside: Any) -> T:
        """The fact as told."""
        said: dict[str, Any] = {"fact": recorded.fact, **beside}
        return kind(
            recorded_at=recorded.at,
            recorded_by=recorded.actor,
            statement_id=str(recorded.id),
            revision=self._revisions[recorded.id],
            **said,
        )

    def parts(self, kind: type[T], facts: Iterable[Recorded]) -> tuple[T, ...]:
        return tuple(self.part(kind, recorded) for recorded in facts)

    def wholes(self, kind: type[T], facts: Iterable[Recorded]) -> tuple[T, ...]:
        return tuple(self.whole(kind, recorded) for recorded in facts)

    def last(self, kind: type[T], facts: Sequence[Recorded]) -> T | None:
        """The last of them; None where there is none."""
        return self.part(kind, facts[-1]) if facts else None

    def version(self, stream: str) -> int:
        """Of a stream that was loaded, now."""
        return self._versions[stream]

    def content(self, owner: str, document: str, version: int | None = None) -> bytes | None:
        """What was sealed, in this version or the newest; None: nothing, or it was forgotten."""
        found = self.tx.documents.open(owner, document, version)
        return None if found is None else found.content

    def words(
        self, owner: str, document: str, version: int | None = None, *, said: bool | None = True
    ) -> Words:
        """The text that was sealed; `said`: whether there was any, None: the facts don't say.

        Of whom everything was forgotten nobody knows then whether there was.
        """
        content = self.content(owner, document, version) if said is not False else b""
        if content is None:
            return Words(text_forgotten=bool(said) or self._is_forgotten(owner))
        return Words(text=content.decode())

    def _is_forgotten(self, owner: str) -> bool:
        try:
            self.tx.documents.require_remembered(owner)
        except OwnerForgotten:
            return True
        return False


class Facts(tuple[Recorded, ...]):
    """Private facts in their order."""

    def of(self, kind: type[Any]) -> "Facts":
        """Those of a kind."""
        return Facts(recorded for recorded in self if isinstance(recorded.fact, kind))

    def by_stream(self) -> "Mapping[str, Facts]":
        """Stream → its facts."""
        found: dict[str, list[Recorded]] = {}
        for recorded in self:
            found.setdefault(recorded.stream, []).append(recorded)
        return {stream: Facts(facts) for stream, facts in found.items()}

    def about(self, thing: Recorded, name: str) -> "Facts":
        """Those that name the same as the thing does, in the field of this name."""
        key = getattr(thing.fact, name)
        return Facts(recorded for recorded in self if getattr(recorded.fact, name) == key)
