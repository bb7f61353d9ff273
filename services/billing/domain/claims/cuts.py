"""How claims are cut: what a claim has in common, which lines fall to it, and what is carried.

Sources: domain guide 5.9 and section 12 ("What splits a claim").
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from kernel.decider import filled
from services.billing.domain.days.service_day import ServiceDay
from services.billing.domain.history.history import ClaimLine, IssuedClaim, Program
from services.billing.domain.payers.rules import (
    AuthorizationUnit,
    ClaimForm,
    RenderingOnClaim,
    RuleSet,
    period_of,
)


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
    claim_form: ClaimForm
    ancillary: bool = False
    # On a professional claim who rendered is said once: of an institutional one it's no cut.
    rendering_staff_id: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A day's lines that fall into one cut."""

    day: ServiceDay
    lines: tuple[ClaimLine, ...]

    @property
    def programs(self) -> frozenset[Program]:
        """Whose sessions the lines are of."""
        if all(line.ancillary for line in self.lines):
            return self.day.ancillary_programs
        return self.day.programs


CutDay = tuple[ServiceDay, Sequence[tuple[Cut, Part]]]
"""A day with its claimable lines, by the claim they go on."""


@dataclass(frozen=True, slots=True)
class Carried:
    """What stands on issued claims: dates, and dates with their ancillary codes."""

    dates: frozenset[date]
    ancillary: frozenset[tuple[date, str]]

    @staticmethod
    def on(issued: Iterable[IssuedClaim]) -> "Carried":
        lines = [line for claim in issued for line in claim.lines]
        return Carried(
            frozenset(line.service_date for line in lines if not line.ancillary),
            frozenset((line.service_date, line.code) for line in lines if line.ancillary),
        )

    def has(self, line: ClaimLine) -> bool:
        if line.ancillary:
            return (line.service_date, line.code) in self.ancillary
        return line.service_date in self.dates


def parts_of(day: ServiceDay) -> Iterator[tuple[Cut, Part]]:
    """A day's claimable lines, by the claim they go on."""
    own = day.own_lines if day.billable else ()
    by_cut: dict[Cut, list[ClaimLine]] = {}
    for line in (*own, *day.ancillary_lines):
        by_cut.setdefault(_cut(day, line), []).append(line)
    for cut, lines in by_cut.items():
        yield cut, Part(day, tuple(lines))


def still_claimed(claim: IssuedClaim, day: ServiceDay) -> tuple[ClaimLine, ...]:
    """What is still billed of one of the claim's dates to whom, by whom and where it says."""
    dates = {line.service_date for line in claim.lines}
    alike = (claim.payer_id, claim.coverage_id) == (day.payer_id, day.coverage_id)
    if day.service_date not in dates or not alike:
        return ()
    if is_ancillary(claim):
        carried = {(line.service_date, line.code) for line in claim.lines}
        lines = tuple(
            line for line in day.ancillary_lines if (line.service_date, line.code) in carried
        )
    else:
        lines = day.own_lines if day.billable else ()
    here = (claim.site_id, claim.provider_id)
    return tuple(
        line
        for line in lines
        if (line.site_id or day.site_id, line.provider_id or day.provider_id) == here
    )


def kept_of_one_client(
    claims: Sequence[IssuedClaim], day: ServiceDay, survivor_id: str
) -> list[IssuedClaim]:
    """Of merged clients' claims that carry one date, those of the client who keeps it.

    Of those that say still to whom, by whom and where, that is the survivor, else whose claim is
    the first by its id.
    """
    still = [claim for claim in claims if still_claimed(claim, day)] or claims
    first = min(still, key=lambda claim: (claim.client_id != survivor_id, claim.claim_id))
    return [claim for claim in claims if claim.client_id == first.client_id]


def place_of(line: ClaimLine) -> tuple[date, str]:
    """What one claim of a person has together: a date's own lines, or its ancillary code."""
    return line.service_date, line.code if line.ancillary else ""


