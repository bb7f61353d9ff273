"""A payer's rules as data, and their words: what differs by payer is a field, never a constant."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Literal

from services.billing.domain.x12.t837 import scrub_rules as shapes
from services.billing.domain.x12.t837.claim import MOST_MODIFIERS
from services.billing.domain.x12.t837.codes import PLACES_OF_SERVICE


class ClaimForm(StrEnum):
    """837P and 837I."""

    PROFESSIONAL = "PROFESSIONAL"
    INSTITUTIONAL = "INSTITUTIONAL"


class BillBy(StrEnum):
    """What a day is billed by."""

    PER_DIEM = "PER_DIEM"
    TIMED_UNITS = "TIMED_UNITS"
    DISCRETE = "DISCRETE"


class DayOutcome(StrEnum):
    """What a service day comes to: billed as a per diem or by what isn't one; or not."""

    PER_DIEM = "PER_DIEM"
    DISCRETE = "DISCRETE"
    NOT_BILLABLE = "NOT_BILLABLE"
    HOLD = "HOLD"


class Rounding(StrEnum):
    """How a part of a unit counts (days/lines.py)."""

    UP = "UP"
    DOWN = "DOWN"
    MIDPOINT = "MIDPOINT"


class ServiceKind(StrEnum):
    """What a session was, as attendance schedules it."""

    GROUP = "GROUP"
    INDIVIDUAL = "INDIVIDUAL"
    FAMILY = "FAMILY"
    INTAKE_EVALUATION = "INTAKE_EVALUATION"
    PRESCRIBER_VISIT = "PRESCRIBER_VISIT"


class ClaimPeriod(StrEnum):
    """Of which dates one claim is."""

    WEEK = "WEEK"
    MONTH = "MONTH"


class Weekday(StrEnum):
    """With which the payer's week begins."""

    MONDAY = "MONDAY"
    SUNDAY = "SUNDAY"


class LateSignature(StrEnum):
    """What a note is worth that was signed late."""

    ACCEPT = "ACCEPT"
    HOLD = "HOLD"
    DENY = "DENY"
    ATTEST = "ATTEST"


class PaperPlan(StrEnum):
    """What a plan signed on paper is worth before the day on which it was entered."""

    HOLD = "HOLD"
    FROM_SIGNATURE = "FROM_SIGNATURE"
    FROM_ENTRY = "FROM_ENTRY"


class WeekConsequence(StrEnum):
    """What becomes of the days of a week that is too short."""

    HOLD = "HOLD"
    NOT_BILLABLE = "NOT_BILLABLE"


class AuthorizationUnit(StrEnum):
    """In what the payer authorizes."""

    DAYS = "DAYS"
    SESSIONS = "SESSIONS"
    HOURS = "HOURS"
    UNITS = "UNITS"


class CorrectionAction(StrEnum):
    """How an issued claim is corrected."""

    REPLACE = "REPLACE"
    VOID = "VOID"


class AmendedParty(StrEnum):
    """What becomes of a claim that left with another name or number than is true."""

    CHANGED = "CHANGED"
    VOID = "VOID"
    NOTHING = "NOTHING"


class LateDay(StrEnum):
    """Where a day goes whose period's claim was issued without it."""

    NEW_CLAIM = "NEW_CLAIM"
    REPLACE = "REPLACE"


class RenderingOnClaim(StrEnum):
    """Who is named as rendering or attending."""

    NONE = "NONE"
    FACILITATOR = "FACILITATOR"


class VoidStage(StrEnum):
    """How far a void has to be for units to return, or its dates to be claimed anew."""

    ISSUED = "VOID_ISSUED"
    PROCESSED = "VOID_PROCESSED"


