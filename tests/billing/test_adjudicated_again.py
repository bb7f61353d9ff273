"""A second word on a claim, or more than was asked for, is recorded only when somebody says why."""

from datetime import timedelta
from typing import Any

import pytest
from ninehours.billing.v1 import billing_events_pb2 as events
from ninehours.billing.v1 import billing_service_pb2 as pb
from ninehours.common.v1 import common_pb2 as common

from kernel.refusal import AgainstTheRules, Malformed
from kernel.rpc.translate import to_date
from tests.billing.test_corrections import published
from tests.harness.billing.facts import COVERAGE, SITE, Story
from tests.harness.billing.history import day
from tests.harness.billing.service import NOW, Office, covered

CLIENT = "0c11e700-0000-4000-8000-000000000001"


@pytest.fixture
def claim_id(office: Office, story: Story) -> str:
    """A claim of $600 that left the house."""
    office.set_up(SITE, [CLIENT])
    office.hear(story.admitted(CLIENT, office.payer_id) + story.attended(CLIENT, [day(0), day(2)]))
    office.identities.cover(office.payer_id, covered(CLIENT, COVERAGE))
    office.issue(day(6))
    return str(office.claims()[0].claim_id)


def answer(office: Office, claim_id: str, paid: int, **changes: Any) -> None:
    request = pb.RecordAdjudicationRequest(
        claim_id=claim_id,
        payer_control_number="PCN1",
        status="ADJUDICATION_STATUS_PAID",
        paid=common.Money(currency_code="USD", minor_units=paid),
        **{"adjudicated_on": to_date(NOW.date()), **changes},
    )
    office.call("RecordAdjudication", request)


def refused(office: Office, claim_id: str, paid: int, **changes: Any) -> str:
    with pytest.raises(AgainstTheRules) as refusal:
        answer(office, claim_id, paid, **changes)
    return refusal.value.reason


def answers(office: Office) -> list[int]:
    return [fact.paid.minor_units for fact in published(office, events.ClaimAdjudicated)]


def test_more_than_was_charged_takes_a_reason(office: Office, claim_id: str) -> None:
    assert refused(office, claim_id, 60_001) == "PAID_ABOVE_CHARGE"
    answer(office, claim_id, 60_001, overrides=[pb.ADJUDICATION_OVERRIDE_PAYER_PAID_MORE])
    assert answers(office) == [60_001]


@pytest.mark.parametrize("days", [2, -2, -5000, 3000])
def test_a_payer_answers_between_the_day_of_issuing_and_today(
    office: Office, claim_id: str, days: int
) -> None:
    with pytest.raises(Malformed) as refusal:
        answer(office, claim_id, 100, adjudicated_on=to_date(NOW.date() + timedelta(days=days)))
    assert [*refusal.value.details] == ["adjudicated_on"]
    anew = [pb.ADJUDICATION_OVERRIDE_PAYER_ANSWERED_ANEW]
    for near in (1, -1):  # it is tomorrow already elsewhere, or was yesterday when it left
        on = to_date(NOW.date() + timedelta(days=near))
        answer(office, claim_id, 100, adjudicated_on=on, overrides=anew)
    assert answers(office) == [100, 100]


def test_another_word_over_an_earlier_one_takes_a_reason(office: Office, claim_id: str) -> None:
    answer(office, claim_id, 60_000)
    answer(office, claim_id, 60_000)
    assert refused(office, claim_id, 40_000) == "ADJUDICATED_OTHERWISE"
    above = [pb.ADJUDICATION_OVERRIDE_PAYER_PAID_MORE]
    assert refused(office, claim_id, 40_000, overrides=above) == "ADJUDICATED_OTHERWISE"
    answer(office, claim_id, 40_000, overrides=[pb.ADJUDICATION_OVERRIDE_ENTERED_WRONG])
    answer(office, claim_id, 50_000, overrides=[pb.ADJUDICATION_OVERRIDE_PAYER_ANSWERED_ANEW])
    assert answers(office) == [60_000, 40_000, 50_000]


def test_a_reason_that_nobody_knows_is_refused(office: Office, claim_id: str) -> None:
    with pytest.raises(Malformed) as refusal:
        answer(office, claim_id, 60_000, overrides=[0])
    assert list(refusal.value.details) == ["overrides"]
