"""The five areas of an assessment: initial, periodic, or at discharge. What was told is sealed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from kernel.decider import Decider
from kernel.refusal import Malformed
from services.intake.domain.episode import PART2

AREAS = (
    "MENTAL_HEALTH_HISTORY",
    "SUBSTANCE_USE",
    "MEDICAL",
    "FAMILY_AND_SOCIAL",
    "RECOVERY_GOALS",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """`need`: the area asks for something in the plan."""

    area: str
    need: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessAreas:
    """`narratives_version` and `label` are filled in under the client's lock."""

    client_id: str
    assessment_id: str
    occasion: str
    areas: tuple[Area, ...]
    assessed_by: str
    assessed_on: date
    narratives_version: int = 0
    label: str = PART2


@dataclass(frozen=True, slots=True, kw_only=True)
class AreasAssessed:
    """`needs`: the areas that ask for something, in the order of AREAS."""

    client_id: str
    assessment_id: str
    occasion: str
    needs: tuple[str, ...]
    narratives_version: int
    assessed_by: str
    assessed_on: date
    label: str


@dataclass(frozen=True, slots=True)
class AreaAssessment:
    """What later decisions need to know."""

    done: bool = False


def decide(command: AssessAreas, assessment: AreaAssessment) -> Iterator[AreasAssessed]:
    """Never overwritten. Refuses all but the five areas, each once."""
    if sorted(each.area for each in command.areas) != sorted(AREAS):
        raise Malformed(areas="are not all five, each once")
    if not assessment.done:
        needed = {each.area for each in command.areas if each.need}
        yield AreasAssessed(
            client_id=command.client_id,
            assessment_id=command.assessment_id,
            occasion=command.occasion,
            needs=tuple(area for area in AREAS if area in needed),
            narratives_version=command.narratives_version,
            assessed_by=command.assessed_by,
            assessed_on=command.assessed_on,
            label=command.label,
        )


def evolve(_: AreaAssessment, __: AreasAssessed) -> AreaAssessment:
    return AreaAssessment(done=True)


AREA_ASSESSMENT = Decider(decide, evolve, AreaAssessment())