@dataclass(frozen=True, slots=True, kw_only=True)
class PerDiem:
    """One unit a day of at least `minimum_minutes`; `code` is HCPCS."""

    code: str
    modifiers: tuple[str, ...]
    minimum_minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedUnits:
    """Units of a code for a day's minutes. `maximum_units` 0: no limit."""

    code: str
    modifiers: tuple[str, ...]
    unit_minutes: int
    rounding: Rounding
    maximum_units: int = 0
    minimum_minutes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscreteService:
    """The code of a single service.

    `unit_minutes` 0: one unit a session; else units are of the sessions' time together.
    """

    service_kind: ServiceKind
    code: str
    modifiers: tuple[str, ...] = ()
    minimum_minutes: int = 0
    unit_minutes: int = 0
    rounding: Rounding | Literal[""] = ""
    revenue_code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Institutional:
    """What an institutional claim says beside its lines; `condition_code` empty: none.

    `interim_bills`: a course's bills are first, continuing and last; else each stands alone.
    """

    type_of_bill: str
    revenue_code: str
    condition_code: str = ""
    interim_bills: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleSession:
    service_kind: ServiceKind
    minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleLine:
    code: str
    units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkedExample:
    """A day with every gate open, and what these rules must make of it."""

    name: str
    sessions: tuple[ExampleSession, ...]
    outcome: DayOutcome
    lines: tuple[ExampleLine, ...] = ()
    other_minutes_of_week: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """One version of one payer's rules, for service dates from `effective_from` on.

    `sign_within_hours` 0: no limit. `minimum_services` 0: one. `weekly_minimum_minutes` 0: the
    payer doesn't look at weeks. `grace_seconds` are added to attended time before it is held
    against a minimum of minutes; units are of the time there was. `amended_identity`: of a name, a
    birth date, a sex or a group number; `amended_member`: of a member number.
    """

    payer_id: str
    version: int
    effective_from: date
    claim_form: ClaimForm
    per_diem: PerDiem | None = None
    claim_period: ClaimPeriod
    week_start: Weekday
    billed_level: str
    place_of_service_in_person: str
    place_of_service_telehealth: str
    plan_due_days: int
    late_signature: LateSignature
    sign_within_hours: int
    authorization_required: bool
    enrollment_required: bool
    filing_limit_days: int
    complete_weeks_only: bool
    changed_claim: CorrectionAction
    fallen_claim: CorrectionAction
    late_day: LateDay
    bill_by: BillBy = BillBy.PER_DIEM
    timed_units: TimedUnits | None = None
    discrete: tuple[DiscreteService, ...] = ()
    discrete_fallback: bool = False
    ancillary: tuple[DiscreteService, ...] = ()
    minimum_services: int = 0
    weekly_minimum_minutes: int = 0
    week_consequence: WeekConsequence = WeekConsequence.HOLD
    authorization_unit: AuthorizationUnit = AuthorizationUnit.DAYS
    institutional: Institutional | None = None
    rendering: RenderingOnClaim = RenderingOnClaim.NONE
    split_by_month: bool = False
    sequential: bool = False
    units_return: VoidStage = VoidStage.ISSUED
    examples: tuple[WorkedExample, ...] = ()
    telehealth_modifiers: tuple[str, ...] = ()
    grace_seconds: int = 0
    new_claim_after: VoidStage = VoidStage.ISSUED
    amended_identity: AmendedParty = AmendedParty.CHANGED
    amended_member: AmendedParty = AmendedParty.VOID
    paper_plan: PaperPlan = PaperPlan.HOLD

    @property
    def name(self) -> str:
        """How rows name the rules they rest on."""
        return f"{self.payer_id}/{self.version}"

    @property
    def codes(self) -> frozenset[str]:
        """Every code these rules can put on a line."""
        main = [billed.code for billed in (self.per_diem, self.timed_units) if billed is not None]
        return frozenset([*main, *(service.code for service in (*self.discrete, *self.ancillary))])

    def ancillary_to(self, service_kind: str) -> DiscreteService | None:
        """What the service is billed as when it stands outside the per diem; None: it doesn't."""
        return _of_kind(self.ancillary, service_kind)

    def discrete_for(self, service_kind: str) -> DiscreteService | None:
        """What a single service of the kind is billed as; None: it isn't listed."""
        return _of_kind(self.discrete, service_kind)


def rules_in_effect(rule_sets: Iterable[RuleSet], on: date) -> RuleSet | None:
    """The highest confirmed version in effect on a service date; None: no rules are."""
    effective = [rules for rules in rule_sets if rules.effective_from <= on]
    return max(effective, key=lambda rules: rules.version, default=None)


def week_of(on: date, week_start: Weekday) -> tuple[date, date]:
    """First and last day of the payer's week."""
    weekday = on.weekday() if week_start == Weekday.MONDAY else (on.weekday() + 1) % 7
    start = on - timedelta(days=weekday)
    return start, start + timedelta(days=6)


