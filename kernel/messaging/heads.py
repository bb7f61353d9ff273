"""Heads: where this service stands in others' logs, subject by subject."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, text

from kernel.facts import kind_of

Topic = str
Subject = str
Place = tuple[Topic, Subject]


@dataclass(frozen=True, slots=True)
class Head:
    """The last record heard of one subject; `behind_to`: the owner has more, `stopped`: why."""

    sequence: int = 0
    id: str | None = None
    behind_to: int | None = None
    stopped: str | None = None


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


def lock_heads(connection: Connection, places: Iterable[Place]) -> dict[Place, Head]:
    """These heads, locked: the comparison with the owner's writes them without the subject's lock.

    One that is not there yet is made, so that it is locked too.
    """
    wanted = sorted(places, key=lock_order)
    asked = {
        "topics": [topic for topic, _ in wanted],
        "subjects": [subject for _, subject in wanted],
    }
    missing = connection.execute(MISSING, asked).scalar_one()
    rows = connection.execute(MAKE_AND_LOCK if missing else LOCK, asked).all()
    return {
        (row.topic, row.subject): Head(
            row.sequence, None if row.id is None else str(row.id), row.behind_to, row.stopped
        )
        for row in rows
    }


def write_heads(connection: Connection, heads: Mapping[Place, Head]) -> None:
    """Write these heads, in the order in which every transaction takes them."""
    rows = [
        {
            "topic": topic,
            "subject": subject,
            "sequence": head.sequence,
            "id": head.id,
            "behind_to": head.behind_to,
            "stopped": head.stopped,
        }
        for (topic, subject), head in sorted(heads.items(), key=lambda item: lock_order(item[0]))
    ]
    if rows:
        connection.execute(
            text(
                "INSERT INTO heard_head (topic, subject, sequence, id, behind_to, stopped)"
                " VALUES (:topic, :subject, :sequence, CAST(:id AS uuid), :behind_to, :stopped)"
                " ON CONFLICT (topic, subject) DO UPDATE SET sequence = excluded.sequence,"
                " id = excluded.id, behind_to = excluded.behind_to, stopped = excluded.stopped"
            ),
            rows,
        )


def lock_order(place: Place) -> tuple[bool, Subject, Topic]:
    """References before clients, each sorted."""
    topic, subject = place
    return (kind_of(subject) == "client", subject, topic)


def begin_topic(connection: Connection, topic: Topic, types: list[str]) -> None:
    """Note the types used; with more of them than before, the topic is heard again from 1.

    Parked subjects are asked for again: this release may know what the last one didn't, and parks
    them anew if not. A topic of which nothing was heard takes the first epoch it hears (0).
    """
    known = connection.execute(
        text("SELECT types FROM heard_topic WHERE topic = :topic FOR UPDATE"), {"topic": topic}
    ).scalar()
    _free_parked(connection, topic)
    if known is not None and set(types) - set(known):
        connection.execute(
            text(
                "UPDATE heard_head SET behind_to = greatest(sequence, behind_to), sequence = 0"
                " WHERE topic = :topic AND stopped IS NULL"
            ),
            {"topic": topic},
        )
    connection.execute(
        text(
            "INSERT INTO heard_topic (topic, epoch, types) VALUES (:topic, 0, :types)"
            " ON CONFLICT (topic) DO UPDATE SET types = excluded.types"
        ),
        {"topic": topic, "types": types},
    )
    connection.execute(
        text(
            "UPDATE heard_topic SET epoch = 0, stopped = NULL WHERE topic = :topic AND epoch = 1"
            " AND NOT EXISTS (SELECT FROM heard_head WHERE topic = :topic AND id IS NOT NULL)"
        ),
        {"topic": topic},
    )


def _free_parked(connection: Connection, topic: Topic) -> None:
    """Their records are deleted here, not lost: the owner gives them again, or they park again."""
    freed = connection.execute(
        text(
            "UPDATE heard_head SET stopped = NULL, behind_to = greatest(sequence + 1, behind_to)"
            " WHERE topic = :topic AND stopped = 'PARKED' RETURNING subject"
        ),
        {"topic": topic},
    )
    connection.execute(
        text("DELETE FROM parked WHERE topic = :topic AND subject = ANY(CAST(:freed AS text[]))"),
        {"topic": topic, "freed": [subject for (subject,) in freed]},
    )


def narrow_types(connection: Connection, topics: Iterable[Topic], types: list[str]) -> None:
    """An older release hears (a roll-out is under way): the next `begin` hears again from 1."""
    connection.execute(
        text("UPDATE heard_topic SET types = :types WHERE topic = ANY(:topics)"),
        {"topics": sorted(topics), "types": types},
    )
