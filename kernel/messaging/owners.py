"""What owners of published logs tell of them: their records, how far they go, and what was so."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Connection
from sqlalchemy.engine import Row

from kernel.messaging.envelope import Record
from kernel.store.statements import text
from kernel.supposing import is_supposing

FINGERPRINT = "sha256(convert_to(type || '|' || label || '|', 'UTF8') || body) AS digest"


@dataclass(frozen=True, slots=True)
class OwnerHead:
    """The last sequence of one subject, as its owner has it."""

    subject: str
    sequence: int
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """A fact as it was heard: its position in its owner's log, its id, its hash."""

    topic: str
    subject: str
    sequence: int
    fact: str
    digest: bytes

    @classmethod
    def of(cls, topic: str, row: Row[Any]) -> "Fingerprint":
        """Of a row of `heard_fact`, with its digest."""
        return cls(
            topic=topic,
            subject=row.subject,
            sequence=row.sequence,
            fact=str(row.id),
            digest=bytes(row.digest),
        )


class Owner(Protocol):
    """The published log of one topic, read from the service that owns it."""

    topic: str

    def read(self, subject: str, after: int) -> tuple[Sequence[Record], bool]:
        """The subject's records after a sequence, oldest first, and whether more follow."""
        ...

    def read_whole(self, places: Sequence[tuple[str, int]]) -> Sequence[Sequence[Record]]:
        """All records after these places (subject, sequence), of as many as one answer holds.

        From the first on, in their order; none: those after the first alone are more than that.
        """
        ...

    def sealed_to(self) -> int | None:
        """Up to which position facts of its log may be unsigned; None: that isn't for good yet."""
        ...

    def epoch_and_heads(self) -> tuple[int, Sequence[OwnerHead]]:
        """The log's epoch, and the last sequence of every subject in it."""
        ...

    def fingerprints_at(self, positions: Sequence[tuple[str, int]]) -> Iterator[Fingerprint]:
        """Of the facts at these positions (subject, sequence)."""
        ...

    def fingerprints(self, types: Sequence[str]) -> Iterator[Fingerprint]:
        """Of every fact of these types."""
        ...


Confirm = Callable[[Sequence[Fingerprint]], Collection[Fingerprint]]
"""Asks the owners of published logs whether they published these; gives those that they published
there, so. Raises when an owner can't be asked."""


@dataclass(frozen=True, slots=True)
class OwnersConfirm:
    """Confirm over the owners' published logs, by topic; what nobody owns isn't confirmed.

    Nobody is asked for a dry run: there, all is as it was heard.
    """

    owners: Mapping[str, Owner]

    def __call__(self, fingerprints: Sequence[Fingerprint]) -> Collection[Fingerprint]:
        if is_supposing():
            return {one for one in fingerprints if one.topic in self.owners}
        by_topic: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for fingerprint in fingerprints:
            by_topic[fingerprint.topic].append((fingerprint.subject, fingerprint.sequence))
        return {
            fingerprint
            for topic, wanted in by_topic.items()
            if topic in self.owners
            for fingerprint in self.owners[topic].fingerprints_at(wanted)
        }


class NobodyToAsk(Exception):
    """No owner is known here."""


def ask_nobody(fingerprints: Sequence[Fingerprint]) -> Collection[Fingerprint]:
    """Confirm where no owner is known: raises NobodyToAsk."""
    raise NobodyToAsk(sorted({fingerprint.topic for fingerprint in fingerprints}))


def fingerprints_of(connection: Connection, facts: Collection[str]) -> dict[str, Fingerprint]:
    """Of facts of these ids, as they were heard; one that isn't held has none."""
    rows = connection.execute(
        text(
            f"SELECT topic, subject, sequence, id, {FINGERPRINT} FROM heard_fact"  # noqa: S608
            " WHERE id = ANY(CAST(:facts AS uuid[]))"
        ),
        {"facts": sorted(facts)},
    )
    return {str(row.id): Fingerprint.of(row.topic, row) for row in rows}
