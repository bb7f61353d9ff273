"""What must hold of all that was issued: told wrong, it is named; told right, nothing is."""

from dataclasses import replace

from services.billing.domain.claims.promises import (
    Overdrawn,
    Twice,
    drafted_and_issued,
    overdrawn,
    two_per_diems,
)
from services.billing.domain.history.history import BillingHistory
from tests.harness.billing.history import authorization, confirmed, day, issued, line


def history(*claims: object, **changes: object) -> BillingHistory:
    history = BillingHistory(
        client_id="ada",
        confirmed=(confirmed(),),
        authorizations=(authorization(units=2),),
        issued=tuple(claims),  # type: ignore[arg-type]
    )
    return replace(history, **changes)  # type: ignore[arg-type]


def test_an_authorization_that_is_used_up_is_not_overdrawn() -> None:
    assert list(overdrawn(history(issued(day(0), day(1), authorized_units=2)))) == []


def test_a_unit_more_than_authorized_is_named_with_its_claims() -> None:
    claims = (
        issued(day(0), day(1), authorized_units=2),
        issued(day(2), name="2", authorized_units=1),
    )
    [found] = overdrawn(history(*claims))
    assert found == Overdrawn(
        authorization_id=claims[0].authorization_id,
        taken=3,
        units=2,
        claims=tuple(sorted(claim.claim_id for claim in claims)),
    )


def test_a_voided_claim_holds_no_units() -> None:
    first = issued(day(0), day(1), authorized_units=2)
    void = issued(day(0), day(1), name="2", frequency="8", corrects_claim_id=first.claim_id)
    again = issued(day(2), name="3", authorized_units=2)
    assert list(overdrawn(history(first, void, again))) == []


def test_one_per_diem_a_day_is_as_it_must_be() -> None:
    assert list(two_per_diems(history(issued(day(0), day(1)), issued(day(2), name="2")))) == []


def test_a_second_per_diem_is_named_with_both_claims() -> None:
    one, other = issued(day(0)), issued(day(0), name="2")
    assert list(two_per_diems(history(one, other))) == [
        Twice(day(0), "payer", "H0015", tuple(sorted((one.claim_id, other.claim_id))))
    ]


def test_a_per_diem_of_two_units_is_two() -> None:
    [found] = two_per_diems(history(issued(day(0), lines=[line(day(0), units=2)])))
    assert found.service_date == day(0)


def test_a_replacement_bills_what_it_replaces_once() -> None:
    first = issued(day(0))
    second = issued(day(0), name="2", frequency="7", corrects_claim_id=first.claim_id)
    assert list(two_per_diems(history(first, second))) == []


def test_a_draft_of_other_dates_repeats_nothing() -> None:
    drafted = {"draft": ("payer", [line(day(1))])}
    assert list(drafted_and_issued(history(issued(day(0))), drafted)) == []


def test_a_draft_of_an_issued_service_is_named() -> None:
    claim = issued(day(0))
    drafted = {"draft": ("payer", [line(day(0))])}
    assert list(drafted_and_issued(history(claim), drafted)) == [
        Twice(day(0), "payer", "H0015", ("draft", claim.claim_id))
    ]
