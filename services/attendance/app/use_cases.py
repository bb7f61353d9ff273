"""Attendance's use cases for sites, staff and one client at a session: one function a command.

Scheduling is in `scheduling`, weekly templates in `templates`, whole rosters in `rosters`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from kernel.execute import Outcome, decided, refuse_stale
from kernel.facts import Recorded
from kernel.store.store import Context, Transaction
from services.attendance.app.ports import AttendanceWriteSide
from services.attendance.app.streams import (
    attestation_of,
    client_subject,
    encounter_of,
    grace_of,
    not_admitted,
    not_admitted_to,
    note_of,
    presence_stream,
    presences_of,
    require_registered,
    require_signer,
    session_stream,
    site_stream,
    staff_stream,
)
from services.attendance.domain.absence import Absence, RecordAbsence
from services.attendance.domain.encounter import Encounter
from services.attendance.domain.minutes import Interval
from services.attendance.domain.note import AttestNote, SignNote
from services.attendance.domain.presence import (
    PRESENCE,
    CheckIn,
    CheckOut,
    CorrectAttendance,
    CorrectionReason,
    PresenceCommand,
)
from services.attendance.domain.session import SESSION, CloseSession, Session
from services.attendance.domain.site import SITE, SiteCommand
from services.attendance.domain.staff import STAFF, StaffCommand


@dataclass(frozen=True, slots=True, kw_only=True)
class AtSession:
    """Something that is said of one client at one session."""

    session_id: str
    client_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival(AtSession):
    came: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure(AtSession):
    left: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing(AtSession):
    absence: Absence


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenNote(AtSession):
    """A note, or what attests one; it is sealed."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction(AtSession):
    """`intervals`: as of `CorrectAttendance`."""

    intervals: tuple[Interval, ...]
    reason: CorrectionReason


def on_site(attendance: AttendanceWriteSide, command: SiteCommand, context: Context) -> Outcome:
    """Opens a site or a program of it, sets its grace, or closes it for a day: templates skip a
    holiday, but what is scheduled already is not cancelled."""
    return attendance.executor.execute(SITE, site_stream(command.site_id), command, context)


def on_staff(attendance: AttendanceWriteSide, command: StaffCommand, context: Context) -> Outcome:
    """Credentials a person, or ends a credential: sessions that were scheduled with the person are
    not cancelled."""
    return attendance.executor.execute(STAFF, staff_stream(command.staff_id), command, context)


def check_in(attendance: AttendanceWriteSide, asked: Arrival, context: Context) -> Outcome:
    """Records that a client came, on the roster or not. Twice without leaving changes nothing.

    Refuses a client whom nobody registered (Unknown), and a time ahead (STILL_TO_COME).
    """

    def command(encounter: Encounter, tx: Transaction) -> CheckIn:
        require_registered(tx, attendance.schedule, [asked.client_id])
        return CheckIn(encounter=encounter, came=asked.came, now=context.now)

    return _on_presence(attendance, asked, command, context)


def check_out(attendance: AttendanceWriteSide, asked: Departure, context: Context) -> Outcome:
    """Records that a client left; refuses one who isn't there (NOT_CHECKED_IN), and a
    time ahead (STILL_TO_COME)."""

    def command(encounter: Encounter, _: Transaction) -> CheckOut:
        return CheckOut(encounter=encounter, left=asked.left, now=context.now)

    return _on_presence(attendance, asked, command, context)


def record_absence(attendance: AttendanceWriteSide, asked: Missing, context: Context) -> Outcome:
    """Records why somebody isn't there: before the session, during or after it."""

    def command(encounter: Encounter, _: Transaction) -> RecordAbsence:
        return RecordAbsence(encounter=encounter, absence=asked.absence, now=context.now)

    return _on_presence(attendance, asked, command, context)


def close_session(
    attendance: AttendanceWriteSide, asked: CloseSession, context: Context
) -> Outcome:
    """Closes a session: what was recorded of each client becomes attended or missed.

    Its clients are locked: of two sessions with the same client, closed at once, the later one sees
    the other, and flags what overlaps.
    """
    stream = session_stream(asked.session_id)

    def decide(tx: Transaction) -> Sequence[Recorded]:
        history = tx.load(stream)
        refuse_stale(context, len(history))
        session = SESSION.after(history)
        command = closing(attendance, tx, asked, session)
        return decided(context, SESSION, stream, history, command)

    return attendance.executor.transact(context, decide, locks=[stream])


