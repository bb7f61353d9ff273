"""Attendance's use cases, in the order in which things happen: one function a command."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from kernel.execute import Book, Outcome, record, refuse_stale
from kernel.facts import Recorded
from kernel.refusal import AgainstTheRules, Unknown
from kernel.store.store import Context, Transaction
from services.attendance.app.ports import Calendar
from services.attendance.domain.presence import (
    PRESENCE,
    At,
    CheckIn,
    CheckOut,
    CorrectAttendance,
    Interval,
    PresenceCommand,
    SignNote,
)
from services.attendance.domain.session import (
    SESSION,
    CloseSession,
    ScheduleSession,
    Session,
    service_date,
)
from services.attendance.domain.site import SITE, OpenProgram, OpenSite
from services.attendance.domain.staff import STAFF, CredentialStaff


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRequest:
    """What a front desk asks for; the service date and the program's kind are looked up."""

    site_id: str
    program_id: str
    facilitator_id: str
    service_kind: str
    modality: str
    starts_at: datetime
    ends_at: datetime
    roster: tuple[str, ...]


def open_site(book: Book, command: OpenSite, context: Context) -> Outcome:
    return book.execute(SITE, _site(command.site_id), command, context)


def open_program(book: Book, command: OpenProgram, context: Context) -> Outcome:
    return book.execute(SITE, _site(command.site_id), command, context)


def credential_staff(book: Book, command: CredentialStaff, context: Context) -> Outcome:
    return book.execute(STAFF, _staff(command.staff_id), command, context)


def schedule_session(
    book: Book, calendar: Calendar, session_id: str, asked: SessionRequest, context: Context
) -> Outcome:
    """Schedules a session on the site's calendar.

    Refuses an unknown site, program or facilitator, and, under their locks, a facilitator or a
    client who has another session at that time (FACILITATOR_BUSY, CLIENT_BUSY).
    """

    def decide(tx: Transaction) -> Sequence[Recorded]:
        stream = _session(session_id)
        history = tx.load_many([stream, _site(asked.site_id), _staff(asked.facilitator_id)])
        refuse_stale(context, len(history[stream]))
        site = SITE.fold(recorded.fact for recorded in history[_site(asked.site_id)])
        if site.time_zone is None:
            raise Unknown("site", asked.site_id)
        if asked.program_id not in site.programs:
            raise Unknown("program", asked.program_id)
        if not history[_staff(asked.facilitator_id)]:
            raise Unknown("staff", asked.facilitator_id)
        if calendar.is_facilitator_busy(tx, asked.facilitator_id, asked.starts_at, asked.ends_at):
            raise AgainstTheRules(
                "FACILITATOR_BUSY",
                "the facilitator has another session at that time",
                staff_id=asked.facilitator_id,
            )
        if busy := calendar.busy_clients(tx, asked.roster, asked.starts_at, asked.ends_at):
            raise AgainstTheRules(
                "CLIENT_BUSY",
                "a client has another session at that time",
                client_ids=",".join(busy),
            )
        command = ScheduleSession(
            session_id=session_id,
            site_id=asked.site_id,
            program=site.programs[asked.program_id],
            facilitator_id=asked.facilitator_id,
            service_kind=asked.service_kind,
            modality=asked.modality,
            service_date=service_date(asked.starts_at, site.time_zone),
            starts_at=asked.starts_at,
            ends_at=asked.ends_at,
            roster=asked.roster,
        )
        facts = SESSION.decide(command, SESSION.fold(r.fact for r in history[stream]))
        return record(context, stream, len(history[stream]), facts)

    locks = [
        f"staff/{asked.facilitator_id}",
        *(f"client/{client_id}" for client_id in asked.roster),
    ]
    return book.transact(context, decide, locks=locks)


def check_in(
    book: Book, session_id: str, client_id: str, came: datetime, context: Context
) -> Outcome:
    """Records that a client came, on the roster or not. Twice without leaving changes nothing."""
    return _presence(book, session_id, client_id, lambda at: CheckIn(at=at, came=came), context)


