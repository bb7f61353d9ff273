"""Weekly templates, and what they put on the schedule."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from kernel.decider import filled
from kernel.execute import Outcome, record
from kernel.facts import Recorded
from kernel.refusal import Unknown
from kernel.store.store import Context, Transaction
from services.attendance.app.ports import AttendanceWriteSide, FilledSlot
from services.attendance.app.scheduling import (
    FacilitatorBusy,
    booked,
    program_of,
    refuse_busy,
    refuse_uncredentialed,
)
from services.attendance.app.streams import (
    refuse_version,
    require_admitted,
    session_stream,
    site_stream,
    staff_stream,
    template_stream,
)
from services.attendance.domain.minutes import overlap_themselves
from services.attendance.domain.scheduling import ScheduleSession, Slot
from services.attendance.domain.session import SESSION, Session
from services.attendance.domain.site import SITE, Program
from services.attendance.domain.template import (
    TEMPLATE,
    DefineTemplate,
    Occurrence,
    TemplateDefined,
    expand,
    outside,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpansionRequest:
    """Both dates are included."""

    template_id: str
    first: date
    last: date
    facilitator_id: str
    roster: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expansion:
    """What stands of a template between two dates; `skipped`: dates left out for a holiday."""

    sessions: list[FilledSlot]
    skipped: list[date]


def define_template(
    attendance: AttendanceWriteSide, command: DefineTemplate, context: Context
) -> Outcome:
    """Defines a template of a site's program; refuses an unknown site or program."""

    def require_program(tx: Transaction) -> None:
        site = SITE.after(tx.load(site_stream(command.site_id)))
        program_of(site, command.site_id, command.program_id)

    stream = template_stream(command.template_id)
    return attendance.executor.execute(TEMPLATE, stream, command, context, before=require_program)


def expand_template(
    attendance: AttendanceWriteSide, request: ExpansionRequest, context: Context
) -> Outcome:
    """Schedules what a template asks for on these dates, each session as a stream of its own.

    All of them or none, in one transaction: a week of a program is one act of the front desk. A
    slot that has a session, even a cancelled one, keeps it; a holiday's have none. Refuses what
    `schedule_session` refuses, of any session, and two sessions at a time of the template's own.
    """
    refuse_version(context)
    schedule = attendance.schedule

    def decide(tx: Transaction) -> Sequence[Recorded]:
        template = _template(tx, request.template_id)
        of_site, leader = site_stream(template.site_id), staff_stream(request.facilitator_id)
        history = tx.load_many([of_site, leader])
        site = SITE.after(history[of_site])
        program, time_zone = program_of(site, template.site_id, template.program_id)
        _, unfilled = _slots(attendance, tx, request, template, time_zone)
        missing = outside(unfilled, site.holidays)
        dates = [occurrence.service_date for occurrence in missing]
        refuse_uncredentialed(history[leader], request.facilitator_id, dates)
        spans = [occurrence.span for occurrence in missing]
        if overlap_themselves(spans):
            raise FacilitatorBusy(request.facilitator_id)
        require_admitted(tx, schedule, request.roster, template.site_id, dates)
        refuse_busy(tx, schedule, request.facilitator_id, request.roster, spans)
        return [
            recorded
            for occurrence in missing
            for recorded in _schedule(occurrence, request, template.site_id, program, context)
        ]

    locks = [
        template_stream(request.template_id),
        *booked(request.facilitator_id, request.roster),
    ]
    return attendance.executor.transact(context, decide, locks=locks)


def _schedule(
    occurrence: Occurrence,
    request: ExpansionRequest,
    site_id: str,
    program: Program,
    context: Context,
) -> Sequence[Recorded]:
    slot = filled(Slot, request, occurrence)
    session_id = context.new_id("session", slot.template_id, slot.on, slot.number)
    command = filled(
        ScheduleSession,
        occurrence,
        occurrence.span,
        request,
        session_id=session_id,
        site_id=site_id,
        program=program,
        makes_up_session_id=None,
        slot=slot,
    )
    return record(context, session_stream(session_id), 0, SESSION.decide(command, Session()))


def expansion_of(attendance: AttendanceWriteSide, request: ExpansionRequest) -> Expansion:
    """What expanding is answered, read back: a repeated command is answered the same.

    A filled slot stays filled, and one without a session was a holiday's. What is read back moves
    only where the template or a holiday was put right since.
    """
    with attendance.executor.store.transaction() as tx:
        template = _template(tx, request.template_id)
        site = SITE.after(tx.load(site_stream(template.site_id)))
        _, time_zone = program_of(site, template.site_id, template.program_id)
        sessions, unfilled = _slots(attendance, tx, request, template, time_zone)
    skipped = sorted({occurrence.on for occurrence in unfilled})
    return Expansion(sessions=sessions, skipped=skipped)


def _slots(
    attendance: AttendanceWriteSide,
    tx: Transaction,
    request: ExpansionRequest,
    template: TemplateDefined,
    time_zone: str,
) -> tuple[list[FilledSlot], list[Occurrence]]:
    """The template's slots on these dates: those that have a session, and those that have none."""
    first, last = request.first, request.last
    sessions = attendance.schedule.filled_slots(tx, request.template_id, first, last)
    taken = {(slot.on, slot.number) for slot in sessions}
    occurrences = expand(template, time_zone, first, last)
    return sessions, [slot for slot in occurrences if (slot.on, slot.number) not in taken]


def _template(tx: Transaction, template_id: str) -> TemplateDefined:
    template = TEMPLATE.after(tx.load(template_stream(template_id)))
    if template.defined is None:
        raise Unknown("template", template_id)
    return template.defined
