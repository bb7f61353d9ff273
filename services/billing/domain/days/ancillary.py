"""Services outside the per diem (intake evaluation, prescriber visit), with few gates of their own.

Not the episode's: no plan, level, diagnosis of the episode, week or authorization is asked for
(domain guide, section 12).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from services.billing.domain.days import gates
from services.billing.domain.days.gates import Verdict
from services.billing.domain.days.lines import charged, joined, single_lines
from services.billing.domain.history.attended import AttendedService
from services.billing.domain.history.history import BillingHistory, ClaimLine
from services.billing.domain.payers.rules import RuleSet
from services.billing.domain.reasons import Gate, Reason


@dataclass(frozen=True, slots=True)
class Aside:
    """Lines whose every gate is open, and all verdicts; a gate is named `<service kind>.<gate>`."""

    lines: tuple[ClaimLine, ...]
    verdicts: tuple[Verdict, ...]


def with_ancillary(
    history: BillingHistory,
    services: Sequence[AttendedService],
    rules: RuleSet,
    on: date,
    *,
    site_id: str,
) -> Aside:
    """What these services come to beside the day, each at its own site; `site_id` is the day's.

    One that waits for something adds no time to those that don't.
    """
    said = {service: _gates(history, service, rules, on) for service in services}
    ready = [
        service
        for service in services
        if not service.in_doubt and all(v.open for v in said[service])
    ]
    made = _made(history, ready, rules, on, site_id)
    verdicts: list[Verdict] = []
    for service in services:
        beside = [other for other in services if other in ready or other is service]
        found = _made(history, beside, rules, on, site_id)
        fees = next((fees for of_line, _, fees in found if service in of_line), None)
        verdicts_of = [
            _attendance_gate(service, fees is not None),
            *said[service],
            *(fees or ()),
        ]
        verdicts += [replace(verdict, service_kind=service.kind) for verdict in verdicts_of]
    return Aside(joined(line for _, lines, _ in made for line in lines), tuple(verdicts))


def _gates(
    history: BillingHistory, service: AttendedService, rules: RuleSet, on: date
) -> list[Verdict]:
    return [
        gates.restriction_gate(history, rules.payer_id, on),
        gates.consent_gate(history, [service], rules.payer_id, on),
        gates.note_gate(history, [service], rules),
        gates.enrollment_gate(gates.enrollment_on(history, rules, service.site_id, on)),
    ]


def _made(
    history: BillingHistory,
    services: Sequence[AttendedService],
    rules: RuleSet,
    on: date,
    site_id: str,
) -> list[tuple[Sequence[AttendedService], tuple[ClaimLine, ...], list[Verdict]]]:
    """The services that are long enough, with their line and what its fee says.

    No line where there is no fee; and nothing said of it where nobody is enrolled for the site.
    """
    listed = [(service, rule) for service in services if (rule := rules.ancillary_to(service.kind))]
    found: list[tuple[Sequence[AttendedService], tuple[ClaimLine, ...], list[Verdict]]] = []
    for line, of_line in single_lines(on, listed, rules, ancillary=True):
        enrollment = gates.enrollment_on(history, rules, line.site_id, on)
        if enrollment is None:
            found.append((of_line, (), []))
            continue
        here = line.site_id == site_id
        provider_id = enrollment.provider_id
        placed = replace(line, site_id="") if here else replace(line, provider_id=provider_id)
        lines, fee = charged([placed], history, provider_id)
        found.append((of_line, lines, [fee]))
    return found


def _attendance_gate(service: AttendedService, long_enough: bool) -> Verdict:
    """Known minutes, and enough of them."""
    if service.in_doubt:
        return Verdict(Gate.ATTENDANCE, service.in_doubt, rests_on=service.facts)
    if not long_enough:
        return Verdict(Gate.ATTENDANCE, Reason.SHORT_OF_MINUTES, rests_on=service.facts)
    return Verdict(Gate.ATTENDANCE, rests_on=service.facts)
