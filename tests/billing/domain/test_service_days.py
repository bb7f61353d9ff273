"""A day is paid for when every gate is open; each gate, open and closed, by its reason."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from tests.harness.billing.history import (
    ADMISSION,
    COVERAGE,
    DIAGNOSIS,
    ENROLLMENT,
    FEE,
    MONDAY,
    attended,
    authorization,
    billable,
    confirmed,
    corrected,
    day,
    days_of,
    line,
    missed,
    outcome,
    session,
    signed,
    the_day,
)

PER_DIEM = ("PER_DIEM", ())


def hold(*reasons: str) -> tuple[str, tuple[str, ...]]:
    return "HOLD", reasons


def not_billable(*reasons: str) -> tuple[str, tuple[str, ...]]:
    return "NOT_BILLABLE", reasons


def test_a_day_with_every_gate_open_is_a_per_diem_that_says_what_it_rests_on() -> None:
    found = the_day(billable(MONDAY))
    assert (found.outcome, found.reasons, found.lines) == ("PER_DIEM", (), (line(MONDAY),))
    assert [verdict.gate for verdict in found.verdicts] == [
        "ATTENDANCE",
        "COVERAGE",
        "RESTRICTION",
        "RULES",
        "MINUTES",
        "SERVICES",
        "LEVEL",
        "PLAN",
        "DIAGNOSIS",
        "CONSENT",
        "NOTE",
        "WEEK",
        "ENROLLMENT",
        "FEE",
        "AUTHORIZATION",
    ]
    assert found.authorization_id == "a"
    assert found.rests_on == {
        "admission",
        "attended 2026-03-02 s",
        "authorization a",
        "consent",
        "coverage",
        "diagnosis",
        "enrollment",
        "fee",
        "note 2026-03-02 s",
        "plan",
        "rules payer 1",
        "scheduled 2026-03-02 s",
    }


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        # Coverage
        ({"coverages": ()}, hold("NO_COVERAGE")),
        ({"coverages": (replace(COVERAGE, verified_from=day(1)),)}, hold("NO_COVERAGE")),
        ({"coverages": (replace(COVERAGE, verified_from=MONDAY),)}, PER_DIEM),
        ({"coverages": (replace(COVERAGE, verified_to=day(-1)),)}, hold("NO_COVERAGE")),
        ({"coverages": (replace(COVERAGE, verified_to=MONDAY),)}, PER_DIEM),
        # Rules
        ({"confirmed": ()}, hold("NO_RULES_IN_EFFECT")),
        ({"confirmed": (confirmed(effective_from=day(1)),)}, hold("NO_RULES_IN_EFFECT")),
        ({"confirmed": (confirmed(effective_from=MONDAY),)}, PER_DIEM),
        ({"confirmed": (confirmed(payer_id="other"),)}, hold("NO_RULES_IN_EFFECT")),
        # Level
        ({"confirmed": (confirmed(billed_level="2.5"),)}, hold("OTHER_LEVEL")),
        ({"admissions": (replace(ADMISSION, level_of_care="1"),)}, hold("OTHER_LEVEL")),
        ({"admissions": ()}, hold("NOT_ADMITTED", "NO_PLAN_IN_FORCE")),
        # Diagnosis
        ({"diagnoses": ()}, hold("NO_DIAGNOSIS")),
        ({"diagnoses": (replace(DIAGNOSIS, rank=2),)}, hold("NO_DIAGNOSIS")),
        ({"diagnoses": (replace(DIAGNOSIS, effective_from=day(1)),)}, hold("NO_DIAGNOSIS")),
        # Enrollment
        ({"enrollments": ()}, hold("NOT_ENROLLED")),
        ({"enrollments": (replace(ENROLLMENT, effective_from=day(1)),)}, hold("NOT_ENROLLED")),
        ({"enrollments": (replace(ENROLLMENT, effective_from=MONDAY),)}, PER_DIEM),
        ({"enrollments": (replace(ENROLLMENT, site_id="other"),)}, hold("NOT_ENROLLED")),
        ({"enrollments": (replace(ENROLLMENT, payer_id="other"),)}, hold("NOT_ENROLLED")),
        # Fee
        ({"fees": ()}, hold("NO_FEE")),
        ({"fees": (replace(FEE, effective_from=day(1)),)}, hold("NO_FEE")),
        ({"fees": (replace(FEE, code="H2036"),)}, hold("NO_FEE")),
        ({"fees": (replace(FEE, provider_id="other"),)}, hold("NO_FEE")),
        # Authorization
        ({"authorizations": ()}, hold("NO_AUTHORIZATION")),
        ({"authorizations": (authorization(5, 1),)}, hold("NO_AUTHORIZATION")),
        ({"authorizations": (authorization(5, -9, -1),)}, hold("NO_AUTHORIZATION")),
        ({"authorizations": (authorization(5, -9, 0),)}, PER_DIEM),
        ({"authorizations": (authorization(5, payer_id="other"),)}, hold("NO_AUTHORIZATION")),
        (
            {"authorizations": (authorization(5, level_of_care="1"),)},
            hold("OTHER_LEVEL_AUTHORIZED"),
        ),
        (
            {"authorizations": (authorization(5, site_id="other"),)},
            hold("OTHER_SITE_AUTHORIZED"),
        ),
        ({"authorizations": (authorization(5, site_id="site"),)}, PER_DIEM),
        ({"authorizations": (authorization(5, unit="HOURS"),)}, hold("OTHER_UNIT_AUTHORIZED")),
        (
            {"authorizations": (), "confirmed": (confirmed(authorization_required=False),)},
            PER_DIEM,
        ),
        # Minutes
        ({"attendances": (attended(MONDAY, 179),)}, not_billable("SHORT_OF_MINUTES")),
        ({"attendances": (attended(MONDAY, 180),)}, PER_DIEM),
        # Attendance
        ({"attendances": (missed(MONDAY),)}, not_billable("MISSED")),
        (
            {"attendances": (attended(MONDAY, 0, no_check_out=True),)},
            hold("NO_CHECK_OUT", "SHORT_OF_MINUTES"),
        ),
        ({"attendances": (attended(MONDAY, 200, no_check_out=True),)}, hold("NO_CHECK_OUT")),
    ],
)
def test_each_gate_is_open_or_says_why_not(
    changes: dict[str, Any], expected: tuple[str, tuple[str, ...]]
) -> None:
    assert outcome(billable(MONDAY, **changes)) == expected


def test_only_the_days_of_a_closed_session_are_service_days() -> None:
    assert days_of(billable(MONDAY, attendances=())) == []


# Who bills, and whom


def test_a_payer_without_enrollment_is_billed_by_who_bills_for_the_site() -> None:
    elsewhere = (replace(ENROLLMENT, fact="e2", payer_id="other"),)
    history = billable(MONDAY, enrollments=elsewhere)
    assert outcome(history) == hold("NOT_ENROLLED")
    free = (confirmed(enrollment_required=False),)
    assert outcome(replace(history, confirmed=free)) == PER_DIEM
    nobody = replace(history, enrollments=(), confirmed=free)
    assert outcome(nobody) == hold("NOT_ENROLLED")
    enrolled = replace(ENROLLMENT, fact="e3", provider_id="p3", effective_from=day(-900))
    fee = replace(FEE, fact="f3", provider_id="p3")
    both = billable(MONDAY, enrollments=(*elsewhere, enrolled), fees=(FEE, fee), confirmed=free)
    assert the_day(both).provider_id == "p3"


def test_the_primary_coverage_pays_whenever_it_was_verified() -> None:
    secondary = replace(
        COVERAGE, fact="b", coverage_id="b", payer_id="b", verified_from=day(-900), order=2
    )
    for order in ((COVERAGE, secondary), (secondary, COVERAGE)):
        assert the_day(billable(MONDAY, coverages=order)).payer_id == "payer"
    ended = replace(COVERAGE, verified_to=day(-1))
    assert the_day(billable(MONDAY, coverages=(ended, secondary))).payer_id == "b"


# Sites, places, corrections


def test_two_sites_on_one_day_give_one_per_diem_where_most_minutes_were() -> None:
    history = billable(
        sessions=(session(MONDAY, "am", site_id="other"), session(MONDAY, "pm")),
        attendances=(
            attended(MONDAY, 60, "am", site_id="other"),
            attended(MONDAY, 120, "pm"),
        ),
        notes=(signed(MONDAY, name="am"), signed(MONDAY, name="pm")),
    )
    found = the_day(history)
    assert (found.outcome, found.minutes, found.site_id) == ("PER_DIEM", 180, "site")
    assert found.lines == (line(MONDAY),)


@pytest.mark.parametrize(
    ("modalities", "place"),
    [
        (("TELEHEALTH", "TELEHEALTH"), "10"),
        (("TELEHEALTH", "IN_PERSON"), "57"),
        (("IN_PERSON", "IN_PERSON"), "57"),
    ],
)
def test_a_day_is_telehealth_only_if_all_of_it_was(modalities: tuple[str, str], place: str) -> None:
    names = ("am", "pm")
    history = billable(
        sessions=tuple(
            session(MONDAY, name, modality=modality)
            for name, modality in zip(names, modalities, strict=True)
        ),
        attendances=tuple(attended(MONDAY, 90, name) for name in names),
        notes=tuple(signed(MONDAY, name=name) for name in names),
    )
    assert the_day(history).lines == (line(MONDAY, place_of_service=place),)


@pytest.mark.parametrize(
    ("corrections", "expected"),
    [
        ([(1, 0)], not_billable("MISSED")),
        ([(1, 0), (2, 180)], PER_DIEM),
        ([(2, 180), (1, 0)], PER_DIEM),
        ([(1, 180), (2, 60)], not_billable("SHORT_OF_MINUTES")),
        ([(10, 180), (9, 0)], PER_DIEM),
    ],
)
def test_of_corrections_the_highest_number_holds(
    corrections: list[tuple[int, int]], expected: tuple[str, tuple[str, ...]]
) -> None:
    said = tuple(corrected(MONDAY, number, minutes) for number, minutes in corrections)
    history = billable(MONDAY)
    assert outcome(replace(history, attendances=(*said, *history.attendances))) == expected


def test_a_correction_confirms_the_minutes_of_who_did_not_check_out() -> None:
    forgot = attended(MONDAY, 0, no_check_out=True)
    assert outcome(billable(MONDAY, attendances=(forgot, corrected(MONDAY, 1, 180)))) == PER_DIEM
    assert outcome(billable(MONDAY, attendances=(forgot, corrected(MONDAY, 1, 60)))) == (
        not_billable("SHORT_OF_MINUTES")
    )


def test_one_minute_is_not_two_whoever_was_at_two_sessions_at_once_is_on_hold_until_corrected() -> (
    None
):
    """90 minutes at each of two sessions that overlap aren't the three hours of a per diem."""
    at_two = (attended(MONDAY, 90, "am"), attended(MONDAY, 90, "pm", overlap=True))
    history = billable(
        sessions=(session(MONDAY, "am"), session(MONDAY, "pm")),
        attendances=at_two,
        notes=(signed(MONDAY, name="am"), signed(MONDAY, name="pm")),
    )
    assert outcome(history) == hold("OVERLAP")
    apart = replace(history, attendances=(*at_two, corrected(MONDAY, 1, 90, "pm")))
    assert outcome(apart) == PER_DIEM
    shorter = replace(history, attendances=(*at_two, corrected(MONDAY, 1, 30, "pm")))
    assert outcome(shorter) == not_billable("SHORT_OF_MINUTES")


