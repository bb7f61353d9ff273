"""The five areas of an assessment: initial, periodic, or at discharge. What was told is sealed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Literal

from kernel.decider import Decider, filled
from kernel.refusal import Malformed
from services.intake.domain.episode import Label

Occasion = Literal["INITIAL", "PERIODIC", "DISCHARGE"]


class AssessmentArea(StrEnum):
    """The five areas, in the order in which needs are told."""

    MENTAL_HEALTH_HISTORY = "MENTAL_HEALTH_HISTORY"
    SUBSTANCE_USE = "SUBSTANCE_USE"
    MEDICAL = "MEDICAL"
    FAMILY_AND_SOCIAL = "FAMILY_AND_SOCIAL"
    RECOVERY_GOALS = "RECOVERY_GOALS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """`need`: the area asks for something in the plan."""

    area: AssessmentArea
    need: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessAreas:
    """`narratives_version` and `label` are filled in under the client's lock."""

    client_id: str
    assessment_id: str
    occasion: Occasion
    areas: tuple[Area, ...]
    assessed_by: str
    assessed_on: date
    narratives_version: int = 0
    label: Label = Label.PART2


@dataclass(frozen=True, slots=True, kw_only=True)
class AreasAssessed:
    """`needs`: the areas that ask for something, in their order."""

    client_id: str
    assessment_id: str
    occasion: Occasion
    needs: tuple[AssessmentArea, ...]
    narratives_version: int
    assessed_by: str
    assessed_on: date
    label: Label


@dataclass(frozen=True, slots=True)
class AreaAssessment:
    """What later decisions need to know."""

    done: bool = False


def decide(command: AssessAreas, assessment: AreaAssessment) -> Iterator[AreasAssessed]:
    """Never overwritten. Refuses all but the five areas, each once."""
    if sorted(assessed.area for assessed in command.areas) != sorted(AssessmentArea):
        raise Malformed(areas="are not all five, each once")
    if not assessment.done:
        needed = {assessed.area for assessed in command.areas if assessed.need}
        needs = tuple(area for area in AssessmentArea if area in needed)
        yield filled(AreasAssessed, command, needs=needs)


def evolve(_: AreaAssessment, __: AreasAssessed) -> AreaAssessment:
    return AreaAssessment(done=True)


AREA_ASSESSMENT = Decider(decide, evolve, AreaAssessment())
