"""Weekly templates, and what they put on the calendar."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from kernel.execute import Book, Outcome, record, refuse_stale
from kernel.facts import Recorded
from kernel.refusal import Unknown
from kernel.store.store import Context, Transaction
from services.attendance.app.ports import Calendar, Filled
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
    held,
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
class Expanded:
    """What stands of a template between two dates; `skipped`: dates left out for a holiday."""

    outcome: Outcome
    sessions: list[Filled]
    skipped: list[date]


def define_template(book: Book, command: DefineTemplate, context: Context) -> Outcome:
    """Defines a template of a site's program; refuses an unknown site or program."""

    def decide(tx: Transaction) -> Sequence[Recorded]:
        stream = template_stream(command.template_id)
        history = tx.load_many([stream, site_stream(command.site_id)])
        refuse_stale(context, len(history[stream]))
        site = SITE.fold(recorded.fact for recorded in history[site_stream(command.site_id)])
        program_of(site, command.site_id, command.program_id)
        facts = TEMPLATE.decide(command, TEMPLATE.fold(r.fact for r in history[stream]))
        return record(context, stream, len(history[stream]), facts)

    return book.transact(context, decide)


def expand_template(
    book: Book, calendar: Calendar, asked: ExpansionRequest, context: Context
) -> Expanded:
    """Schedules what a template asks for on these dates, each session as a stream of its own.

    All of them or none, in one transaction: a week of a program is one act of the front desk. A
    slot that has a session, even a cancelled one, keeps it; a holiday's have none. Refuses what
    `schedule_session` refuses, of any session, and two sessions at a time of the template's own.
    """

    refuse_version(context)

    def decide(tx: Transaction) -> Sequence[Recorded]:
        template = _template(tx, asked.template_id)
        place, leader = site_stream(template.site_id), staff_stream(asked.facilitator_id)
        history = tx.load_many([place, leader])
        site = SITE.fold(recorded.fact for recorded in history[place])
        program, time_zone = program_of(site, template.site_id, template.program_id)
        occurrences = expand(template, time_zone, asked.first, asked.last)
        filled = {
            (slot.on, slot.number)
            for slot in calendar.filled(tx, asked.template_id, asked.first, asked.last)
        }
        wanted = [
            each
            for each in held(occurrences, site.holidays)
            if (each.on, each.number) not in filled
        ]
        dates = [each.service_date for each in wanted]
        refuse_uncredentialed(history[leader], asked.facilitator_id, dates)
        spans = [each.span for each in wanted]
        if overlap_themselves(spans):
            raise FacilitatorBusy(asked.facilitator_id)
        require_admitted(tx, calendar, asked.roster, template.site_id, dates)
        refuse_busy(tx, calendar, asked.facilitator_id, asked.roster, spans)
        return [
            recorded
            for each in wanted
            for recorded in _schedule(each, asked, template.site_id, program, context)
        ]

    locks = [
        template_stream(asked.template_id),
        *booked(asked.facilitator_id, asked.roster),
    ]
    outcome = book.transact(context, decide, locks=locks)
    return _standing(book, calendar, asked, outcome)


def _schedule(
    each: Occurrence,
    asked: ExpansionRequest,
    site_id: str,
    program: Program,
    context: Context,
) -> Sequence[Recorded]:
    session_id = context.new_id("session", asked.template_id, each.on, each.number)
    command = ScheduleSession(
        session_id=session_id,
        site_id=site_id,
        program=program,
        facilitator_id=asked.facilitator_id,
        service_kind=each.service_kind,
        modality=each.modality,
        service_date=each.service_date,
        starts_at=each.span.starts_at,
        ends_at=each.span.ends_at,
        roster=asked.roster,
        capacity=each.capacity,
        breaks=each.breaks,
        slot=Slot(template_id=asked.template_id, on=each.on, number=each.number),
    )
    return record(context, session_stream(session_id), 0, SESSION.decide(command, Session()))


def _standing(
    book: Book, calendar: Calendar, asked: ExpansionRequest, outcome: Outcome
) -> Expanded:
    """The answer, read back: a repeated command is answered the same.

    A template is never changed, a holiday never taken back and a filled slot stays filled: on these
    dates nothing of it moves any more, and a slot without a session was a holiday's.
    """
    with book.store.transaction() as tx:
        template = _template(tx, asked.template_id)
        place = site_stream(template.site_id)
        site = SITE.fold(recorded.fact for recorded in tx.load(place))
        _, time_zone = program_of(site, template.site_id, template.program_id)
        sessions = calendar.filled(tx, asked.template_id, asked.first, asked.last)
    filled = {(slot.on, slot.number) for slot in sessions}
    occurrences = expand(template, time_zone, asked.first, asked.last)
    skipped = {each.on for each in occurrences if (each.on, each.number) not in filled}
    return Expanded(outcome=outcome, sessions=sessions, skipped=sorted(skipped))


def _template(tx: Transaction, template_id: str) -> TemplateDefined:
    template = TEMPLATE.fold(recorded.fact for recorded in tx.load(template_stream(template_id)))
    if template.defined is None:
        raise Unknown("template", template_id)
    return template.defined
