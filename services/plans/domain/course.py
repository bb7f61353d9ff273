"""How an episode ends and what follows: completion, discharge, aftercare, follow-up contacts."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import assert_never

from kernel.decider import Decider
from kernel.refusal import Malformed
from services.plans.domain.civil import last_day
from services.plans.domain.course_facts import (
    ALUMNI,
    COMPLETED,
    AftercareArranged,
    ArrangeAftercare,
    ClientDischarged,
    CompleteProgram,
    CourseCommand,
    CourseFact,
    DischargeClient,
    FollowedUp,
    ProgramCompleted,
    RecordFollowUp,
)
from services.plans.domain.course_refusals import (
    AlreadyCompleted,
    AlreadyDischarged,
    AlumniConsentRequired,
    CriteriaNotMet,
    NotCompleted,
    NotDischarged,
    SafetyTaskOpen,
)
from services.plans.domain.decision import NotSettled
from services.plans.domain.episode import Admitted, EpisodeDischarged, known


@dataclass(frozen=True, slots=True)
class Course:
    """What later decisions need to know; `seen`: ids of aftercare and contacts."""

    completed_on: date | None = None
    discharged: ClientDischarged | None = None
    seen: frozenset[str] = frozenset()


def decide(command: CourseCommand, course: Course) -> Iterator[CourseFact]:
    """Refuses an episode of which no admission was heard, days before it and days to come."""
    admitted = known(command.admitted, command.client_id, command.episode_id)
    match command:
        case CompleteProgram():
            yield from _completed(command, admitted, course)
        case DischargeClient():
            yield from _discharged(command, admitted, course)
        case ArrangeAftercare():
            yield from _arranged(command, admitted, course)
        case RecordFollowUp():
            yield from _followed_up(command, course)
        case _:
            assert_never(command)


def evolve(course: Course, fact: CourseFact) -> Course:
    match fact:
        case ProgramCompleted():
            return replace(course, completed_on=fact.completed_on)
        case ClientDischarged():
            return replace(course, discharged=fact)
        case AftercareArranged():
            return replace(course, seen=course.seen | {fact.aftercare_id})
        case FollowedUp():
            return replace(course, seen=course.seen | {fact.follow_up_id})
        case _:
            assert_never(fact)


COURSE = Decider(decide, evolve, Course())


def _completed(
    command: CompleteProgram, admitted: Admitted, course: Course
) -> Iterator[ProgramCompleted]:
    if course.completed_on == command.completed_on:
        return
    if course.completed_on is not None:
        raise AlreadyCompleted(command.episode_id)
    if course.discharged is not None:
        raise EpisodeDischarged(command.episode_id)
    if command.completed_on > last_day(command.now):
        raise Malformed(completed_on="is in the future")
    if command.completed_on < admitted.admitted_on:
        raise Malformed(completed_on="is before the admission")
    if not command.settled:
        raise NotSettled(command.client_id)
    if command.criteria.missing:
        raise CriteriaNotMet(command.episode_id, command.criteria.missing)
    yield ProgramCompleted(
        client_id=command.client_id,
        episode_id=command.episode_id,
        completed_on=command.completed_on,
        completed_by=command.actor,
        rules_version=command.criteria.rules_version,
    )


def _discharged(
    command: DischargeClient, admitted: Admitted, course: Course
) -> Iterator[ClientDischarged]:
    if course.discharged is not None:
        same = (course.discharged.reason, course.discharged.discharged_on)
        if same == (command.reason, command.discharged_on):
            return
        raise AlreadyDischarged(command.episode_id)
    if command.discharged_on > last_day(command.now):
        raise Malformed(discharged_on="is in the future")
    if command.discharged_on < admitted.admitted_on:
        raise Malformed(discharged_on="is before the admission")
    if command.reason == COMPLETED and course.completed_on is None:
        raise NotCompleted(command.episode_id)
    if course.completed_on is not None and command.discharged_on < course.completed_on:
        raise Malformed(discharged_on="is before the program was completed")
    if not command.heard:
        raise NotSettled(command.client_id)
    if command.open_high and not command.reasoned:
        raise SafetyTaskOpen(command.open_high)
    yield ClientDischarged(
        client_id=command.client_id,
        episode_id=command.episode_id,
        reason=command.reason,
        discharged_on=command.discharged_on,
        discharged_by=command.actor,
        over_safety_tasks=command.open_high,
    )


def _arranged(
    command: ArrangeAftercare, admitted: Admitted, course: Course
) -> Iterator[AftercareArranged]:
    if command.kind == ALUMNI and not command.alumni_consent:
        raise AlumniConsentRequired(command.episode_id)
    if command.alumni_consent and command.kind != ALUMNI:
        raise Malformed(alumni_consent="is for alumni")
    if command.starts_on < admitted.admitted_on:
        raise Malformed(starts_on="is before the admission")
    if command.aftercare_id not in course.seen:
        yield AftercareArranged(
            client_id=command.client_id,
            episode_id=command.episode_id,
            aftercare_id=command.aftercare_id,
            kind=command.kind,
            starts_on=command.starts_on,
            alumni_consent=command.alumni_consent,
            arranged_by=command.actor,
        )


def _followed_up(command: RecordFollowUp, course: Course) -> Iterator[FollowedUp]:
    if course.discharged is None:
        raise NotDischarged(command.episode_id)
    if command.contacted_on > last_day(command.now):
        raise Malformed(contacted_on="is in the future")
    if command.contacted_on < course.discharged.discharged_on:
        raise Malformed(contacted_on="is before the discharge")
    if command.follow_up_id not in course.seen:
        yield FollowedUp(
            client_id=command.client_id,
            episode_id=command.episode_id,
            follow_up_id=command.follow_up_id,
            contacted_on=command.contacted_on,
            reached=command.reached,
            recorded_by=command.actor,
        )
