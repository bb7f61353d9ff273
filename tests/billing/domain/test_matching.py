"""Matching beyond what it keeps: a day may wait, and nothing is ever overdrawn."""

from collections import Counter
from datetime import date, timedelta
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.billing.domain.authorizations import matching
from services.billing.domain.authorizations.matching import Demand, Option, assign

START = date(2026, 3, 2)


def demands(*asked: tuple[int, str]) -> list[Demand]:
    """Consecutive dates: units, and the authorizations they may come from."""
    return [
        Demand(START + timedelta(days=n), tuple(((option, units),) for option in options))
        for n, (units, options) in enumerate(asked)
    ]


def used(found: dict[date, Option]) -> Counter[str]:
    taken = Counter[str]()
    for option in found.values():
        taken.update(dict(option))
    return taken


def paid(asked: list[Demand], left: dict[str, int]) -> dict[date, str]:
    """Date → the one authorization that pays for it."""
    return {on: authorization_id for on, ((authorization_id, _),) in assign(asked, left).items()}


def test_of_several_ways_the_preferred_is_taken() -> None:
    asked = demands((1, "ab"), (1, "ab"))
    assert list(paid(asked, {"a": 1, "b": 1}).values()).count("a") == 1
    assert paid(asked, {"a": 1, "b": 1})[START] == "a"
    assert paid(asked, {"a": 2, "b": 2}) == dict.fromkeys((answer.on for answer in asked), "a")


def test_a_later_day_moves_an_earlier_one_to_another_authorization() -> None:
    asked = demands((1, "ab"), (1, "a"))
    assert paid(asked, {"a": 1, "b": 1}) == {START: "b", START + timedelta(days=1): "a"}


def test_a_day_without_an_authorization_changes_nothing() -> None:
    asked = demands((1, "a"), (1, ""), (1, "a"))
    assert assign(asked, {"a": 2}).keys() == {START, START + timedelta(days=2)}


def test_what_takes_two_authorizations_takes_both_or_none() -> None:
    both = Demand(START, (((("a", 1), ("b", 1))),))
    asked = [both, *demands((1, ""), (1, "a"))[1:]]
    assert used(assign(asked, {"a": 1, "b": 1})) == {"a": 1, "b": 1}
    assert assign(asked, {"a": 1, "b": 0}).keys() == {START + timedelta(days=1)}


def test_an_authorization_that_is_overdrawn_already_pays_nothing() -> None:
    assert assign(demands((1, "a")), {"a": -3}) == {}


ASKED = some.lists(
    some.tuples(some.integers(1, 9), some.sets(some.sampled_from("abcd")).map(sorted)), max_size=9
).map(lambda drawn: demands(*((units, "".join(options)) for units, options in drawn)))
LEFT = some.fixed_dictionaries(dict.fromkeys("abcd", some.integers(0, 15)))


@given(ASKED, LEFT, some.integers(1, 3))
def test_nothing_is_overdrawn_even_where_only_few_possibilities_are_kept(
    asked: list[Demand], left: dict[str, int], most: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(matching, "MOST_STATES", most)
        found = assign(asked, left)
    assert all(found[answer.on] in answer.options for answer in asked if answer.on in found)
    assert all(units <= left[option] for option, units in used(found).items())


def test_half_a_year_of_overlapping_authorizations_takes_no_time_to_speak_of() -> None:
    asked = demands(*((12, "abc") for _ in range(140)))
    begun = process_time()
    found = assign(asked, {"a": 500, "b": 400, "c": 700})
    assert process_time() - begun < 10
    assert len(found) == 500 // 12 + 400 // 12 + 700 // 12
