"""Healing: holes are read from the owner of the log, outside any transaction; nobody else waits."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from kernel.messaging.hearing import Hearing, Record
from kernel.store.store import Store


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


class Healing:
    """Finds what is missing, and fetches it."""

    def __init__(self, store: Store, hearing: Hearing, owners: Mapping[str, Owner]) -> None:
        self._store = store
        self._hearing = hearing
        self._owners = owners

    def compare(self) -> int:
        """Mark behind what owners have and this service hasn't heard, a lost last fact included."""
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
        with self._store.transaction() as tx:
            behind = tx.connection.execute(
                text(
                    "SELECT subject, sequence FROM heard_head JOIN heard_topic t USING (topic)"
                    " WHERE topic = :topic AND behind_to IS NOT NULL"
                    " AND heard_head.stopped IS NULL AND t.stopped IS NULL"
                    " ORDER BY subject LIMIT 1000"
                ),
                {"topic": topic},
            ).all()
        return sum(self._fetch(self._owners[topic], row.subject, row.sequence) for row in behind)

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
