"""Scheduling and cancelling: what is refused here never happened."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from kernel.decider import filled
from kernel.execute import Outcome, decided, refuse_stale
from kernel.facts import Recorded
from kernel.refusal import AgainstTheRules, BrokenRule, Malformed, Unknown
from kernel.store.store import Context, Transaction
from services.attendance.app.ports import AttendanceWriteSide, Schedule
from services.attendance.app.streams import (
    client_subject,
    encounter_of,
    grace_of,
    not_admitted_to,
    presence_stream,
    presences_of,
    require_admitted,
    session_stream,
    site_stream,
    staff_stream,
)
from services.attendance.domain.minutes import Span
from services.attendance.domain.presence import PRESENCE, CheckedOut, CheckOut
from services.attendance.domain.refusals import naming
from services.attendance.domain.scheduling import Modality, ScheduleSession, ServiceKind
from services.attendance.domain.session import SESSION, CancelSession, Session, service_date
from services.attendance.domain.site import SITE, Program, Site
from services.attendance.domain.staff import STAFF, require_credentialed


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRequest:
    """What a front desk asks for; the service date and the program's kind are looked up."""

    session_id: str
    site_id: str
    program_id: str
    facilitator_id: str
    service_kind: ServiceKind
    modality: Modality
    starts_at: datetime
    ends_at: datetime
    roster: tuple[str, ...]
    capacity: int = 0
    breaks: tuple[Span, ...] = ()
    makes_up_session_id: str | None = None


def schedule_session(
    attendance: AttendanceWriteSide, request: SessionRequest, context: Context
) -> Outcome:
    """Schedules a session on the site's schedule.

    Refuses an unknown site, program, facilitator, client or session made up for, more clients than
    it holds (OVER_CAPACITY), a client who isn't admitted at the site that day (NOT_ADMITTED_HERE),
    and, under their locks, a facilitator or a client who has another
    session at that time, at whichever site (FACILITATOR_BUSY, CLIENT_BUSY).
    """

    schedule = attendance.schedule

    def decide(tx: Transaction) -> Sequence[Recorded]:
        stream = session_stream(request.session_id)
        of_site, leader = site_stream(request.site_id), staff_stream(request.facilitator_id)
        before = request.makes_up_session_id and session_stream(request.makes_up_session_id)
        history = tx.load_many([stream, of_site, leader, *([before] if before else [])])
        refuse_stale(context, len(history[stream]))
        site = SITE.after(history[of_site])
        program, time_zone = program_of(site, request.site_id, request.program_id)
        on = service_date(request.starts_at, time_zone)
        refuse_uncredentialed(history[leader], request.facilitator_id, [on])
        if before and not history[before]:
            raise Unknown("session", before.partition("/")[2])
        require_admitted(tx, schedule, request.roster, request.site_id, [on])
        refuse_busy(
            tx,
            schedule,
            request.facilitator_id,
            request.roster,
            [Span(starts_at=request.starts_at, ends_at=request.ends_at)],
        )
        command = filled(ScheduleSession, request, program=program, service_date=on, slot=None)
        return decided(context, SESSION, stream, history[stream], command)

    locks = booked(request.facilitator_id, request.roster)
    return attendance.executor.transact(context, decide, locks=locks)


def cancel_session(
    attendance: AttendanceWriteSide, asked: CancelSession, context: Context
) -> Outcome:
    """Cancels a session that has not begun; its facilitator and clients are free at that time.

    Refuses one that has begun (SESSION_BEGUN) or is closed (SESSION_CLOSED), unless the program did
    not hold it and nobody was there, as far as is known now, or broke it off: then who is still
    there left with the end. Cancelling it again changes nothing.
    """
    stream = session_stream(asked.session_id)

    def decide(tx: Transaction) -> Sequence[Recorded]:
        history = tx.load(stream)
        clients = attendance.schedule.attendees(tx, asked.session_id)
        if asked.given_until is None:
            presences = presences_of(tx, asked.session_id, clients)
            return decided(context, SESSION, stream, history, replace(asked, presences=presences))
        refuse_stale(context, len(history))
        tx.lock(map(client_subject, clients))
        left = _departures(tx, SESSION.after(history), asked, clients, context)
        command = breaking_off(attendance, tx, asked, SESSION.after(history), left)
        facts = decided(context, SESSION, stream, history, command)
        return [*facts, *left] if facts else facts

    # Check-ins and corrections share this lock: nobody comes between looking and cancelling.
    return attendance.executor.transact(context, decide, locks=[stream])


