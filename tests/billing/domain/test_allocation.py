"""Authorizations are never overdrawn, issued days stay, and no day waits that could be paid."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as some

from services.billing.domain.allocation import allocate, units_left
from services.billing.domain.known import Authorization, IssuedClaim
from services.billing.domain.service_day import ServiceDay, resolve
from tests.billing.known import MONDAY, authorization, billable, day, days_of, issued

SPAN = 12


def largest(days: Sequence[int], authorizations: Sequence[Authorization]) -> int:
    """How many days can be paid at all: a maximum matching, by augmenting paths."""
    units = [
        (each.effective_from, each.effective_to)
        for each in authorizations
        for _ in range(each.units)
    ]
    taken: dict[int, int] = {}

    def place(number: int, tried: set[int]) -> bool:
        for unit, (first, last) in enumerate(units):
            if unit in tried or not first <= day(number) <= last:
                continue
            tried.add(unit)
            if unit not in taken or place(taken[unit], tried):
                taken[unit] = number
                return True
        return False

    return sum(place(number, set()) for number in days)


def paid(days: Sequence[ServiceDay]) -> list[ServiceDay]:
    return [each for each in days if each.outcome == "PER_DIEM"]


def assert_not_overdrawn(
    days: Sequence[ServiceDay],
    authorizations: Sequence[Authorization],
    claims: Sequence[IssuedClaim] = (),
) -> None:
    carried = {line.service_date for claim in claims for line in claim.lines}
    left = units_left(authorizations, claims)
    for each in authorizations:
        used = [
            found
            for found in paid(days)
            if found.authorization_id == each.authorization_id and found.service_date not in carried
        ]
        assert len(used) <= left[each.authorization_id]
        assert all(each.effective_from <= found.service_date <= each.effective_to for found in used)


AUTHORIZATIONS = some.lists(
    some.tuples(some.integers(0, 4), some.integers(0, SPAN), some.integers(0, SPAN)), max_size=5
).map(
    lambda each: tuple(
        authorization(units, min(a, b), max(a, b), name=f"a{n}")
        for n, (units, a, b) in enumerate(each)
    )
)
DAYS = some.sets(some.integers(0, SPAN), max_size=9).map(sorted)


@given(DAYS, AUTHORIZATIONS, some.randoms())
def test_no_day_waits_while_a_feasible_assignment_exists(
    days: list[int], authorizations: tuple[Authorization, ...], random: object
) -> None:
    shuffled = list(authorizations)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    known = billable(*map(day, days), authorizations=tuple(shuffled))
    found = days_of(known)
    assert len(paid(found)) == largest(days, authorizations)
    assert_not_overdrawn(found, authorizations)


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
        replace(each, authorization_id=f"b{n}", fact=f"b{n}")
        for n, each in enumerate(data.draw(AUTHORIZATIONS))
    )
    everyday = sorted({*days, *late})
    all_of_them = authorizations + more
    known = billable(*map(day, everyday), authorizations=all_of_them, issued=claims)
    found = days_of(known)
    assert_not_overdrawn(found, all_of_them, claims)
    now = {each.service_date: each for each in found}
    for each in sent:
        assert now[each.service_date].outcome == "PER_DIEM"
        assert now[each.service_date].authorization_id == each.authorization_id
    left = units_left(all_of_them, claims)
    rest = [number for number in everyday if day(number) not in {s.service_date for s in sent}]
    remaining = [replace(each, units=left[each.authorization_id]) for each in all_of_them]
    assert len(paid(found)) - len(sent) == largest(rest, remaining)


def test_the_authorization_that_expires_first_is_used_first() -> None:
    long, short = authorization(5, 0, 20, name="long"), authorization(1, 0, 1, name="short")
    found = days_of(billable(MONDAY, day(1), authorizations=(long, short)))
    assert [each.authorization_id for each in found] == ["short", "long"]


def test_a_day_beyond_the_units_is_on_hold_and_says_which_are_used_up() -> None:
    first, second = days_of(billable(MONDAY, day(1), authorizations=(authorization(1),)))
    assert first.outcome == "PER_DIEM"
    assert (second.outcome, second.reasons) == ("HOLD", ("AUTHORIZATION_USED_UP",))
    assert "authorization a" in second.rests_on


def test_a_late_earlier_day_pushes_an_unissued_day_to_hold_but_never_an_issued_one() -> None:
    one = (authorization(1),)
    late = billable(MONDAY, day(1), authorizations=one)
    assert [each.outcome for each in days_of(late)] == ["PER_DIEM", "HOLD"]
    after = replace(late, issued=(issued(day(1)),))
    assert [each.outcome for each in days_of(after)] == ["HOLD", "PER_DIEM"]


def test_a_day_that_waits_for_something_else_takes_no_unit() -> None:
    known = billable(MONDAY, day(1), authorizations=(authorization(1),))
    unsigned = replace(known, notes=known.notes[1:])
    first, second = days_of(unsigned)
    assert (first.outcome, first.reasons) == ("HOLD", ("NOTE_UNSIGNED",))
    assert second.outcome == "PER_DIEM"


def test_allocation_does_not_care_in_which_order_days_come() -> None:
    known = billable(*(day(n) for n in range(5)), authorizations=(authorization(3),))
    days = resolve(known)
    assert allocate(days[::-1], known) == allocate(days, known)
    assert days[-1].service_date - days[0].service_date == timedelta(days=4)
