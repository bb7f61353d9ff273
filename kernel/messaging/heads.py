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


def read_heads(connection: Connection, places: Iterable[Place]) -> dict[Place, Head]:
    """Those of these heads that are there."""
    wanted = list(places)
    rows = connection.execute(
        text(
            "SELECT h.* FROM heard_head h"
            " JOIN unnest(CAST(:topics AS text[]), CAST(:subjects AS text[])) AS x(topic, subject)"
            " USING (topic, subject)"
        ),
        {"topics": [topic for topic, _ in wanted], "subjects": [subject for _, subject in wanted]},
    )
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
    """Note the types used; with more of them than before, the topic is heard again from 1."""
    known = connection.execute(
        text("SELECT types FROM heard_topic WHERE topic = :topic FOR UPDATE"), {"topic": topic}
    ).scalar()
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
            "INSERT INTO heard_topic (topic, epoch, types) VALUES (:topic, 1, :types)"
            " ON CONFLICT (topic) DO UPDATE SET types = excluded.types"
        ),
        {"topic": topic, "types": types},
    )


def narrow_types(connection: Connection, topics: Iterable[Topic], types: list[str]) -> None:
    """An older release hears (a roll-out is under way): the next `begin` hears again from 1."""
    connection.execute(
        text("UPDATE heard_topic SET types = :types WHERE topic = ANY(:topics)"),
        {"topics": sorted(topics), "types": types},
    )
