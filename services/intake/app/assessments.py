"""Intake's use cases of assessment: instruments and their safety tasks, areas, dimensions."""

from dataclasses import dataclass, replace

from kernel.decider import Decider
from kernel.execute import Outcome
from kernel.refusal import Unknown
from kernel.store.store import Context
from services.intake.app.deciding import Intake, LockedClient, about_client
from services.intake.app.sealing import sealed_once
from services.intake.app.streams import (
    IDENTITY,
    assessment_stream,
    client_stream,
    closing_note_document,
    handing_on_document,
    narratives_document,
    rating_stream,
)
from services.intake.domain.areas import AREA_ASSESSMENT, AreaAssessment, AssessAreas
from services.intake.domain.assessment import (
    ASSESSMENT,
    Assessment,
    AssessmentCommand,
    AssessmentCompleted,
    AssessmentFact,
    CloseSafetyTask,
    CompleteAssessment,
    HandOnSafetyTask,
    SafetyTaskOpened,
)
from services.intake.domain.dimensions import RATING, RateDimensions, Rating
from services.intake.domain.instruments import SCORERS_BY_SEX


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseTaskInWords(CloseSafetyTask):
    """With its note, which is sealed; None: without."""

    note: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOnTaskInWords(HandOnSafetyTask):
    """With the reason, which is sealed."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessAreasInWords(AssessAreas):
    """With what was told in them, as it is sealed."""

    narratives: bytes


def complete_assessment(intake: Intake, asked: CompleteAssessment, context: Context) -> Outcome:
    """Records an instrument's answers with their score, and in the same transaction opens the task
    a safety flag asks for.

    The client's sex is read only for an instrument whose bands depend on it. Refuses an unknown
    client.
    """

    def command(locked: LockedClient[Assessment]) -> CompleteAssessment:
        return scored(intake, locked, asked, context)

    where = (ASSESSMENT, assessment_stream(asked.assessment_id))
    return about_client(intake, asked.client_id, where, command, context)


def scored(
    intake: Intake, locked: LockedClient[Assessment], asked: CompleteAssessment, _: Context
) -> CompleteAssessment:
    """The command, with what its score depends on."""
    labelled = replace(asked, label=locked.label)
    if asked.instrument not in SCORERS_BY_SEX:
        return labelled
    identity = locked.tx.documents.open(client_stream(asked.client_id), IDENTITY)
    if identity is None:  # the key was deleted: nobody knows any more who this was
        return labelled
    sex = intake.sex_of(identity.content)
    return replace(labelled, sex=sex, identity_version=identity.version)


def assessment_of(outcome: Outcome) -> AssessmentCompleted:
    """The assessment just completed, as recorded."""
    [fact] = [r.fact for r in outcome.facts if isinstance(r.fact, AssessmentCompleted)]
    return fact


def task_of(outcome: Outcome) -> str | None:
    """The safety task the assessment opened; None: it gave no cause."""
    opened = [r.fact for r in outcome.facts if isinstance(r.fact, SafetyTaskOpened)]
    return opened[0].task_id if opened else None


def close_safety_task(intake: Intake, asked: CloseTaskInWords, context: Context) -> Outcome:
    """Closes a task, its note sealed; closing it so again changes nothing.

    Refuses a task that is not the client's, and one closed with another action or note.
    """

    def command(locked: LockedClient[Assessment]) -> CloseSafetyTask:
        if asked.note is None or locked.state.closed_with is None:
            return closed_in_words(intake, locked, asked, context)
        owner, kind = client_stream(asked.client_id), closing_note_document(asked.task_id)
        sealed = locked.tx.documents.open(owner, kind)
        another = sealed is None or sealed.content != asked.note.encode()
        return replace(asked, label=locked.label, another_note=another)

    return about_client(intake, asked.client_id, _where(intake, asked), command, context)


def closed_in_words(
    _: Intake, locked: LockedClient[Assessment], asked: CloseTaskInWords, __: Context
) -> CloseSafetyTask:
    """The command, its note sealed: the newest is the one that stands."""
    labelled = replace(asked, label=locked.label)
    if asked.note is None:
        return labelled
    owner, kind = client_stream(asked.client_id), closing_note_document(asked.task_id)
    version = locked.tx.documents.put(owner, kind, asked.note.encode())
    return replace(labelled, note_version=version)


def hand_on_safety_task(intake: Intake, asked: HandOnTaskInWords, context: Context) -> Outcome:
    """Somebody else must see to an open task from now on, until when it was to be seen to.

    Refuses whom nobody told of as staff (Unknown), and what the domain does.
    """

    def command(locked: LockedClient[Assessment]) -> HandOnSafetyTask:
        return handed_on_in_words(intake, locked, asked, context)

    return about_client(intake, asked.client_id, _where(intake, asked), command, context)


def handed_on_in_words(
    intake: Intake, locked: LockedClient[Assessment], asked: HandOnTaskInWords, _: Context
) -> HandOnSafetyTask:
    """The command, its reason sealed."""
    if not intake.is_credentialed(locked.tx, asked.owner):
        raise Unknown("person", asked.owner)
    owner, kind = client_stream(asked.client_id), handing_on_document(asked.task_id)
    version = sealed_once(locked.tx, owner, kind, asked.reason.encode())
    return replace(asked, label=locked.label, reason_version=version)


def _where(
    intake: Intake, asked: CloseSafetyTask | HandOnSafetyTask
) -> tuple[Decider[AssessmentCommand, AssessmentFact, Assessment], str]:
    """Where the task was opened; refuses one that isn't the client's (Unknown)."""
    with intake.executor.store.transaction() as tx:
        assessment_id = intake.task_assessment(tx, asked.client_id, asked.task_id)
    if assessment_id is None:
        raise Unknown("safety_task", asked.task_id)
    return ASSESSMENT, assessment_stream(assessment_id)


def assess_areas(intake: Intake, asked: AssessAreasInWords, context: Context) -> Outcome:
    """Records the five areas, what was told sealed; refuses an unknown client."""

    def command(locked: LockedClient[AreaAssessment]) -> AssessAreas:
        return narrated(intake, locked, asked, context)

    where = (AREA_ASSESSMENT, assessment_stream(asked.assessment_id))
    return about_client(intake, asked.client_id, where, command, context)


def narrated(
    _: Intake, locked: LockedClient[AreaAssessment], asked: AssessAreasInWords, __: Context
) -> AssessAreas:
    """The command, what was told sealed."""
    owner, kind = client_stream(asked.client_id), narratives_document(asked.assessment_id)
    version = locked.tx.documents.put(owner, kind, asked.narratives)
    return replace(asked, narratives_version=version, label=locked.label)


def rate_dimensions(intake: Intake, asked: RateDimensions, context: Context) -> Outcome:
    """Records ratings and levels; refuses an unknown client, and what the edition doesn't have."""

    def command(locked: LockedClient[Rating]) -> RateDimensions:
        return replace(asked, label=locked.label)

    where = (RATING, rating_stream(asked.rating_id))
    return about_client(intake, asked.client_id, where, command, context)
