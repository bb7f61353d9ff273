"""Allocation: which authorization pays for which day. Nothing is overdrawn; what is issued stays.

No day is on HOLD while a feasible assignment exists that also pays for the earlier ones (matching).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import product

from services.billing.domain.authorizations.ledger import (
    claims_holding_units,
    units_asked,
    units_held,
    units_left,
    units_on,
)
from services.billing.domain.authorizations.matching import Demand, assign
from services.billing.domain.claims.cuts import Carried, kept_of_one_client
from services.billing.domain.claims.in_force import in_force
from services.billing.domain.days.gates import Verdict
from services.billing.domain.days.service_day import ServiceDay, Share, resolve
from services.billing.domain.history.history import (
    Authorization,
    BillingHistory,
    IssuedClaim,
    Waiver,
    facts_of,
)
from services.billing.domain.reasons import Gate, Reason

# Why a date has no authorization, from the farthest to the nearest miss.
NEARER = (
    Reason.NO_AUTHORIZATION,
    Reason.OTHER_LEVEL_AUTHORIZED,
    Reason.OTHER_UNIT_AUTHORIZED,
    Reason.OTHER_SITE_AUTHORIZED,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """In the authorization's unit. `issued`: with what a void didn't return yet."""

    authorization: Authorization
    issued: int
    allocated: int


def allocate(days: Sequence[ServiceDay], history: BillingHistory) -> list[ServiceDay]:
    """The days with their authorization and final outcome, in order of date.

    First the dates on issued claims, which keep what they have. Then those that need an
    authorization, earlier dates first. Last, with what is left, those that can do without: dates
    that a named person bills so, and dates that were issued so; and issued dates that ask for more
    than is left of theirs. An authorization that is there goes before the word that none is.

    One that was put right is judged anew: of issued dates it pays, earliest first, those it covers
    now. A date that it pays no more is again one that needs an authorization.
    """
    ordered = sorted(days, key=lambda day: day.service_date)
    left = units_left(history.authorizations, claims_holding_units(history))
    decided = {day.service_date: day for day in _issued(ordered, history, left)}
    open_ones = [day for day in ordered if day.service_date not in decided and _asks(day)]
    claims = in_force(history.issued)
    without = {
        day.service_date: verdict
        for day in open_ones
        if (verdict := _without(day, claims, history))
    }
    for round_ in (
        [day for day in open_ones if day.service_date not in without],
        [day for day in open_ones if day.service_date in without],
    ):
        for day, shares in _assigned(round_, history, left):
            if shares:
                for share in shares:
                    left[share.authorization_id] -= share.units
                decided[day.service_date] = _paid(day, shares, history)
            else:
                verdict = without.get(day.service_date) or _lacking(day, history)
                decided[day.service_date] = day.with_verdict(verdict)
    return [decided.get(day.service_date, day) for day in ordered]


def balances(history: BillingHistory) -> list[Balance]:
    """Every authorization of the client that wasn't taken back, in order of their first days."""
    issued = units_on(claims_holding_units(history))
    allocated: dict[str, int] = {}
    carried = Carried.on(in_force(history.issued))
    for day in allocate(resolve(history), history):
        if day.billable and day.service_date not in carried.dates:
            for share in (day.paid_at(day.site_id), *day.shares):
                taken = allocated.get(share.authorization_id, 0)
                allocated[share.authorization_id] = taken + share.units
    return [
        Balance(
            authorization=authorization,
            issued=issued.get(authorization.authorization_id, 0),
            allocated=allocated.get(authorization.authorization_id, 0),
        )
        for authorization in sorted(
            (said for said in history.authorizations if not said.taken_back),
            key=lambda authorization: (
                authorization.effective_from,
                authorization.authorization_id,
            ),
        )
    ]


def uncovered(history: BillingHistory, authorization_id: str) -> dict[str, tuple[date, ...]]:
    """Claim in force → dates that it took of the authorization, which doesn't pay them now."""
    days = allocate(resolve(history), history)
    found = {
        claim.claim_id: tuple(
            day.service_date
            for day in days
            if day.rules is not None
            and day.rules.authorization_required
            and _carrying(day, [claim], history.client_id)
            and day.paid_at(claim.site_id).authorization_id != authorization_id
        )
        for claim in in_force(history.issued)
        if claim.authorization_id == authorization_id
    }
    return {claim_id: dates for claim_id, dates in found.items() if dates}


def _assigned(
    days: Sequence[ServiceDay], history: BillingHistory, left: Mapping[str, int]
) -> list[tuple[ServiceDay, tuple[Share, ...]]]:
    """Each day with what pays for it, if anything, so that as many as possible are paid for."""
    options = {
        day.service_date: {
            tuple((share.authorization_id, share.units) for share in shares): shares
            for shares in _options(day, history)
        }
        for day in days
    }
    paid = assign([Demand(on, tuple(of_day)) for on, of_day in options.items()], left)
    return [
        (day, options[day.service_date].get(paid.get(day.service_date, ()), ())) for day in days
    ]


