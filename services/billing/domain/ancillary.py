"""Services outside the per diem (intake evaluation, prescriber visit), with few gates of their own.

Not the episode's: no plan, level, diagnosis of the episode, week or authorization is asked for
(domain guide, section 12).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from services.billing.domain import gates
from services.billing.domain.attended import Service
from services.billing.domain.gates import Verdict
from services.billing.domain.known import Known, Line
from services.billing.domain.lines import charged, joined, single_line
from services.billing.domain.rules import RuleSet


@dataclass(frozen=True, slots=True)
class Aside:
    """Lines whose every gate is open, and all verdicts; a gate is named `<service kind>.<gate>`."""

    lines: tuple[Line, ...]
    verdicts: tuple[Verdict, ...]


def with_ancillary(
    known: Known, services: Sequence[Service], rules: RuleSet, on: date, *, site_id: str
) -> Aside:
    """What these services come to beside the day, each at its own site; `site_id` is the day's."""
    lines: list[Line] = []
    verdicts: list[Verdict] = []
    for service in services:
        found, said = _one(known, service, rules, on, site_id)
        verdicts += [replace(each, gate=f"{service.kind}.{each.gate}") for each in said]
        if all(each.open for each in said):
            lines += found
    return Aside(joined(lines), tuple(verdicts))


def _one(
    known: Known, service: Service, rules: RuleSet, on: date, site_id: str
) -> tuple[tuple[Line, ...], list[Verdict]]:
    enrollment = gates.enrollment_on(known, rules, service.site_id, on)
    listed = rules.ancillary_to(service.kind)
    line = single_line(on, service, listed, rules, ancillary=True) if listed else None
    said = [
        _attendance_gate(service, line),
        gates.restriction_gate(known, rules.payer_id, on),
        gates.consent_gate(known, [service], rules.payer_id, on),
        gates.note_gate(known, [service], rules),
        gates.enrollment_gate(enrollment),
    ]
    if line is None or enrollment is None:
        return (), said
    if service.site_id != site_id:
        line = replace(line, site_id=service.site_id, provider_id=enrollment.provider_id)
    lines, fee = charged([line], known, enrollment.provider_id)
    return lines, [*said, fee]


def _attendance_gate(service: Service, line: Line | None) -> Verdict:
    """Known minutes, and enough of them."""
    if service.in_doubt:
        return Verdict(gate="ATTENDANCE", reason=service.in_doubt, rests_on=service.facts)
    if line is None:
        return Verdict(
            gate="ATTENDANCE", reason="SHORT_OF_MINUTES", final=True, rests_on=service.facts
        )
    return Verdict(gate="ATTENDANCE", rests_on=service.facts)
