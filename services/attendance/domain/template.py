"""A program's week as a template, and the sessions it asks for between two dates."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import assert_never
from zoneinfo import ZoneInfo

from kernel.decider import Decider, filled
from kernel.refusal import Malformed
from services.attendance.domain.minutes import Span
from services.attendance.domain.scheduling import LONGEST, Modality, ServiceKind
from services.attendance.domain.session import service_date

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
MOST_DAYS = 31  # of one expansion
MOST_SESSIONS = 200  # of one expansion


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateBreak:
    """Counted from the session's start, in real minutes."""

    after_minutes: int
    minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateSession:
    """`weekday` 1 Monday to 7 Sunday; `starts_minute` after midnight, by the site's clocks."""

    weekday: int
    starts_minute: int
    minutes: int
    service_kind: ServiceKind
    modality: Modality
    capacity: int = 0
    breaks: tuple[TemplateBreak, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DefineTemplate:
    template_id: str
    site_id: str
    program_id: str
    sessions: tuple[TemplateSession, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateDefined:
    """Another week is another template; what was typed wrong is put right."""

    template_id: str
    site_id: str
    program_id: str
    sessions: tuple[TemplateSession, ...]


@dataclass(frozen=True, slots=True)
class Template:
    """What later decisions need to know."""

    defined: TemplateDefined | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One session a template asks for. `on` is the template's date, `number` its place from 1."""

    on: date
    number: int
    service_kind: ServiceKind
    modality: Modality
    capacity: int
    service_date: date
    span: Span
    breaks: tuple[Span, ...]


def decide(command: DefineTemplate, template: Template) -> Iterator[TemplateDefined]:
    match command:
        case DefineTemplate():
            if not command.sessions:
                raise Malformed(sessions="must hold at least one")
            for number, session in enumerate(command.sessions):
                _must_be_possible(session, f"sessions.{number}")
            if template.defined is None:
                yield filled(TemplateDefined, command)
        case _:
            assert_never(command)


def evolve(template: Template, fact: TemplateDefined) -> Template:
    return replace(template, defined=fact)


TEMPLATE = Decider(decide, evolve, Template())


def expand(
    template: TemplateDefined, time_zone: str, first: date, last: date
) -> tuple[Occurrence, ...]:
    """What the template asks for on these dates, both included, holidays or not.

    A session keeps its start by the site's clocks, and its length in real minutes, over every
    change of them (`first_instant`). Refuses (Malformed) more than 31 days or 200 sessions.
    """
    if not timedelta(0) <= last - first < MOST_DAYS * DAY:
        raise Malformed(to=f"must not be before from, nor make more than {MOST_DAYS} days")
    occurrences = tuple(
        _occurrence(session, number, first + n * DAY, time_zone)
        for n in range((last - first).days + 1)
        for number, session in enumerate(template.sessions, start=1)
        if session.weekday == (first + n * DAY).isoweekday()
    )
    if len(occurrences) > MOST_SESSIONS:
        raise Malformed(to=f"asks for more than {MOST_SESSIONS} sessions")
    return occurrences


def outside(occurrences: Collection[Occurrence], holidays: Collection[date]) -> list[Occurrence]:
    """Those that are not on a holiday: that of the day on which they begin."""
    return [
        occurrence
        for occurrence in occurrences
        if not {occurrence.on, occurrence.service_date} & set(holidays)
    ]


def first_instant(wall: datetime, time_zone: str) -> datetime:
    """The first moment, in UTC, at which clocks of the zone show this time, or a later one.

    In autumn an hour comes twice: the first of the two. In spring one is left out, and what would
    start within begins when it is over: 2:30 begins at 3:00, which is the next moment after 1:59.
    """
    zone = ZoneInfo(time_zone)
    instant = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == wall:
        return instant
    # Left out. Read with the offset from before the change it is after it, and the other way round.
    before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    offset = instant.astimezone(zone).utcoffset()
    while instant - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(instant - before) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == offset:
            instant = middle
        else:
            before = middle
    return instant


def _occurrence(session: TemplateSession, number: int, on: date, time_zone: str) -> Occurrence:
    wall = datetime.combine(on, time()) + session.starts_minute * MINUTE
    starts_at = first_instant(wall, time_zone)
    return Occurrence(
        on=on,
        number=number,
        service_kind=session.service_kind,
        modality=session.modality,
        capacity=session.capacity,
        service_date=service_date(starts_at, time_zone),
        span=Span(starts_at=starts_at, ends_at=starts_at + session.minutes * MINUTE),
        breaks=tuple(
            Span(
                starts_at=starts_at + pause.after_minutes * MINUTE,
                ends_at=starts_at + (pause.after_minutes + pause.minutes) * MINUTE,
            )
            for pause in session.breaks
        ),
    )


def _must_be_possible(session: TemplateSession, field: str) -> None:
    if not 1 <= session.weekday <= 7:
        raise Malformed(**{f"{field}.weekday": "is not between 1 and 7"})
    if not 0 <= session.starts_minute < DAY // MINUTE:
        raise Malformed(**{f"{field}.starts_minute": "is not within a day"})
    if not 0 < session.minutes <= LONGEST // MINUTE:
        raise Malformed(**{f"{field}.minutes": "must be positive, 12 hours at most"})
    if any(
        pause.after_minutes < 0
        or pause.minutes < 1
        or pause.after_minutes + pause.minutes > session.minutes
        for pause in session.breaks
    ):
        raise Malformed(**{f"{field}.breaks": "must lie within the session"})
