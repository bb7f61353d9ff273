"""A service day: one client, one date, what was attended, each gate's verdict, and the outcome.

Source: domain guide 5.6. Never silently dropped: what can't be billed yet is on HOLD, with reasons.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date

from kernel.decider import filled
from services.billing.domain.days import gates
from services.billing.domain.days.ancillary import Aside, with_ancillary
from services.billing.domain.days.gates import Verdict, week_gate
from services.billing.domain.days.lines import bill, charged
from services.billing.domain.history.attended import (
    AttendedService,
    attendance_that_holds,
    countable,
    dates_of,
    minutes_of,
    programs_of,
    scheduled_of,
    site_of,
    unclosed,
)
from services.billing.domain.history.coverage import coverage_on
from services.billing.domain.history.history import (
    Attendance,
    BillingHistory,
    ClaimLine,
    Program,
    Session,
    facts_of,
)
from services.billing.domain.payers.rules import DayOutcome, RuleSet, rules_in_effect
from services.billing.domain.reasons import OF_ATTENDANCE, Gate, Reason

BILLABLE = (DayOutcome.PER_DIEM, DayOutcome.DISCRETE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one authorization pays of a day: its own lines at these sites, in its own unit."""

    sites: frozenset[str]
    authorization_id: str
    units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceDay:
    """`lines` are what claims would carry: those of the day first, then ancillary ones.

    `site_id` is where most of the time was; a single service's line says so if it was elsewhere.
    `minutes` are those inside the per diem, in episodes at the level the payer pays for.
    `level_of_care` is the clinical level; the billed one is the rules', the authorized one the
    authorization's. `authorized_units`: what the day takes of its authorization, in the
    authorization's unit. `programs`: those whose sessions the day's own lines are of;
    `ancillary_programs`: the ancillary ones'.
    """

    service_date: date
    payer_id: str
    minutes: int
    verdicts: tuple[Verdict, ...]
    rules: RuleSet | None
    site_id: str
    provider_id: str = ""
    coverage_id: str = ""
    programs: frozenset[Program] = frozenset()
    ancillary_programs: frozenset[Program] = frozenset()
    level_of_care: str = ""
    # What it is when every gate is open.
    billed_as: DayOutcome = DayOutcome.PER_DIEM
    lines: tuple[ClaimLine, ...] = ()
    # The services that the day's own lines are of.
    services: tuple[AttendedService, ...] = ()
    # Of services outside the per diem, or of another level: they say nothing of the day.
    ancillary_verdicts: tuple[Verdict, ...] = ()
    authorization_id: str = ""
    authorized_level: str = ""
    authorized_units: int = 0
    # Of sites that other authorizations pay, where none pays for all; the day's own is above.
    shares: tuple[Share, ...] = ()
    rests_on: frozenset[str] = frozenset()

    @property
    def billed_level(self) -> str:
        """The payer's, where rules are in effect."""
        return self.rules.billed_level if self.rules else ""

    @property
    def reasons(self) -> tuple[Reason, ...]:
        return tuple(verdict.reason for verdict in self.verdicts if verdict.reason is not None)

    @property
    def outcome(self) -> DayOutcome:
        """NOT_BILLABLE when a gate says so for good; HOLD while one is closed; else what it is."""
        closed = [verdict for verdict in self.verdicts if not verdict.open]
        if any(verdict.final for verdict in closed):
            return DayOutcome.NOT_BILLABLE
        return DayOutcome.HOLD if closed else self.billed_as

    @property
    def billable(self) -> bool:
        """Whether its own lines can go on a claim; ancillary ones don't ask."""
        return self.outcome in BILLABLE

    @property
    def sites(self) -> frozenset[str]:
        """Where its own lines were given."""
        return frozenset(line.site_id or self.site_id for line in self.own_lines)

    def at(self, sites: Collection[str]) -> "ServiceDay":
        """What of the day was given at these sites."""
        lines = (line for line in self.own_lines if (line.site_id or self.site_id) in sites)
        services = (service for service in self.services if service.site_id in sites)
        return replace(self, lines=tuple(lines), services=tuple(services))

    def paid_at(self, site_id: str) -> Share:
        """What pays for its own lines at the site; their authorization's id is empty if none."""
        for share in self.shares:
            if site_id in share.sites:
                return share
        return Share(
            sites=self.sites.difference(*(share.sites for share in self.shares)),
            authorization_id=self.authorization_id,
            units=self.authorized_units,
        )

    @property
    def own_lines(self) -> tuple[ClaimLine, ...]:
        return tuple(line for line in self.lines if not line.ancillary)

    @property
    def ancillary_lines(self) -> tuple[ClaimLine, ...]:
        """Lines outside the per diem: they may stand on a day that isn't billable itself."""
        return tuple(line for line in self.lines if line.ancillary)

    def with_verdict(self, *verdicts: Verdict) -> "ServiceDay":
        """The day after these gates too."""
        return replace(
            self,
            verdicts=(*self.verdicts, *verdicts),
            rests_on=self.rests_on.union(*(verdict.rests_on for verdict in verdicts)),
        )

    def with_ancillary_verdict(self, *verdicts: Verdict) -> "ServiceDay":
        """The day beside which these are said."""
        return replace(
            self,
            ancillary_verdicts=(*self.ancillary_verdicts, *verdicts),
            rests_on=self.rests_on.union(*(verdict.rests_on for verdict in verdicts)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RowVerdict:
    """What a gate says; `reason` is a code, empty where it is open."""

    gate: str
    open: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRow:
    """A day with what a claim would carry of it; `rules` names a rule set, and `clinical_level`,
    `authorized_level` and `billed_level` are levels of care. Rows of before say less."""

    client_id: str
    service_date: date
    payer_id: str
    outcome: DayOutcome
    minutes: int
    verdicts: tuple[RowVerdict, ...]
    authorization_id: str
    rules: str
    site_id: str = ""
    lines: tuple[ClaimLine, ...] = ()
    authorized_units: int = 0
    clinical_level: str = ""
    authorized_level: str = ""
    billed_level: str = ""

    @property
    def key(self) -> str:
        """Which row of its kind it is."""
        return f"{self.client_id}|{self.service_date}"


def resolve(history: BillingHistory) -> list[ServiceDay]:
    """Every date on which a session of the client was closed, before allocation."""
    holding = attendance_that_holds(history.attendances)
    days = (_resolve(history, on, holding) for on in dates_of(holding))
    return [_until_closed(day, expected_yet(history, day, ancillary=False)) for day in days]


def expected_yet(history: BillingHistory, day: ServiceDay, *, ancillary: bool) -> list[Session]:
    """Sessions of the date that nobody closed: those inside the per diem, or those outside."""
    return [
        session
        for session in unclosed(history, day.service_date, day.service_date)
        if ancillary == bool(day.rules and day.rules.ancillary_to(session.service_kind))
    ]


def day_row(client_id: str, day: ServiceDay) -> DayRow:
    """The day's row: its lines as they would go on a claim, now or when what it waits for is
    there."""
    return filled(
        DayRow,
        day,
        client_id=client_id,
        verdicts=tuple(
            RowVerdict(gate=verdict.name, open=verdict.open, reason=verdict.reason or "")
            for verdict in (*day.verdicts, *day.ancillary_verdicts)
        ),
        rules=day.rules.name if day.rules else "",
        lines=day.ancillary_lines if day.outcome == DayOutcome.NOT_BILLABLE else day.lines,
        clinical_level=day.level_of_care,
    )


def _resolve(history: BillingHistory, on: date, holding: Sequence[Attendance]) -> ServiceDay:
    of_day = [attendance for attendance in holding if attendance.service_date == on]
    held = coverage_on(history, on)
    coverage = held.coverage if held else None
    confirmed = [
        ruling
        for ruling in history.confirmed
        if coverage and ruling.rules.payer_id == coverage.payer_id
    ]
    rules = rules_in_effect((ruling.rules for ruling in confirmed), on)
    expected = scheduled_of(history, of_day)
    attended = [service for service in expected if service.attendance.attended]
    inside = countable(attended, rules)
    aside = [service for service in attended if service not in inside]
    own = gates.at_billed_level(history, inside, rules, on) if rules else inside
    day = ServiceDay(
        service_date=on,
        payer_id=coverage.payer_id if coverage else "",
        minutes=minutes_of(own),
        verdicts=(),
        rules=rules,
        site_id=site_of(service.attendance for service in own or attended)
        if attended
        else site_of(of_day),
        coverage_id=coverage.coverage_id if coverage else "",
        programs=programs_of(own or expected),
        ancillary_programs=programs_of(aside or expected),
        rests_on=facts_of(of_day),
    )
    if not attended:
        return day.with_verdict(_missed(history, of_day))
    there = _attendance_gate(own)
    if held is None:
        ended = Verdict(Gate.COVERAGE, Reason.NO_COVERAGE, rests_on=facts_of(history.coverage_ends))
        return day.with_verdict(there, ended)
    day = day.with_verdict(
        there,
        Verdict(Gate.COVERAGE, rests_on=held.facts),
        gates.restriction_gate(history, day.payer_id, on),
    )
    if rules is None:
        return day.with_verdict(Verdict(Gate.RULES, Reason.NO_RULES_IN_EFFECT))
    ruling = frozenset(ruling.fact for ruling in confirmed if ruling.rules == rules)
    day = day.with_verdict(Verdict(Gate.RULES, rests_on=ruling))
    day = _under_rules(history, day, rules, own, holding)
    day = _aside(history, day, rules, aside)
    other = (gates.other_level(history, service, on) for service in inside if service not in own)
    return day.with_ancillary_verdict(*other)


def _under_rules(
    history: BillingHistory,
    day: ServiceDay,
    rules: RuleSet,
    services: Sequence[AttendedService],
    holding: Sequence[Attendance],
) -> ServiceDay:
    """The day's own lines, and the gates of its episode."""
    on = day.service_date
    admission = gates.admission_on(history, on, day.programs)
    clinical = gates.level_on(history, admission, on)
    enrollment = gates.enrollment_on(history, rules, day.site_id, on)
    billed = bill(on, services, rules) if services else None
    day = replace(
        day,
        level_of_care=clinical.level_of_care if clinical else "",
        provider_id=enrollment.provider_id if enrollment else "",
    )
    if billed is None:
        return day
    elsewhere = {line.site_id for line in billed.lines} - {"", day.site_id}
    enrolled = {site_id: gates.enrollment_on(history, rules, site_id, on) for site_id in elsewhere}
    day = day.with_verdict(
        *billed.verdicts,
        gates.level_gate(history, services, admission, rules, on),
        gates.plan_gate(history, admission, rules, on),
        gates.diagnosis_gate(history, on),
        gates.consent_gate(history, services, day.payer_id, on),
        gates.note_gate(history, services, rules),
        week_gate(history, holding, rules, on, of_the_week=not billed.fell_back),
        gates.enrollment_gate(enrollment, *enrolled.values()),
    )
    day = replace(day, billed_as=billed.outcome, services=billed.services)
    if enrollment is None or None in enrolled.values() or not billed.lines:
        return day
    providers = {
        site_id: enrolled_there.provider_id
        for site_id, enrolled_there in enrolled.items()
        if enrolled_there
    }
    placed = [
        replace(
            line,
            site_id=line.site_id if line.site_id in providers else "",
            provider_id=providers.get(line.site_id, ""),
        )
        for line in billed.lines
    ]
    placed.sort(key=lambda line: line.site_id != "")  # the day's own site first
    lines, fee = charged(placed, history, enrollment.provider_id)
    return replace(day.with_verdict(fee), lines=lines)


def _aside(
    history: BillingHistory, day: ServiceDay, rules: RuleSet, services: Sequence[AttendedService]
) -> ServiceDay:
    """The day with what stands outside the per diem."""
    found: Aside = with_ancillary(history, services, rules, day.service_date, site_id=day.site_id)
    day = replace(day, lines=(*day.lines, *found.lines))
    return day.with_ancillary_verdict(*found.verdicts)


def _until_closed(day: ServiceDay, expected: Sequence[Session]) -> ServiceDay:
    """What was too little isn't so for good while a session of the date may add to it."""
    facts = facts_of(expected)
    verdicts = tuple(
        replace(verdict, for_good=False, rests_on=verdict.rests_on | facts)
        if facts and verdict.final and verdict.gate in OF_ATTENDANCE
        else verdict
        for verdict in day.verdicts
    )
    if verdicts == day.verdicts:
        return day
    return replace(day, verdicts=verdicts, rests_on=day.rests_on | facts)


def _missed(history: BillingHistory, of_day: Sequence[Attendance]) -> Verdict:
    """Of a day on which the client was nowhere: a session that was cancelled after it was said to
    be missed, the program did not hold."""
    session_ids = {attendance.session_id for attendance in of_day}
    off = [
        cancellation for cancellation in history.cancelled if cancellation.session_id in session_ids
    ]
    not_held = session_ids == {cancellation.session_id for cancellation in off}
    return Verdict(
        Gate.ATTENDANCE,
        Reason.NOT_HELD if not_held else Reason.MISSED,
        rests_on=facts_of(of_day, off),
    )


def _attendance_gate(services: Sequence[AttendedService]) -> Verdict:
    """An assumed check-out counts no minutes until somebody confirms it, nor is one minute two."""
    if not services:
        return Verdict(Gate.ATTENDANCE, Reason.ONLY_ANCILLARY)
    in_doubt = min((service.in_doubt for service in services if service.in_doubt), default=None)
    facts = facts_of(service.attendance for service in services)
    return Verdict(Gate.ATTENDANCE, in_doubt, rests_on=facts)
