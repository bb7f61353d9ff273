"""What was heard, confirmed by the services that published it."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from services.billing.app.ports import HeardPlace


class Told(Protocol):
    """The published log of one topic, as its owner tells it."""

    def fingerprints_at(
        self, places: Sequence[tuple[str, int]]
    ) -> Iterator[tuple[str, int, UUID, bytes]]:
        """Subject, sequence, id and hash of the facts at these places."""
        ...


@dataclass(frozen=True, slots=True)
class OwnersConfirm:
    """The Confirm port over the owners' published logs, by topic."""

    owners: Mapping[str, Told]

    def __call__(self, places: Sequence[HeardPlace]) -> Collection[HeardPlace]:
        by_topic: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for place in places:
            by_topic[place.topic].append((place.subject, place.sequence))
        return {
            HeardPlace(
                topic=topic, subject=subject, sequence=sequence, fact=str(fact_id), digest=digest
            )
            for topic, wanted in by_topic.items()
            if topic in self.owners
            for subject, sequence, fact_id, digest in self.owners[topic].fingerprints_at(wanted)
        }
