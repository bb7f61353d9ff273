"""A claim that named the client otherwise than is true: who says so, and what the payer wants."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain.claims.parties import amended_since
from services.billing.domain.claims.rows import ProposalRow
from services.billing.domain.history.history import (
    BillingHistory,
    IdentityAmended,
    IdentityPeriod,
    MembershipAmended,
)
from tests.harness.billing.history import billable, confirmed, day, issued, rows_of

FIRST = IdentityPeriod(since=None, name=1, birth_date=1, sex=1)


def identity(version: int, *periods: IdentityPeriod, sequence: int = 0) -> IdentityAmended:
    return IdentityAmended(
        fact=f"identity {version}",
        sequence=sequence or version,
        version=version,
        periods=periods,
    )


def named(since: date | None = None, **parts: int) -> IdentityPeriod:
    return replace(FIRST, since=since, **parts)


def numbers(version: int, *, member: int = 1, group: int = 1) -> MembershipAmended:
    return MembershipAmended(
        fact=f"numbers {version}",
        sequence=version,
        coverage_id="coverage",
        version=version,
        member_number=member,
        group_number=group,
    )


def told(*identities: IdentityAmended, left_with: int = 1, **changes: Any) -> BillingHistory:
    """Of one whose claim left for the first and the third day."""
    claim = issued(day(0), day(2), identity_version=left_with)
    return billable(day(0), day(2), issued=(claim,), identities=identities, **changes)


def proposed(history: BillingHistory) -> list[str]:
    return [row.action for row in rows_of(history, ProposalRow)]


def parties(history: BillingHistory) -> list[str]:
    return [part.party for part in amended_since(history.issued[0], history)]


@pytest.mark.parametrize("part", ["name", "birth_date", "sex"])
def test_what_left_with_another_name_birth_date_or_sex_is_replaced(part: str) -> None:
    history = told(identity(2, named(**{part: 2})))
    assert proposed(history) == ["REPLACE"]
    assert parties(history) == [part.upper()]


def test_what_left_with_another_address_stays() -> None:
    assert proposed(told(identity(2, FIRST))) == []


def test_what_left_with_another_member_number_is_voided_and_claimed_anew() -> None:
    history = told(memberships=(numbers(2, member=2),))
    assert proposed(history) == ["VOID"]
    [row] = rows_of(history, ProposalRow)
    assert row.changed_dates == (day(0), day(2))
    assert row.corrected_charge_minor == 0


def test_a_group_number_is_corrected_as_a_name_is() -> None:
    assert proposed(told(memberships=(numbers(2, group=2),))) == ["REPLACE"]


def test_numbers_of_another_coverage_are_none_of_the_claims() -> None:
    other = replace(numbers(2, member=2), coverage_id="other")
    assert proposed(told(memberships=(other,))) == []


@pytest.mark.parametrize(
    ("rules", "action"),
    [
        ({"amended_identity": "NOTHING"}, []),
        ({"amended_identity": "VOID"}, ["VOID"]),
        ({"changed_claim": "VOID"}, ["VOID"]),
        ({"amended_member": "NOTHING"}, ["REPLACE"]),
    ],
)
def test_the_payer_says_what_becomes_of_it(rules: dict[str, str], action: list[str]) -> None:
    history = told(identity(2, named(name=2)), confirmed=(confirmed(**rules),))
    assert proposed(history) == action


def test_a_payer_who_takes_a_new_number_by_a_replacement_says_so() -> None:
    asked = confirmed(amended_member="CHANGED")
    assert proposed(told(memberships=(numbers(2, member=2),), confirmed=(asked,))) == ["REPLACE"]


def test_who_was_named_right_is_proposed_by_nobody() -> None:
    assert proposed(told(identity(2, named(name=2)), left_with=2)) == []
    claim = issued(day(0), day(2), membership_version=2)
    now = (numbers(2, member=2),)
    assert proposed(billable(day(0), day(2), issued=(claim,), memberships=now)) == []


def test_a_claim_of_before_anybody_kept_the_version_named_the_first() -> None:
    assert proposed(told(identity(2, named(name=2)), left_with=0)) == ["REPLACE"]
    assert proposed(told(memberships=(numbers(2, member=2), numbers(3, member=1)))) == []


def test_back_to_what_the_claim_said_it_stays() -> None:
    there, back = identity(2, named(name=2)), identity(3, named(name=1))
    assert proposed(told(there, back)) == []
    assert proposed(told(there, back, left_with=2)) == ["REPLACE"]


def test_a_change_after_its_dates_is_none_of_the_claims() -> None:
    assert proposed(told(identity(2, FIRST, named(since=day(3), name=2)))) == []
    assert proposed(told(identity(2, FIRST, named(since=day(2), name=2)))) == ["REPLACE"]


def test_a_claim_of_before_the_change_may_name_who_the_client_is_since() -> None:
    assert proposed(told(identity(2, FIRST, named(since=day(3), name=2)), left_with=2)) == []


def test_who_the_client_was_is_put_right_under_a_change() -> None:
    """Typed wrong at registration, married since: an old claim has a name that never was."""
    married = identity(2, FIRST, named(since=day(3), name=2))
    corrected = identity(4, named(name=3), named(since=day(3), name=2))
    assert proposed(told(married, corrected)) == ["REPLACE"]
    assert proposed(told(married, corrected, left_with=2)) == []


def test_a_proposal_rests_on_what_put_it_right() -> None:
    history = told(identity(2, named(name=2)), identity(3, named(name=3)))
    [part] = amended_since(history.issued[0], history)
    assert part.fact == "identity 3"


TOLD = [
    identity(2, named(name=2)),
    identity(3, named(name=2), named(since=day(1), name=3)),
    identity(4, named(name=1), named(since=day(3), name=3)),
]


@given(st.permutations(TOLD), st.integers(0, 4))
def test_the_order_in_which_it_is_heard_changes_nothing(
    heard: list[IdentityAmended], left_with: int
) -> None:
    assert proposed(told(*heard, left_with=left_with)) == proposed(told(*TOLD, left_with=left_with))
