"""A command's dates lie where dates of its kind can lie, in every service, at any depth."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from ninehours.attendance.v1 import attendance_service_pb2 as attendance
from ninehours.billing.v1 import billing_service_pb2 as billing
from ninehours.intake.v1 import intake_service_pb2 as intake
from ninehours.plans.v1 import plans_service_pb2 as plans

from kernel.refusal import Malformed
from kernel.rpc.call import Call
from kernel.rpc.commands import context_of
from kernel.rpc.tokens import Actor
from kernel.rpc.translate import to_date, to_timestamp
from kernel.vault import Vault

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)


class Sealing:
    """Of the vault, what a context takes."""

    def digest(self, content: bytes) -> bytes:
        return content[:1]


def wrong_in(request: Any) -> list[str]:
    """The fields refused; none: it is taken."""
    request.meta.command_id = str(uuid4())
    actor = Actor(id="staff/1", roles=frozenset(), sites=frozenset({"*"}), purpose="TREATMENT")
    call = Call(actor=actor, now=NOW, deadline=lambda: None, correlation_id="c", traceparent="")
    vault: Vault = Sealing()  # type: ignore[assignment]
    try:
        context_of(request, call, vault)
    except Malformed as malformed:
        return sorted(malformed.details)
    return []


def on(year: int) -> Any:
    return to_date(date(year, 3, 2))


@pytest.mark.parametrize("year", [1850, 2099])
def test_no_service_takes_a_date_of_another_century(year: int) -> None:
    at = to_date(date(year, 3, 2))
    assert wrong_in(intake.AdmitClientRequest(admitted_on=at)) == ["admitted_on"]
    assert wrong_in(plans.DischargeClientRequest(discharged_on=at)) == ["discharged_on"]
    assert wrong_in(billing.SetFeeRequest(effective_from=at)) == ["effective_from"]
    assert wrong_in(attendance.DeclareHolidayRequest(date=at)) == ["date"]


def test_dates_within_others_are_named_by_their_path() -> None:
    request = plans.DraftPlanRequest()
    request.goals.add().objectives.add().target_date.CopyFrom(on(2026))
    request.goals[0].objectives.add().target_date.CopyFrom(on(2099))
    assert wrong_in(request) == ["goals.0.objectives.1.target_date"]


def test_births_lie_far_back_and_never_ahead() -> None:
    def born(day: date) -> Any:
        return intake.RegisterClientRequest(identity=intake.Identity(birth_date=to_date(day)))

    assert wrong_in(born(date(1930, 1, 1))) == []
    assert wrong_in(born(date(1850, 1, 1))) == ["identity.birth_date"]
    assert wrong_in(born(date(2026, 3, 5))) == ["identity.birth_date"]


def test_what_was_done_was_not_done_in_the_future() -> None:
    tomorrow, later = (to_date(NOW.date() + timedelta(days=days)) for days in (1, 3))
    for kind, field in (
        (intake.GiveConsentRequest, "given_on"),
        (intake.ScreenClientRequest, "screened_on"),
        (intake.AssessAreasRequest, "assessed_on"),
        (intake.RateDimensionsRequest, "rated_on"),
    ):
        assert wrong_in(kind(**{field: tomorrow})) == []  # it may be tomorrow already elsewhere
        assert wrong_in(kind(**{field: later})) == [field]


def test_a_session_is_planned_within_a_year() -> None:
    def planned(year: int) -> Any:
        starts_at = to_timestamp(datetime(year, 3, 1, 15, tzinfo=UTC))
        return attendance.ScheduleSessionRequest(starts_at=starts_at, ends_at=starts_at)

    assert wrong_in(planned(2027)) == []
    assert wrong_in(planned(2036)) == ["ends_at", "starts_at"]
    expanding = attendance.ExpandTemplateRequest(**{"from": on(2026), "to": on(2036)})
    assert wrong_in(expanding) == ["to"]


def test_a_credential_may_be_old_and_a_day_left_out_is_not_judged() -> None:
    assert wrong_in(attendance.CredentialStaffRequest(effective_from=on(1970))) == []
    assert wrong_in(attendance.CredentialStaffRequest()) == []
    assert wrong_in(billing.SetFeeRequest(effective_from=on(2020))) == []
