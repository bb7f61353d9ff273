"""One administration of an instrument: its answers, what its scorer made of them, and the task a
safety flag opens with it, which is due until somebody closes it with what was done."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, assert_never

from kernel.decider import Decider, filled
from kernel.refusal import BrokenRule, Malformed, Unknown
from services.intake.domain.episode import Label
from services.intake.domain.instruments import (
    ACT_WITHIN,
    INSTRUMENTS,
    RISK,
    SCORERS,
    SCORERS_BY_SEX,
    SafetyRisk,
)
from services.intake.domain.instruments.score import Score, Sex

SafetyAction = Literal[
    "SAFETY_PLAN_MADE", "REFERRED_TO_CRISIS", "HOSPITALIZED", "ASSESSED_NO_ACUTE_RISK"
]


class SafetyTaskClosedAlready(BrokenRule):
    """What was done about a safety flag is told once; more of it belongs in a note of its own."""

    code, about = "SAFETY_TASK_CLOSED", "task_id"
    words = "the task was closed with another action or note, which stands"


class SafetyTaskNotOpen(BrokenRule):
    """What is done already is nobody's to see to."""

    code, about = "SAFETY_TASK_NOT_OPEN", "task_id"
    words = "the task was closed; take that back first, and it is open again"


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteAssessment:
    """`task_id`: of the safety task, should there be one.

    Filled in under the client's lock: `label`, as `episode.label_of` gives it; for instruments of
    SCORERS_BY_SEX the `sex` and the `identity_version` it is taken from.
    """

    client_id: str
    assessment_id: str
    task_id: str
    instrument: str
    answers: Mapping[int, int]
    completed_by: str
    completed_at: datetime
    label: Label = Label.PART2
    sex: Sex = Sex.UNKNOWN
    identity_version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseSafetyTask:
    """`note_version`: of the sealed note, None without one. It, `label` and `another_note` (than
    the one sealed when the task was closed) are filled in."""

    client_id: str
    task_id: str
    action: SafetyAction
    closed_by: str
    closed_at: datetime
    note_version: int | None = None
    another_note: bool = False
    label: Label = Label.PART2


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOnSafetyTask:
    """`owner` must see to it from now on. `reason_version`: of the sealed reason, filled in."""

    client_id: str
    task_id: str
    owner: str
    reason_version: int = 0
    label: Label = Label.PART2


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessmentCompleted:
    """Never overwritten. `answers`: item → answer, where there was one.

    `incomplete`: none to one on which safety turns; facts of before don't say.
    `identity_version`: the identity whose sex the band depends on; None where it doesn't.
    """

    client_id: str
    assessment_id: str
    instrument: str
    answers: Mapping[int, int]
    score: int
    band: str
    partial: bool
    safety_flag: bool
    completed_by: str
    completed_at: datetime
    label: Label
    subscales: Mapping[str, int] = field(default_factory=dict)
    identity_version: int | None = None
    incomplete: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyTaskOpened:
    """`owner`: who scored, and must see to it by `due_at`. `risk`: None in facts of before it was
    said."""

    client_id: str
    task_id: str
    assessment_id: str
    owner: str
    opened_at: datetime
    due_at: datetime
    label: Label
    risk: SafetyRisk | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyTaskClosed:
    client_id: str
    task_id: str
    action: SafetyAction
    note_version: int | None
    closed_by: str
    closed_at: datetime
    label: Label


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyTaskHandedOn:
    """Of several the last one counts. Until when it must be seen to stays as it was."""

    client_id: str
    task_id: str
    owner: str
    reason_version: int
    label: Label


AssessmentCommand = CompleteAssessment | CloseSafetyTask | HandOnSafetyTask
AssessmentFact = AssessmentCompleted | SafetyTaskOpened | SafetyTaskClosed | SafetyTaskHandedOn


@dataclass(frozen=True, slots=True)
class Assessment:
    """What later decisions need to know. `task_id` None: no safety task was opened; `closed_with`:
    the action that closed it; `owner`: who must see to it."""

    completed: bool = False
    task_id: str | None = None
    closed_with: SafetyAction | None = None
    owner: str = ""


def decide(command: AssessmentCommand, assessment: Assessment) -> Iterator[AssessmentFact]:
    """Scores the answers, and opens the task; or closes it, or hands it on. So again, nothing.

    Refuses an unknown instrument, what its scorer refuses, a task that isn't this assessment's
    (Unknown), one closed with another action or note (SafetyTaskClosedAlready), and to hand on one
    that is closed (SafetyTaskNotOpen).
    """
    match command:
        case CompleteAssessment():
            scored = _scored(command)
            if not assessment.completed:
                opened = assessment.task_id is not None  # by what it said first: that task stays
                yield from _complete(command, scored, opened=opened)
        case CloseSafetyTask():
            if assessment.task_id != command.task_id:
                raise Unknown("safety_task", command.task_id)
            closed_with = assessment.closed_with
            if closed_with is None:
                yield filled(SafetyTaskClosed, command)
            elif closed_with != command.action or command.another_note:
                raise SafetyTaskClosedAlready(command.task_id)
        case HandOnSafetyTask():
            if assessment.task_id != command.task_id:
                raise Unknown("safety_task", command.task_id)
            if assessment.closed_with is not None:
                raise SafetyTaskNotOpen(command.task_id)
            if assessment.owner != command.owner:
                yield filled(SafetyTaskHandedOn, command)
        case _:
            assert_never(command)


def evolve(assessment: Assessment, fact: AssessmentFact) -> Assessment:
    match fact:
        case AssessmentCompleted():
            return replace(assessment, completed=True)
        case SafetyTaskOpened():
            return replace(assessment, task_id=fact.task_id, owner=fact.owner)
        case SafetyTaskClosed():
            return replace(assessment, closed_with=fact.action)
        case SafetyTaskHandedOn():
            return replace(assessment, owner=fact.owner)
        case _:
            assert_never(fact)


ASSESSMENT = Decider(decide, evolve, Assessment())


def _scored(command: CompleteAssessment) -> Score:
    if command.instrument in SCORERS:
        return SCORERS[command.instrument](command.answers)
    if command.instrument in SCORERS_BY_SEX:
        return SCORERS_BY_SEX[command.instrument](command.answers, command.sex)
    raise Malformed(instrument=f"is none of {', '.join(sorted(INSTRUMENTS))}")


def _complete(
    command: CompleteAssessment, scored: Score, *, opened: bool
) -> Iterator[AssessmentCompleted | SafetyTaskOpened]:
    yield filled(
        AssessmentCompleted, command, scored, answers=dict(sorted(command.answers.items()))
    )
    if scored.safety_flag and not opened:
        yield filled(
            SafetyTaskOpened,
            command,
            owner=command.completed_by,
            opened_at=command.completed_at,
            due_at=command.completed_at + ACT_WITHIN[command.instrument],
            risk=RISK[command.instrument],
        )
