"""Checkpoints: how far this service is in others' logs, subject by subject."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from sqlalchemy import Connection
from sqlalchemy.engine import CursorResult, Row

from kernel.facts import kind_of
from kernel.store.rows import as_json, from_row
from kernel.store.statements import text

Topic = str
Subject = str
SubjectLog = tuple[Topic, Subject]  # what its owner published of one subject


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The last record heard of one subject.

    `behind_to`: up to there its owner is asked for more; `stopped`: why nothing is heard of it;
    `anew`: all of its log is to be exchanged for its owner's.
    """

    sequence: int = 0
    id: str | None = None
    behind_to: int | None = None
    stopped: str | None = None
    anew: bool = False

    @classmethod
    def of(cls, row: Row[Any]) -> Self:
        """Of a row of `heard_head`."""
        return from_row(cls, row)


PARKED = "PARKED"
# Its owner tells another past than was heard; it has less than was heard.
OTHER_HISTORY, BEYOND_OWNER = "OTHER_HISTORY", "BEYOND_OWNER"
# Of a topic: its owner's database was restored, with its epoch raised or with an older one.
EPOCH_RAISED, EPOCH_LOWERED = "EPOCH_RAISED", "EPOCH_LOWERED"


# Every transaction takes these rows in one order (`_lock_order`), so that no two wait for each
# other. FOR UPDATE locks rows as the plan gives them: the order must be the statement's, not an
# index's. A row that isn't there can't be locked, and two could make it at once: the INSERT makes
# it, and its ON CONFLICT, which changes nothing, waits for and locks the one that another made. It
# costs a version of each row, so it is used only where one is missing.
WANTED = (
    "unnest(CAST(:topics AS text[]), CAST(:subjects AS text[]))"
    " WITH ORDINALITY AS x(topic, subject, n)"
)
MISSING = text(
    f"SELECT EXISTS (SELECT FROM {WANTED} LEFT JOIN heard_head h USING (topic, subject)"  # noqa: S608
    " WHERE h.topic IS NULL)"
)
LOCK = text(
    f"SELECT h.* FROM heard_head h JOIN {WANTED} USING (topic, subject)"  # noqa: S608
    " ORDER BY n FOR UPDATE OF h"
)
MAKE_AND_LOCK = text(
    "INSERT INTO heard_head AS h (topic, subject, sequence)"  # noqa: S608
    f" SELECT topic, subject, 0 FROM {WANTED} ORDER BY n"
    " ON CONFLICT (topic, subject) DO UPDATE SET sequence = h.sequence RETURNING *"
)


WRITE = text(
    "INSERT INTO heard_head (topic, subject, sequence, id, behind_to, stopped, anew)"
    " SELECT * FROM json_to_recordset(CAST(:heads AS json)) AS x(topic text, subject text,"
    " sequence bigint, id uuid, behind_to bigint, stopped text, anew boolean)"
    " ON CONFLICT (topic, subject) DO UPDATE SET sequence = excluded.sequence, id = excluded.id,"
    " behind_to = excluded.behind_to, stopped = excluded.stopped, anew = excluded.anew"
)
# Whatever was heard: its owner is right.
FORGOTTEN = Checkpoint(anew=True)


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """Those of one database, within one transaction."""

    connection: Connection

    def of_topic(self, topic: Topic) -> dict[Subject, Checkpoint]:
        """Where this service stands in one topic."""
        rows = self._execute("SELECT * FROM heard_head WHERE topic = :topic", topic=topic)
        return {row.subject: Checkpoint.of(row) for row in rows}

    def lock(self, subject_logs: Iterable[SubjectLog]) -> dict[SubjectLog, Checkpoint]:
        """These, locked: comparing with the owner writes them without the subject's lock.

        One that is not there yet is made, so that it is locked too.
        """
        wanted = sorted(subject_logs, key=_lock_order)
        asked = {
            "topics": [topic for topic, _ in wanted],
            "subjects": [subject for _, subject in wanted],
        }
        missing = self.connection.execute(MISSING, asked).scalar_one()
        rows = self.connection.execute(MAKE_AND_LOCK if missing else LOCK, asked).all()
        return {(row.topic, row.subject): Checkpoint.of(row) for row in rows}

    def lock_one(self, subject_log: SubjectLog) -> Checkpoint:
        """As `lock`."""
        return self.lock([subject_log])[subject_log]

    def write(self, checkpoints: Mapping[SubjectLog, Checkpoint]) -> None:
        """Write these, in the order in which every transaction takes them."""
        rows = [
            {"topic": topic, "subject": subject, **asdict(checkpoints[topic, subject])}
            for topic, subject in sorted(checkpoints, key=_lock_order)
        ]
        if rows:
            self.connection.execute(WRITE, {"heads": as_json(rows)})

    def forget(self, subject_log: SubjectLog) -> None:
        """That of a subject that its owner doesn't know."""
        topic, subject = subject_log
        self._execute(
            "DELETE FROM heard_head WHERE topic = :topic AND subject = :subject",
            topic=topic,
            subject=subject,
        )

    def begin_topic(self, topic: Topic, types: list[str]) -> None:
        """Note the types used; with more of them than before, every subject is heard anew.

        But those that wait for a person. Parked ones are in any case: this release may know what
        the last one didn't. The topic's epoch is its owner's to say: 0 until then.
        """
        known = self._execute(
            "SELECT types FROM heard_topic WHERE topic = :topic FOR UPDATE", topic=topic
        ).scalar()
        self._execute(
            "INSERT INTO heard_topic (topic, epoch, types) VALUES (:topic, 0, :types)"
            " ON CONFLICT (topic) DO UPDATE SET types = excluded.types",
            topic=topic,
            types=types,
        )
        anew = "UPDATE heard_head SET anew = true WHERE topic = :topic AND stopped "
        self._execute(anew + "= 'PARKED'", topic=topic)
        if known is not None and set(types) - set(known):
            self._execute(anew + "IS NULL", topic=topic)
            self._begin_exchanging(topic)

    def forget_topic(self, topic: Topic) -> None:
        """Have every subject's log exchanged, whatever was heard: their owner is right."""
        self._execute(
            "UPDATE heard_head SET sequence = 0, id = NULL, behind_to = NULL, stopped = NULL,"
            " anew = true WHERE topic = :topic",
            topic=topic,
        )
        self._begin_exchanging(topic)

    def narrow_types(self, topics: Iterable[Topic], types: list[str]) -> None:
        """An older release hears (a roll-out is under way): the next `begin` hears again from 1."""
        self._execute(
            "UPDATE heard_topic SET types = :types WHERE topic = ANY(:topics)",
            topics=sorted(topics),
            types=types,
        )

    def _begin_exchanging(self, topic: Topic) -> None:
        self._execute(
            "UPDATE heard_topic SET exchanging = true WHERE topic = :topic"
            " AND EXISTS (SELECT FROM heard_head WHERE topic = :topic AND anew)",
            topic=topic,
        )

    def _execute(self, statement: str, **parameters: Any) -> CursorResult[Any]:
        return self.connection.execute(text(statement), parameters)


def _lock_order(subject_log: SubjectLog) -> tuple[bool, Subject, Topic]:
    """References before clients, each sorted."""
    topic, subject = subject_log
    return (kind_of(subject) == "client", subject, topic)