def breaking_off(
    attendance: AttendanceWriteSide,
    tx: Transaction,
    asked: CancelSession,
    session: Session,
    left: Sequence[Recorded] = (),
) -> CancelSession:
    """With who was there, and who `left` with the end. The session's clients must be locked."""
    schedule, session_id = attendance.schedule, asked.session_id
    clients = schedule.attendees(tx, session_id)
    presences = presences_of(tx, session_id, clients)
    for recorded in left:
        fact: CheckedOut = recorded.fact
        presences[fact.client_id] = PRESENCE.evolve(presences[fact.client_id], fact)
    return replace(
        asked,
        presences=presences,
        elsewhere=schedule.elsewhere(tx, session_id),
        not_admitted=not_admitted_to(tx, schedule, session, clients),
        grace=grace_of(tx, session),
    )


def _departures(
    tx: Transaction,
    session: Session,
    asked: CancelSession,
    clients: Sequence[str],
    context: Context,
) -> list[Recorded]:
    """Of everybody who is still there when the session is broken off."""
    until, facts = asked.given_until, list[Recorded]()
    if until is None or session.scheduled is None or session.closed:
        return facts
    for client_id in clients:
        stream = presence_stream(asked.session_id, client_id)
        history = tx.load(stream)
        presence = PRESENCE.after(history)
        if presence.intervals and presence.intervals[-1].left is None:
            if presence.intervals[-1].came > until:
                raise Malformed(given_until="is before somebody came who is still there")
            encounter = encounter_of(session, asked.session_id, client_id)
            command = CheckOut(encounter=encounter, left=until, now=context.now)
            facts += decided(context, PRESENCE, stream, history, command, expected=False)
    return facts


def service_date_of(outcome: Outcome) -> date:
    """The service date of a session just scheduled, as recorded."""
    [recorded] = outcome.facts
    on: date = recorded.fact.service_date
    return on


def program_of(site: Site, site_id: str, program_id: str) -> tuple[Program, str]:
    """The site's program, and its time zone; Unknown where there is no such."""
    if site.time_zone is None:
        raise Unknown("site", site_id)
    if program_id not in site.programs:
        raise Unknown("program", program_id)
    return site.programs[program_id], site.time_zone


def refuse_uncredentialed(
    history: Sequence[Recorded], facilitator_id: str, dates: Iterable[date]
) -> None:
    """Unknown where there is no such person; FACILITATOR_NOT_CREDENTIALED on any of the dates."""
    if not history:
        raise Unknown("staff", facilitator_id)
    credentials = STAFF.after(history)
    for on in dates:
        require_credentialed(credentials, facilitator_id, on)


def booked(facilitator_id: str, roster: Sequence[str]) -> list[str]:
    """Whose rows are locked, so that nobody books them meanwhile."""
    return [staff_stream(facilitator_id), *map(client_subject, roster)]


def refuse_busy(
    tx: Transaction,
    schedule: Schedule,
    facilitator_id: str,
    roster: Sequence[str],
    spans: Collection[Span],
    *besides: str,
) -> None:
    """FACILITATOR_BUSY or CLIENT_BUSY where one of them has a session, `besides` this one, at any
    of these times."""
    if schedule.is_facilitator_busy(tx, facilitator_id, spans, *besides):
        raise FacilitatorBusy(facilitator_id)
    refuse_clients_busy(tx, schedule, roster, spans, *besides)


def refuse_clients_busy(
    tx: Transaction,
    schedule: Schedule,
    roster: Sequence[str],
    spans: Collection[Span],
    *besides: str,
) -> None:
    """CLIENT_BUSY where one of them has a session, `besides` this one, at any of these times."""
    if busy := schedule.busy_clients(tx, roster, spans, *besides):
        raise AgainstTheRules(
            "CLIENT_BUSY", "a client has another session at that time", **naming(busy)
        )


class FacilitatorBusy(BrokenRule):
    """Nobody leads two sessions at a time."""

    code, about = "FACILITATOR_BUSY", "staff_id"
    words = "the facilitator has another session at that time"
