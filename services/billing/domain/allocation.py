"""Allocation: which authorization pays for which day. Nothing is overdrawn; what is issued stays.

No day is on HOLD while a feasible assignment exists that also pays for the earlier ones (matching).
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from services.billing.domain.gates import Verdict
from services.billing.domain.known import Authorization, IssuedClaim, Known, Waiver
from services.billing.domain.ledger import (
    claims_holding_units,
    units_asked,
    units_held,
    units_left,
)
from services.billing.domain.matching import Demand, assign
from services.billing.domain.service_day import ServiceDay
from services.billing.domain.standing import standing

GATE, USED_UP = "AUTHORIZATION", "AUTHORIZATION_USED_UP"
# Why a date has no authorization, from the farthest to the nearest miss.
NEARER = (
    "NO_AUTHORIZATION",
    "OTHER_LEVEL_AUTHORIZED",
    "OTHER_UNIT_AUTHORIZED",
    "OTHER_SITE_AUTHORIZED",
)


def allocate(days: Sequence[ServiceDay], known: Known) -> list[ServiceDay]:
    """The days with their authorization and final outcome, in order of date.

    First the dates on issued claims, which keep what they have; then those that a named person
    bills without authorization, which take nothing; then the others, earlier dates first.
    """
    ordered = sorted(days, key=lambda day: day.service_date)
    left = units_left(known.authorizations, claims_holding_units(known))
    decided = {day.service_date: day for day in _issued(ordered, known, left)}
    open_ones = [day for day in ordered if day.service_date not in decided and _asks(day)]
    for day in open_ones:
        if waiver := _waiver(day, known):
            decided[day.service_date] = day.with_verdict(
                Verdict(gate=GATE, rests_on=frozenset({waiver.fact}))
            )
    waiting = [day for day in open_ones if day.service_date not in decided]
    options = {day.service_date: _options(day, known) for day in waiting}
    paid = assign(
        [
            Demand(
                on=day.service_date,
                units=units_asked(day),
                options=tuple(each.authorization_id for each in options[day.service_date]),
            )
            for day in waiting
        ],
        left,
    )
    for day in waiting:
        chosen = [
            each
            for each in options[day.service_date]
            if each.authorization_id == paid.get(day.service_date)
        ]
        decided[day.service_date] = (
            _with(day, chosen[0]) if chosen else _without(day, options[day.service_date], known)
        )
    return [decided.get(day.service_date, day) for day in ordered]


def _asks(day: ServiceDay) -> bool:
    return (
        day.rules is not None
        and day.rules.authorization_required
        and day.billable
        and bool(day.own_lines)
    )


def _issued(days: Sequence[ServiceDay], known: Known, left: dict[str, int]) -> Iterator[ServiceDay]:
    """Dates on claims that stand: units on issued claims stay.

    What such a day asks for beyond what its claim holds comes out of what is left, before any day
    that isn't issued: a correction doesn't overdraw either.
    """
    claims = standing(known.issued, known.adjudications)
    authorizations = {each.authorization_id: each for each in known.authorizations}
    held = units_held(claims)
    for day in days:
        carrying = _carrying(day, claims)
        if not carrying or day.rules is None or not day.rules.authorization_required:
            continue
        authorization_id = carrying[0].authorization_id
        authorization = authorizations.get(authorization_id)
        rests_on = frozenset(claim.fact for claim in carrying)
        units = more = units_asked(day) if _asks(day) and authorization_id else 0
        for claim in carrying:
            taken = min(more, held[claim.claim_id])
            held[claim.claim_id] -= taken
            more -= taken
        if authorization is not None and more:
            if left[authorization_id] < more:
                rests_on |= {authorization.fact}
                used_up = Verdict(gate=GATE, reason=USED_UP, rests_on=rests_on)
                yield day.with_verdict(used_up)
                continue
            left[authorization_id] -= more
        yield replace(
            day.with_verdict(Verdict(gate=GATE, rests_on=rests_on)),
            authorization_id=authorization_id,
            authorized_level=authorization.level_of_care if authorization else "",
            authorized_units=units,
        )


def _carrying(day: ServiceDay, claims: Sequence[IssuedClaim]) -> list[IssuedClaim]:
    """The claims that carry the day itself to this payer, under one authorization."""
    found = [
        claim
        for claim in sorted(claims, key=lambda each: each.claim_id)
        if claim.payer_id == day.payer_id
        and any(
            line.service_date == day.service_date and not line.ancillary for line in claim.lines
        )
    ]
    return [claim for claim in found if claim.authorization_id == found[0].authorization_id]


def _waiver(day: ServiceDay, known: Known) -> Waiver | None:
    """A named person's word that this date is billed without authorization."""
    said = [
        each
        for each in known.waivers
        if (each.payer_id, each.service_date) == (day.payer_id, day.service_date)
    ]
    return min(said, key=lambda each: each.fact, default=None)


def _options(day: ServiceDay, known: Known) -> list[Authorization]:
    """Authorizations that cover the day, the one that expires first before others."""
    found = [each for each in known.authorizations if not _unfit(each, day)]
    return sorted(
        found, key=lambda each: (each.effective_to, not each.site_id, each.authorization_id)
    )


def _with(day: ServiceDay, authorization: Authorization) -> ServiceDay:
    return replace(
        day.with_verdict(Verdict(gate=GATE, rests_on=frozenset({authorization.fact}))),
        authorization_id=authorization.authorization_id,
        authorized_level=authorization.level_of_care,
        authorized_units=units_asked(day),
    )


def _without(day: ServiceDay, options: Sequence[Authorization], known: Known) -> ServiceDay:
    """Used up; or what the nearest of the payer's authorizations for that date fails in."""
    if options:
        rests_on = frozenset(each.fact for each in options)
        used_up = Verdict(gate=GATE, reason=USED_UP, rests_on=rests_on)
        return day.with_verdict(used_up)
    reasons = {each.fact: _unfit(each, day) for each in known.authorizations}
    nearest = max(reasons.values(), key=NEARER.index, default=NEARER[0])
    rests_on = frozenset(fact for fact, reason in reasons.items() if reason == nearest != NEARER[0])
    return day.with_verdict(Verdict(gate=GATE, reason=nearest, rests_on=rests_on))


def _unfit(authorization: Authorization, day: ServiceDay) -> str:
    """Why the authorization doesn't cover the day; empty when it does."""
    if (
        day.rules is None
        or authorization.payer_id != day.payer_id
        or not authorization.effective_from <= day.service_date <= authorization.effective_to
    ):
        return "NO_AUTHORIZATION"
    if authorization.level_of_care != day.rules.billed_level:
        return "OTHER_LEVEL_AUTHORIZED"
    if authorization.unit != day.rules.authorization_unit:
        return "OTHER_UNIT_AUTHORIZED"
    if authorization.site_id not in ("", day.site_id):
        return "OTHER_SITE_AUTHORIZED"
    return ""
