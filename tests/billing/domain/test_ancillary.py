"""Services outside the per diem: billed beside the day, with few gates of their own."""

from dataclasses import replace
from typing import Any

import pytest

from services.billing.domain.days.service_day import ServiceDay
from services.billing.domain.history.history import BillingHistory, Restriction
from services.billing.domain.payers.rules import DiscreteService
from tests.harness.billing.history import (
    ADMISSION,
    CONSENT,
    COVERAGE,
    FEE,
    MONDAY,
    attended,
    authorization,
    billable,
    confirmed,
    day,
    session,
    signed,
    the_day,
)

EVALUATION = DiscreteService(
    service_kind="INTAKE_EVALUATION", code="H0001", modifiers=("HF",), minimum_minutes=30
)
VISIT = DiscreteService(service_kind="PRESCRIBER_VISIT", code="99213")
FEES = (FEE, *(replace(FEE, fact=f"fee {code}", code=code) for code in ("H0001", "99213")))
GATES = ["ATTENDANCE", "RESTRICTION", "CONSENT", "NOTE", "ENROLLMENT", "FEE"]


def visited(minutes: int = 30, group: int | None = 180, **changes: Any) -> BillingHistory:
    """A Monday with a prescriber's visit, and group unless it is None."""
    history = billable(MONDAY, fees=FEES, confirmed=(confirmed(ancillary=(EVALUATION, VISIT)),))
    if group is None:
        history = replace(history, sessions=(), attendances=(), notes=())
    else:
        history = replace(history, attendances=(attended(MONDAY, group),))
    visit = session(MONDAY, "visit", service_kind="PRESCRIBER_VISIT")
    history = replace(
        history,
        sessions=(*history.sessions, visit),
        attendances=(*history.attendances, attended(MONDAY, minutes, "visit")),
        notes=(*history.notes, signed(MONDAY, name="visit")),
    )
    return replace(history, **changes)


def codes(found: ServiceDay) -> list[str]:
    return [ancillary_line.code for ancillary_line in found.ancillary_lines]


def test_a_visit_is_a_line_beside_the_per_diem() -> None:
    found = the_day(visited())
    assert found.outcome == "PER_DIEM"
    assert [(line.code, line.ancillary) for line in found.lines] == [
        ("H0015", False),
        ("99213", True),
    ]
    assert [ancillary_verdict.name for ancillary_verdict in found.ancillary_verdicts] == [
        f"PRESCRIBER_VISIT.{gate}" for gate in GATES
    ]
    assert {"fee 99213", "note 2026-03-02 visit"} <= found.rests_on


def test_a_visit_never_counts_toward_the_per_diem() -> None:
    found = the_day(visited(30, group=170))
    assert (found.outcome, found.reasons) == ("NOT_BILLABLE", ("SHORT_OF_MINUTES",))
    assert (found.minutes, codes(found)) == (170, ["99213"])


def test_a_visit_never_counts_toward_the_nine_hours() -> None:
    rules = confirmed(ancillary=(VISIT,), weekly_minimum_minutes=200)
    found = the_day(visited(30, confirmed=(rules,)))
    assert (found.outcome, found.reasons) == ("HOLD", ("WEEK_SHORT_OF_MINUTES",))
    assert codes(found) == ["99213"]


def test_a_day_of_a_visit_alone_is_not_billable_but_the_visit_is() -> None:
    found = the_day(visited(group=None))
    assert (found.outcome, found.reasons) == ("NOT_BILLABLE", ("ONLY_ANCILLARY",))
    assert (codes(found), found.provider_id) == (["99213"], "provider")


def test_a_kind_the_payer_does_not_list_counts_as_treatment() -> None:
    found = the_day(visited(30, group=150, confirmed=(confirmed(),)))
    assert (found.outcome, codes(found)) == ("PER_DIEM", [])


def test_the_episodes_gates_are_not_asked() -> None:
    history = visited(plans=(), diagnoses=(), authorizations=())
    found = the_day(replace(history, admissions=(replace(ADMISSION, level_of_care="1"),)))
    assert found.outcome == "HOLD"
    assert codes(found) == ["99213"]


def test_an_evaluation_before_admission_is_billed() -> None:
    evaluation = session(MONDAY, service_kind="INTAKE_EVALUATION")
    history = billable(
        MONDAY,
        sessions=(evaluation,),
        attendances=(attended(MONDAY, 60),),
        admissions=(replace(ADMISSION, admitted_on=day(2)),),
        fees=FEES,
        confirmed=(confirmed(ancillary=(EVALUATION,)),),
    )
    assert codes(the_day(history)) == ["H0001"]
    assert codes(the_day(replace(history, consents=()))) == []  # under Part 2, as far as is known


RESTRICTED = Restriction(fact="paid", payer_id="payer", start=MONDAY, end=MONDAY)