# What is said twice


def test_the_charge_is_the_one_in_effect_and_of_two_from_one_day_the_later_said() -> None:
    fees = (
        replace(FEE, fact="fee z", sequence=3, charge_minor=31_000),
        replace(FEE, fact="fee y", sequence=4, charge_minor=32_000),
        replace(FEE, fact="fee x", sequence=5, charge_minor=99_000, effective_from=day(1)),
    )
    for order in (fees, fees[::-1]):
        assert the_day(billable(MONDAY, fees=order)).lines == (line(MONDAY, charge_minor=32_000),)


def test_of_two_coverages_the_earlier_verified_pays() -> None:
    other = replace(
        COVERAGE,
        fact="b",
        coverage_id="b",
        payer_id="b",
        verified_from=COVERAGE.verified_from - timedelta(days=1),
    )
    history = billable(MONDAY, coverages=(COVERAGE, other))
    assert the_day(history).payer_id == "b"


def test_a_coverage_verified_twice_is_one_whichever_was_heard_first() -> None:
    again = replace(COVERAGE, fact="verified again", verified_to=day(60))
    one, other = (
        the_day(billable(MONDAY, coverages=order))
        for order in ((COVERAGE, again), (again, COVERAGE))
    )
    assert one == other


def test_the_rules_of_the_day_are_the_highest_version_confirmed_for_it() -> None:
    stricter = confirmed(version=2, effective_from=date(2026, 3, 3), billed_level="2.5")
    history = billable(MONDAY, day(1), confirmed=(stricter, confirmed()))
    assert [
        (billed.outcome, billed.rules and billed.rules.version) for billed in days_of(history)
    ] == [
        ("PER_DIEM", 1),
        ("HOLD", 2),
    ]
