"""How a client stands before anybody came: by the gates of every day, of a day that is supposed."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain.days.service_day import BILLABLE
from services.billing.domain.history.history import BillingHistory, Discharge, Restriction
from services.billing.domain.payers.rules import DiscreteService, TimedUnits
from services.billing.domain.why.standing import Standing, standings
from tests.harness.billing.history import (
    ADMISSION,
    CONSENT,
    COVERAGE,
    DIAGNOSIS,
    ENROLLMENT,
    FEE,
    PLAN,
    attended,
    authorization,
    billable,
    confirmed,
    day,
    issued,
    session,
    signed,
    the_day,
)

ON = day(8)


def expected(*days: date, **changes: Any) -> BillingHistory:
    """A client of whom all is in order, and who is expected on these days."""
    return billable(
        sessions=tuple(session(on) for on in days),
        **{"admissions": (ADMISSION,), **changes},
    )


def of(history: BillingHistory, on: date = ON, until: date | None = None) -> Standing:
    [standing] = standings(history, on, until or on)
    return standing


def reasons(history: BillingHistory, on: date = ON, until: date | None = None) -> list[str]:
    return [obstacle.reason for obstacle in of(history, on, until).obstacles]


def test_nothing_stands_in_the_way_of_whom_all_is_in_order() -> None:
    assert of(expected()) == Standing(
        client_id="client", site_id="site", episode_id="episode", payer_id="payer", obstacles=()
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"coverages": ()}, ["NO_COVERAGE"]),
        ({"coverages": (replace(COVERAGE, verified_to=day(7)),)}, ["NO_COVERAGE"]),
        ({"plans": ()}, ["NO_PLAN_IN_FORCE"]),
        ({"plans": (replace(PLAN, in_force_from=day(9)),)}, ["NO_PLAN_IN_FORCE"]),
        ({"diagnoses": ()}, ["NO_DIAGNOSIS"]),
        ({"diagnoses": (replace(DIAGNOSIS, rank=2),)}, ["NO_DIAGNOSIS"]),
        ({"consents": ()}, ["NO_CONSENT"]),
        ({"consents": (replace(CONSENT, expires_on=day(7)),)}, ["NO_CONSENT"]),
        ({"enrollments": ()}, ["NOT_ENROLLED"]),
        ({"enrollments": (replace(ENROLLMENT, effective_to=day(7)),)}, ["NOT_ENROLLED"]),
        ({"fees": ()}, ["NO_FEE"]),
        ({"fees": (replace(FEE, effective_to=day(7)),)}, ["NO_FEE"]),
        ({"confirmed": ()}, ["NO_RULES_IN_EFFECT"]),
        ({"authorizations": ()}, ["NO_AUTHORIZATION"]),
        ({"authorizations": (authorization(30, 0, 7),)}, ["NO_AUTHORIZATION"]),
        ({"authorizations": (authorization(30, level_of_care="1"),)}, ["OTHER_LEVEL_AUTHORIZED"]),
        ({"admissions": ()}, ["NOT_ADMITTED", "NO_PLAN_IN_FORCE"]),
        (
            {"restrictions": (Restriction(fact="r", payer_id="payer", start=ON, end=ON),)},
            ["RESTRICTED_BY_CLIENT"],
        ),
        (
            {"discharges": (Discharge(fact="d", episode_id="episode", discharged_on=day(7)),)},
            ["DISCHARGED"],
        ),
    ],
)
def test_what_would_hold_the_day_is_told_before_it_is_there(
    changes: dict[str, Any], said: list[str]
) -> None:
    assert reasons(expected(**changes)) == said


def test_what_was_allocated_to_days_that_they_are_expected_at_is_not_there_any_more() -> None:
    both = (authorization(2),)
    assert reasons(expected(day(0), authorizations=both)) == []
    assert reasons(expected(day(0), day(2), authorizations=both)) == ["AUTHORIZATION_USED_UP"]


def test_units_on_issued_claims_are_taken_as_ever() -> None:
    history = billable(
        day(0), day(1), issued=(issued(day(0), day(1), authorized_units=2),),
        authorizations=(authorization(2),), admissions=(ADMISSION,),
    )  # fmt: skip
    assert reasons(history) == ["AUTHORIZATION_USED_UP"]


def test_what_stands_in_the_way_later_is_told_beside_with_its_date() -> None:
    history = expected(authorizations=(authorization(30, 0, 10),))
    assert reasons(history) == []
    [obstacle] = of(history, ON, day(22)).obstacles
    assert (obstacle.on, obstacle.reason) == (day(22), "NO_AUTHORIZATION")
    assert {release.rpc.rpartition("/")[2] for release in obstacle.releases} == {
        "RecordAuthorization",
        "BillWithoutAuthorization",
    }


def test_a_plan_can_still_be_signed_in_time() -> None:
    [obstacle] = of(expected(plans=())).obstacles
    [release] = obstacle.releases
    assert release.rpc.endswith("/SignPlan")
    assert str(ON) in release.says


def test_nothing_opens_what_the_client_keeps_from_the_payer() -> None:
    restricted = Restriction(fact="r", payer_id="payer", start=ON, end=ON)
    [obstacle] = of(expected(restrictions=(restricted,))).obstacles
    assert obstacle.final
    assert obstacle.releases == ()


def test_each_site_that_admitted_them_has_a_standing_of_its_own() -> None:
    elsewhere = replace(ADMISSION, fact="e", site_id="other", episode_id="e", program_id="p")
    plan = replace(PLAN, fact="p", plan_id="p", episode_id="e")
    found = standings(expected(admissions=(ADMISSION, elsewhere), plans=(PLAN, plan)), ON, ON)
    assert [(s.site_id, [o.reason for o in s.obstacles]) for s in found] == [
        ("other", ["NOT_ENROLLED"]),
        ("site", []),
    ]


@pytest.mark.parametrize(
    "rules",
    [
        {"minimum_services": 3},
        {"bill_by": "TIMED_UNITS", "timed_units": TimedUnits(
            code="H0015", modifiers=(), unit_minutes=15, rounding="UP", minimum_minutes=60)},
        {"bill_by": "DISCRETE", "discrete": (
            DiscreteService(service_kind="INDIVIDUAL", code="H0015", minimum_minutes=50),)},
        {"ancillary": (DiscreteService(service_kind="GROUP", code="H0004"),)},
        {"complete_weeks_only": True, "weekly_minimum_minutes": 540},
        {"sign_within_hours": 1, "late_signature": "DENY"},
    ],
)  # fmt: skip
def test_whatever_a_payer_asks_of_a_day_the_supposed_one_has(rules: dict[str, Any]) -> None:
    assert reasons(expected(confirmed=(confirmed(**rules),))) == []


CHANGES: list[dict[str, Any]] = [
    {"coverages": ()},
    {"consents": ()},
    {"diagnoses": ()},
    {"enrollments": ()},
    {"fees": ()},
    {"authorizations": ()},
    {"plans": ()},
]


@given(st.lists(st.sampled_from(CHANGES), max_size=3))
def test_a_day_is_billed_when_it_comes_just_where_nothing_stood_in_the_way(
    changes: list[dict[str, Any]],
) -> None:
    """One set of rules: what was told before is what the day says once it was attended."""
    history = expected(**{name: said for change in changes for name, said in change.items()})
    came = replace(
        history, sessions=(session(ON),), attendances=(attended(ON),), notes=(signed(ON),)
    )
    assert (the_day(came).outcome in BILLABLE) == (reasons(history) == [])
    assert [*the_day(came).reasons] == reasons(history)
