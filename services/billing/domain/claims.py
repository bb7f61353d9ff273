"""Draft claims from allocated days, and what to do about issued ones whose facts changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.billing.domain.known import Diagnosis, IssuedClaim, Known, Line
from services.billing.domain.rules import RuleSet, period_of, rules_in_effect
from services.billing.domain.service_day import PER_DIEM, ServiceDay

MOST_LINES = {"PROFESSIONAL": 50, "INSTITUTIONAL": 999}  # a claim's, by form (domain guide 5.9)
MOST_DIAGNOSES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """What one claim has in common: a claim is cut wherever one of these differs."""

    payer_id: str
    period_start: date
    period_end: date
    provider_id: str
    site_id: str
    coverage_id: str
    authorization_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A claim that could be issued; `part` counts from 1 where one claim can't hold all lines."""

    cut: Cut
    part: int
    rules: RuleSet
    lines: tuple[Line, ...]
    diagnoses: tuple[str, ...]
    under_part2: bool
    rests_on: frozenset[str]

    @property
    def charge_minor(self) -> int:
        return sum(line.charge_minor for line in self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """An issued claim that no longer says what is true. `action`: REPLACE or VOID."""

    claim: IssuedClaim
    action: str
    lines: tuple[Line, ...]
    changed_dates: tuple[date, ...]
    rules: RuleSet
    rests_on: frozenset[str]


def draft(days: Sequence[ServiceDay], known: Known) -> list[Draft]:
    """One claim a cut, of billable days that are on no issued claim.

    Never two originals for one date: one on an issued claim stays off until that is settled.
    """
    issued_dates = {line.service_date for claim in known.issued for line in claim.lines}
    by_cut: dict[Cut, list[ServiceDay]] = {}
    for day in days:
        if day.outcome != PER_DIEM or day.service_date in issued_dates:
            continue
        cut = _cut(day)
        if _joins_issued(day, cut, known.issued):
            continue
        by_cut.setdefault(cut, []).append(day)
    return [each for cut, of_cut in by_cut.items() for each in _drafts_of(cut, of_cut, known)]


def propose(days: Sequence[ServiceDay], known: Known) -> list[Proposal]:
    """A proposal for each issued claim whose lines changed, fell, or are joined by a late day."""
    by_date = {day.service_date: day for day in days}
    ordered = sorted(known.issued, key=lambda claim: claim.claim_id)
    found = [_propose(claim, by_date, known) for claim in ordered]
    return [proposal for proposal in found if proposal is not None]


def _cut(day: ServiceDay) -> Cut:
    rules = _rules_of(day)
    start, end = period_of(day.service_date, rules)
    return Cut(
        payer_id=day.payer_id,
        period_start=start,
        period_end=end,
        provider_id=day.provider_id,
        site_id=day.site_id,
        coverage_id=day.coverage_id,
        authorization_id=day.authorization_id,
    )


def _joins_issued(day: ServiceDay, cut: Cut, issued: Sequence[IssuedClaim]) -> bool:
    """Whether the payer wants a late day on a replacement of its period's claim, and has one."""
    return _rules_of(day).late_day == "REPLACE" and _claim_to_join(cut, issued) is not None


def _claim_to_join(cut: Cut, issued: Sequence[IssuedClaim]) -> IssuedClaim | None:
    same = [claim for claim in issued if _cut_of(claim) == cut]
    return min(same, key=lambda claim: claim.claim_id, default=None)


def _cut_of(claim: IssuedClaim) -> Cut:
    return Cut(
        payer_id=claim.payer_id,
        period_start=claim.period_start,
        period_end=claim.period_end,
        provider_id=claim.provider_id,
        site_id=claim.site_id,
        coverage_id=claim.coverage_id,
        authorization_id=claim.authorization_id,
    )


def _drafts_of(cut: Cut, days: Sequence[ServiceDay], known: Known) -> list[Draft]:
    ordered = sorted(days, key=lambda day: day.service_date)
    rules = max((_rules_of(day) for day in ordered), key=lambda each: each.version)
    most = MOST_LINES[rules.claim_form]
    diagnoses = diagnoses_on(known, ordered[-1].service_date)
    diagnosed = frozenset(diagnosis.fact for diagnosis in diagnoses)
    return [
        Draft(
            cut=cut,
            part=part,
            rules=rules,
            lines=tuple(_line_of(day) for day in chunk),
            diagnoses=tuple(diagnosis.code for diagnosis in diagnoses),
            under_part2=any(day.under_part2 for day in chunk),
            rests_on=diagnosed.union(*(day.rests_on for day in chunk)),
        )
        for part, chunk in enumerate(
            (ordered[start : start + most] for start in range(0, len(ordered), most)), start=1
        )
    ]


def diagnoses_on(known: Known, on: date) -> tuple[Diagnosis, ...]:
    """Those in effect, principal first: of each rank the latest, each code once, at most twelve."""
    by_rank: dict[int, Diagnosis] = {}
    for diagnosis in sorted(known.diagnoses, key=lambda each: (each.effective_from, each.sequence)):
        if diagnosis.effective_from <= on:
            by_rank[diagnosis.rank] = diagnosis
    by_code: dict[str, Diagnosis] = {}
    for _, diagnosis in sorted(by_rank.items()):
        by_code.setdefault(diagnosis.code, diagnosis)
    return tuple(by_code.values())[:MOST_DIAGNOSES]


def _propose(
    claim: IssuedClaim, by_date: Mapping[date, ServiceDay], known: Known
) -> Proposal | None:
    rules = _rules_of_claim(claim, known)
    was = {line.service_date: line for line in claim.lines}
    days = {on: by_date[on] for on in was if on in by_date}
    now = {on: day.line for on, day in days.items() if day.line and _still_on(claim, day)}
    late = {day.service_date: day for day in by_date.values() if _joins(claim, day, known.issued)}
    now |= {on: _line_of(day) for on, day in late.items()}
    changed = tuple(on for on in sorted({*was, *now}) if was.get(on) != now.get(on))
    if not changed or rules is None:
        return None
    return Proposal(
        claim=claim,
        action=rules.changed_claim if now else rules.fallen_claim,
        lines=tuple(line for _, line in sorted(now.items())),
        changed_dates=changed,
        rules=rules,
        rests_on=frozenset({claim.fact}).union(
            *(day.rests_on for day in [*days.values(), *late.values()])
        ),
    )


def _still_on(claim: IssuedClaim, day: ServiceDay) -> bool:
    """Whether the day is billable, to this payer, and by whom and where the claim says."""
    said = (claim.payer_id, claim.provider_id, claim.site_id, claim.coverage_id)
    return day.outcome == PER_DIEM and said == (
        day.payer_id,
        day.provider_id,
        day.site_id,
        day.coverage_id,
    )


def _joins(claim: IssuedClaim, day: ServiceDay, issued: Sequence[IssuedClaim]) -> bool:
    """Whether a replacement of this claim has to carry this late day."""
    if day.outcome != PER_DIEM or _rules_of(day).late_day != "REPLACE":
        return False
    carried = any(line.service_date == day.service_date for each in issued for line in each.lines)
    return not carried and _claim_to_join(_cut(day), issued) == claim


def _rules_of_claim(claim: IssuedClaim, known: Known) -> RuleSet | None:
    """The rules of the claim's own payer: the day's may be another's by now."""
    of_payer = (each.rules for each in known.confirmed if each.rules.payer_id == claim.payer_id)
    return rules_in_effect(of_payer, max(line.service_date for line in claim.lines))


def _rules_of(day: ServiceDay) -> RuleSet:
    if day.rules is None:
        raise ValueError("a billable day without rules")
    return day.rules


def _line_of(day: ServiceDay) -> Line:
    if day.line is None:
        raise ValueError("a billable day without a line")
    return day.line
