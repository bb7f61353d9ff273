"""What a check is, what it looks at, and what it finds."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.engine import Row

from kernel.facts import Publication, Recorded
from kernel.messaging.envelope import Record
from kernel.messaging.owners import Owner, OwnerHead
from kernel.messaging.parking import what_failed
from kernel.messaging.signatures import Signatures
from kernel.messaging.subscriptions import Subscriptions
from kernel.store.statements import text
from kernel.store.store import Store

T = TypeVar("T")

PAGE = 500  # rows fetched at once
BATCH = 1000  # facts that are looked for at once


class NobodyWaits(Exception):
    """Who asked has gone."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that isn't as it must be. Ids and numbers only: no value of a fact."""

    reason: str
    about: str
    says: str


@dataclass(kw_only=True)
class Examination:
    """One database as of one moment, and all it is compared with.

    The snapshot is read-only and holds no lock, so that owners and Kafka may be asked within it:
    they know at least what it knows. `heads` are the owners' of before the snapshot, which were to
    be heard by then.
    """

    store: Store
    connection: Connection
    subscriptions: Subscriptions
    signatures: Signatures
    publish: Callable[[Recorded], Iterable[Publication]]
    owners: Mapping[str, Owner]
    heads: Mapping[str, Sequence[OwnerHead]]
    kafka: Callable[[], Iterator[Record]]
    forgotten_before: Callable[[], Any] = lambda: None
    is_awaited: Callable[[], bool] = lambda: True
    looked_at: int = field(default=0, init=False)
    unreadable: dict[str, str] = field(default_factory=dict, init=False)

    def count(self, count: int = 1) -> None:
        """That much more was looked at."""
        self.looked_at += count
        if not self.is_awaited():
            raise NobodyWaits

    def rows(self, statement: str, **parameters: Any) -> Sequence[Row[Any]]:
        """All rows; for what is few."""
        return self.connection.execute(text(statement), parameters).all()

    def is_forgotten(self, owner: str) -> bool:
        """Whether the owner's documents are gone, as they ought to be."""
        return bool(self.rows("SELECT FROM forgotten_owner WHERE owner = :owner", owner=owner))

    def paged(self, statement: str, **parameters: Any) -> Iterator[Row[Any]]:
        """Row by row, fetched by pages: for what is many."""
        paged = text(statement).execution_options(stream_results=True, yield_per=PAGE)
        found = self.connection.execute(paged, parameters)
        try:
            yield from found
        finally:
            found.close()

    def recorded(self, rows: Iterable[Row[Any]]) -> Iterator[Recorded]:
        """Private facts of their rows; those that can't be decoded are left out, and found once."""
        for row in rows:
            try:
                yield self.store.recorded(row)
            except Exception as error:  # nothing but this fact's content is at work here
                says = f"{row.type} can't be decoded: {what_failed(error)}"
                self.unreadable[f"{row.stream} {row.version}"] = says

    @cached_property
    def due(self) -> frozenset[tuple[str, str]]:
        """What is due or failed: nothing can be said of it before it is derived."""
        return frozenset((row.derivation, row.key) for row in self.rows("SELECT * FROM due"))

    @cached_property
    def due_reactions(self) -> frozenset[tuple[str, UUID]]:
        """Reactions that are due or were refused, with the fact each reacts to."""
        rows = self.rows("SELECT reaction, fact FROM due_reaction")
        return frozenset((row.reaction, row.fact) for row in rows)


def batches(several: Iterable[T], size: int) -> Iterator[list[T]]:
    """So many at a time, in their order."""
    rest = iter(several)
    while batch := list(islice(rest, size)):
        yield batch


class Positions:
    """Which positions of the published log were noted: a bit for each that there is."""

    def __init__(self, examination: Examination) -> None:
        [last] = examination.rows("SELECT coalesce(max(position), 0) AS position FROM published")
        self._noted = bytearray(last.position // 8 + 1)

    def note(self, position: int, noted: bool = True) -> None:
        bit = 1 << position % 8
        byte = self._noted[position // 8]
        self._noted[position // 8] = byte | bit if noted else byte & ~bit

    def __contains__(self, position: int) -> bool:
        return bool(self._noted[position // 8] & 1 << position % 8)


@dataclass(frozen=True, slots=True)
class Check:
    """One promise. `find` tells what breaks it, and counts by `count` what it looked at."""

    name: str
    unit: str
    find: Callable[[Examination], Iterator[Finding]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceChecks:
    """What a service brings to `verify`: how its facts are published, and further checks."""

    publish: Callable[[Recorded], Iterable[Publication]]
    checks: Sequence[Check] = ()
