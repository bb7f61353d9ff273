"""Invented sessions in attendance's record, and heard by plans: as commands would have left them.

One session is given by commands; what it left is written again for others, each with its own ids,
through the same codec, publication and signing.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from kernel.facts import Publication, Recorded, derived_id
from kernel.messaging.inbox_facts import InboxFact, with_references
from kernel.messaging.subscriptions import Subscriptions
from kernel.store.published import envelope_of
from kernel.store.store import Store
from services.attendance.adapters.publication import publish
from tests.harness.attendance.front_desk import MONDAY, THREE_HOURS, FrontDesk

ROSTER = 12
AT_ONCE = 500  # sessions
ID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
VIEWS = ("scheduled_session", "attendee")  # of attendance's, which its commands keep
OF_COMMAND = "id, digest, actor, recorded_at"
OF_FACT = "stream, version, id, type, body, at, actor, command_id, correlation, recorded_at"
OF_PUBLISHED = (
    "subject, sequence, id, type, body, headers, signed_at, recorded_at, signature, command_id,"
    " sent_at"
)
OF_HEARD = "id, topic, subject, sequence, type, body, label, recorded_at, signed_at, refs"


def client_id_of(number: int) -> str:
    """As commands make them: in no order."""
    return str(derived_id("benchmark", "client", number))


@dataclass(frozen=True, slots=True)
class Pattern:
    """What one session left: its rows, and which ids in them are its own.

    `clients`: who came, in the order in which other sessions' take their places.
    """

    facts: Sequence[Any]
    commands: Mapping[UUID, Any]
    views: Mapping[str, Sequence[Mapping[str, Any]]]
    own: frozenset[str]
    clients: Sequence[str]


def pattern_of(desk: FrontDesk, clients: Sequence[str], begins: datetime = MONDAY) -> Pattern:
    """Schedules a session with these clients, has them come and leave, and closes it."""
    desk.now, ends = begins - timedelta(days=1), begins + THREE_HOURS
    before = {row.id for row in desk.rows("SELECT id FROM fact")}
    session_id = desk.session(clients, starts_at=begins)
    desk.now = ends + timedelta(hours=1)
    desk.come(session_id, dict.fromkeys(clients, begins))
    desk.leave(session_id, dict.fromkeys(clients, ends))
    desk.close(session_id)
    facts = [
        row
        for row in desk.rows("SELECT * FROM fact ORDER BY recorded_at, stream, version")
        if row.id not in before
    ]
    commands = {
        row.id: row
        for row in desk.rows(
            "SELECT * FROM command WHERE id = ANY(:ids)", ids=[row.command_id for row in facts]
        )
    }
    views = {
        view: [
            json.loads(row.told)
            for row in desk.rows(
                f"SELECT CAST(to_json(v) AS text) AS told FROM {view} v WHERE session_id = :id",  # noqa: S608
                id=session_id,
            )
        ]
        for view in VIEWS
    }
    own = {session_id, *clients} | {str(row.id) for row in facts} | {str(id_) for id_ in commands}
    return Pattern(facts, commands, views, frozenset(own), list(clients))


@dataclass(slots=True)
class Writing:
    """Rows of sessions to come, each subject's in sequence; `last` of each, with its id."""

    store: Store
    pattern: Pattern
    last: dict[str, tuple[int, UUID]] = field(default_factory=dict)

    def rows(self, number: int, clients: Sequence[str]) -> Iterator[tuple[str, tuple[Any, ...]]]:
        """Table and row, of the session of this number, to which these clients came."""
        named = dict(zip(self.pattern.clients, clients, strict=True))
        named |= {
            told: str(derived_id("benchmark", number, told))
            for told in self.pattern.own - named.keys()
        }

        def other(text: str) -> str:
            return ID.sub(lambda found: named.get(found[0], found[0]), text)

        for command_id, row in self.pattern.commands.items():
            yield (
                "command",
                (UUID(named[str(command_id)]), bytes(row.digest), row.actor, row.recorded_at),
            )
        for row in self.pattern.facts:
            body = other(json.dumps(row.body))
            command_id = UUID(named[str(row.command_id)])
            recorded = Recorded(
                id=UUID(named[str(row.id)]),
                stream=other(row.stream),
                version=row.version,
                fact=self.store.codec.decode(row.type, json.loads(body)),
                at=row.at,
                actor=row.actor,
            )
            yield (
                "fact",
                (
                    *(recorded.stream, recorded.version, recorded.id, row.type, body, row.at),
                    *(row.actor, command_id, row.correlation, row.recorded_at),
                ),
            )
            for item in publish(recorded):
                yield "published", self.published(item, row, command_id)
        for view, kept in self.pattern.views.items():
            for each in kept:
                yield view, tuple(other(str(value)) for value in each.values())

    def published(self, item: Publication, row: Any, command_id: UUID) -> tuple[Any, ...]:
        sequence = self.last.get(item.subject, (0, item.id))[0] + 1
        self.last[item.subject] = sequence, item.id
        body = item.message.SerializeToString(deterministic=True)
        headers = {
            "network": self.store.network,
            "label": item.label,
            "mayignore": "true" if item.may_ignore else "false",
            "causationid": item.causation,
            "correlationid": row.correlation,
            "traceparent": "",
        }
        stands = _Stands(item, sequence, headers, item.signed_at or row.at, row.recorded_at)
        signature = self.store.signer.sign(
            self.store.topic, envelope_of(stands, source="", epoch=0), body
        )
        return (
            *(item.subject, sequence, item.id, item.type, body, json.dumps(headers)),
            *(stands.signed_at, row.recorded_at, signature, command_id, row.recorded_at),
        )


