"""What can't be true of a client is refused where it is entered."""

from typing import Any

import pytest
from ninehours.intake.v1 import intake_service_pb2 as pb

from kernel.refusal import AgainstTheRules, Malformed
from kernel.rpc.translate import to_date
from tests.harness.intake.service import Desk, admission, diagnose, rate
from tests.harness.intake.strategies import day


@pytest.mark.parametrize("level", ["0.1", "2", "2.3", "4.9"])
def test_nobody_is_admitted_to_a_level_that_no_edition_has(desk: Desk, level: str) -> None:
    with pytest.raises(Malformed) as refused:
        desk.call(admission(desk.registered(), level_of_care=level))
    assert list(refused.value.details) == ["level_of_care"]


@pytest.mark.parametrize("level", ["0.5", "1", "1.5", "2.1", "2.5", "2.7", "3.3", "4"])
def test_the_levels_of_both_editions_are_taken(desk: Desk, level: str) -> None:
    assert desk.admitted(desk.registered(), level_of_care=level)


@pytest.mark.parametrize(
    ("edition", "level"),
    [
        (pb.CRITERIA_EDITION_ASAM_3, "2.7"),
        (pb.CRITERIA_EDITION_ASAM_3, "1.5"),
        (pb.CRITERIA_EDITION_ASAM_4, "3.3"),
        (pb.CRITERIA_EDITION_ASAM_4, "0.5"),
    ],
)
def test_a_rating_names_levels_of_its_own_edition(desk: Desk, edition: int, level: str) -> None:
    request: Any = rate(desk.registered())
    request.edition = edition
    request.indicated_level = request.chosen_level = level
    with pytest.raises(Malformed) as refused:
        desk.call(request)
    assert sorted(refused.value.details) == ["chosen_level", "indicated_level"]


def test_a_client_has_one_principal_diagnosis_from_a_day_on(desk: Desk) -> None:
    client_id = desk.registered()
    desk.call(diagnose(client_id, code="F10.20", rank=1))
    with pytest.raises(AgainstTheRules) as refused:
        desk.call(diagnose(client_id, code="F33.1", rank=1))
    assert refused.value.reason == "PRINCIPAL_DIAGNOSIS_STANDS"
    assert refused.value.details["code"] == "F10.20"
    desk.call(diagnose(client_id, code="F33.1", rank=1, replaces_code="F10.20"))
    later = to_date(day(3))
    assert desk.call(diagnose(client_id, code="F10.20", rank=1, effective_from=later))
    assert desk.call(diagnose(client_id, code="F11.20", rank=2))


def test_a_principal_diagnosis_that_ended_was_the_one_until_its_last_day(desk: Desk) -> None:
    client_id = desk.registered()
    desk.call(diagnose(client_id))
    desk.call(ended(client_id, 10))
    another = diagnose(client_id, code="F33.1")
    with pytest.raises(AgainstTheRules) as refused:
        desk.call(another)
    assert refused.value.reason == "PRINCIPAL_DIAGNOSIS_STANDS"
    assert refused.value.details["code"] == "F10.20"
    desk.call(diagnose(client_id, code="F33.1", effective_from=to_date(day(11))))
    # Ended before its first day it was none at all; the last word on its end counts.
    desk.call(ended(client_id, -1))
    desk.call(ended(client_id, 3))
    with pytest.raises(AgainstTheRules):
        desk.call(another)
    desk.call(ended(client_id, -1))
    assert desk.call(another).receipt.published


def ended(client_id: str, last: int) -> pb.EndDiagnosisRequest:
    return pb.EndDiagnosisRequest(
        client_id=client_id,
        code="F10.20",
        last_day=to_date(day(last)),
        reason=pb.DIAGNOSIS_END_REASON_RESOLVED,
    )
