"""The schedule as tables: kept with each fact, asked when scheduling, closing and listing."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from ninehours.intake.v1 import intake_events_pb2 as intake

from kernel.facts import Recorded, id_of
from kernel.messaging.persons import ids_of_each
from kernel.messaging.public_facts import heard_facts
from kernel.rpc.translate import date_of
from kernel.statements import StatementAmended, standing
from kernel.store.rows import from_row
from kernel.store.store import Transaction
from services.attendance.app.ports import ClosedAt, FilledSlot
from services.attendance.app.streams import client_subject, presence_stream, session_stream
from services.attendance.domain.admission import Admission, stays
from services.attendance.domain.minutes import Interval, Span
from services.attendance.domain.note import NoteAttested, NoteSigned
from services.attendance.domain.presence import (
    PRESENCE,
    AttendanceCorrected,
    CheckedIn,
    CheckedOut,
)
from services.attendance.domain.roster import AddedToRoster, TakenFromRoster
from services.attendance.domain.scheduling import SessionCorrected, SessionScheduled
from services.attendance.domain.session import (
    SESSION,
    SessionBrokenOff,
    SessionCancelled,
    SessionClosed,
)

AT_A_TIME = """
FROM scheduled_session AS s
JOIN unnest(CAST(:starts AS timestamptz[]), CAST(:ends AS timestamptz[])) AS x(starts_at, ends_at)
  ON s.starts_at < x.ends_at AND s.ends_at > x.starts_at AND NOT s.cancelled
 AND CAST(s.session_id AS text) <> :besides
"""

IS_FACILITATOR_BUSY = f"""
SELECT EXISTS (SELECT {AT_A_TIME} WHERE s.facilitator_id = :facilitator) AS busy
"""

BUSY_CLIENTS = f"""
SELECT DISTINCT a.client_id {AT_A_TIME} JOIN attendee AS a USING (session_id)
WHERE a.client_id = ANY(CAST(:roster AS uuid[])) AND a.expected ORDER BY 1
"""

# Each presence within its session; without a check-out it lasts to the session's end.
ELSEWHERE = """
WITH present AS (
    SELECT p.session_id, p.client_id, s.closed, greatest(p.came, s.starts_at) AS came,
           least(coalesce(p.left_at, s.ends_at), s.ends_at) AS left_at
    FROM presence_interval AS p JOIN scheduled_session AS s USING (session_id)
    WHERE p.client_id IN (SELECT client_id FROM presence_interval WHERE session_id = :session)
)
SELECT DISTINCT here.client_id
FROM present AS here JOIN present AS there
  ON there.client_id = here.client_id AND there.session_id <> here.session_id
WHERE here.session_id = :session AND there.closed
  AND here.came < here.left_at AND there.came < there.left_at
  AND here.came < there.left_at AND there.came < here.left_at
"""

IS_ELSEWHERE = """
WITH here AS (
    SELECT greatest(x.came, s.starts_at) AS came, least(x.left_at, s.ends_at) AS left_at
    FROM scheduled_session AS s,
         unnest(CAST(:came AS timestamptz[]), CAST(:left AS timestamptz[])) AS x(came, left_at)
    WHERE s.session_id = :session
), there AS (
    SELECT greatest(p.came, s.starts_at) AS came,
           least(coalesce(p.left_at, s.ends_at), s.ends_at) AS left_at
    FROM presence_interval AS p JOIN scheduled_session AS s USING (session_id)
    WHERE p.client_id = :client AND session_id <> :session AND s.closed
)
SELECT EXISTS (
    SELECT FROM here, there
    WHERE here.came < here.left_at AND there.came < there.left_at
      AND here.came < there.left_at AND there.came < here.left_at
) AS elsewhere
"""

# Asked where somebody takes a program back, which hardly ever happens: of all sessions.
SCHEDULED_IN = """
SELECT EXISTS (
    SELECT FROM fact
    WHERE type IN ('attendance.session_scheduled.v1', 'attendance.session_corrected.v1')
    AND body->'program'->>'program_id' = :program
) AS scheduled
"""

FILLED = """
SELECT t.on_date, t.number, session_id, s.service_date, s.starts_at, s.ends_at
FROM template_session AS t JOIN scheduled_session AS s USING (session_id)
WHERE t.template_id = :template AND t.on_date BETWEEN :first AND :last
ORDER BY s.starts_at, t.number
"""

OTHERWISE = {
    SessionCorrected: """
