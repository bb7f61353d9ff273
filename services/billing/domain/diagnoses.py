"""Which diagnoses a claim names."""

from datetime import date

from services.billing.domain.known import Diagnosis, Known

# Of a claim, by form (domain guide 5.9).
MOST_DIAGNOSES = {"PROFESSIONAL": 12, "INSTITUTIONAL": 25}


def diagnoses_on(known: Known, on: date, claim_form: str) -> tuple[Diagnosis, ...]:
    """Those in effect, principal first: of each rank the latest, each code once, as fit a claim."""
    by_rank: dict[int, Diagnosis] = {}
    for diagnosis in sorted(known.diagnoses, key=lambda each: (each.effective_from, each.sequence)):
        if diagnosis.effective_from <= on:
            by_rank[diagnosis.rank] = diagnosis
    by_code: dict[str, Diagnosis] = {}
    for _, diagnosis in sorted(by_rank.items()):
        by_code.setdefault(diagnosis.code, diagnosis)
    return tuple(by_code.values())[: MOST_DIAGNOSES[claim_form]]
