"""A service day explained: each gate in words, what it saw, the clause, what would release it.

A clause is a field of the payer's rules, with its value.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum
from typing import Any

from services.billing.domain.authorizations.allocation import Balance, allocate, balances
from services.billing.domain.claims.in_force import in_force
from services.billing.domain.days.gates import Verdict
from services.billing.domain.days.release import Release, releases_of
from services.billing.domain.days.service_day import DayRow, ServiceDay, resolve
from services.billing.domain.history.history import BillingHistory, IssuedClaim
from services.billing.domain.payers.rules import BillBy, RuleSet
from services.billing.domain.reasons import Gate
from services.billing.domain.why.facts_in_words import sayings

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


class GateVerdict(StrEnum):
    """What a gate says of a day: it is open, closed for now, or for good."""

    PASS = "PASS"  # noqa: S105 - no password
    HOLD = "HOLD"
    REFUSE = "REFUSE"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedVerdict:
    """`facts`: id → what it says here, of those that the gate looked at."""

    gate: str
    asks: str
    verdict: GateVerdict
    reason: str
    says: str
    clauses: tuple[Clause, ...]
    facts: Mapping[str, str]
    releases: tuple[Release, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedDay:
    """`rules_fact`: what confirmed the rules. `claims`: those that carry the day, oldest first."""

    client_id: str
    day: ServiceDay
    verdicts: tuple[ExplainedVerdict, ...]
    rules_fact: str
    authorization: Balance | None
    claims: tuple[IssuedClaim, ...]
    in_force: frozenset[str]


class Case:
    """All of a client's days as these facts make them, and each explained."""

    def __init__(self, history: BillingHistory) -> None:
        self.history = history
        self.days: Mapping[date, ServiceDay] = {
            day.service_date: day for day in allocate(resolve(history), history)
        }
        self._balances = {
            balance.authorization.authorization_id: balance for balance in balances(history)
        }
        self._said = sayings(history) | {
            balance.authorization.fact: _taken(balance) for balance in self._balances.values()
        }
        self._in_force = frozenset(claim.claim_id for claim in in_force(history.issued))

    def explain(self, on: date) -> ExplainedDay:
        """The day of that date, which must be one."""
        history, day = self.history, self.days[on]
        ruling = [confirmed.fact for confirmed in history.confirmed if confirmed.rules == day.rules]
        carrying = [
            claim
            for claim in history.issued
            if any(line.service_date == day.service_date for line in claim.lines)
        ]
        return ExplainedDay(
            client_id=history.client_id,
            day=day,
            verdicts=tuple(
                _explain(verdict, day, history, self._said)
                for verdict in (*day.verdicts, *day.ancillary_verdicts)
            ),
            rules_fact=min(ruling, default=""),
            authorization=self.balance(day.authorization_id),
            claims=tuple(sorted(carrying, key=lambda claim: (claim.frequency, claim.claim_id))),
            in_force=self._in_force,
        )

    def balance(self, authorization_id: str) -> Balance | None:
        """What is taken of an authorization; None where there is none."""
        return self._balances.get(authorization_id)


def _taken(balance: Balance) -> str:
    """What was authorized, and where its units are."""
    was = balance.authorization
    return (
        f"{was.units} {was.unit} of level {was.level_of_care} authorized {was.effective_from} to"
        f" {was.effective_to}: {balance.issued} on issued claims, {balance.allocated} on days not"
        " issued yet"
    )


def _explain(
    verdict: Verdict, day: ServiceDay, history: BillingHistory, said: Mapping[str, str]
) -> ExplainedVerdict:
    closed = GateVerdict.REFUSE if verdict.final else GateVerdict.HOLD
    return ExplainedVerdict(
        gate=verdict.name,
        asks=_asks(verdict),
        verdict=GateVerdict.PASS if verdict.open else closed,
        reason=verdict.reason or "",
        says=verdict.reason.says if verdict.reason else "",
        clauses=clauses_of(verdict, day.rules),
        facts={fact: said[fact] for fact in sorted(verdict.rests_on)},
        releases=releases_of(verdict, day, history),
    )


def _asks(verdict: Verdict) -> str:
    """What its gate asks; of one beside the per diem, about which service."""
    kind = verdict.service_kind.replace("_", " ").lower()
    return f"{kind}: {verdict.gate.asks}" if kind else verdict.gate.asks


@dataclass(frozen=True, slots=True)
class FieldChange:
    """Of one field, in words."""

    field: str
    was: str
    now: str


def changes(was: DayRow, now: DayRow) -> list[FieldChange]:
    """What differs between two revisions of a day's row, field by field."""
    before, after = _shown(was), _shown(now)
    return [
        FieldChange(field, before[field], after[field])
        for field in before
        if before[field] != after[field]
    ]


def _shown(row: DayRow) -> dict[str, str]:
    """Each field's name in words, and what it says."""
    closed = (f"{verdict.gate} {verdict.reason}" for verdict in row.verdicts if verdict.reason)
    lines = (f"{line.code} x {line.units} ${line.charge_minor / 100:,.2f}" for line in row.lines)
    said: dict[str, object] = {"verdicts": ", ".join(closed), "lines": ", ".join(lines)}
    names = {"verdicts": "closed gates"}
    return {
        names.get(name, name.replace("_", " ")): str(said.get(name, getattr(row, name)) or "none")
        for name in sorted(field.name for field in fields(row))
    }
