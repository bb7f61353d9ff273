"""Sites and sessions as public facts tell them, and what of sessions is undone, from tables."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from ninehours.attendance.v1 import attendance_events_pb2 as events

from kernel.mapping.reading import fact_reader
from kernel.messaging.public_facts import public_facts
from kernel.store.rows import from_row
from kernel.store.store import Transaction
from services.attendance.app.ports import (
    ClientSession,
    ListedProgram,
    ListedSite,
    SessionState,
    UnfinishedSession,
)
from services.attendance.app.streams import client_subject, session_stream
from services.attendance.domain.scheduling import SessionScheduled

OF_CLIENTS = (
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


to_listed_program = fact_reader(events.ProgramOpened, ListedProgram, given=("seats",))


class SqlCalendar:
    """The Calendar port on this service's tables and its published log."""

    def sites(self, tx: Transaction) -> Sequence[ListedSite]:
        seats = _seats(tx)
        opened: dict[str, events.SiteOpened] = {}
        programs: defaultdict[str, list[ListedProgram]] = defaultdict(list)
        for fact in public_facts(tx.connection, (events.SiteOpened, events.ProgramOpened)):
            match fact.message:
                case events.SiteOpened() as site:
                    opened[site.site_id] = site
                case events.ProgramOpened() as program:
                    programs[program.site_id].append(
                        to_listed_program(program, seats=seats.get(program.program.program_id, 0))
                    )
        return [
            ListedSite(
                site_id=site.site_id,
                name=site.name,
                time_zone=site.time_zone,
                programs=tuple(programs[site.site_id]),
            )
            for site in sorted(opened.values(), key=lambda site: (site.name, site.site_id))
        ]

    def of_client(
        self, tx: Transaction, client_id: str, until: datetime | None
    ) -> Sequence[ClientSession]:
        facts = public_facts(
            tx.connection, OF_CLIENTS, subject=client_subject(client_id), until=until
        )
        found = _scheduled(tx, {fact.message.session_id for fact in facts})
        for fact in facts:
            session = found[fact.message.session_id]
            found[session.session_id] = _after(session, fact.message)
        return sorted(found.values(), key=lambda session: (session.starts_at, session.session_id))

    def unclosed(self, tx: Transaction, moment: datetime) -> Sequence[UnfinishedSession]:
        return _unfinished(tx, UNCLOSED, moment)

    def unsigned(self, tx: Transaction, moment: datetime) -> Sequence[UnfinishedSession]:
        return _unfinished(tx, UNSIGNED, moment)


def _scheduled(tx: Transaction, session_ids: set[str]) -> dict[str, ClientSession]:
    """As scheduled: also sessions the client came to without being on the roster."""
    histories = tx.load_many([session_stream(session_id) for session_id in sorted(session_ids)])
    found = {}
    for history in histories.values():
        [scheduled] = (
            recorded.fact for recorded in history if isinstance(recorded.fact, SessionScheduled)
        )
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
            return replace(session, state=SessionState.ATTENDED, minutes=attended.minutes)
        case events.SessionMissed():
            return replace(session, state=SessionState.MISSED)
        case events.SessionCancelled():
            return replace(session, state=SessionState.CANCELLED)
        case events.AttendanceCorrected() as corrected:
            return replace(
                session,
                state=SessionState.ATTENDED if corrected.attended else SessionState.MISSED,
                minutes=corrected.minutes,
                corrections=corrected.correction,
            )
        case events.SessionNoteSigned() | events.SessionNoteAttested():
            return replace(session, note_signed=True)
        case _:
            return session


def _seats(tx: Transaction) -> dict[str, int]:
    """Program → seats of its templates, each counted by its smallest session; 0: no limit."""
    smallest: defaultdict[str, list[int]] = defaultdict(list)
    # Not decoded: a word that a newer release wrote in one template would hide every site.
    templates = tx.execute(
        "SELECT body->>'program_id' AS program_id, (SELECT min(CAST(session->>'capacity' AS"
        " int)) FROM jsonb_array_elements(body->'sessions') AS session) AS seats"
        " FROM fact WHERE type = 'attendance.template_defined.v1'",
    )
    for template in templates:
        smallest[template.program_id].append(template.seats)
    return {program: sum(seats) if all(seats) else 0 for program, seats in smallest.items()}


def _unfinished(tx: Transaction, statement: str, moment: datetime) -> list[UnfinishedSession]:
    rows = tx.execute(statement, moment=moment)
    return [from_row(UnfinishedSession, row) for row in rows]
