"""Requests that can't be what they should be are refused: every field by name, no value."""

from typing import Any

import pytest
from ninehours.common.v1 import common_pb2 as common
from ninehours.intake.v1 import intake_service_pb2 as pb

from kernel.refusal import Malformed
from kernel.rpc.translate import to_date
from tests.harness.intake.service import (
    PHQ9,
    SURNAME,
    Desk,
    areas,
    assess,
    consent,
    coverage,
    diagnose,
    register,
    screen,
)
from tests.harness.intake.strategies import day


def violations(desk: Desk, request: Any) -> dict[str, str]:
    with pytest.raises(Malformed) as refused:
        desk.call(request)
    return dict(refused.value.details)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"family_name": ""}, "identity.family_name"),
        ({"family_name": "Two\nLines"}, "identity.family_name"),
        ({"given_name": "Bell\x07"}, "identity.given_name"),
        ({"birth_date": common.Date(year=2026, month=3, day=3)}, "identity.birth_date"),
        ({"birth_date": common.Date(year=1899, month=12, day=31)}, "identity.birth_date"),
        ({"birth_date": common.Date(year=2001, month=2, day=29)}, "identity.birth_date"),
        ({"birth_date": None}, "identity.birth_date"),
        ({"sex": pb.SEX_UNSPECIFIED}, "identity.sex"),
        ({"sex": 9}, "identity.sex"),
    ],
)
def test_an_identity_that_can_be_none_is_refused(
    desk: Desk, changes: dict[str, Any], field: str
) -> None:
    assert list(violations(desk, register(**changes))) == [field]
    assert desk.rows("SELECT count(*) FROM document") == [(0,)]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"line": ""}, "line"),
        ({"city": " "}, "city"),
        ({"state": "C"}, "state"),
        ({"state": "C0"}, "state"),
        ({"state": "COL"}, "state"),
        ({"zip": "8020"}, "zip"),
        ({"zip": "80202-1234"}, "zip"),
        ({"zip": "8020212"}, "zip"),
        ({"zip": "٨٠٢٠٢"}, "zip"),
    ],
)
def test_an_address_that_can_be_none_is_refused(
    desk: Desk, changes: dict[str, str], field: str
) -> None:
    address = {"line": "12 Canary Row", "city": "Denver", "state": "CO", "zip": "80202"}
    request = register(address=common.PostalAddress(**{**address, **changes}))
    assert list(violations(desk, request)) == [f"identity.address.{field}"]


def test_everything_wrong_is_told_at_once_and_no_value_of_it(desk: Desk) -> None:
    wrong = violations(desk, register(family_name=f"{SURNAME}\x00", sex=pb.SEX_UNSPECIFIED))
    assert set(wrong) == {"identity.family_name", "identity.sex"}
    assert SURNAME not in str(wrong)


def test_a_person_may_have_one_name_and_be_born_today(desk: Desk) -> None:
    assert desk.registered(given_name="", birth_date=to_date(day(0)))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"member_number": ""}, "member_number"),
        ({"member_number": "47\t11"}, "member_number"),
        ({"member_number": "4" * 81}, "member_number"),
        ({"group_number": "08\x1f15"}, "group_number"),
        ({"payer_id": "cigna"}, "payer_id"),
        ({"effective_to": to_date(day(-90))}, "effective_to"),
    ],
)
def test_a_coverage_that_can_be_none_is_refused(
    desk: Desk, changes: dict[str, Any], field: str
) -> None:
    assert list(violations(desk, coverage(desk.registered(), **changes))) == [field]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"purpose": pb.CONSENT_PURPOSE_UNSPECIFIED}, "purpose"),
        ({"expires_on": to_date(day(-1))}, "expires_on"),
        ({"given_on": None}, "given_on"),
    ],
)
def test_a_consent_that_can_be_none_is_refused(
    desk: Desk, changes: dict[str, Any], field: str
) -> None:
    assert list(violations(desk, consent(desk.registered(), **changes))) == [field]


def test_an_assessment_with_an_unknown_item_is_refused(desk: Desk) -> None:
    client_id = desk.registered()
    assert list(violations(desk, assess(client_id, {11: 1}))) == ["answers"]
    request = pb.CompleteAssessmentRequest(client_id=client_id, instrument="phq9", answers=PHQ9)
    assert list(violations(desk, request)) == ["instrument"]


def test_a_diagnosis_of_another_shape_is_refused(desk: Desk) -> None:
    client_id = desk.registered()
    assert list(violations(desk, diagnose(client_id, code="F1"))) == ["code"]
    assert list(violations(desk, diagnose(client_id, rank=13))) == ["rank"]


@pytest.mark.parametrize(
    "field", ["needs_detox", "needs_24_hour_care", "motivated", "stable_environment"]
)
def test_an_answer_of_a_screening_is_given_or_the_screening_is_refused(
    desk: Desk, field: str
) -> None:
    request = screen(desk.registered())
    request.ClearField(field)
    assert list(violations(desk, request)) == [field]
    assert ("ClientScreened", "HIPAA") not in desk.published()


def test_what_only_informs_may_be_left_out_of_a_screening(desk: Desk) -> None:
    request = screen(desk.registered())
    request.ClearField("work_or_family_duties")
    assert desk.call(request).eligible


def test_whether_an_area_asks_for_something_is_said_of_each(desk: Desk) -> None:
    request = areas(desk.registered())
    request.areas[2].ClearField("need")
    assert list(violations(desk, request)) == ["areas.2.need"]
