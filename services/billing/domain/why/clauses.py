"""Which clause of the payer's rules decided a gate: fields of the rule set, and their values."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from services.billing.domain.days.gates import Verdict
from services.billing.domain.payers.rules import BillBy, RuleSet
from services.billing.domain.reasons import Gate

TIMED = ("minimum_minutes", "unit_minutes", "rounding", "maximum_units")


@dataclass(frozen=True, slots=True)
class Clause:
    """A field of the rule set, as its contract names it: `per_diem.minimum_minutes`."""

    field: str
    value: str


def clauses_of(verdict: Verdict, rules: RuleSet | None) -> tuple[Clause, ...]:
    """What of the rules decided; none where no rules were in effect, or none are asked."""
    if rules is None:
        return ()
    gate, kind = verdict.gate, verdict.service_kind
    if kind and gate is not Gate.LEVEL:
        return tuple(_of_service("ancillary", rules, kind)) if gate is Gate.ATTENDANCE else ()
    if gate in (Gate.MINUTES, Gate.SERVICES):
        return tuple(_of_billing(gate, rules))
    fields = gate.fields
    if gate is Gate.WEEK and not rules.complete_weeks_only and not rules.weekly_minimum_minutes:
        fields = fields[:2]  # the payer doesn't look at weeks
    return tuple(Clause(field, shown(getattr(rules, field))) for field in fields)


def _of_billing(gate: Gate, rules: RuleSet) -> Iterator[Clause]:
    """What a day is billed by."""
    yield Clause("bill_by", rules.bill_by)
    if rules.bill_by == BillBy.DISCRETE:
        for service in rules.discrete:
            yield from _of_service("discrete", rules, service.service_kind)
    elif gate is Gate.SERVICES:
        yield Clause("minimum_services", shown(rules.minimum_services))
    elif rules.timed_units is not None and rules.bill_by == BillBy.TIMED_UNITS:
        for field in TIMED:
            yield Clause(f"timed_units.{field}", shown(getattr(rules.timed_units, field)))
        yield from _grace(rules)
    elif rules.per_diem is not None:
        yield Clause("per_diem.minimum_minutes", shown(rules.per_diem.minimum_minutes))
        yield from _grace(rules)
        if rules.discrete_fallback:
            yield Clause("discrete_fallback", shown(True))


def _of_service(field: str, rules: RuleSet, kind: str) -> Iterator[Clause]:
    listed = rules.ancillary_to(kind) if field == "ancillary" else rules.discrete_for(kind)
    if listed is not None:
        yield Clause(f"{field}.service_kind", kind)
        yield Clause(f"{field}.code", listed.code)
        yield Clause(f"{field}.minimum_minutes", shown(listed.minimum_minutes))
        yield from _grace(rules)


def _grace(rules: RuleSet) -> Iterator[Clause]:
    """Where the payer gives any."""
    if rules.grace_seconds:
        yield Clause("grace_seconds", shown(rules.grace_seconds))


def shown(value: Any) -> str:
    """A value as the rule set's file has it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
