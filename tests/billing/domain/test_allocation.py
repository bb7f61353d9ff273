"""Authorizations are never overdrawn, issued days stay, and no day waits that could be paid."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.billing.domain.authorizations.allocation import allocate
from services.billing.domain.authorizations.ledger import units_left
from services.billing.domain.days.service_day import ServiceDay, resolve
from services.billing.domain.history.history import (
    Adjudication,
    Authorization,
    BillingHistory,
    IssuedClaim,
    Waiver,
)
from services.billing.domain.payers.rules import TimedUnits
from tests.harness.billing.history import (
    ENROLLMENT,
    MONDAY,
    attended,
    authorization,
    billable,
    confirmed,
    day,
    days_of,
    issued,
    session,
)

SPAN = 12


def largest(
    days: Sequence[int],
    authorizations: Sequence[Authorization],
    sites: Mapping[int, str] | None = None,
) -> int:
    """How many days can be paid at all: a maximum matching, by augmenting paths."""
    units = [granted for granted in authorizations for _ in range(granted.units)]
    taken: dict[int, int] = {}

    def place(number: int, tried: set[int]) -> bool:
        site = (sites or {}).get(number, "site")
        for unit, granted in enumerate(units):
            fits = granted.effective_from <= day(number) <= granted.effective_to
            if unit in tried or not fits or granted.site_id not in ("", site):
                continue
            tried.add(unit)
            if unit not in taken or place(taken[unit], tried):
                taken[unit] = number
                return True
        return False

    return sum(place(number, set()) for number in days)


def paid(days: Sequence[ServiceDay]) -> list[ServiceDay]:
    return [billed for billed in days if billed.outcome == "PER_DIEM"]


def assert_not_overdrawn(
    days: Sequence[ServiceDay],
    authorizations: Sequence[Authorization],
    claims: Sequence[IssuedClaim] = (),
) -> None:
    carried = {line.service_date for claim in claims for line in claim.lines}
    left = units_left(authorizations, claims)
    for granted in authorizations:
        used = [
            found
            for found in paid(days)
            if found.authorization_id == granted.authorization_id
            and found.service_date not in carried
        ]
        assert len(used) <= left[granted.authorization_id]
        assert all(
            granted.effective_from <= found.service_date <= granted.effective_to for found in used
        )
        assert all(granted.site_id in ("", found.site_id) for found in used)


AUTHORIZATIONS = some.lists(
    some.tuples(
        some.integers(0, 4),
        some.integers(0, SPAN),
        some.integers(0, SPAN),
        some.sampled_from(["", "", "site", "other"]),
    ),
    max_size=5,
).map(
    lambda drawn: tuple(
        authorization(units, min(a, b), max(a, b), name=f"a{n}", site_id=site)
        for n, (units, a, b, site) in enumerate(drawn)
    )
)
DAYS = some.sets(some.integers(0, SPAN), max_size=9).map(sorted)


def at_sites(days: Sequence[int], sites: Mapping[int, str], **changes: Any) -> BillingHistory:
    """Billable days, each at one of two sites."""
    return billable(
        *map(day, days),
        sessions=tuple(session(day(n), site_id=sites[n]) for n in days),
        attendances=tuple(attended(day(n), site_id=sites[n]) for n in days),
        enrollments=(ENROLLMENT, replace(ENROLLMENT, fact="e2", site_id="other")),
        **changes,
    )


@given(DAYS, AUTHORIZATIONS, some.randoms(), some.data())
def test_no_day_waits_while_a_feasible_assignment_exists(
    days: list[int],
    authorizations: tuple[Authorization, ...],
    random: Any,
    data: some.DataObject,
) -> None:
    sites = {n: data.draw(some.sampled_from(["site", "other"])) for n in days}
    shuffled = tuple(random.sample(authorizations, len(authorizations)))
    found = days_of(at_sites(days, sites, authorizations=shuffled))
    assert len(paid(found)) == largest(days, authorizations, sites)
    assert_not_overdrawn(found, authorizations)
    for number, billed in zip(days, found, strict=True):
        # Earlier days have priority: a day waits only if no assignment pays it with those before.
        before = [n for n in days if n < number and n_paid(found, days, n)]
        fits = largest([*before, number], authorizations, sites) == len(before) + 1
        assert (billed.outcome == "PER_DIEM") == fits


def n_paid(found: Sequence[ServiceDay], days: Sequence[int], number: int) -> bool:
    return found[days.index(number)].outcome == "PER_DIEM"


def test_a_site_bound_authorization_leaves_the_general_one_to_whom_needs_it() -> None:
    """The general one expires first, and still the first day may not take it."""
    own = authorization(1, 0, 20, name="own", site_id="site")
    general = authorization(1, 0, 10, name="general")
    history = at_sites([0, 1], {0: "site", 1: "other"}, authorizations=(own, general))
    found = days_of(history)
    assert [billed.authorization_id for billed in found] == ["own", "general"]


@given(DAYS, AUTHORIZATIONS, some.data())
def test_what_is_issued_stays_whatever_comes_later(
    days: list[int], authorizations: tuple[Authorization, ...], data: some.DataObject
) -> None:
    """Some days are issued; then earlier days, and other authorizations, turn up."""
    first = paid(days_of(billable(*map(day, days), authorizations=authorizations)))
    sent = [found for found in first if data.draw(some.booleans())]
    claims = tuple(
        issued(found.service_date, name=str(n), authorization_id=found.authorization_id)
        for n, found in enumerate(sent)
    )
    late = data.draw(DAYS)
    more = tuple(
        replace(authorization, authorization_id=f"b{n}", fact=f"b{n}")
        for n, authorization in enumerate(data.draw(AUTHORIZATIONS))
    )
    everyday = sorted({*days, *late})
    all_of_them = authorizations + more
    history = billable(*map(day, everyday), authorizations=all_of_them, issued=claims)
    found = days_of(history)
    assert_not_overdrawn(found, all_of_them, claims)
    now = {billed.service_date: billed for billed in found}
    for billed in sent:
        assert now[billed.service_date].outcome == "PER_DIEM"
        assert now[billed.service_date].authorization_id == billed.authorization_id
    left = units_left(all_of_them, claims)
    rest = [number for number in everyday if day(number) not in {s.service_date for s in sent}]
    remaining = [replace(billed, units=left[billed.authorization_id]) for billed in all_of_them]
    assert len(paid(found)) - len(sent) == largest(rest, remaining)


def test_the_authorization_that_expires_first_is_used_first() -> None:
    long, short = authorization(5, 0, 20, name="long"), authorization(1, 0, 1, name="short")
    found = days_of(billable(MONDAY, day(1), authorizations=(long, short)))
    assert [billed.authorization_id for billed in found] == ["short", "long"]


def test_a_day_beyond_the_units_is_on_hold_and_says_which_are_used_up() -> None:
    first, second = days_of(billable(MONDAY, day(1), authorizations=(authorization(1),)))
    assert first.outcome == "PER_DIEM"
    assert (second.outcome, second.reasons) == ("HOLD", ("AUTHORIZATION_USED_UP",))
    assert "authorization a" in second.rests_on


def test_a_day_that_no_authorization_fits_says_what_the_nearest_fails_in_and_rests_on_it() -> None:
    elsewhere = authorization(5, name="elsewhere", site_id="another site")
    level = authorization(5, name="level", level_of_care="3.1")
    past = authorization(5, -20, -10, name="past")
    [found] = days_of(billable(MONDAY, authorizations=(past, level, elsewhere)))
    assert found.reasons == ("OTHER_SITE_AUTHORIZED",)
    named = {fact for fact in found.rests_on if fact.startswith("authorization ")}
    assert named == {"authorization elsewhere"}
    [found] = days_of(billable(MONDAY, authorizations=(past,)))
    assert found.reasons == ("NO_AUTHORIZATION",)
    assert "authorization past" not in found.rests_on


def test_a_late_earlier_day_pushes_an_unissued_day_to_hold_but_never_an_issued_one() -> None:
    one = (authorization(1),)
    late = billable(MONDAY, day(1), authorizations=one)
    assert [billed.outcome for billed in days_of(late)] == ["PER_DIEM", "HOLD"]
    after = replace(late, issued=(issued(day(1)),))
    assert [billed.outcome for billed in days_of(after)] == ["HOLD", "PER_DIEM"]


def test_a_day_that_waits_for_something_else_takes_no_unit() -> None:
    history = billable(MONDAY, day(1), authorizations=(authorization(1),))
    unsigned = replace(history, notes=history.notes[1:])
    first, second = days_of(unsigned)
    assert (first.outcome, first.reasons) == ("HOLD", ("NOTE_UNSIGNED",))
    assert second.outcome == "PER_DIEM"


# Units other than days


TIMED = TimedUnits(code="H0015", modifiers=("HF",), unit_minutes=15, rounding="DOWN")
BY_UNITS = confirmed(bill_by="TIMED_UNITS", timed_units=TIMED, authorization_unit="UNITS")


def in_units(minutes: Sequence[int], authorizations: tuple[Authorization, ...]) -> BillingHistory:
    """Consecutive days of these minutes, fifteen of which are a unit."""
    days = [day(n) for n in range(len(minutes))]
    return billable(
        *days,
        attendances=tuple(
            attended(on, minutes_attended)
            for on, minutes_attended in zip(days, minutes, strict=True)
        ),
        confirmed=(BY_UNITS,),
        authorizations=tuple(replace(granted, unit="UNITS") for granted in authorizations),
    )


def payable(demands: Sequence[tuple[int, int]], authorizations: Sequence[Authorization]) -> bool:
    """Whether all of these (day, units) can be paid: every assignment is tried."""
    options = [
        [
            granted.authorization_id
            for granted in authorizations
            if granted.effective_from <= day(number) <= granted.effective_to
        ]
        for number, _ in demands
    ]
    for chosen in product(*options):
        used = Counter[str]()
        for (_, units), authorization_id in zip(demands, chosen, strict=True):
            used[authorization_id] += units
        if all(used[granted.authorization_id] <= granted.units for granted in authorizations):
            return True
    return False


# Most of them overlap: that is where taking the first that fits goes wrong.
UNITS_OF_THREE = some.lists(
    some.tuples(some.integers(0, 16), some.integers(0, 2), some.integers(2, 6)), max_size=3
).map(
    lambda drawn: tuple(
        authorization(units, start, end, name=f"a{n}")
        for n, (units, start, end) in enumerate(drawn)
    )
)


def test_a_day_of_few_units_leaves_room_for_one_of_many() -> None:
    """Taken where the first expires, three units would leave five to nobody."""
    small, large = authorization(3, 0, 9, name="small"), authorization(5, 0, 8, name="large")
    found = days_of(in_units([45, 75], (large, small)))
    assert [billed.authorization_id for billed in found] == ["small", "large"]


@given(some.lists(some.integers(1, 12), max_size=6), UNITS_OF_THREE)
def test_a_day_of_many_units_waits_only_if_nothing_pays_it_with_the_earlier_ones(
    units: list[int], authorizations: tuple[Authorization, ...]
) -> None:
    found = days_of(in_units([unit * 15 for unit in units], authorizations))
    before: list[tuple[int, int]] = []
    used = Counter[str]()
    for number, (asked, billed) in enumerate(zip(units, found, strict=True)):
        assert billed.billable == payable([*before, (number, asked)], authorizations)
        if billed.billable:
            before.append((number, asked))
            assert billed.authorized_units == asked
            used[billed.authorization_id] += asked
    assert all(used[granted.authorization_id] <= granted.units for granted in authorizations)


def test_a_day_too_large_for_what_is_left_leaves_it_to_a_smaller_one() -> None:
    found = days_of(in_units([180, 180, 60], (authorization(16),)))
    assert [(billed.outcome, billed.reasons) for billed in found] == [
        ("DISCRETE", ()),
        ("HOLD", ("AUTHORIZATION_USED_UP",)),
        ("DISCRETE", ()),
    ]


# Issued claims


def test_a_claim_that_was_replaced_or_voided_gives_its_units_back() -> None:
    one = (authorization(1),)
    history = billable(MONDAY, day(1), authorizations=one)
    original = issued(MONDAY, authorized_units=1)
    void = issued(MONDAY, name="v", frequency="8", corrects_claim_id=original.claim_id)
    after = replace(history, attendances=history.attendances[1:], issued=(original,))
    assert [billed.outcome for billed in days_of(after)] == ["HOLD"]
    assert [billed.outcome for billed in days_of(replace(after, issued=(original, void)))] == [
        "PER_DIEM"
    ]
    replacement = issued(
        day(1), name="r", frequency="7", corrects_claim_id=original.claim_id, authorized_units=1
    )
    [found] = days_of(replace(after, issued=(original, replacement)))
    assert (found.outcome, found.authorization_id) == ("PER_DIEM", "a")
    assert "issued r" in found.rests_on


@pytest.mark.parametrize("named", ["claim v", "claim 1"])
def test_where_the_payer_says_so_units_return_only_with_a_processed_void(named: str) -> None:
    rules = confirmed(units_return="VOID_PROCESSED")
    original = issued(MONDAY, authorized_units=1)
    void = issued(MONDAY, name="v", frequency="8", corrects_claim_id=original.claim_id)
    history = billable(
        day(1), authorizations=(authorization(1),), confirmed=(rules,), issued=(original, void)
    )
    assert [billed.outcome for billed in days_of(history)] == ["HOLD"]

    def answered(status: str) -> BillingHistory:
        answer = Adjudication(
            fact="answer",
            claim_id=named,
            payer_control_number="1",
            status=status,
            adjudicated_on=day(9),
        )
        return replace(history, adjudications=(answer,))

    assert [billed.outcome for billed in days_of(answered("PAID"))] == ["HOLD"]
    assert [billed.outcome for billed in days_of(answered("REVERSED"))] == ["PER_DIEM"]


def test_a_correction_that_asks_for_more_units_does_not_overdraw_either() -> None:
    history = in_units([180, 60], (authorization(12),))
    sent = issued(MONDAY, authorized_units=8)
    first, second = days_of(replace(history, issued=(sent,)))
    assert (first.outcome, first.authorized_units) == ("DISCRETE", 12)  # 8 of its own, 4 left
    assert (second.outcome, second.reasons) == ("HOLD", ("AUTHORIZATION_USED_UP",))
    less = in_units([180, 60], (authorization(10),))
    first, second = days_of(replace(less, issued=(sent,)))
    assert (first.outcome, first.reasons) == ("HOLD", ("AUTHORIZATION_USED_UP",))
    assert (second.outcome, second.reasons) == ("HOLD", ("AUTHORIZATION_USED_UP",))


def test_a_day_on_two_claims_is_held_once() -> None:
    """Two clinicians, two claims of one day: the first says what the day takes."""
    claims = (
        issued(MONDAY, name="1", authorized_units=1),
        issued(MONDAY, name="2", authorized_units=0),
    )
    assert units_left((authorization(5),), claims) == {"a": 4}
    assert units_left((authorization(5),), claims[1:]) == {"a": 4}  # an older release's


# Waivers


def test_a_day_that_a_named_person_bills_without_authorization_takes_none() -> None:
    waiver = Waiver(fact="waived", payer_id="payer", service_date=MONDAY)
    for units, outcomes in ((0, ["PER_DIEM", "HOLD"]), (1, ["PER_DIEM", "PER_DIEM"])):
        history = billable(
            MONDAY, day(1), authorizations=(authorization(units),), waivers=(waiver,)
        )
        first, second = days_of(history)
        assert [first.outcome, second.outcome] == outcomes
        assert (first.authorization_id, first.authorized_units) == ("", 0)
        assert "waived" in first.rests_on
        assert "waived" not in second.rests_on


@pytest.mark.parametrize(("payer", "on"), [("other", 0), ("payer", 1)])
def test_a_waiver_is_of_one_date_and_payer(payer: str, on: int) -> None:
    waiver = Waiver(fact="waived", payer_id=payer, service_date=day(on))
    [found] = days_of(billable(MONDAY, authorizations=(), waivers=(waiver,)))
    assert (found.outcome, found.reasons) == ("HOLD", ("NO_AUTHORIZATION",))


def test_a_waiver_opens_no_other_gate() -> None:
    waiver = Waiver(fact="waived", payer_id="payer", service_date=MONDAY)
    [found] = days_of(billable(MONDAY, notes=(), waivers=(waiver,)))
    assert (found.outcome, found.reasons) == ("HOLD", ("NOTE_UNSIGNED",))


def test_allocation_does_not_care_in_which_order_days_come() -> None:
    history = billable(*(day(n) for n in range(5)), authorizations=(authorization(3),))
    days = resolve(history)
    assert allocate(days[::-1], history) == allocate(days, history)
    assert days[-1].service_date - days[0].service_date == timedelta(days=4)
