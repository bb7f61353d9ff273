"""What a day is billed as: its lines under the payer's rules, and whether there is enough for one.

Every difference between payers is a field of the rule set. Sources: domain guide 5.5 and 5.6.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from services.billing.domain.days.gates import Verdict, fee_on
from services.billing.domain.history.attended import AttendedService, longest, minutes_of, reach
from services.billing.domain.history.history import BillingHistory, ClaimLine
from services.billing.domain.payers.rules import (
    BillBy,
    DayOutcome,
    DiscreteService,
    PerDiem,
    RenderingOnClaim,
    Rounding,
    RuleSet,
    TimedUnits,
)
from services.billing.domain.reasons import Gate, Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """`lines` have no charge yet; `services` are those they are of.

    `outcome` when every gate is open: PER_DIEM, or DISCRETE for whatever isn't a per diem: units
    of time, and single services.
    """

    outcome: DayOutcome
    verdicts: tuple[Verdict, ...]
    lines: tuple[ClaimLine, ...] = ()
    services: tuple[AttendedService, ...] = ()
    # A short day billed by its single services: nothing of it asks for the week.
    fell_back: bool = False


def bill(on: date, services: Sequence[AttendedService], rules: RuleSet) -> Bill:
    """What the day's attended services come to under the payer's rules."""
    if rules.bill_by == BillBy.TIMED_UNITS and rules.timed_units:
        return _by_units(on, services, rules, rules.timed_units)
    if rules.bill_by == BillBy.DISCRETE:
        return _by_service(on, services, rules)
    if rules.per_diem is None:
        raise ValueError("rules that don't say what a day is billed by")
    return _by_day(on, services, rules, rules.per_diem)


def single_lines(
    on: date,
    services: Iterable[tuple[AttendedService, DiscreteService]],
    rules: RuleSet,
    *,
    ancillary: bool,
) -> list[tuple[ClaimLine, list[AttendedService]]]:
    """Sessions as lines of their own, each line at its site, with the sessions that it is of.

    Each session must be long enough by itself. Units are of the time of all whose line is alike,
    rounded once; too little for a unit is no line.
    """
    alike: dict[tuple[ClaimLine, int, Rounding | Literal[""]], list[AttendedService]] = {}
    for service, listed in services:
        if service.minutes and reach([service], listed.minimum_minutes, rules):
            line = replace(
                _line(on, listed, 0, [service], rules),
                revenue_code=listed.revenue_code,
                ancillary=ancillary,
                site_id=service.site_id,
            )
            alike.setdefault((line, listed.unit_minutes, listed.rounding), []).append(service)
    found: list[tuple[ClaimLine, list[AttendedService]]] = []
    for (line, unit_minutes, rounding), of_line in alike.items():
        units = len(of_line)
        if unit_minutes:
            units = units_of(minutes_of(of_line), unit_minutes, rounding)
        if units:
            found.append((replace(line, units=units), of_line))
    return found


def joined(lines: Iterable[ClaimLine]) -> tuple[ClaimLine, ...]:
    """Lines alike in all but their units are one: payers deny a line that repeats another.

    (CARC 18, exact duplicate; domain guide 5.13.)
    """
    found: dict[ClaimLine, ClaimLine] = {}
    for line in lines:
        alike = replace(line, units=0, charge_minor=0)
        before = found.get(alike, alike)
        found[alike] = replace(
            line,
            units=before.units + line.units,
            charge_minor=before.charge_minor + line.charge_minor,
        )
    return tuple(found.values())


def charged(
    lines: Sequence[ClaimLine], history: BillingHistory, provider_id: str
) -> tuple[tuple[ClaimLine, ...], Verdict]:
    """The lines with their provider's charges: of each unit what the code costs on the date.

    `provider_id`: of lines that don't say theirs.
    """
    fees = [
        (line, fee_on(history, line.provider_id or provider_id, line.code, line.service_date))
        for line in lines
    ]
    rests_on = frozenset(fee.fact for _, fee in fees if fee)
    if not all(fee for _, fee in fees):
        return (), Verdict(Gate.FEE, Reason.NO_FEE, rests_on=rests_on)
    with_charges = tuple(
        replace(line, charge_minor=fee.charge_minor * line.units) for line, fee in fees if fee
    )
    return with_charges, Verdict(Gate.FEE, rests_on=rests_on)


def units_of(minutes: int, unit_minutes: int, rounding: Rounding | Literal[""]) -> int:
    """Whole units of so many minutes.

    UP: a started unit counts. DOWN: a full one does. MIDPOINT: one counts once more than half of it
    has passed: of fifteen minutes from the eighth (8-22 are 1, 23-37 are 2), of sixty from the 31st
    (CPT's rule of time; of an even number of minutes, exactly half isn't more than half [GK]).
    """
    if minutes <= 0:
        return 0
    match rounding:
        case Rounding.UP:
            return -(-minutes // unit_minutes)
        case Rounding.DOWN:
            return minutes // unit_minutes
        case Rounding.MIDPOINT:
            return (2 * minutes + unit_minutes - 1) // (2 * unit_minutes)
        case _:
            raise ValueError(f"no way of rounding: {rounding}")


def _by_day(
    on: date, services: Sequence[AttendedService], rules: RuleSet, per_diem: PerDiem
) -> Bill:
    """One unit, or what a short day falls back to."""
    minutes = _enough_minutes(services, per_diem.minimum_minutes, rules)
    number = _enough_services(services, rules.minimum_services)
    if minutes.open and number.open:
        made = _line(on, per_diem, 1, services, rules)
        return Bill(
            outcome=DayOutcome.PER_DIEM,
            verdicts=(minutes, number),
            lines=(_under_revenue_code(made, rules),),
            services=tuple(services),
        )
    if rules.discrete_fallback:
        single = _by_service(on, services, rules)
        awaited = any(not verdict.open and not verdict.final for verdict in single.verdicts)
        if single.lines or awaited:
            return replace(single, fell_back=True)
    return Bill(outcome=DayOutcome.PER_DIEM, verdicts=(minutes, number))


def _by_units(
    on: date, services: Sequence[AttendedService], rules: RuleSet, timed: TimedUnits
) -> Bill:
    """Units of the time there was: the whole day's, summed before it is rounded."""
    units = units_of(minutes_of(services), timed.unit_minutes, timed.rounding)
    if timed.maximum_units:
        units = min(units, timed.maximum_units)
    minutes = _enough_minutes(services, timed.minimum_minutes, rules, enough=units > 0)
    number = _services(services)
    if not minutes.open:
        return Bill(outcome=DayOutcome.DISCRETE, verdicts=(minutes, number))
    made = _line(on, timed, units, services, rules)
    return Bill(
        outcome=DayOutcome.DISCRETE,
        verdicts=(minutes, number),
        lines=(_under_revenue_code(made, rules),),
        services=tuple(services),
    )


