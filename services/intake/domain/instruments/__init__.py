"""Instruments by id: a name, and its scorer's version. A new scorer is a new version."""

from collections.abc import Callable, Mapping

from services.intake.domain.instruments import phq9
from services.intake.domain.instruments.score import Score

SCORERS: Mapping[str, Callable[[Mapping[int, int]], Score]] = {phq9.ID: phq9.score}