UPDATE scheduled_session
SET (facilitator_id, starts_at, ends_at, service_date)
  = (:facilitator_id, :starts_at, :ends_at, :service_date)
WHERE session_id = :session_id
""",
    SessionCancelled: """
UPDATE scheduled_session SET cancelled = true, closed = false WHERE session_id = :session_id
""",
}
SESSIONS = """
SELECT s.*,
       ARRAY(SELECT client_id FROM attendee AS a
             WHERE a.session_id = s.session_id AND a.expected ORDER BY 1) AS client_ids,
       ARRAY(SELECT client_id FROM unsigned_note AS u
             WHERE u.session_id = s.session_id ORDER BY 1) AS unsigned
FROM scheduled_session AS s
WHERE s.site_id = :site AND s.service_date BETWEEN :first AND :last
  AND (CAST(:after_start AS timestamptz) IS NULL
       OR (s.starts_at, s.session_id)
           > (CAST(:after_start AS timestamptz), CAST(:after_id AS uuid)))
  AND (NOT :due_only
       OR (NOT s.closed AND NOT s.cancelled AND s.ends_at <= :now)
       OR EXISTS (SELECT FROM unsigned_note AS u WHERE u.session_id = s.session_id))
ORDER BY s.starts_at, s.session_id
LIMIT :limit
"""


def day_of(recorded: Recorded) -> Iterator[str]:
    """`day/<site_id>.<date>`, on which a session is put."""
    match recorded.fact:
        case (
            SessionScheduled(site_id=site_id, service_date=on)
            | SessionCorrected(site_id=site_id, service_date=on)
        ):
            yield f"day/{site_id}.{on}"


def keep(tx: Transaction, recorded: Recorded) -> None:
    """Enter a fact into the schedule, in the transaction that records it."""
    match recorded.fact:
        case SessionScheduled() as fact:
            _scheduled(tx, fact)
        case SessionCorrected() | SessionCancelled() as fact:
            tx.execute(OTHERWISE[type(fact)], **asdict(fact))
        case SessionClosed() as fact:
            _closed(tx, fact)
        case SessionBrokenOff() as fact:
            _settled(tx, fact.session_id)
        case AddedToRoster() as fact:
            _expect(tx, fact.session_id, fact.client_id)
        case TakenFromRoster() as fact:
            _expect_if_there(tx, fact.session_id, fact.client_id)
        case CheckedIn() as fact:
            _came(tx, fact)
        case CheckedOut() as fact:
            tx.execute(
                "UPDATE presence_interval SET left_at = :left"
                " WHERE session_id = :session_id AND client_id = :client_id AND left_at IS NULL",
                **asdict(fact),
            )
        case NoteSigned() | NoteAttested() as fact:
            tx.execute(
                "INSERT INTO signed_note VALUES (:session_id, :client_id) ON CONFLICT DO NOTHING",
                **asdict(fact),
            )
        case AttendanceCorrected() as fact:
            _corrected(tx, fact)
        case StatementAmended(content=CheckedIn() | CheckedOut() as fact):
            _present(tx, fact.session_id, fact.client_id)
        case StatementAmended(
            content=SessionCancelled() | SessionBrokenOff() | SessionClosed() as fact
        ):
            _settled(tx, fact.session_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionsQuery:
    """Which sessions are asked for, and as of when; `after`: start and id of the last one seen."""

    site_id: str
    first: date
    last: date
    due_only: bool
    now: datetime
    after: tuple[datetime, str] | None
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedSession:
    """A session as it stands. `unsigned`: who attended, with a note nobody signed or attested."""

    session_id: str
    service_date: date
    span: Span
    facilitator_id: str
    client_ids: tuple[str, ...]
    closed: bool
    cancelled: bool
    unsigned: tuple[str, ...]


class SqlSchedule:
    """The Schedule port on this service's tables."""

    def staff_of(self, tx: Transaction, person: str) -> Sequence[str]:
        rows = tx.execute(
            "SELECT stream FROM fact WHERE type = 'attendance.staff_credentialed.v1'"
            " AND (stream = :person OR body->>'token_subject' = :person)"
            " UNION SELECT stream FROM fact WHERE type = 'attendance.statement_amended.v1'"
            " AND body->'content'->>'token_subject' = :person",
            person=person,
        )
        return sorted(id_of(row.stream) for row in rows)

    def is_facilitator_busy(
        self, tx: Transaction, facilitator_id: str, spans: Collection[Span], besides: str = ""
    ) -> bool:
        who = {"facilitator": facilitator_id, "besides": besides}
        [row] = tx.execute(IS_FACILITATOR_BUSY, **who, **_bounds(spans))
        return bool(row.busy)

    def busy_clients(
        self, tx: Transaction, roster: Sequence[str], spans: Collection[Span], besides: str = ""
    ) -> list[str]:
        persons = ids_of_each(tx.connection, roster)
        everybody = sorted({each for ids in persons.values() for each in ids})
        who = {"roster": everybody, "besides": besides}
        rows = tx.execute(BUSY_CLIENTS, **who, **_bounds(spans))
        busy = {str(row.client_id) for row in rows}
        return sorted(client_id for client_id, ids in persons.items() if not busy.isdisjoint(ids))

    def unregistered(self, tx: Transaction, client_ids: Collection[str]) -> list[str]:
        registered = {one for one, _ in _heard(tx, client_ids, intake.ClientRegistered)}
        return sorted(set(client_ids) - registered)

    def is_registered_at(self, tx: Transaction, site_id: str) -> bool:
        registered = heard_facts(tx.connection, intake.ClientRegistered, None)
        return any(said.site_id == site_id for _, said in registered)

    def is_program_in_use(self, tx: Transaction, program_id: str) -> bool:
        [row] = tx.execute(SCHEDULED_IN, program=program_id)
        told = (
            *heard_facts(tx.connection, intake.ClientAdmitted, None),
            *heard_facts(tx.connection, intake.ClientTransferred, None),
        )
        said: list[Any] = [message for _, message in told]
        return bool(row.scheduled) or any(place.program.program_id == program_id for place in said)

    def admissions(
        self, tx: Transaction, client_ids: Collection[str]
    ) -> dict[str, list[Admission]]:
        ended = {
            closed.episode_id: date_of(closed, "closed_on")
            for _, closed in _heard(tx, client_ids, intake.EpisodeClosed)
        }
        moved: dict[str, list[tuple[date, str]]] = {}
        for _, moving in _heard(tx, client_ids, intake.ClientTransferred):
            place = (date_of(moving, "transferred_on"), moving.site_id)
            moved.setdefault(moving.episode_id, []).append(place)
        found: dict[str, list[Admission]] = {client_id: [] for client_id in client_ids}
        for client_id, admitted in _heard(tx, client_ids, intake.ClientAdmitted):
            first = (date_of(admitted, "admitted_on"), admitted.site_id)
            places = [first, *sorted(moved.get(admitted.episode_id, ()))]
            found[client_id] += stays(places, ended.get(admitted.episode_id))
        return found

    def attendees(self, tx: Transaction, session_id: str) -> list[str]:
        rows = tx.execute(
            "SELECT client_id FROM attendee WHERE session_id = :session AND expected ORDER BY 1",
            session=session_id,
        )
        return [str(row.client_id) for row in rows]

    def elsewhere(self, tx: Transaction, session_id: str) -> frozenset[str]:
        rows = tx.execute(ELSEWHERE, session=session_id)
        return frozenset(str(row.client_id) for row in rows)

    def is_elsewhere(
        self, tx: Transaction, session_id: str, client_id: str, intervals: Sequence[Interval]
    ) -> bool:
        who = {"session": session_id, "client": client_id}
        [row] = tx.execute(IS_ELSEWHERE, **who, **_moments(intervals))
        return bool(row.elsewhere)

    def filled_slots(
        self, tx: Transaction, template_id: str, first: date, last: date
    ) -> list[FilledSlot]:
        rows = tx.execute(FILLED, template=template_id, first=first, last=last)
        return [from_row(FilledSlot, row, on=row.on_date, span=from_row(Span, row)) for row in rows]

    def to_come(self, tx: Transaction, template_id: str, first: date, now: datetime) -> list[str]:
        rows = tx.execute(
            "SELECT session_id FROM template_session JOIN scheduled_session USING (session_id)"
            " WHERE template_id = :template AND on_date >= :first AND starts_at > :now"
            " AND NOT closed AND NOT cancelled ORDER BY 1",
            template=template_id,
            first=first,
            now=now,
        )
        return [str(row.session_id) for row in rows]

    def expected_at(self, tx: Transaction, client_id: str) -> list[str]:
        rows = tx.execute(
            "SELECT session_id FROM attendee JOIN scheduled_session USING (session_id)"
            " WHERE client_id = :client AND expected AND NOT closed AND NOT cancelled ORDER BY 1",
            client=client_id,
        )
        return [str(row.session_id) for row in rows]

    def closed_with(self, tx: Transaction, client_id: str) -> list[ClosedAt]:
        rows = tx.execute(
            "SELECT session_id, site_id, service_date"
            " FROM attendee JOIN scheduled_session USING (session_id)"
            " WHERE client_id = :client AND expected AND closed ORDER BY 1",
            client=client_id,
        )
        return [from_row(ClosedAt, row) for row in rows]

    def doubt(self, tx: Transaction, client_id: str, session_id: str, noted_at: datetime) -> None:
        tx.execute(
            "INSERT INTO misplaced VALUES (:session, :client, :noted_at) ON CONFLICT DO NOTHING",
            session=session_id,
            client=client_id,
            noted_at=noted_at,
        )

    def taken_from(self, tx: Transaction, client_id: str) -> list[str]:
        rows = tx.execute(
            "SELECT session_id FROM attendee JOIN scheduled_session USING (session_id)"
            " WHERE client_id = :client AND NOT expected AND NOT closed AND NOT cancelled"
            " ORDER BY 1",
            client=client_id,
        )
        return [str(row.session_id) for row in rows]


