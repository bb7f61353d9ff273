"""Healing: holes are read from the owner of the log, outside any transaction; nobody else waits."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from kernel.messaging.heads import Place
from kernel.messaging.hearing import Hearing, Record
from kernel.store.store import Store

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0  # seconds before a fetch that moved nothing is tried again


@dataclass(frozen=True, slots=True)
class OwnerHead:
    """The last sequence of one subject, as its owner has it."""

    subject: str
    sequence: int
    id: str


class Owner(Protocol):
    """The published log of one topic, read from the service that owns it."""

    topic: str

    def read(self, subject: str, after: int) -> tuple[Sequence[Record], bool]:
        """The subject's records after a sequence, oldest first, and whether more follow."""
        ...

    def heads(self) -> Sequence[OwnerHead]:
        """The last sequence of every subject."""
        ...


@dataclass(frozen=True, slots=True)
class _Rest:
    """A subject whose owner couldn't help: asked again `until` then, after a longer pause."""

    pause: float
    until: float


class Healing:
    """Finds what is missing, and fetches it. Who could not be helped rests, and comes last."""

    def __init__(
        self,
        store: Store,
        hearing: Hearing,
        owners: Mapping[str, Owner],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._hearing = hearing
        self._owners = owners
        self._clock = clock
        self._resting: dict[Place, _Rest] = {}

    def compare(self) -> int:
        """Mark behind what owners have and this service hasn't heard, a lost last fact included.

        Of its own facts, hear those that another release published without hearing them.
        """
        self._hearing.own.catch_up()
        return self._each(self._owners, lambda topic: self._compare(self._owners[topic]))

    def _compare(self, owner: Owner) -> int:
        heads = owner.heads()
        with self._store.transaction() as tx:
            found = tx.connection.execute(
                text(
                    "INSERT INTO heard_head AS h (topic, subject, sequence, behind_to)"
                    " SELECT :topic, subject, 0, sequence"
                    " FROM unnest(CAST(:subjects AS text[]), CAST(:sequences AS bigint[]))"
                    "   AS x(subject, sequence)"
                    " ORDER BY subject LIKE 'client/%', subject COLLATE \"C\""
                    " ON CONFLICT (topic, subject) DO UPDATE"
                    " SET behind_to = greatest(h.behind_to, excluded.behind_to)"
                    " WHERE h.sequence < excluded.behind_to"
                ),
                {
                    "topic": owner.topic,
                    "subjects": [head.subject for head in heads],
                    "sequences": [head.sequence for head in heads],
                },
            ).rowcount
            tx.connection.execute(
                text(
                    "UPDATE heard_head h SET stopped = 'OTHER_HISTORY'"
                    " FROM unnest(CAST(:subjects AS text[]), CAST(:sequences AS bigint[]),"
                    "   CAST(:ids AS uuid[])) AS x(subject, sequence, id)"
                    " WHERE h.topic = :topic AND h.subject = x.subject AND h.sequence = x.sequence"
                    " AND h.id <> x.id AND h.stopped IS NULL"
                ),
                {
                    "topic": owner.topic,
                    "subjects": [head.subject for head in heads],
                    "sequences": [head.sequence for head in heads],
                    "ids": [head.id for head in heads],
                },
            )
        return int(found)

    def heal(self) -> int:
        """Fetch what subjects that are behind miss; gives how many records were fetched."""
        return self._each(self._owners, self._heal)

    def _heal(self, topic: str) -> int:
        tried = [subject for its_topic, subject in self._resting if its_topic == topic]
        resting = [s for s in tried if self._resting[topic, s].until > self._clock()]
        with self._store.transaction() as tx:
            behind = tx.connection.execute(
                text(
                    "SELECT subject, sequence FROM heard_head JOIN heard_topic t USING (topic)"
                    " WHERE topic = :topic AND behind_to IS NOT NULL"
                    " AND heard_head.stopped IS NULL AND t.stopped IS NULL"
                    " AND subject <> ALL(CAST(:resting AS text[]))"
                    " ORDER BY subject = ANY(CAST(:tried AS text[])), subject LIMIT 1000"
                ),
                {"topic": topic, "resting": resting, "tried": tried},
            ).all()
        fetched = sum(self._fetch(self._owners[topic], row.subject, row.sequence) for row in behind)
        self._rest(topic, {row.subject: row.sequence for row in behind})
        return fetched

    def _rest(self, topic: str, before: Mapping[str, int]) -> None:
        """Those who are where they were before."""
        if not before:
            return
        with self._store.transaction() as tx:
            rows = tx.connection.execute(
                text(
                    "SELECT subject, sequence FROM heard_head WHERE topic = :topic"
                    " AND subject = ANY(CAST(:subjects AS text[])) AND behind_to IS NOT NULL"
                ),
                {"topic": topic, "subjects": list(before)},
            ).all()
        stuck = {row.subject for row in rows if row.sequence == before[row.subject]}
        for subject in before:
            rest = self._resting.pop((topic, subject), None)
            if subject in stuck:
                pause = min(rest.pause * 2, LONGEST_PAUSE) if rest else FIRST_PAUSE
                self._resting[topic, subject] = _Rest(pause, self._clock() + pause)

    def _each(self, topics: Iterable[str], of_topic: Callable[[str], int]) -> int:
        """Every topic, even if the owner of one is away; then say so."""
        found = 0
        away: Exception | None = None
        for topic in topics:
            try:
                found += of_topic(topic)
            except DBAPIError:
                raise
            except Exception as error:
                away = error
        if away is not None:
            raise away
        return found

    def _fetch(self, owner: Owner, subject: str, after: int) -> int:
        fetched, more = 0, True
        while more:
            records, more = owner.read(subject, after)
            if records:
                self._hearing.hear(records)
                after += len(records)
                fetched += len(records)
        return fetched
