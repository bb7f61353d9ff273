"""Courses of care: who is where at which level, and what plans ask for next."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Literal

from kernel.decider import filled
from kernel.due import Due, DueKind
from services.plans.domain.ending import DischargeReason
from services.plans.domain.reference_values import RECERTIFICATION_DAYS

# How long before its last day something is told of: a week of groups, in which it can be done.
LEAD = timedelta(days=7)
# Over which admissions and discharges are counted.
FLOW = timedelta(days=30)
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseSegment:
    """A clinical level with its first and last day; `last` None: in force."""

    level_of_care: str
    first: date
    last: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentPlan:
    """The plan in force; `signed_by`: whose signature made it so."""

    plan_id: str
    in_force_from: date
    planned_minutes_per_week: int
    signed_by: str
    next_review_by: date | None = None
    recertify_by: date | None = None
    certified_by: str = ""


@dataclass(frozen=True, slots=True, order=True)
class ProgramAtSite:
    """A program at a site."""

    site_id: str
    kind: str
    program_id: str
    under_part2: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseOfCare:
    """One episode of one client; `changes`: level by first day, as they were recorded.

    In the program to which it was transferred last; `sites`: every one at which it is, or was.
    """

    client_id: str
    episode_id: str
    site_id: str
    sites: frozenset[str]
    program_id: str
    kind: str
    under_part2: bool
    admitted_on: date
    admitted_level: str
    changes: tuple[tuple[date, str], ...] = ()
    plan: CurrentPlan | None = None
    discharged_on: date | None = None
    discharge_reason: DischargeReason | Literal[""] = ""

    @property
    def program(self) -> ProgramAtSite:
        """Where, and in which program."""
        return filled(ProgramAtSite, self)

    def in_care_on(self, day: date) -> bool:
        """At the end of the day: who is discharged on it is no longer in care."""
        left = self.discharged_on is not None and self.discharged_on <= day
        return self.admitted_on <= day and not left

    def level_on(self, day: date) -> str:
        """The clinical level in force that day."""
        return [segment for segment in self.segments() if segment.first <= day][-1].level_of_care

    def segments(self) -> list[CourseSegment]:
        """From admission to discharge; of one day's changes the last holds."""
        firsts = {self.admitted_on: self.admitted_level} | dict(
            sorted(self.changes, key=lambda change: change[0])
        )
        days = list(firsts)
        lasts = [*(day - ONE_DAY for day in days[1:]), self.discharged_on]
        return [
            CourseSegment(level_of_care=level, first=first, last=last)
            for (first, level), last in zip(firsts.items(), lasts, strict=True)
        ]


class ToSignKind(StrEnum):
    """What is signed or decided."""

    PLAN = "PLAN"
    RECOMMENDATION = "RECOMMENDATION"
    CERTIFICATION = "CERTIFICATION"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToSign:
    """It waits since then. Of a certification: `until`, the last day of the one before, and
    `until_at_most`, of one given on the day."""

    kind: ToSignKind
    about_id: str
    client_id: str
    episode_id: str
    site_id: str
    since: date
    until: date | None = None
    until_at_most: date | None = None


@dataclass(frozen=True, slots=True)
class Census:
    """Clients in care by place and clinical level; admissions and discharges by place."""

    in_care: Counter[tuple[ProgramAtSite, str]]
    admitted: Counter[ProgramAtSite]
    discharged: Counter[ProgramAtSite]


def census_of(courses: Iterable[CourseOfCare], on: date) -> Census:
    """Who is in care at the end of the day, and who came and left in the 30 days to it."""
    census = Census(Counter(), Counter(), Counter())
    for course in courses:
        where = course.program
        if course.in_care_on(on):
            census.in_care[where, course.level_on(on)] += 1
        census.admitted[where] += on - FLOW < course.admitted_on <= on
        left = course.discharged_on
        census.discharged[where] += left is not None and on - FLOW < left <= on
    return census


def due_of_course(course: CourseOfCare) -> Iterator[Due]:
    """What plans ask for, of a client who is in care."""
    plan = course.plan
    if plan is None:
        yield _due(
            course, kind=DueKind.SIGN_PLAN, about_id=course.episode_id, since=course.admitted_on
        )
        return
    asked = (
        (DueKind.REVIEW_PLAN, plan.next_review_by, plan.signed_by),
        (DueKind.CERTIFY_PLAN, plan.recertify_by, plan.certified_by),
    )
    for kind, until, person in asked:
        if until is not None:
            yield _due(
                course,
                kind=kind,
                about_id=plan.plan_id,
                person=person,
                since=until - LEAD,
                until=until,
            )


def certification_of(course: CourseOfCare, on: date) -> ToSign | None:
    """Of the plan in force, where a physician is to certify it that day; None: it is certified, or
    there is none."""
    plan = course.plan
    if plan is None:
        return None
    until = plan.recertify_by
    since = plan.in_force_from if until is None else until - LEAD
    if since > on:
        return None
    return ToSign(
        kind=ToSignKind.CERTIFICATION,
        about_id=plan.plan_id,
        client_id=course.client_id,
        episode_id=course.episode_id,
        site_id=course.site_id,
        since=since,
        until=until,
        until_at_most=on + timedelta(days=RECERTIFICATION_DAYS.value),
    )


def _due(course: CourseOfCare, **beside: Any) -> Due:
    return Due(client_id=course.client_id, site_id=course.site_id, roles=("clinician",), **beside)
