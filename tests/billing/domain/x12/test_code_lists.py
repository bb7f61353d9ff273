"""What may be listed is one of a published list: the scrub says where it isn't."""

from dataclasses import replace
from importlib import resources
from typing import Any
from xml.etree import ElementTree

import pytest

from kernel.states import STATES
from services.billing.domain.x12.t837.claim import InstitutionalClaim
from services.billing.domain.x12.t837.codes import FILING_INDICATORS, PLACES_OF_SERVICE
from services.billing.domain.x12.t837.scrub import billing_provider, scrub
from tests.harness.x12.institutional_claims import claim as institutional
from tests.harness.x12.professional_claims import CREATED, PAYER, PROVIDER, SUBSCRIBER
from tests.harness.x12.professional_claims import claim as professional


def codes(subject: Any) -> list[str]:
    return [finding.code for finding in scrub(subject, created=CREATED.date())]


def test_a_state_that_no_post_office_knows_is_found() -> None:
    nowhere = replace(PROVIDER.address, state="XX")
    found = billing_provider(replace(PROVIDER, address=nowhere), "provider")
    assert [finding.code for finding in found] == ["STATE_UNKNOWN"]
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
    assert codes(institutional(patient_status="99")) == ["PATIENT_STATUS_UNKNOWN"]


def test_admit_through_discharge_and_still_a_patient_contradict_each_other() -> None:
    bill: InstitutionalClaim = institutional(frequency="1", patient_status="30")
    assert codes(bill) == ["PATIENT_STATUS_NOT_OF_FREQUENCY"]


def test_the_lists_are_the_judges() -> None:
    """Of its states some are provinces, that no claim of ours is from; Palau it doesn't know."""
    maps = resources.files("pyx12") / "map"
    sets = ElementTree.fromstring((maps / "codes.xml").read_bytes()).iter("codeset")
    listed = {
        code_set.findtext("id"): {code.text for code in code_set.iter("code")} for code_set in sets
    }
    assert listed["pos"] == PLACES_OF_SERVICE
    assert STATES - listed["states"] == {"PW"}
    form = ElementTree.fromstring((maps / "837.5010.X222.A1.xml").read_bytes())
    [subscriber, *_] = [
        element for element in form.iter("element") if element.get("xid") == "SBR09"
    ]
    assert {code.text for code in subscriber.iter("code")} == FILING_INDICATORS
