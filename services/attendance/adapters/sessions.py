"""Sites and sessions as public facts tell them, and what of sessions is undone, from tables."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from ninehours.attendance.v1 import attendance_events_pb2 as events
from sqlalchemy import text

from kernel.messaging.told import told
from kernel.rpc.translate import required_enum
from kernel.store.store import Transaction
from services.attendance.app.sessions import (
    ATTENDED,
    CANCELLED,
    MISSED,
    ClientSession,
    ProgramTold,
    SiteTold,
    Undone,
)
from services.attendance.app.streams import client_subject, session_stream
from services.attendance.domain.scheduling import SessionScheduled
from services.attendance.domain.site import Program

TOLD = (
    events.SessionScheduled,
    events.SessionAttended,
    events.SessionMissed,
    events.SessionCancelled,
    events.AttendanceCorrected,
    events.SessionNoteSigned,
    events.SessionNoteAttested,
)
UNCLOSED = """
SELECT session_id, site_id, facilitator_id, service_date, NULL AS client_id
FROM scheduled_session
WHERE ends_at <= :moment AND NOT EXISTS (
    SELECT FROM fact WHERE stream = 'session/' || session_id AND at <= :moment
      AND type IN ('attendance.session_closed.v1', 'attendance.session_cancelled.v1'))
ORDER BY starts_at, session_id
"""
UNSIGNED = """
SELECT session_id, site_id, facilitator_id, service_date, client_id
FROM attended JOIN scheduled_session USING (session_id)
WHERE attended AND EXISTS (
    SELECT FROM fact WHERE stream = 'session/' || session_id AND at <= :moment
      AND type = 'attendance.session_closed.v1')
AND NOT EXISTS (
    SELECT FROM fact WHERE stream = 'presence/' || session_id || '/' || client_id
      AND at <= :moment
      AND type IN ('attendance.note_signed.v1', 'attendance.note_attested.v1'))
ORDER BY starts_at, session_id, client_id
"""


class SqlSessions:
    """The Sessions port on this service's tables and its published log."""

    def sites(self, tx: Transaction) -> Sequence[SiteTold]:
        seats = _seats(tx)
        opened: dict[str, events.SiteOpened] = {}
        programs: defaultdict[str, list[ProgramTold]] = defaultdict(list)
        for fact in told(tx.connection, (events.SiteOpened, events.ProgramOpened)):
            match fact.message:
                case events.SiteOpened() as site:
                    opened[site.site_id] = site
                case events.ProgramOpened() as program:
                    programs[program.site_id].append(_program(program, seats))
        return [
            SiteTold(
                site_id=each.site_id,
                name=each.name,
                time_zone=each.time_zone,
                programs=tuple(programs[each.site_id]),
            )
            for each in sorted(opened.values(), key=lambda each: (each.name, each.site_id))
        ]

    def of_client(
        self, tx: Transaction, client_id: str, until: datetime | None
    ) -> Sequence[ClientSession]:
        facts = told(tx.connection, TOLD, subject=client_subject(client_id), until=until)
        found = _scheduled(tx, {fact.message.session_id for fact in facts})
        for fact in facts:
            session = found[fact.message.session_id]
            found[session.session_id] = _after(session, fact.message)
        return sorted(found.values(), key=lambda each: (each.starts_at, each.session_id))

    def unclosed(self, tx: Transaction, moment: datetime) -> Sequence[Undone]:
        return _undone(tx, UNCLOSED, moment)

    def unsigned(self, tx: Transaction, moment: datetime) -> Sequence[Undone]:
        return _undone(tx, UNSIGNED, moment)


def _scheduled(tx: Transaction, session_ids: set[str]) -> dict[str, ClientSession]:
    """As scheduled: also sessions the client came to without being on the roster."""
    histories = tx.load_many([session_stream(each) for each in sorted(session_ids)])
    found = {}
    for history in histories.values():
        [scheduled] = (r.fact for r in history if isinstance(r.fact, SessionScheduled))
        found[scheduled.session_id] = ClientSession(
            session_id=scheduled.session_id,
            site_id=scheduled.site_id,
            service_date=scheduled.service_date,
            starts_at=scheduled.starts_at,
            ends_at=scheduled.ends_at,
            service_kind=scheduled.service_kind,
            modality=scheduled.modality,
        )
    return found


def _after(session: ClientSession, message: object) -> ClientSession:
    match message:
        case events.SessionAttended() as attended:
            return replace(session, state=ATTENDED, minutes=attended.minutes)
        case events.SessionMissed():
            return replace(session, state=MISSED)
        case events.SessionCancelled():
            return replace(session, state=CANCELLED)
        case events.AttendanceCorrected() as corrected:
            return replace(
                session,
                state=ATTENDED if corrected.attended else MISSED,
                minutes=corrected.minutes,
                corrections=corrected.correction,
            )
        case events.SessionNoteSigned() | events.SessionNoteAttested():
            return replace(session, note_signed=True)
        case _:
            return session


def _program(opened: events.ProgramOpened, seats: dict[str, int]) -> ProgramTold:
    program = Program(
        program_id=opened.program.program_id,
        kind=required_enum(opened, "program.kind"),
        under_part2=opened.program.under_part2,
    )
    return ProgramTold(program=program, seats=seats.get(program.program_id, 0))


def _seats(tx: Transaction) -> dict[str, int]:
    """Program → seats of its templates, each counted by its smallest session; 0: no limit."""
    smallest: defaultdict[str, list[int]] = defaultdict(list)
    for recorded in tx.load_where("type = 'attendance.template_defined.v1'"):
        template = recorded.fact
        smallest[template.program_id].append(min(each.capacity for each in template.sessions))
    return {program: sum(each) if all(each) else 0 for program, each in smallest.items()}


def _undone(tx: Transaction, statement: str, moment: datetime) -> list[Undone]:
    return [
        Undone(
            session_id=str(row.session_id),
            site_id=str(row.site_id),
            facilitator_id=str(row.facilitator_id),
            service_date=row.service_date,
            client_id="" if row.client_id is None else str(row.client_id),
        )
        for row in tx.connection.execute(text(statement), {"moment": moment})
    ]