def closing(
    attendance: AttendanceWriteSide, tx: Transaction, asked: CloseSession, session: Session
) -> CloseSession:
    """The command, with who was there; locks them. The session must be locked."""
    schedule = attendance.schedule
    clients = schedule.attendees(tx, asked.session_id)
    tx.lock(map(client_subject, clients))
    return replace(
        asked,
        presences=presences_of(tx, asked.session_id, clients),
        not_admitted=not_admitted_to(tx, schedule, session, clients),
        elsewhere=schedule.elsewhere(tx, asked.session_id),
        grace=grace_of(tx, session),
    )


def sign_note(attendance: AttendanceWriteSide, asked: WrittenNote, context: Context) -> Outcome:
    """Signs the note of one client's session as the caller, now; its text is sealed.

    Refuses who holds no credential for it (NOT_CREDENTIALED).
    """

    def command(encounter: Encounter, tx: Transaction) -> SignNote:
        require_signer(tx, attendance.schedule, context, encounter.site_id)
        return SignNote(encounter=encounter, signed_by=context.actor, signed_at=context.now)

    document = note_of(asked.session_id), asked.text
    return _on_presence(attendance, asked, command, context, document=document)


def attest_note(attendance: AttendanceWriteSide, asked: WrittenNote, context: Context) -> Outcome:
    """Attests as the caller, now, a note signed late or never; the statement is sealed.

    Medicare contractors want a statement of its own, not a late signature (domain guide, section
    12). Refuses who holds no credential for it (NOT_CREDENTIALED), a session that isn't closed
    (SESSION_NOT_CLOSED) and a second one (NOTE_ALREADY_ATTESTED).
    """

    def command(encounter: Encounter, tx: Transaction) -> AttestNote:
        require_signer(tx, attendance.schedule, context, encounter.site_id)
        return AttestNote(encounter=encounter, attested_by=context.actor, attested_at=context.now)

    document = attestation_of(asked.session_id), asked.text
    return _on_presence(attendance, asked, command, context, document=document)


def correct_attendance(
    attendance: AttendanceWriteSide, asked: Correction, context: Context
) -> Outcome:
    """Says of a closed session what was true after all; said again, it changes nothing.

    Refuses a client whom nobody registered (Unknown). The client is locked: of two corrections at
    once the later one sees the other, and flags what overlaps.
    """
    schedule, client_id = attendance.schedule, asked.client_id

    def command(encounter: Encounter, tx: Transaction) -> CorrectAttendance:
        require_registered(tx, schedule, [client_id])
        on = [encounter.service_date]
        return CorrectAttendance(
            encounter=encounter,
            intervals=asked.intervals,
            reason=asked.reason,
            elsewhere=schedule.is_elsewhere(tx, asked.session_id, client_id, asked.intervals),
            not_admitted=bool(not_admitted(tx, schedule, [client_id], encounter.site_id, on)),
        )

    return _on_presence(attendance, asked, command, context, locks=[client_subject(client_id)])


def _on_presence(
    attendance: AttendanceWriteSide,
    asked: AtSession,
    command_of: Callable[[Encounter, Transaction], PresenceCommand],
    context: Context,
    *,
    locks: Sequence[str] = (),
    document: tuple[str, str] | None = None,
) -> Outcome:
    """One command on one client's presence; the session can't be closed meanwhile.

    `document`: a kind and the text, sealed under the client's key.
    """
    group = session_stream(asked.session_id)
    stream = presence_stream(asked.session_id, asked.client_id)

    def decide(tx: Transaction) -> Sequence[Recorded]:
        history = tx.load_many([group, stream])
        refuse_stale(context, len(history[stream]))
        session = SESSION.after(history[group])
        command = command_of(encounter_of(session, asked.session_id, asked.client_id), tx)
        facts = decided(context, PRESENCE, stream, history[stream], command)
        if document is not None:
            kind, text = document
            tx.documents.put(client_subject(asked.client_id), kind, text.encode())
        return facts

    return attendance.executor.transact(context, decide, locks=locks, shared=[group])
