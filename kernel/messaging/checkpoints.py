"""Checkpoints: how far this service is in others' logs, subject by subject."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from sqlalchemy import Connection, text
from sqlalchemy.engine import Row

from kernel.facts import kind_of
from kernel.store.rows import from_row

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


# Every transaction takes these rows in one order (`lock_order`), so that no two wait for each
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


def lock_checkpoints(
    connection: Connection, subject_logs: Iterable[SubjectLog]
) -> dict[SubjectLog, Checkpoint]:
    """These checkpoints, locked: comparing with the owner writes them without the subject's lock.

    One that is not there yet is made, so that it is locked too.
    """
    wanted = sorted(subject_logs, key=lock_order)
    asked = {
        "topics": [topic for topic, _ in wanted],
        "subjects": [subject for _, subject in wanted],
    }
    missing = connection.execute(MISSING, asked).scalar_one()
    rows = connection.execute(MAKE_AND_LOCK if missing else LOCK, asked).all()
    return {(row.topic, row.subject): Checkpoint.of(row) for row in rows}


def write_checkpoints(connection: Connection, checkpoints: Mapping[SubjectLog, Checkpoint]) -> None:
    """Write these checkpoints, in the order in which every transaction takes them."""
    rows = [
        {"topic": topic, "subject": subject, **asdict(checkpoint)}
        for (topic, subject), checkpoint in sorted(
            checkpoints.items(), key=lambda item: lock_order(item[0])
        )
    ]
    if rows:
        connection.execute(
            text(
                "INSERT INTO heard_head (topic, subject, sequence, id, behind_to, stopped, anew)"
                " VALUES (:topic, :subject, :sequence, CAST(:id AS uuid), :behind_to, :stopped,"
                " :anew) ON CONFLICT (topic, subject) DO UPDATE SET sequence = excluded.sequence,"
                " id = excluded.id, behind_to = excluded.behind_to, stopped = excluded.stopped,"
                " anew = excluded.anew"
            ),
            rows,
        )


def forget_checkpoint(connection: Connection, subject_log: SubjectLog) -> None:
    """Of a subject that its owner doesn't know."""
    connection.execute(
        text("DELETE FROM heard_head WHERE topic = :topic AND subject = :subject"),
        {"topic": subject_log[0], "subject": subject_log[1]},
    )


def lock_order(subject_log: SubjectLog) -> tuple[bool, Subject, Topic]:
    """References before clients, each sorted."""
    topic, subject = subject_log
    return (kind_of(subject) == "client", subject, topic)


def begin_topic(connection: Connection, topic: Topic, types: list[str]) -> None:
    """Note the types used; with more of them than before, every subject is heard anew.

    Parked ones are in any case: this release may know what the last one didn't. The topic's epoch
    is its owner's to say: 0 until then.
    """
    known = connection.execute(
        text("SELECT types FROM heard_topic WHERE topic = :topic FOR UPDATE"), {"topic": topic}
    ).scalar()
    connection.execute(
        text(
            "INSERT INTO heard_topic (topic, epoch, types) VALUES (:topic, 0, :types)"
            " ON CONFLICT (topic) DO UPDATE SET types = excluded.types"
        ),
        {"topic": topic, "types": types},
    )
    connection.execute(
        text("UPDATE heard_head SET anew = true WHERE topic = :topic AND stopped = 'PARKED'"),
        {"topic": topic},
    )
    if known is not None and set(types) - set(known):
        exchange_topic(connection, topic)


def exchange_topic(connection: Connection, topic: Topic) -> None:
    """Have every subject's log exchanged, but of those that wait for a person."""
    connection.execute(
        text("UPDATE heard_head SET anew = true WHERE topic = :topic AND stopped IS NULL"),
        {"topic": topic},
    )
    _begin_exchanging(connection, topic)


# Whatever was heard: its owner is right.
FORGOTTEN = Checkpoint(anew=True)


def forget_topic(connection: Connection, topic: Topic) -> None:
    """Have every subject's log exchanged, whatever was heard: their owner is right."""
    connection.execute(
        text(
            "UPDATE heard_head SET sequence = 0, id = NULL, behind_to = NULL, stopped = NULL,"
            " anew = true WHERE topic = :topic"
        ),
        {"topic": topic},
    )
    _begin_exchanging(connection, topic)


def _begin_exchanging(connection: Connection, topic: Topic) -> None:
    connection.execute(
        text(
            "UPDATE heard_topic SET exchanging = true WHERE topic = :topic"
            " AND EXISTS (SELECT FROM heard_head WHERE topic = :topic AND anew)"
        ),
        {"topic": topic},
    )


def narrow_types(connection: Connection, topics: Iterable[Topic], types: list[str]) -> None:
    """An older release hears (a roll-out is under way): the next `begin` hears again from 1."""
    connection.execute(
        text("UPDATE heard_topic SET types = :types WHERE topic = ANY(:topics)"),
        {"topics": sorted(topics), "types": types},
    )