def check_out(
    book: Book, session_id: str, client_id: str, left: datetime, context: Context
) -> Outcome:
    """Records that a client left; refuses one who isn't there (NOT_CHECKED_IN)."""
    return _presence(book, session_id, client_id, lambda at: CheckOut(at=at, left=left), context)


def close_session(book: Book, calendar: Calendar, session_id: str, context: Context) -> Outcome:
    """Closes a session: what was recorded of each client becomes attended or missed."""

    def decide(tx: Transaction) -> Sequence[Recorded]:
        stream = _session(session_id)
        history = tx.load(stream)
        refuse_stale(context, len(history))
        clients = calendar.attendees(tx, session_id)
        found = tx.load_many([_presence_of(session_id, client_id) for client_id in clients])
        presences = {
            client_id: PRESENCE.fold(r.fact for r in found[_presence_of(session_id, client_id)])
            for client_id in clients
        }
        command = CloseSession(session_id=session_id, now=context.now, presences=presences)
        facts = SESSION.decide(command, SESSION.fold(recorded.fact for recorded in history))
        return record(context, stream, len(history), facts)

    return book.transact(context, decide, locks=[f"session/{session_id}"])


def sign_note(book: Book, session_id: str, client_id: str, text: str, context: Context) -> Outcome:
    """Signs the note of one client's session as the caller, now; its text is sealed."""
    return _presence(
        book,
        session_id,
        client_id,
        lambda at: SignNote(at=at, signed_by=context.actor, signed_at=context.now),
        context,
        before=lambda tx: tx.documents.put(
            f"client/{client_id}", f"note/{session_id}", text.encode()
        ),
    )


def correct_attendance(
    book: Book,
    session_id: str,
    client_id: str,
    context: Context,
    *,
    intervals: tuple[Interval, ...],
    reason: str,
) -> Outcome:
    """Says of a closed session what was true after all; said again, it changes nothing."""
    return _presence(
        book,
        session_id,
        client_id,
        lambda at: CorrectAttendance(at=at, intervals=intervals, reason=reason),
        context,
    )


def _presence(
    book: Book,
    session_id: str,
    client_id: str,
    command_at: Callable[[At], PresenceCommand],
    context: Context,
    *,
    before: Callable[[Transaction], object] = lambda _: None,
) -> Outcome:
    """One command on one client's presence; the session can't be closed meanwhile."""

    def decide(tx: Transaction) -> Sequence[Recorded]:
        stream = _presence_of(session_id, client_id)
        history = tx.load_many([_session(session_id), stream])
        refuse_stale(context, len(history[stream]))
        session = SESSION.fold(recorded.fact for recorded in history[_session(session_id)])
        command = command_at(_at(session, session_id, client_id))
        presence = PRESENCE.fold(recorded.fact for recorded in history[stream])
        facts = tuple(PRESENCE.decide(command, presence))
        before(tx)
        return record(context, stream, len(history[stream]), facts)

    return book.transact(context, decide, shared=[f"session/{session_id}"])


def _at(session: Session, session_id: str, client_id: str) -> At:
    scheduled = session.scheduled
    if scheduled is None:
        raise Unknown("session", session_id)
    return At(
        session_id=session_id,
        client_id=client_id,
        site_id=scheduled.site_id,
        service_date=scheduled.service_date,
        starts_at=scheduled.starts_at,
        ends_at=scheduled.ends_at,
        under_part2=scheduled.program.under_part2,
        on_roster=client_id in scheduled.roster,
        closed=session.closed,
    )


def service_date_of(outcome: Outcome) -> date:
    """The service date of a session just scheduled, as recorded."""
    [recorded] = outcome.facts
    on: date = recorded.fact.service_date
    return on


def _site(site_id: str) -> str:
    return f"site/{site_id}"


def _staff(staff_id: str) -> str:
    return f"staff/{staff_id}"


def _session(session_id: str) -> str:
    return f"session/{session_id}"


def _presence_of(session_id: str, client_id: str) -> str:
    return f"presence/{session_id}/{client_id}"
