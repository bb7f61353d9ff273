"""What was decided of a client's week is decided of it, under whichever id of the person it was."""

from typing import Any

import pytest
from ninehours.common.v1.persons_pb2 import ClientMerged, ClientUnmerged
from ninehours.plans.v1 import explanation_service_pb2 as why
from ninehours.plans.v1 import plans_events_pb2 as public

from kernel.refusal import AgainstTheRules
from tests.harness.plans.service import Log, Plans, march
from tests.harness.plans.treatments import Treated, decide, recommended, stepping_down


@pytest.fixture
def client(log: Log) -> Treated:
    return Treated(log)


@pytest.fixture
def survivor(log: Log) -> Treated:
    return Treated(log)


def tell(plans: Plans, kind: Any, survivor: Treated, absorbed: Treated, revision: int) -> None:
    records = [
        survivor.log.tell(
            kind(
                client_id=each.client_id,
                survivor_client_id=survivor.client_id,
                absorbed_client_id=absorbed.client_id,
                revision=revision,
            )
        )
        for each in (survivor, absorbed)
    ]
    plans.hear(records)


def test_what_was_decided_for_who_was_absorbed_is_decided_for_the_survivor(
    plans: Plans, client: Treated, survivor: Treated
) -> None:
    found = stepping_down(plans, client)
    decide(plans, client, found, level_of_care="1", effective_from=march(9))
    plans.hear([survivor.registered()])
    tell(plans, ClientMerged, survivor, client, 1)
    [now] = recommended(plans, survivor.client_id)
    assert now.recommendation_id != found.recommendation_id
    assert (now.kind, now.decision) == (found.kind, "ACCEPTED")
    assert list(decide(plans, survivor, now).receipt.published) == []
    with pytest.raises(AgainstTheRules) as refused:
        decide(plans, survivor, now, accept=False, reason="I see it otherwise")
    assert refused.value.reason == "ALREADY_DECIDED"
    asked = why.ExplainLevelOfCareRequest(client_id=survivor.client_id)
    [episode] = plans.call("ExplainLevelOfCare", asked).episodes
    [made] = episode.recommendations
    assert (made.decision.outcome, made.decision.decided_by) == ("ACCEPTED", plans.actor)
    assert episode.segments[-1].recommendation_id == now.recommendation_id


def test_what_was_decided_for_the_survivor_stays_decided_when_they_are_two_again(
    plans: Plans, client: Treated, survivor: Treated
) -> None:
    stepping_down(plans, client)
    plans.hear([survivor.registered()])
    tell(plans, ClientMerged, survivor, client, 1)
    [merged] = recommended(plans, survivor.client_id)
    decide(plans, survivor, merged, accept=False, reason="Her granddaughter moves in")
    tell(plans, ClientUnmerged, survivor, client, 2)
    [apart] = recommended(plans, client.client_id)
    assert apart.decision == "OVERRIDDEN"
    asked = why.ExplainLevelOfCareRequest(client_id=client.client_id)
    [made] = plans.call("ExplainLevelOfCare", asked).episodes[0].recommendations
    assert (made.decision.outcome, made.decision.reasoned) == ("OVERRIDDEN", True)
    assert recommended(plans, survivor.client_id) == []
    assert len(plans.published(public.RecommendationDecided)) == 1