class _Stands:
    """A published row, as its envelope is made of it."""

    signature = None

    def __init__(
        self, item: Publication, sequence: int, headers: Mapping[str, str], signed_at: Any, at: Any
    ) -> None:
        self.id, self.type, self.subject = item.id, item.type, item.subject
        self.sequence, self.headers = sequence, headers
        self.signed_at, self.recorded_at = signed_at, at


def lay(desk: FrontDesk, pattern: Pattern, facts: int, clients: int) -> None:
    """So many public facts more, of so many clients, in groups that meet by turns."""
    store = desk.store
    writing = Writing(store, pattern)
    sessions = facts // (2 * ROSTER)
    groups = max(clients // ROSTER, 1)
    columns = {"command": OF_COMMAND, "fact": OF_FACT, "published": OF_PUBLISHED}
    columns |= {view: ", ".join(pattern.views[view][0]) for view in VIEWS}
    for first in range(0, sessions, AT_ONCE):
        rows: dict[str, list[tuple[Any, ...]]] = {table: [] for table in columns}
        for number in range(first, min(first + AT_ONCE, sessions)):
            group = number % groups * ROSTER
            of_group = [client_id_of(each) for each in range(group, group + ROSTER)]
            for table, row in writing.rows(number, of_group):
                rows[table].append(row)
        copy(store, {table: (columns[table], rows[table]) for table in columns})
    last = [(subject, sequence, of) for subject, (sequence, of) in writing.last.items()]
    copy(store, {"sequence": ("subject, last, last_id", last)})
    vacuum(store)


def hear(owner: Store, listener: Store, subscriptions: Subscriptions) -> None:
    """All that the owner published, as if the listener had heard it."""
    with owner.transaction() as tx:
        rows = tx.connection.execution_options(
            stream_results=True, yield_per=AT_ONCE
        ).exec_driver_sql("SELECT * FROM published ORDER BY position")
        for some in rows.partitions():
            heard = [
                with_references(
                    subscriptions,
                    InboxFact(
                        id=row.id,
                        topic=owner.topic,
                        subject=row.subject,
                        sequence=row.sequence,
                        type=row.type,
                        body=bytes(row.body),
                        label=row.headers["label"],
                        recorded_at=row.recorded_at,
                        signed_at=row.signed_at or row.recorded_at,
                    ),
                )
                for row in some
                if row.type in subscriptions.by_type
            ]
            told = [tuple(getattr(fact, name) for name in OF_HEARD.split(", ")) for fact in heard]
            copy(listener, {"heard_fact": (OF_HEARD, told)})
        heads = tx.execute("SELECT subject, last, last_id FROM sequence").all()
    with listener.transaction() as tx:
        tx.execute(
            "UPDATE heard_topic SET epoch = 1, unsigned_to = 0 WHERE topic = :t", t=owner.topic
        )
    told = [(owner.topic, row.subject, row.last, row.last_id) for row in heads]
    copy(listener, {"heard_head": ("topic, subject, sequence, id", told)})
    vacuum(listener)


def as_commanded(desk: FrontDesk, pattern: Pattern, another: Pattern) -> int:
    """Raises unless another session, given by commands, left what is written for it here.

    Gives how many public facts were compared. When each was recorded, and so its signature, its
    transaction says.
    """
    writing = Writing(desk.store, replace(another, own=frozenset(), clients=()))
    compared = 0
    for row in another.facts:
        recorded = desk.store.recorded(row)
        for item in publish(recorded):
            [held] = desk.rows("SELECT * FROM published WHERE id = :id", id=item.id)
            written = writing.published(item, row, row.command_id)
            said = (held.subject, held.id, held.type, bytes(held.body), held.signed_at)
            assert said == (written[0], *written[2:5], written[6]), item.subject
            assert held.headers == json.loads(written[5]) | {
                "traceparent": held.headers["traceparent"]
            }
            assert held.command_id == row.command_id
            compared += 1
    types = [[row.type for row in each.facts] for each in (pattern, another)]
    assert types[0] == types[1] and compared == 2 * ROSTER
    return compared


def copy(store: Store, tables: Mapping[str, tuple[str, Sequence[tuple[Any, ...]]]]) -> None:
    with store.engine.begin() as connection:
        cursor: Any = connection.connection.cursor()
        for table, (columns, rows) in tables.items():
            with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copying:
                for row in rows:
                    copying.write_row(row)


def vacuum(store: Store) -> None:
    """As autovacuum does in a day."""
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")