def _by_service(on: date, services: Sequence[AttendedService], rules: RuleSet) -> Bill:
    """Lines of the attended sessions of listed kinds that are long enough, with their sites."""
    listed = [(service, rule) for service in services if (rule := rules.discrete_for(service.kind))]
    found = single_lines(on, listed, rules, ancillary=False)
    if any(not service.kind for service in services):
        # Nobody scheduled the client for it: nothing says which service it was.
        number = _services(services, Reason.SERVICE_UNKNOWN)
    elif not listed:
        number = _services(services, Reason.NO_LISTED_SERVICE)
    else:
        number = _services(services)
    minutes = _minutes(services)
    if listed and not found:
        minutes = _short_of_minutes(services)
    return Bill(
        outcome=DayOutcome.DISCRETE,
        verdicts=(minutes, number),
        lines=joined(line for line, _ in found),
        services=tuple(
            service for service in services if any(service in of_line for _, of_line in found)
        ),
    )


def _enough_minutes(
    services: Sequence[AttendedService], minimum: int, rules: RuleSet, *, enough: bool = True
) -> Verdict:
    if enough and reach(services, minimum, rules):
        return _minutes(services)
    return _short_of_minutes(services)


def _enough_services(services: Sequence[AttendedService], minimum: int) -> Verdict:
    """Each attended session is one service."""
    if len(services) >= minimum:
        return _services(services)
    return _services(services, Reason.SHORT_OF_SERVICES)


def _short_of_minutes(services: Sequence[AttendedService]) -> Verdict:
    """Final, unless somebody didn't check out: then the minutes aren't known yet."""
    unknown = any(service.attendance.no_check_out for service in services)
    return replace(_minutes(services), reason=Reason.SHORT_OF_MINUTES, for_good=not unknown)


def _minutes(services: Sequence[AttendedService]) -> Verdict:
    facts = frozenset(service.attendance.fact for service in services)
    return Verdict(Gate.MINUTES, rests_on=facts)


def _services(services: Sequence[AttendedService], reason: Reason | None = None) -> Verdict:
    """Which service a session was, its scheduling says."""
    facts = frozenset().union(*(service.facts for service in services))
    return Verdict(Gate.SERVICES, reason, rests_on=facts)


def _line(
    on: date,
    billed: PerDiem | TimedUnits | DiscreteService,
    units: int,
    services: Sequence[AttendedService],
    rules: RuleSet,
) -> ClaimLine:
    """A line of these services, without its charge; in person if any of them was."""
    telehealth = all(service.telehealth for service in services)
    named = rules.rendering == RenderingOnClaim.FACILITATOR
    return ClaimLine(
        service_date=on,
        code=billed.code,
        modifiers=(*billed.modifiers, *(rules.telehealth_modifiers if telehealth else ())),
        units=units,
        charge_minor=0,
        place_of_service=(
            rules.place_of_service_telehealth if telehealth else rules.place_of_service_in_person
        ),
        rendering_staff_id=longest(services).facilitator_id if named else "",
    )


def _under_revenue_code(line: ClaimLine, rules: RuleSet) -> ClaimLine:
    return replace(
        line, revenue_code=rules.institutional.revenue_code if rules.institutional else ""
    )