def sessions(tx: Transaction, query: SessionsQuery) -> tuple[list[ListedSession], bool]:
    """A page of a site's sessions, by start and id, and whether more follow.

    Due is a session that ended and is neither closed nor cancelled, or one with unsigned notes;
    until when they should have been signed is for the payer to say.
    """
    after_start, after_id = query.after or (None, None)
    rows = tx.execute(
        SESSIONS,
        site=query.site_id,
        first=query.first,
        last=query.last,
        due_only=query.due_only,
        now=query.now,
        after_start=after_start,
        after_id=after_id,
        limit=query.limit + 1,
    )
    found = [from_row(ListedSession, row, span=from_row(Span, row)) for row in rows]
    return found[: query.limit], len(found) > query.limit


def _scheduled(tx: Transaction, fact: SessionScheduled) -> None:
    tx.execute(
        "INSERT INTO scheduled_session"
        " (session_id, facilitator_id, starts_at, ends_at, site_id, service_date)"
        " VALUES (:session_id, :facilitator_id, :starts_at, :ends_at, :site_id, :service_date)",
        **asdict(fact),
    )
    tx.execute(
        "INSERT INTO attendee SELECT :session, c FROM unnest(CAST(:roster AS uuid[])) AS x(c)",
        session=fact.session_id,
        roster=list(fact.roster),
    )
    if fact.slot is not None:
        tx.execute(
            "INSERT INTO template_session VALUES (:template_id, :on, :number, :session)",
            **asdict(fact.slot),
            session=fact.session_id,
        )


