"""How an episode ends and what follows: completion, discharge, aftercare, follow-up contacts."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import assert_never

from kernel.decider import Decider, filled
from kernel.refusal import Malformed
from services.plans.domain.civil import last_day
from services.plans.domain.decision import NotSettled
from services.plans.domain.ending_facts import (
    AftercareArranged,
    AftercareKind,
    ArrangeAftercare,
    ClientDischarged,
    CompleteProgram,
    DischargeClient,
    DischargeReason,
    EndingCommand,
    EndingFact,
    FollowedUp,
    ProgramCompleted,
    RecordFollowUp,
)
from services.plans.domain.ending_refusals import (
    AlreadyCompleted,
    AlreadyDischarged,
    AlumniConsentRequired,
    CriteriaNotMet,
    NotCompleted,
    NotDischarged,
    SafetyTaskOpen,
)
from services.plans.domain.episode import Admitted, EpisodeDischarged, require_admission


@dataclass(frozen=True, slots=True)
class EpisodeEnding:
    """What later decisions need to know; `seen`: ids of aftercare and contacts."""

    completed_on: date | None = None
    discharged: ClientDischarged | None = None
    seen: frozenset[str] = frozenset()


def decide(command: EndingCommand, ending: EpisodeEnding) -> Iterator[EndingFact]:
    """Refuses an episode of which no admission was heard, days before it and days to come."""
    admitted = require_admission(command.admitted, command.client_id, command.episode_id)
    match command:
        case CompleteProgram():
            yield from _completed(command, admitted, ending)
        case DischargeClient():
            yield from _discharged(command, admitted, ending)
        case ArrangeAftercare():
            yield from _arranged(command, admitted, ending)
        case RecordFollowUp():
            yield from _followed_up(command, ending)
        case _:
            assert_never(command)


def evolve(ending: EpisodeEnding, fact: EndingFact) -> EpisodeEnding:
    match fact:
        case ProgramCompleted():
            return replace(ending, completed_on=fact.completed_on)
        case ClientDischarged():
            return replace(ending, discharged=fact)
        case AftercareArranged():
            return replace(ending, seen=ending.seen | {fact.aftercare_id})
        case FollowedUp():
            return replace(ending, seen=ending.seen | {fact.follow_up_id})
        case _:
            assert_never(fact)


ENDING = Decider(decide, evolve, EpisodeEnding())


def _completed(
    command: CompleteProgram, admitted: Admitted, ending: EpisodeEnding
) -> Iterator[ProgramCompleted]:
    if ending.completed_on == command.completed_on:
        return
    if ending.completed_on is not None:
        raise AlreadyCompleted(command.episode_id)
    if ending.discharged is not None:
        raise EpisodeDischarged(command.episode_id)
    if command.completed_on > last_day(command.now):
        raise Malformed(completed_on="is in the future")
    if command.completed_on < admitted.admitted_on:
        raise Malformed(completed_on="is before the admission")
    if not command.settled:
        raise NotSettled(command.client_id)
    if command.criteria.missing:
        raise CriteriaNotMet(command.episode_id, command.criteria.missing)
    yield filled(
        ProgramCompleted,
        command,
        completed_by=command.actor,
        rules_version=command.criteria.rules_version,
    )


def _discharged(
    command: DischargeClient, admitted: Admitted, ending: EpisodeEnding
) -> Iterator[ClientDischarged]:
    if ending.discharged is not None:
        same = (ending.discharged.reason, ending.discharged.discharged_on)
        if same == (command.reason, command.discharged_on):
            return
        raise AlreadyDischarged(command.episode_id)
    if command.discharged_on > last_day(command.now):
        raise Malformed(discharged_on="is in the future")
    if command.discharged_on < admitted.admitted_on:
        raise Malformed(discharged_on="is before the admission")
    if command.reason == DischargeReason.COMPLETED and ending.completed_on is None:
        raise NotCompleted(command.episode_id)
    if ending.completed_on is not None and command.discharged_on < ending.completed_on:
        raise Malformed(discharged_on="is before the program was completed")
    if not command.heard:
        raise NotSettled(command.client_id)
    if command.open_high and not command.reasoned:
        raise SafetyTaskOpen(command.open_high)
    yield filled(
        ClientDischarged,
        command,
        discharged_by=command.actor,
        over_safety_tasks=command.open_high,
    )


def _arranged(
    command: ArrangeAftercare, admitted: Admitted, ending: EpisodeEnding
) -> Iterator[AftercareArranged]:
    if command.kind == AftercareKind.ALUMNI and not command.alumni_consent:
        raise AlumniConsentRequired(command.episode_id)
    if command.alumni_consent and command.kind != AftercareKind.ALUMNI:
        raise Malformed(alumni_consent="is for alumni")
    if command.starts_on < admitted.admitted_on:
        raise Malformed(starts_on="is before the admission")
    if command.aftercare_id not in ending.seen:
        yield filled(AftercareArranged, command, arranged_by=command.actor)


def _followed_up(command: RecordFollowUp, ending: EpisodeEnding) -> Iterator[FollowedUp]:
    if ending.discharged is None:
        raise NotDischarged(command.episode_id)
    if command.contacted_on > last_day(command.now):
        raise Malformed(contacted_on="is in the future")
    if command.contacted_on < ending.discharged.discharged_on:
        raise Malformed(contacted_on="is before the discharge")
    if command.follow_up_id not in ending.seen:
        yield filled(FollowedUp, command, recorded_by=command.actor)