def left_to_others(
    claim: IssuedClaim,
    issued: Sequence[IssuedClaim],
    by_date: Mapping[date, ServiceDay],
    survivor_id: str,
) -> set[tuple[date, str]]:
    """Of merged clients: places that stand on a claim of another of them, which keeps them."""
    left: set[tuple[date, str]] = set()
    of_several = {other.client_id for other in issued} - {claim.client_id}
    for place in {place_of(line) for line in claim.lines} if of_several else ():
        carrying = [
            other
            for other in issued
            if (other.payer_id, other.site_id) == (claim.payer_id, claim.site_id)
            and place in {place_of(line) for line in other.lines}
        ]
        if place[0] in by_date and claim not in kept_of_one_client(
            carrying, by_date[place[0]], survivor_id
        ):
            left.add(place)
    return left


def without(parts: Iterable[Part], left: Collection[tuple[date, str]]) -> list[Part]:
    """The parts with what they have at other places."""
    found = (
        Part(part.day, tuple(line for line in part.lines if place_of(line) not in left))
        for part in parts
    )
    return [part for part in found if part.lines]


def cut_of(claim: IssuedClaim) -> Cut:
    """How an issued claim was cut."""
    professional = claim.claim_form == ClaimForm.PROFESSIONAL
    return filled(
        Cut,
        claim,
        ancillary=is_ancillary(claim),
        rendering_staff_id=claim.lines[0].rendering_staff_id if professional else "",
    )


def is_ancillary(claim: IssuedClaim) -> bool:
    """Whether it claims what stands outside the per diem: such lines go on claims of their own."""
    return all(line.ancillary for line in claim.lines)


def lines_of(parts: Iterable[Part]) -> tuple[ClaimLine, ...]:
    """The lines as a claim has them: where and by whom they are billed, the claim says."""
    return tuple(replace(line, site_id="", provider_id="") for part in parts for line in part.lines)


def units_of(parts: Iterable[Part]) -> int:
    """What the parts take of their authorization.

    Where the unit is the lines' own, what they have; else a day's go with its first own line.
    """
    found = 0
    seen: set[date] = set()
    for day, lines in ((part.day, part.lines) for part in parts):
        if rules_of(day).authorization_unit == AuthorizationUnit.UNITS:
            found += sum(line.units for line in lines) if day.authorization_id else 0
            continue
        paid = day.paid_at(lines[0].site_id or day.site_id)
        paid_lines = day.at(paid.sites).own_lines
        if paid_lines[:1] and paid_lines[0] in lines and day.service_date not in seen:
            found += paid.units
            seen.add(day.service_date)
    return found


def rules_of(day: ServiceDay) -> RuleSet:
    """The rules of a day that has lines."""
    if day.rules is None:
        raise ValueError("a day with lines, without rules")
    return day.rules


def _cut(day: ServiceDay, line: ClaimLine) -> Cut:
    rules = rules_of(day)
    start, end = _period(day.service_date, rules)
    named = (
        rules.claim_form == ClaimForm.PROFESSIONAL
        and rules.rendering == RenderingOnClaim.FACILITATOR
    )
    site_id = line.site_id or day.site_id
    return Cut(
        payer_id=day.payer_id,
        period_start=start,
        period_end=end,
        provider_id=line.provider_id or day.provider_id,
        site_id=site_id,
        coverage_id=day.coverage_id,
        authorization_id="" if line.ancillary else day.paid_at(site_id).authorization_id,
        claim_form=rules.claim_form,
        ancillary=line.ancillary,
        rendering_staff_id=line.rendering_staff_id if named else "",
    )


def _period(on: date, rules: RuleSet) -> tuple[date, date]:
    """The payer's period; where months aren't mixed, what of it lies in the date's month."""
    start, end = period_of(on, rules)
    if not rules.split_by_month:
        return start, end
    first = on.replace(day=1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return max(start, first), min(end, last)
