"""Attendance's use cases for sites, staff and one client at a session: one function a command.

Scheduling is in `scheduling`, weekly templates in `templates`, whole rosters in `rosters`.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from kernel.execute import Book, Outcome, record, refuse_stale
from kernel.facts import Recorded
from kernel.store.store import Context, Transaction
from services.attendance.app.ports import Schedule
from services.attendance.app.streams import (
    client_subject,
    encounter_of,
    not_admitted,
    presence_stream,
    presences_of,
    require_registered,
    require_signer,
    session_stream,
    site_stream,
    staff_stream,
)
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
from services.attendance.domain.site import SITE, DeclareHoliday, OpenProgram, OpenSite, SetGrace
from services.attendance.domain.staff import STAFF, CredentialStaff, EndCredential


def open_site(book: Book, command: OpenSite, context: Context) -> Outcome:
    return book.execute(SITE, site_stream(command.site_id), command, context)


def open_program(book: Book, command: OpenProgram, context: Context) -> Outcome:
    return book.execute(SITE, site_stream(command.site_id), command, context)


def declare_holiday(book: Book, command: DeclareHoliday, context: Context) -> Outcome:
    """Closes a site for a day: templates skip it. What is scheduled already is not cancelled."""
    return book.execute(SITE, site_stream(command.site_id), command, context)


def set_grace(book: Book, command: SetGrace, context: Context) -> Outcome:
    return book.execute(SITE, site_stream(command.site_id), command, context)


def credential_staff(book: Book, command: CredentialStaff, context: Context) -> Outcome:
    return book.execute(STAFF, staff_stream(command.staff_id), command, context)


def end_credential(book: Book, command: EndCredential, context: Context) -> Outcome:
    """Ends a credential; sessions that were scheduled with the person are not cancelled."""
    return book.execute(STAFF, staff_stream(command.staff_id), command, context)


def check_in(
    book: Book,
    schedule: Schedule,
    session_id: str,
    client_id: str,
    context: Context,
    *,
    came: datetime,
) -> Outcome:
    """Records that a client came, on the roster or not. Twice without leaving changes nothing.

    Refuses a client whom nobody registered (Unknown).
    """

    def command_of(encounter: Encounter, tx: Transaction) -> CheckIn:
        require_registered(tx, schedule, [client_id])
        return CheckIn(encounter=encounter, came=came)

    return _presence(book, session_id, client_id, command_of, context)


def check_out(
    book: Book, session_id: str, client_id: str, left: datetime, context: Context
) -> Outcome:
    """Records that a client left; refuses one who isn't there (NOT_CHECKED_IN)."""
    return _presence(
        book,
        session_id,
        client_id,
        lambda encounter, _: CheckOut(encounter=encounter, left=left),
        context,
    )


def close_session(book: Book, schedule: Schedule, session_id: str, context: Context) -> Outcome:
    """Closes a session: what was recorded of each client becomes attended or missed.

    Its clients are locked: of two sessions with the same client, closed at once, the later one sees
    the other, and flags what overlaps.
    """

    def decide(tx: Transaction) -> Sequence[Recorded]:
        stream = session_stream(session_id)
        history = tx.load(stream)
        refuse_stale(context, len(history))
        session = SESSION.after(history)
        clients = schedule.attendees(tx, session_id)
        tx.lock(map(client_subject, clients))
        presences = presences_of(tx, session_id, clients)
        command = CloseSession(
            session_id=session_id,
            now=context.now,
            presences=presences,
            not_admitted=_not_admitted(tx, schedule, session, clients),
            elsewhere=schedule.elsewhere(tx, session_id),
            grace=_grace_of(tx, session),
        )
        return record(context, stream, len(history), SESSION.decide(command, session))

    return book.transact(context, decide, locks=[session_stream(session_id)])