def _closed(tx: Transaction, fact: SessionClosed | SessionBrokenOff) -> None:
    tx.execute(
        "UPDATE scheduled_session SET closed = true WHERE session_id = :session",
        session=fact.session_id,
    )
    tx.execute(
        "INSERT INTO attended SELECT :session, x.* FROM"
        " unnest(CAST(:clients AS uuid[]), CAST(:attended AS boolean[])) AS x"
        " ON CONFLICT DO NOTHING",  # who was corrected, before it was closed again
        session=fact.session_id,
        clients=[attendance.client_id for attendance in fact.attendances],
        attended=[attendance.attended for attendance in fact.attendances],
    )


def _settled(tx: Transaction, session_id: str) -> None:
    """The session is entered as it stands, once its end was put right: or reopened, with nobody
    who attended but whom a correction says so."""
    history = tx.load(session_stream(session_id))
    session = SESSION.after(history)
    if session.scheduled is None:
        return
    tx.execute(
        "UPDATE scheduled_session SET closed = :closed, cancelled = :cancelled, ends_at = :ends_at"
        " WHERE session_id = :session",
        session=session_id,
        closed=session.closed,
        cancelled=session.cancelled,
        ends_at=session.scheduled.ends_at,
    )
    tx.execute(
        "DELETE FROM attended WHERE session_id = :session AND NOT EXISTS ("
        " SELECT FROM fact WHERE stream = 'presence/' || session_id || '/' || client_id"
        " AND type = 'attendance.attendance_corrected.v1')",
        session=session_id,
    )
    for recorded in standing(history):
        if isinstance(recorded.fact, SessionClosed | SessionBrokenOff) and session.closed:
            _closed(tx, recorded.fact)


