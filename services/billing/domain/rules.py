"""A payer's rules as data. What differs by payer is a field here, never a constant in code."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class PerDiem:
    """One unit a day of at least `minimum_minutes`; `code` is HCPCS."""

    code: str
    modifiers: tuple[str, ...]
    minimum_minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """One version of one payer's rules, for service dates from `effective_from` on.

    `claim_form`: PROFESSIONAL. `claim_period`: WEEK or MONTH. `week_start`: MONDAY or SUNDAY.
    `late_signature`: ACCEPT, HOLD or DENY. `changed_claim`, `fallen_claim`: REPLACE or VOID.
    `late_day`: NEW_CLAIM or REPLACE. `sign_within_hours` 0: no limit.
    """

    payer_id: str
    version: int
    effective_from: date
    claim_form: str
    per_diem: PerDiem
    claim_period: str
    week_start: str
    billed_level: str
    place_of_service_in_person: str
    place_of_service_telehealth: str
    plan_due_days: int
    late_signature: str
    sign_within_hours: int
    authorization_required: bool
    enrollment_required: bool
    filing_limit_days: int
    complete_weeks_only: bool
    changed_claim: str
    fallen_claim: str
    late_day: str

    @property
    def name(self) -> str:
        """How rows name the rules they rest on."""
        return f"{self.payer_id}/{self.version}"


def rules_in_effect(rule_sets: Iterable[RuleSet], on: date) -> RuleSet | None:
    """The highest confirmed version in effect on a service date; None: no rules are."""
    effective = [rules for rules in rule_sets if rules.effective_from <= on]
    return max(effective, key=lambda rules: rules.version, default=None)


def week_of(on: date, week_start: str) -> tuple[date, date]:
    """First and last day of the payer's week."""
    weekday = on.weekday() if week_start == "MONDAY" else (on.weekday() + 1) % 7
    start = on - timedelta(days=weekday)
    return start, start + timedelta(days=6)


def period_of(on: date, rules: RuleSet) -> tuple[date, date]:
    """First and last day of the claim period a service date falls into."""
    if rules.claim_period == "WEEK":
        return week_of(on, rules.week_start)
    start = on.replace(day=1)
    return start, (start + timedelta(days=31)).replace(day=1) - timedelta(days=1)
