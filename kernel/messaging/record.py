"""A record as it came: from Kafka, or from the owner of the log it stands in."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What a topic holds at an offset; its owner gives partition -1, and the sequence as offset."""

    topic: str
    partition: int
    offset: int
    headers: Mapping[str, bytes]
    body: bytes

    @property
    def from_owner(self) -> bool:
        """Whether its owner was asked: only then is it believed about its owner's log."""
        return self.partition < 0
