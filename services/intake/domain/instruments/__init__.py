"""Instruments by id: a name, and its scorer's version. A new scorer is a new version."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from enum import StrEnum

from services.intake.domain.instruments import audit_c, bam, c_ssrs, dast10, gad7, phq9
from services.intake.domain.instruments.score import Score, Sex


class SafetyRisk(StrEnum):
    """How urgent a safety task is."""

    MODERATE = "MODERATE"
    HIGH = "HIGH"


SCORERS: Mapping[str, Callable[[Mapping[int, int]], Score]] = {
    phq9.ID: phq9.score,
    gad7.ID: gad7.score,
    dast10.ID: dast10.score,
    bam.ID: bam.score,
    c_ssrs.ID: c_ssrs.score,
}
# Those whose bands depend on the client's sex too.
SCORERS_BY_SEX: Mapping[str, Callable[[Mapping[int, int], Sex], Score]] = {
    audit_c.ID: audit_c.score,
}
INSTRUMENTS = frozenset({*SCORERS, *SCORERS_BY_SEX})
# What an open task of each stands for. A C-SSRS opens one when it is HIGH or may be; PHQ-9's ninth
# item tells neither intent nor plan: our reading, until somebody asks for them.
RISK: Mapping[str, SafetyRisk] = {phq9.ID: SafetyRisk.MODERATE, c_ssrs.ID: SafetyRisk.HIGH}
# Until when somebody must have acted on a safety flag. PHQ-9: the same day; C-SSRS: immediately,
# for which an hour is our reading of it.
ACT_WITHIN: Mapping[str, timedelta] = {
    phq9.ID: timedelta(hours=24),
    c_ssrs.ID: timedelta(hours=1),
}
