"""What was heard, confirmed by the services that published it."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from sqlalchemy import Connection, text

FINGERPRINT = "sha256(convert_to(type || '|' || label || '|', 'UTF8') || body) AS digest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """A fact as it was heard: its position in its owner's log, its id, its hash."""

    topic: str
    subject: str
    sequence: int
    fact: str
    digest: bytes


class Confirm(Protocol):
    """Asks the owners of published logs whether they published these."""

    def __call__(self, fingerprints: Sequence[Fingerprint]) -> Collection[Fingerprint]:
        """Those that their owners published there, so. Raises when an owner can't be asked."""
        ...


class FingerprintedLog(Protocol):
    """The published log of one topic, as its owner tells of it."""

    def fingerprints_at(
        self, positions: Sequence[tuple[str, int]]
    ) -> Iterator[tuple[str, int, UUID, bytes]]:
        """Subject, sequence, id and hash of the facts at these positions (subject, sequence)."""
        ...


@dataclass(frozen=True, slots=True)
class OwnersConfirm:
    """Confirm over the owners' published logs, by topic; what nobody owns isn't confirmed."""

    owners: Mapping[str, FingerprintedLog]

    def __call__(self, fingerprints: Sequence[Fingerprint]) -> Collection[Fingerprint]:
        by_topic: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for fingerprint in fingerprints:
            by_topic[fingerprint.topic].append((fingerprint.subject, fingerprint.sequence))
        return {
            Fingerprint(
                topic=topic, subject=subject, sequence=sequence, fact=str(fact_id), digest=digest
            )
            for topic, wanted in by_topic.items()
            if topic in self.owners
            for subject, sequence, fact_id, digest in self.owners[topic].fingerprints_at(wanted)
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
    return {
        str(row.id): Fingerprint(
            topic=row.topic,
            subject=row.subject,
            sequence=row.sequence,
            fact=str(row.id),
            digest=bytes(row.digest),
        )
        for row in rows
    }