def _came(tx: Transaction, fact: CheckedIn) -> None:
    if not fact.on_roster:
        _expect(tx, fact.session_id, fact.client_id)
    tx.execute(
        "INSERT INTO presence_interval VALUES (:session_id, :client_id, :came)", **asdict(fact)
    )


def _corrected(tx: Transaction, fact: AttendanceCorrected) -> None:
    """What was corrected takes the place of what was recorded before."""
    who = {"session": fact.session_id, "client": fact.client_id}
    if fact.intervals:
        _expect(tx, fact.session_id, fact.client_id)
    tx.execute(
        "INSERT INTO attended VALUES (:session, :client, :attended)"
        " ON CONFLICT (session_id, client_id) DO UPDATE SET attended = excluded.attended",
        **who,
        attended=bool(fact.intervals),
    )
    _replace_intervals(tx, fact.session_id, fact.client_id, fact.intervals)


def _present(tx: Transaction, session_id: str, client_id: str) -> None:
    """As comings and goings stand, once one was put right."""
    presence = PRESENCE.after(tx.load(presence_stream(session_id, client_id)))
    _replace_intervals(tx, session_id, client_id, presence.intervals)
    _expect_if_there(tx, session_id, client_id)


def _replace_intervals(
    tx: Transaction, session_id: str, client_id: str, intervals: Sequence[Interval]
) -> None:
    who = {"session": session_id, "client": client_id}
    tx.execute(
        "DELETE FROM presence_interval WHERE session_id = :session AND client_id = :client",
        **who,
    )
    tx.execute(
        "INSERT INTO presence_interval SELECT :session, :client, x.* FROM"
        " unnest(CAST(:came AS timestamptz[]), CAST(:left AS timestamptz[])) AS x",
        **who,
        **_moments(intervals),
    )


def _expect(tx: Transaction, session_id: str, client_id: str) -> None:
    """Who came without being on the roster is asked about from here on, like everybody else."""
    tx.execute(
        "INSERT INTO attendee VALUES (:session, :client)"
        " ON CONFLICT (session_id, client_id) DO UPDATE SET expected = true",
        session=session_id,
        client=client_id,
    )


def _expect_if_there(tx: Transaction, session_id: str, client_id: str) -> None:
    """Of who has no place any more, or was not there after all: asked about while either holds."""
    scheduled = SESSION.after(tx.load(session_stream(session_id))).scheduled
    tx.execute(
        "INSERT INTO attendee VALUES (:session, :client) ON CONFLICT DO NOTHING",
        session=session_id,
        client=client_id,
    )
    tx.execute(
        "UPDATE attendee SET expected = :on_roster OR EXISTS ("
        " SELECT FROM presence_interval AS p"
        " WHERE p.session_id = attendee.session_id AND p.client_id = attendee.client_id)"
        " WHERE session_id = :session AND client_id = :client",
        session=session_id,
        client=client_id,
        on_roster=scheduled is not None and client_id in scheduled.roster,
    )


def _heard(tx: Transaction, client_ids: Collection[str], kind: Any) -> list[tuple[str, Any]]:
    """Facts of one type about these clients, each with whom it is asked of, in their order."""
    subjects = map(client_subject, client_ids)
    found = heard_facts(tx.connection, kind, subjects)
    return [(id_of(subject), message) for subject, message in found]


def _moments(intervals: Sequence[Interval]) -> dict[str, Any]:
    return {
        "came": [interval.came for interval in intervals],
        "left": [interval.left for interval in intervals],
    }


def _bounds(spans: Collection[Span]) -> dict[str, Any]:
    return {
        "starts": [span.starts_at for span in spans],
        "ends": [span.ends_at for span in spans],
    }