def _asks(day: ServiceDay) -> bool:
    return (
        day.rules is not None
        and day.rules.authorization_required
        and day.billable
        and bool(day.own_lines)
    )


def _issued(
    days: Sequence[ServiceDay], history: BillingHistory, left: dict[str, int]
) -> Iterator[ServiceDay]:
    """Dates on claims that stand, and keep their authorization: units on issued claims stay.

    What such a day asks for beyond what its claim holds comes out of what is left, before any day
    that isn't issued: a correction doesn't overdraw either. Where that isn't enough, or where the
    claim was issued without, the day isn't decided here: it may find another. So it may where its
    authorization was put right, and covers it no more.
    """
    claims = in_force(history.issued)
    held = units_held(claims)
    put_right = _put_right(history)
    room = {said.authorization_id: said.units for said in put_right}
    for day in days:
        carrying = _carrying(day, claims, history.client_id)
        if not carrying or day.rules is None or not day.rules.authorization_required:
            continue
        if _asks(day) and not all(claim.authorization_id for claim in carrying):
            continue
        shares = list(_shares_of(carrying, day))
        if any(_uncovered(share, day, said, room) for share in shares for said in put_right):
            continue
        more = {}
        for share in shares:
            lacking = share.units
            for claim in carrying:
                if claim.authorization_id == share.authorization_id:
                    taken = min(lacking, held[claim.claim_id])
                    held[claim.claim_id] -= taken
                    lacking -= taken
            more[share.authorization_id] = lacking if share.authorization_id in left else 0
        if any(
            units and left[authorization_id] < units for authorization_id, units in more.items()
        ):
            continue
        for authorization_id, units in more.items():
            if units:
                left[authorization_id] -= units
        for share in shares:
            if share.authorization_id in room:
                room[share.authorization_id] -= share.units
        facts = facts_of(carrying)
        yield _paid(day, shares, history, facts)


def _put_right(history: BillingHistory) -> list[Authorization]:
    return [said for said in history.authorizations if said.put_right]


def _uncovered(share: Share, day: ServiceDay, said: Authorization, room: Mapping[str, int]) -> bool:
    """Whether that authorization paid the share, and as it is said now doesn't."""
    if share.authorization_id != said.authorization_id or not share.units:
        return False
    return share.units > room[said.authorization_id] or bool(_unfit(said, day.at(share.sites)))


def _shares_of(carrying: Sequence[IssuedClaim], day: ServiceDay) -> Iterator[Share]:
    """What the authorizations of issued claims pay of the day now: of one the whole."""
    sites: dict[str, set[str]] = {}
    for claim in carrying:
        sites.setdefault(claim.authorization_id, set()).add(claim.site_id)
    for authorization_id, of_it in sites.items():
        part = day if len(sites) == 1 else day.at(of_it)
        units = units_asked(part) if _asks(part) else 0
        yield Share(sites=frozenset(of_it), authorization_id=authorization_id, units=units)


def _carrying(
    day: ServiceDay, claims: Sequence[IssuedClaim], survivor_id: str
) -> list[IssuedClaim]:
    """The claims that carry the day itself to this payer, of each site under one authorization.

    What was issued with and without one for one site, or beside it, goes by those that have one. Of
    merged clients, whose claims carry it both, those of the one that keeps it.
    """
    found = [
        claim
        for claim in sorted(claims, key=lambda claim: (not claim.authorization_id, claim.claim_id))
        if claim.payer_id == day.payer_id
        and any(
            line.service_date == day.service_date and not line.ancillary for line in claim.lines
        )
    ]
    if len({claim.client_id for claim in found}) > 1:
        found = kept_of_one_client(found, day, survivor_id)
    of_site = {(claim.site_id, claim.authorization_id) for claim in found}
    if all(of_it for _, of_it in of_site) and len({site for site, _ in of_site}) == len(of_site):
        return found
    return [claim for claim in found if claim.authorization_id == found[0].authorization_id]


def _without(
    day: ServiceDay, claims: Sequence[IssuedClaim], history: BillingHistory
) -> Verdict | None:
    """What is said of a day that can do without, or that is issued; None: it waits for units."""
    if waiver := _waiver(day, history):
        return Verdict(Gate.AUTHORIZATION, rests_on=frozenset({waiver.fact}))
    carrying = _carrying(day, claims, history.client_id)
    if not carrying:
        return None
    rests_on = facts_of(carrying)
    taken_of = {claim.authorization_id for claim in carrying}
    if taken_of & {said.authorization_id for said in _put_right(history)}:
        return None
    if taken_of == {""}:
        return Verdict(Gate.AUTHORIZATION, rests_on=rests_on)
    rests_on |= _facts_of_those(taken_of, history)
    return Verdict(Gate.AUTHORIZATION, Reason.AUTHORIZATION_USED_UP, rests_on=rests_on)


