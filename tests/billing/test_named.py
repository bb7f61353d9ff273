"""What billing's commands name is others' to tell of, and what they leave out permits nothing."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from ninehours.billing.v1 import billing_service_pb2 as pb

from kernel.refusal import AgainstTheRules, Malformed, Unknown
from kernel.rpc.translate import to_date
from services.billing.adapters.rule_sets import message_of
from tests.harness.billing.facts import SITE, Story
from tests.harness.billing.history import RULES, day
from tests.harness.billing.service import NPI, Office
from tests.harness.plans.service import Log

CLIENT = "0c11e700-0000-4000-8000-000000000001"
NOBODY = "00000000-0000-4000-8000-00000000000f"


def enrollment(office: Office) -> Any:
    return pb.EnrollProviderRequest(
        provider_id=office.provider_id,
        payer_id=office.payer_id,
        site_id=NOBODY,
        effective_from=to_date(date(2026, 1, 1)),
    )


def practitioner(_: Office) -> Any:
    return pb.RegisterPractitionerRequest(
        staff_id=NOBODY, family_name="Vexholm", given_name="Tamsin", npi=NPI
    )


def authorization(office: Office, **changes: Any) -> Any:
    given = {
        "client_id": NOBODY,
        "payer_id": office.payer_id,
        "number": "AUTHNUM4711",
        "level_of_care": "2.1",
        "units": 30,
        "effective_from": to_date(day(0)),
        "effective_to": to_date(day(60)),
    }
    return pb.RecordAuthorizationRequest(**{**given, **changes})


def waiver(office: Office) -> Any:
    return pb.BillWithoutAuthorizationRequest(
        client_id=NOBODY,
        payer_id=office.payer_id,
        service_date=to_date(day(0)),
        reason="WAIVER_REASON_NETWORK_DECISION",
    )


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (enrollment, "SITE_UNKNOWN"),
        (practitioner, "STAFF_UNKNOWN"),
        (waiver, "CLIENT_UNKNOWN"),
        (lambda office: authorization(office, any_site=True), "CLIENT_UNKNOWN"),
    ],
)
def test_whom_and_where_nobody_told_of_is_refused(office: Office, asked: Any, reason: str) -> None:
    office.register()
    request = asked(office)
    rpc = type(request).__name__.removesuffix("Request")
    with pytest.raises(Unknown) as refused:
        office.call(rpc, request)
    assert refused.value.reason == reason


def test_an_authorization_that_names_no_site_is_refused(office: Office) -> None:
    office.register()
    with pytest.raises(Malformed) as refused:
        office.call("RecordAuthorization", authorization(office))
    assert list(refused.value.details) == ["site_id"]


def test_an_authorization_is_for_a_site_or_for_any(office: Office) -> None:
    office.register()
    with pytest.raises(Malformed) as refused:
        office.call("RecordAuthorization", authorization(office, site_id=SITE, any_site=True))
    assert list(refused.value.details) == ["any_site"]
    told = Story()
    office.hear(told.admitted(CLIENT, office.payer_id))
    for where in ({"site_id": SITE}, {"any_site": True}):
        request = authorization(office, client_id=CLIENT, **where)
        assert office.call("RecordAuthorization", request).authorization_id
    with pytest.raises(Unknown) as unknown:
        elsewhere = authorization(office, client_id=CLIENT, site_id=NOBODY)
        office.call("RecordAuthorization", elsewhere)
    assert unknown.value.reason == "SITE_UNKNOWN"


ASKED_OF_EVERYBODY = {
    "authorization_required": True,
    "enrollment_required": True,
    "complete_weeks_only": True,
    "sequential": True,
    "sign_within_hours": 72,
    "weekly_minimum_minutes": 540,
}


def proposal(office: Office, **changes: Any) -> pb.ProposeRuleSetRequest:
    rules = replace(RULES, payer_id=office.payer_id, **{**ASKED_OF_EVERYBODY, **changes})
    return pb.ProposeRuleSetRequest(rule_set=message_of(rules))


@pytest.mark.parametrize("field", ASKED_OF_EVERYBODY)
def test_what_proposed_rules_leave_out_is_not_taken_as_not_asked(
    office: Office, field: str
) -> None:
    office.register()
    with pytest.raises(Malformed) as refused:
        office.call("ProposeRuleSet", proposal(office, **{field: 0}))
    assert list(refused.value.details) == [f"rule_set.{field}"]


@pytest.mark.parametrize("field", ["units_return", "new_claim_after"])
def test_when_units_return_and_a_new_claim_goes_is_said(office: Office, field: str) -> None:
    office.register()
    request = proposal(office)
    request.rule_set.ClearField(field)
    with pytest.raises(Malformed) as refused:
        office.call("ProposeRuleSet", request)
    assert list(refused.value.details) == [f"rule_set.{field}"]


def test_what_rules_dont_ask_is_named_and_nothing_else(office: Office) -> None:
    office.register()
    request = proposal(office, sequential=False)
    request.not_asked.extend(["sequential", "authorization_required"])
    with pytest.raises(Malformed) as refused:
        office.call("ProposeRuleSet", request)
    assert list(refused.value.details) == ["not_asked"]
    request.not_asked.remove("authorization_required")
    office.call("ProposeRuleSet", request)


def test_a_practitioners_npi_is_the_one_that_attendance_recorded_last(office: Office) -> None:
    log = Log()
    for npi in ("1999999984", NPI):
        told = attendance.StaffCredentialed(staff_id=NOBODY, credential="CADC", npi=npi)
        office.hear([log.tell(told)])
    request = practitioner(office)
    request.npi = "1999999984"
    with pytest.raises(AgainstTheRules) as refused:
        office.call("RegisterPractitioner", request)
    assert refused.value.reason == "NPI_DIFFERS"
    assert request.npi not in str(refused.value) + str(refused.value.details)
    office.call("RegisterPractitioner", practitioner(office))
