"""How an episode ends and what follows: completion, discharge, aftercare, follow-up contacts.

The fields of what is recorded are a storage format.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import assert_never

from kernel.decider import Decider, filled
from kernel.refusal import AgainstTheRules, BrokenRule, Malformed
from services.plans.domain.civil import last_day
from services.plans.domain.completion import UNKNOWN, CompletionCriteria
from services.plans.domain.decision import NotSettled
from services.plans.domain.episode import Admitted, EpisodeDischarged, require_admission


class CriteriaNotMet(AgainstTheRules):
    """A program is completed against criteria; `missing` names those it lacks."""

    def __init__(self, episode_id: str, missing: Sequence[str]) -> None:
        super().__init__(
            "COMPLETION_CRITERIA_NOT_MET",
            f"the program is not completed: {', '.join(missing)}",
            episode_id=episode_id,
            missing=", ".join(missing),
        )


class AlreadyCompleted(BrokenRule):
    """A program is completed once."""

    code, about = "ALREADY_COMPLETED", "episode_id"
    words = "it was completed on another day"


class AlreadyDischarged(BrokenRule):
    """A client is discharged from an episode once."""

    code, about = "ALREADY_DISCHARGED", "episode_id"
    words = "the client was discharged on another day, or for another reason"


class AnotherEpisodeOpen(BrokenRule):
    """A client has at most one open episode in a program."""

    code, about = "ANOTHER_EPISODE_OPEN", "episode_id"
    words = "the client has another open episode in this program: discharge them from it first"


class NotCompleted(BrokenRule):
    """Discharge as completed follows completion."""

    code, about = "PROGRAM_NOT_COMPLETED", "episode_id"
    words = "complete the program first, or give another reason"


class NotDischarged(BrokenRule):
    """Follow-up is what happens after discharge."""

    code, about = "NOT_DISCHARGED", "episode_id"
    words = "the client is still in this episode"


class SafetyTaskOpen(AgainstTheRules):
    """Over an open safety task nobody goes on unless a person says why, by name."""

    def __init__(self, task_ids: Sequence[str]) -> None:
        super().__init__(
            "SAFETY_TASK_OPEN",
            "a safety task of HIGH risk is open; close it, or say why all the same",
            task_ids=",".join(task_ids),
        )


class AlumniConsentRequired(BrokenRule):
    """Alumni contacts need a consent of their own: treatment's does not cover them."""

    code, about = "ALUMNI_CONSENT_REQUIRED", "episode_id"
    words = "ask the client for a consent of its own first"


class DischargeReason(StrEnum):
    """TEDS-D's values as domain.md (section 7) has them; UNVERIFIED against SAMHSA's codebook."""

    COMPLETED = "COMPLETED"
    LEFT_AGAINST_ADVICE = "LEFT_AGAINST_ADVICE"
    TERMINATED_BY_FACILITY = "TERMINATED_BY_FACILITY"
    TRANSFERRED = "TRANSFERRED"
    INCARCERATED = "INCARCERATED"
    DEATH = "DEATH"
    OTHER = "OTHER"


class AftercareKind(StrEnum):
    """What comes after; alumni are contacted with a consent of their own."""

    OUTPATIENT = "OUTPATIENT"
    SUPPORT_GROUP = "SUPPORT_GROUP"
    ALUMNI = "ALUMNI"


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodeCommand:
    """`admitted` is filled in under the client's lock."""

    client_id: str
    episode_id: str
    actor: str
    now: datetime
    admitted: Admitted | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteProgram(EpisodeCommand):
    """`criteria` and `settled` are filled in under the client's lock."""

    completed_on: date
    criteria: CompletionCriteria = UNKNOWN
    settled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DischargeClient(EpisodeCommand):
    """`reasoned`: a reason is sealed with it, why in spite of an open safety task.

    Filled in under the client's lock: `open_high`, ids of open safety tasks of HIGH risk, and
    `heard`, whether all that was told of the client was.
    """

    reason: DischargeReason
    discharged_on: date
    reasoned: bool = False
    open_high: tuple[str, ...] = ()
    heard: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrangeAftercare(EpisodeCommand):
    """`starts_on`: of the appointment or the first meeting."""

    aftercare_id: str
    kind: AftercareKind
    starts_on: date
    alumni_consent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFollowUp(EpisodeCommand):
    follow_up_id: str
    contacted_on: date
    reached: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramCompleted:
    """`rules_version`: of the level rules whose criteria were met."""

    client_id: str
    episode_id: str
    completed_on: date
    completed_by: str
    rules_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientDischarged:
    """`over_safety_tasks`: HIGH ones that were open; the reason of `discharged_by` is sealed.

    `reason_version`: of its document; 0: none was given; None: that was not kept then.
    """

    client_id: str
    episode_id: str
    reason: DischargeReason
    discharged_on: date
    discharged_by: str
    over_safety_tasks: tuple[str, ...] = ()
    reason_version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AftercareArranged:
    """`alumni_consent`: the client agreed, separately, to be contacted as one of the alumni."""

    client_id: str
    episode_id: str
    aftercare_id: str
    kind: AftercareKind
    starts_on: date
    alumni_consent: bool
    arranged_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowedUp:
    client_id: str
    episode_id: str
    follow_up_id: str
    contacted_on: date
    reached: bool
    recorded_by: str


EndingCommand = CompleteProgram | DischargeClient | ArrangeAftercare | RecordFollowUp
EndingFact = ProgramCompleted | ClientDischarged | AftercareArranged | FollowedUp


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
        reason_version=0,
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
