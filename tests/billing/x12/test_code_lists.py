"""What may be listed is one of a published list: the scrub says where it isn't."""

from dataclasses import replace
from typing import Any

import pytest

from services.billing.domain.x12.claim import InstitutionalClaim
from services.billing.domain.x12.scrub import billing_provider, scrub
from tests.billing.x12.examples import CREATED, PAYER, PROVIDER, SUBSCRIBER
from tests.billing.x12.examples import claim as professional
from tests.billing.x12.examples_837i import claim as institutional

pytestmark = pytest.mark.xfail(strict=True, reason="9.22: only the shape is looked at")


def codes(subject: Any) -> list[str]:
    return [each.code for each in scrub(subject, created=CREATED.date())]


def test_a_state_that_no_post_office_knows_is_found() -> None:
    nowhere = replace(PROVIDER.address, state="XX")
    found = billing_provider(replace(PROVIDER, address=nowhere), "provider")
    assert [each.code for each in found] == ["STATE_UNKNOWN"]
    address = SUBSCRIBER.address
    assert address is not None
    lost = replace(SUBSCRIBER, address=replace(address, state="XX"))
    assert codes(professional(subscriber=lost)) == ["STATE_UNKNOWN"]


def test_a_place_of_service_that_is_not_listed_is_found() -> None:
    assert codes(professional(place_of_service="98")) == ["PLACE_OF_SERVICE_UNKNOWN"]


@pytest.mark.parametrize("claim", [professional, institutional])
def test_a_filing_indicator_that_is_not_listed_is_found(claim: Any) -> None:
    assert codes(claim(payer=replace(PAYER, filing_indicator="QQ"))) == ["FILING_INDICATOR_UNKNOWN"]


def test_a_patient_status_that_is_not_listed_is_found() -> None:
    assert codes(institutional(patient_status="88")) == ["PATIENT_STATUS_UNKNOWN"]


def test_admit_through_discharge_and_still_a_patient_contradict_each_other() -> None:
    bill: InstitutionalClaim = institutional(frequency="1", patient_status="30")
    assert codes(bill) == ["PATIENT_STATUS_NOT_OF_FREQUENCY"]