def _waiver(day: ServiceDay, history: BillingHistory) -> Waiver | None:
    """A named person's word that this date is billed without authorization."""
    said = [
        waiver
        for waiver in history.waivers
        if (waiver.payer_id, waiver.service_date) == (day.payer_id, day.service_date)
    ]
    return min(said, key=lambda waiver: waiver.fact, default=None)


def _options(day: ServiceDay, history: BillingHistory) -> list[tuple[Share, ...]]:
    """What may pay for the day: an authorization for all its sites; else several, site by site."""
    found: list[tuple[Share, ...]] = [
        (
            Share(
                sites=day.sites,
                authorization_id=authorization.authorization_id,
                units=units_asked(day),
            ),
        )
        for authorization in _covering(day, history)
    ]
    sites = sorted(day.sites, key=lambda site_id: (site_id != day.site_id, site_id))
    for chosen in product(*(_covering(day.at({site_id}), history) for site_id in sites)):
        by_id: dict[str, set[str]] = {}
        for site_id, authorization in zip(sites, chosen, strict=True):
            by_id.setdefault(authorization.authorization_id, set()).add(site_id)
        if len(by_id) > 1:
            found.append(
                tuple(
                    Share(
                        sites=frozenset(at),
                        authorization_id=authorization_id,
                        units=units_asked(day.at(at)),
                    )
                    for authorization_id, at in by_id.items()
                )
            )
    return found


def _covering(day: ServiceDay, history: BillingHistory) -> list[Authorization]:
    """Authorizations that cover all of it, the one that expires first before others."""
    found = [
        authorization for authorization in history.authorizations if not _unfit(authorization, day)
    ]
    return sorted(
        found,
        key=lambda authorization: (
            authorization.effective_to,
            not authorization.site_id,
            authorization.authorization_id,
        ),
    )


def _paid(
    day: ServiceDay,
    shares: Sequence[Share],
    history: BillingHistory,
    rests_on: frozenset[str] = frozenset(),
) -> ServiceDay:
    """The day with what pays for it, its own site's before others'; on issued claims, or on the
    authorizations themselves."""
    authorizations = {
        authorization.authorization_id: authorization for authorization in history.authorizations
    }
    first, *others = sorted(shares, key=lambda share: day.site_id not in share.sites)
    authorization = authorizations.get(first.authorization_id)
    facts = rests_on or frozenset(authorizations[share.authorization_id].fact for share in shares)
    return replace(
        day.with_verdict(Verdict(Gate.AUTHORIZATION, rests_on=facts)),
        authorization_id=first.authorization_id,
        authorized_level=authorization.level_of_care if authorization else "",
        authorized_units=first.units,
        shares=tuple(others),
    )


def _lacking(day: ServiceDay, history: BillingHistory) -> Verdict:
    """Used up; or what the nearest of the payer's authorizations for that date fails in."""
    if options := _options(day, history):
        ids = {share.authorization_id for shares in options for share in shares}
        rests_on = _facts_of_those(ids, history)
        return Verdict(Gate.AUTHORIZATION, Reason.AUTHORIZATION_USED_UP, rests_on=rests_on)
    reasons = {
        authorization.fact: reason
        for authorization in history.authorizations
        if (reason := _unfit(authorization, day)) is not None
    }
    nearest = max(reasons.values(), key=NEARER.index, default=NEARER[0])
    rests_on = frozenset(fact for fact, reason in reasons.items() if reason == nearest != NEARER[0])
    return Verdict(Gate.AUTHORIZATION, nearest, rests_on=rests_on)


def _unfit(authorization: Authorization, day: ServiceDay) -> Reason | None:
    """Why the authorization doesn't cover the day; None when it does."""
    if (
        day.rules is None
        or authorization.taken_back
        or authorization.payer_id != day.payer_id
        or not authorization.effective_from <= day.service_date <= authorization.effective_to
    ):
        return Reason.NO_AUTHORIZATION
    if authorization.level_of_care != day.rules.billed_level:
        return Reason.OTHER_LEVEL_AUTHORIZED
    if authorization.unit != day.rules.authorization_unit:
        return Reason.OTHER_UNIT_AUTHORIZED
    if authorization.site_id and day.sites != {authorization.site_id}:
        return Reason.OTHER_SITE_AUTHORIZED
    return None


def _facts_of_those(ids: Collection[str], history: BillingHistory) -> frozenset[str]:
    return facts_of(
        authorization
        for authorization in history.authorizations
        if authorization.authorization_id in ids
    )
