"""What no claim could carry is refused when it is entered, by the field's name."""

from collections.abc import Callable
from typing import Any

import pytest
from ninehours.billing.v1 import billing_service_pb2 as pb
from ninehours.common.v1 import common_pb2 as common

from kernel.refusal import Malformed
from kernel.rpc.translate import to_date
from tests.harness.billing.history import day
from tests.harness.billing.service import Office, provider


def refused(act: Callable[[], object]) -> list[str]:
    with pytest.raises(Malformed) as refusal:
        act()
    return sorted(refusal.value.details)


def test_a_state_is_one_of_the_united_states_or_what_their_post_serves(office: Office) -> None:
    request = provider(address=common.PostalAddress(state="XX"))
    assert refused(lambda: office.call("RegisterProvider", request)) == ["address.state"]


def test_a_filing_indicator_is_one_of_the_list(office: Office) -> None:
    request = pb.RegisterPayerRequest(name="P", payer_number="PP1", filing_indicator="QQ")
    assert refused(lambda: office.call("RegisterPayer", request)) == ["filing_indicator"]


def test_a_fee_is_for_a_procedure_code(office: Office) -> None:
    office.register()
    assert refused(lambda: office.set_fee(code="H15")) == ["code"]


def test_rules_name_a_place_of_service_of_the_list(office: Office) -> None:
    office.register()
    wrong: dict[str, Any] = {"place_of_service_in_person": "98"}
    assert refused(lambda: office.propose(**wrong)) == ["rule_set.place_of_service_in_person"]


def test_a_list_of_claims_is_asked_for_by_a_frequency_there_is(office: Office) -> None:
    request = pb.ListClaimsRequest(frequency="6", first=to_date(day(0)))
    assert refused(lambda: office.call("ListClaims", request)) == ["frequency"]