def period_of(on: date, rules: RuleSet) -> tuple[date, date]:
    """First and last day of the claim period a service date falls into."""
    if rules.claim_period == ClaimPeriod.WEEK:
        return week_of(on, rules.week_start)
    start = on.replace(day=1)
    return start, (start + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def lacking(rules: RuleSet) -> dict[str, str]:
    """What the rules name but don't say, say twice, or no claim could say: field → what is wrong.

    Empty: nothing.
    """
    wrong: dict[str, str] = {}
    if rules.bill_by == BillBy.PER_DIEM and rules.per_diem is None:
        wrong["per_diem"] = "is required to bill by it"
    if rules.bill_by == BillBy.TIMED_UNITS and rules.timed_units is None:
        wrong["timed_units"] = "is required to bill by it"
    if (rules.bill_by == BillBy.DISCRETE or rules.discrete_fallback) and not rules.discrete:
        wrong["discrete"] = "is required to bill by it, or to fall back to it"
    if rules.claim_form == ClaimForm.INSTITUTIONAL and rules.institutional is None:
        wrong["institutional"] = "is required for institutional claims"
    services = (*rules.discrete, *rules.ancillary)
    if rules.claim_form == ClaimForm.INSTITUTIONAL and not all(
        service.revenue_code for service in services
    ):
        wrong["discrete"] = "every single service of an institutional claim has a revenue code"
    kinds = [service.service_kind for service in services]
    if len(kinds) != len(set(kinds)):
        wrong["ancillary"] = "a service kind has one code, in discrete or in ancillary"
    if rules.claim_form == ClaimForm.INSTITUTIONAL and rules.rendering == RenderingOnClaim.NONE:
        wrong["rendering"] = "an institutional claim names who attends"
    if rules.fallen_claim == CorrectionAction.REPLACE:
        wrong["fallen_claim"] = "a replacement has lines: a claim of which none is left is voided"
    return {**dict(_unwritable(rules)), **wrong}


CONDITIONS = (
    "authorization_required",
    "enrollment_required",
    "complete_weeks_only",
    "sequential",
    "sign_within_hours",
    "weekly_minimum_minutes",
)


def not_asked(rules: RuleSet) -> frozenset[str]:
    """Fields whose zero lets days and claims through: what these rules don't ask."""
    found = {field for field in CONDITIONS if not getattr(rules, field)}
    if rules.timed_units is not None:
        limits = ("maximum_units", "minimum_minutes")
        timed = rules.timed_units
        found |= {f"timed_units.{field}" for field in limits if not getattr(timed, field)}
    for field, services in (("discrete", rules.discrete), ("ancillary", rules.ancillary)):
        if not all(service.minimum_minutes for service in services):
            found.add(f"{field}.minimum_minutes")
    return frozenset(found)


def _unwritable(rules: RuleSet) -> Iterator[tuple[str, str]]:
    """Codes that the scrub would find fault with, on every claim."""
    for field in ("place_of_service_in_person", "place_of_service_telehealth"):
        if getattr(rules, field) not in PLACES_OF_SERVICE:
            yield field, "is no place of service of the list"
    bill = rules.institutional
    if bill and not (
        shapes.TYPE_OF_BILL.fullmatch(bill.type_of_bill)
        and shapes.REVENUE_CODE.fullmatch(bill.revenue_code)
        and (not bill.condition_code or shapes.CONDITION.fullmatch(bill.condition_code))
    ):
        yield "institutional", "holds what is no type of bill, revenue code or condition code"
    billed = (
        ("per_diem", () if rules.per_diem is None else (rules.per_diem,)),
        ("timed_units", () if rules.timed_units is None else (rules.timed_units,)),
        ("discrete", rules.discrete),
        ("ancillary", rules.ancillary),
    )
    for field, service in (
        (field, service) for field, all_of_it in billed for service in all_of_it
    ):
        if not shapes.PROCEDURE.fullmatch(service.code):
            yield field, "holds what is no HCPCS or CPT code"
        modifiers = (*service.modifiers, *rules.telehealth_modifiers)
        if not all(shapes.MODIFIER.fullmatch(modifier) for modifier in modifiers):
            yield field, "a modifier is two capitals or digits"
        if len(modifiers) > MOST_MODIFIERS or len(set(modifiers)) < len(modifiers):
            yield field, "has, with telehealth's, more than four modifiers, or one of them twice"
        revenue_code = service.revenue_code if isinstance(service, DiscreteService) else ""
        if revenue_code and not shapes.REVENUE_CODE.fullmatch(revenue_code):
            yield field, "holds what is no revenue code"


def _of_kind(services: Iterable[DiscreteService], service_kind: str) -> DiscreteService | None:
    return next((service for service in services if service.service_kind == service_kind), None)
