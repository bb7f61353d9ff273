"""Which diagnoses a claim names: those in effect on its lines' dates; at which a line points."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from services.billing.domain.history.history import (
    BillingHistory,
    ClaimLine,
    Diagnosis,
    DiagnosisEnd,
    IssuedClaim,
    facts_of,
)
from services.billing.domain.payers.rules import ClaimForm

# Of a claim, by form; and of a line, where lines point at all (domain guide 5.9).
MOST_DIAGNOSES: Mapping[str, int] = {ClaimForm.PROFESSIONAL: 12, ClaimForm.INSTITUTIONAL: 25}
MOST_POINTERS = 4


@dataclass(frozen=True, slots=True)
class Diagnosed:
    """A claim's diagnoses, principal first, the facts they rest on, and its lines.

    Lines of a professional claim point at those of their dates where these differ; else at none,
    which means the claim's first ones.
    """

    codes: tuple[str, ...]
    lines: tuple[ClaimLine, ...]
    rests_on: frozenset[str]


def diagnosed(
    history: BillingHistory, lines: Sequence[ClaimLine], claim_form: ClaimForm
) -> Diagnosed:
    """What a claim of these lines names: every diagnosis in effect on a date of theirs, as fit.

    Principal ones first, of the latest date before those of earlier ones.
    """
    dates = sorted({line.service_date for line in lines}, reverse=True)
    of_dates = {on: diagnoses_on(history, on) for on in dates}
    codes: dict[str, None] = {}
    for place in range(max(map(len, of_dates.values()), default=0)):
        for on in dates:
            codes |= {diagnosis.code: None for diagnosis in of_dates[on][place : place + 1]}
    named = tuple(codes)[: MOST_DIAGNOSES[claim_form]]
    codes_on = {on: tuple(diagnosis.code for diagnosis in found) for on, found in of_dates.items()}
    differ = claim_form == ClaimForm.PROFESSIONAL and len(set(codes_on.values())) > 1
    return Diagnosed(
        named,
        tuple(
            replace(
                line,
                diagnosis_pointers=_pointers(codes_on[line.service_date], named) if differ else (),
            )
            for line in lines
        ),
        facts_of(history.diagnosis_ends, *of_dates.values()),
    )


def untrue_on(claim: IssuedClaim, now: Diagnosed, history: BillingHistory) -> set[date]:
    """Dates at which an issued claim says a diagnosis that wasn't in effect, and wouldn't today.

    `now`: what a claim of its lines would say.
    """
    if claim.claim_form != ClaimForm.PROFESSIONAL:
        return set()
    was = _pointed(claim.diagnoses, claim.lines)
    would = _pointed(now.codes, now.lines)
    found: set[date] = set()
    for on in was.keys() & would.keys():
        in_effect = {diagnosis.code for diagnosis in diagnoses_on(history, on)}
        if was[on] - would[on] - in_effect:
            found.add(on)
    return found


def _pointed(codes: Sequence[str], lines: Sequence[ClaimLine]) -> dict[date, set[str]]:
    """What a professional claim says of each date: the claim's first, unless its lines point."""
    first = tuple(range(1, min(len(codes), MOST_POINTERS) + 1))
    alike = not any(line.diagnosis_pointers for line in lines)
    found: dict[date, set[str]] = {}
    for line in lines:
        pointers = first if alike else line.diagnosis_pointers
        found.setdefault(line.service_date, set()).update(
            codes[pointer - 1] for pointer in pointers
        )
    return found


def diagnoses_on(history: BillingHistory, on: date) -> tuple[Diagnosis, ...]:
    """Those in effect, principal first: of each rank the latest, each code once.

    One that ended leaves its rank empty; one that never was leaves it to who had it before.
    """
    by_rank: dict[int, Diagnosis] = {}
    ended: set[str] = set()
    for diagnosis in sorted(
        history.diagnoses, key=lambda diagnosis: (diagnosis.effective_from, diagnosis.sequence)
    ):
        end = _end_of(diagnosis, history.diagnosis_ends)
        never = end is not None and end.last_day < diagnosis.effective_from
        if diagnosis.effective_from <= on and not never:
            by_rank[diagnosis.rank] = diagnosis
        if end is not None and end.last_day < on:
            ended.add(diagnosis.fact)
    by_code: dict[str, Diagnosis] = {}
    for _, diagnosis in sorted(by_rank.items()):
        if diagnosis.fact not in ended:
            by_code.setdefault(diagnosis.code, diagnosis)
    return tuple(by_code.values())


def _end_of(diagnosis: Diagnosis, ends: Sequence[DiagnosisEnd]) -> DiagnosisEnd | None:
    """An end is about what was recorded before it; the last one counts."""
    since = (
        end for end in ends if end.code == diagnosis.code and end.sequence > diagnosis.sequence
    )
    return max(since, key=lambda end: (end.sequence, end.fact), default=None)


def _pointers(codes: Sequence[str], named: Sequence[str]) -> tuple[int, ...]:
    """Counted from 1, those of the line's date in their order."""
    found = tuple(named.index(code) + 1 for code in codes if code in named)
    return found[:MOST_POINTERS]