def sign_note(
    book: Book,
    schedule: Schedule,
    session_id: str,
    client_id: str,
    context: Context,
    *,
    text: str,
) -> Outcome:
    """Signs the note of one client's session as the caller, now; its text is sealed.

    Refuses who holds no credential for it (NOT_CREDENTIALED).
    """

    def command_of(encounter: Encounter, tx: Transaction) -> SignNote:
        require_signer(tx, schedule, context, encounter.site_id)
        return SignNote(encounter=encounter, signed_by=context.actor, signed_at=context.now)

    return _presence(
        book,
        session_id,
        client_id,
        command_of,
        context,
        before=lambda tx: tx.documents.put(
            client_subject(client_id), note_of(session_id), text.encode()
        ),
    )


def attest_note(
    book: Book,
    schedule: Schedule,
    session_id: str,
    client_id: str,
    context: Context,
    *,
    statement: str,
) -> Outcome:
    """Attests as the caller, now, a note signed late or never; the statement is sealed.

    Medicare contractors want a statement of its own, not a late signature (domain guide, section
    12). Refuses who holds no credential for it (NOT_CREDENTIALED), a session that isn't closed
    (SESSION_NOT_CLOSED) and a second one (NOTE_ALREADY_ATTESTED).
    """

    def command_of(encounter: Encounter, tx: Transaction) -> AttestNote:
        require_signer(tx, schedule, context, encounter.site_id)
        return AttestNote(encounter=encounter, attested_by=context.actor, attested_at=context.now)

    return _presence(
        book,
        session_id,
        client_id,
        command_of,
        context,
        before=lambda tx: tx.documents.put(
            client_subject(client_id), f"attestation/{session_id}", statement.encode()
        ),
    )


def correct_attendance(
    book: Book,
    schedule: Schedule,
    session_id: str,
    client_id: str,
    context: Context,
    *,
    intervals: tuple[Interval, ...],
    reason: CorrectionReason,
) -> Outcome:
    """Says of a closed session what was true after all; said again, it changes nothing.

    Refuses a client whom nobody registered (Unknown). The client is locked: of two corrections at
    once the later one sees the other, and flags what overlaps.
    """

    def command_of(encounter: Encounter, tx: Transaction) -> CorrectAttendance:
        require_registered(tx, schedule, [client_id])
        elsewhere = schedule.is_elsewhere(tx, session_id, client_id, intervals)
        return CorrectAttendance(
            encounter=encounter,
            intervals=intervals,
            reason=reason,
            elsewhere=elsewhere,
            not_admitted=bool(
                not_admitted(tx, schedule, [client_id], encounter.site_id, [encounter.service_date])
            ),
        )

    locks = [client_subject(client_id)]
    return _presence(book, session_id, client_id, command_of, context, locks=locks)


def _grace_of(tx: Transaction, session: Session) -> timedelta:
    """That of the session's site, as it is now."""
    if session.scheduled is None:
        return timedelta()
    return SITE.after(tx.load(site_stream(session.scheduled.site_id))).grace


def _not_admitted(
    tx: Transaction, schedule: Schedule, session: Session, client_ids: Sequence[str]
) -> frozenset[str]:
    """Those of the clients who aren't admitted at the session's site on its date."""
    scheduled = session.scheduled
    if scheduled is None:
        return frozenset()
    return not_admitted(tx, schedule, client_ids, scheduled.site_id, [scheduled.service_date])


def note_of(session_id: str) -> str:
    """The document with a client's own note of a session."""
    return f"note/{session_id}"


def _presence(
    book: Book,
    session_id: str,
    client_id: str,
    command_of: Callable[[Encounter, Transaction], PresenceCommand],
    context: Context,
    *,
    locks: Sequence[str] = (),
    before: Callable[[Transaction], object] = lambda _: None,
) -> Outcome:
    """One command on one client's presence; the session can't be closed meanwhile."""

    def decide(tx: Transaction) -> Sequence[Recorded]:
        stream = presence_stream(session_id, client_id)
        history = tx.load_many([session_stream(session_id), stream])
        refuse_stale(context, len(history[stream]))
        session = SESSION.after(history[session_stream(session_id)])
        command = command_of(encounter_of(session, session_id, client_id), tx)
        facts = tuple(PRESENCE.decide(command, PRESENCE.after(history[stream])))
        before(tx)
        return record(context, stream, len(history[stream]), facts)

    return book.transact(context, decide, locks=locks, shared=[session_stream(session_id)])