@pytest.mark.parametrize(
    ("changes", "gate", "reason"),
    [
        ({"consents": (replace(CONSENT, payer_id="b"),)}, "CONSENT", "NO_CONSENT"),
        ({"restrictions": (RESTRICTED,)}, "RESTRICTION", "RESTRICTED_BY_CLIENT"),
        ({"enrollments": ()}, "ENROLLMENT", "NOT_ENROLLED"),
        ({"fees": (FEE,)}, "FEE", "NO_FEE"),
        ({"notes": (signed(MONDAY),)}, "NOTE", "NOTE_UNSIGNED"),
        (
            {"notes": (signed(MONDAY), signed(MONDAY, 99, "visit"))},
            "NOTE",
            "NOTE_LATE",
        ),
        (
            {
                "attendances": (
                    attended(MONDAY),
                    attended(MONDAY, 0, "visit", no_check_out=True),
                )
            },
            "ATTENDANCE",
            "NO_CHECK_OUT",
        ),
        (
            {"attendances": (attended(MONDAY), attended(MONDAY, 30, "visit", overlap=True))},
            "ATTENDANCE",
            "OVERLAP",
        ),
        (
            {
                "attendances": (
                    attended(MONDAY),
                    attended(MONDAY, 30, "visit", site_id="other"),
                )
            },
            "ENROLLMENT",
            "NOT_ENROLLED",
        ),
    ],
)
def test_a_visit_whose_own_gate_is_closed_has_no_line_and_says_why(
    changes: dict[str, Any], gate: str, reason: str
) -> None:
    found = the_day(visited(**changes))
    assert codes(found) == []
    closed = {
        ancillary_verdict.name: ancillary_verdict.reason
        for ancillary_verdict in found.ancillary_verdicts
        if not ancillary_verdict.open
    }
    assert closed[f"PRESCRIBER_VISIT.{gate}"] == reason


def test_what_is_wrong_with_a_visit_does_not_hold_the_day() -> None:
    found = the_day(visited(notes=(signed(MONDAY),)))
    assert (found.outcome, found.reasons) == ("PER_DIEM", ())


@pytest.mark.parametrize(("minutes", "expected"), [(29, []), (30, ["H0001"])])
def test_an_evaluation_shorter_than_its_minimum_has_no_line(
    minutes: int, expected: list[str]
) -> None:
    history = visited(minutes)
    group, visit = history.sessions
    evaluation = replace(visit, service_kind="INTAKE_EVALUATION")
    assert codes(the_day(replace(history, sessions=(group, evaluation)))) == expected


def test_without_coverage_or_rules_nothing_says_what_is_ancillary() -> None:
    for changes in (
        {"coverages": (replace(COVERAGE, verified_from=day(1)),)},
        {"confirmed": ()},
    ):
        found = the_day(visited(**changes))
        assert (found.outcome, found.lines) == ("HOLD", ())


def test_a_visit_takes_nothing_of_an_authorization() -> None:
    found = the_day(visited(authorizations=(authorization(1),)))
    assert (found.authorization_id, found.authorized_units) == ("a", 1)
    assert codes(found) == ["99213"]


def visited_twice(minutes: int, **changes: Any) -> BillingHistory:
    """Two visits of so many minutes, to a payer who counts quarters of an hour."""
    timed = replace(VISIT, unit_minutes=15, rounding="DOWN")
    history = visited(minutes, confirmed=(confirmed(ancillary=(timed,)),))
    again = session(MONDAY, "again", service_kind="PRESCRIBER_VISIT")
    history = replace(
        history,
        sessions=(*history.sessions, again),
        attendances=(*history.attendances, attended(MONDAY, minutes, "again")),
        notes=(*history.notes, signed(MONDAY, name="again")),
    )
    return replace(history, **changes)


def test_units_of_two_visits_are_of_their_time_together() -> None:
    [line] = the_day(visited_twice(23)).ancillary_lines
    assert (line.units, line.charge_minor) == (3, 3 * FEE.charge_minor)
    assert [
        ancillary_line.units for ancillary_line in the_day(visited_twice(10)).ancillary_lines
    ] == [1]


def test_a_visit_that_waits_adds_no_time_to_another() -> None:
    one_signed = (signed(MONDAY), signed(MONDAY, name="visit"))
    [line] = the_day(visited_twice(23, notes=one_signed)).ancillary_lines
    assert line.units == 1
    alone = the_day(visited_twice(10, notes=one_signed))
    assert codes(alone) == []
    closed = {
        (ancillary_verdict.reason, ancillary_verdict.final)
        for ancillary_verdict in alone.ancillary_verdicts
        if not ancillary_verdict.open
    }
    assert closed == {("SHORT_OF_MINUTES", True), ("NOTE_UNSIGNED", False)}
