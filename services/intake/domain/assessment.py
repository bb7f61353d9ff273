"""One administration of an instrument: its answers as given, and what its scorer made of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from kernel.decider import Decider
from kernel.refusal import Malformed
from services.intake.domain.episode import PART2
from services.intake.domain.instruments import SCORERS


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteAssessment:
    """`label` is filled in under the client's lock, as `episode.label_of` gives it."""

    client_id: str
    assessment_id: str
    instrument: str
    answers: Mapping[int, int]
    completed_by: str
    completed_at: datetime
    label: str = PART2


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessmentCompleted:
    """Never overwritten. `answers`: item → answer, where there was one."""

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
    label: str


@dataclass(frozen=True, slots=True)
class Assessment:
    """What later decisions need to know."""

    completed: bool = False


def decide(command: CompleteAssessment, assessment: Assessment) -> Iterator[AssessmentCompleted]:
    """Scores the answers; refuses an unknown instrument, and what its scorer refuses."""
    if command.instrument not in SCORERS:
        raise Malformed(instrument=f"is none of {', '.join(sorted(SCORERS))}")
    scored = SCORERS[command.instrument](command.answers)
    if not assessment.completed:
        yield AssessmentCompleted(
            client_id=command.client_id,
            assessment_id=command.assessment_id,
            instrument=command.instrument,
            answers=dict(sorted(command.answers.items())),
            score=scored.score,
            band=scored.band,
            partial=scored.partial,
            safety_flag=scored.safety_flag,
            completed_by=command.completed_by,
            completed_at=command.completed_at,
            label=command.label,
        )


def evolve(_: Assessment, __: AssessmentCompleted) -> Assessment:
    return Assessment(completed=True)


ASSESSMENT = Decider(decide, evolve, Assessment())
