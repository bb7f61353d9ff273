"""Decisions on recommendations, on PostgreSQL: accepted, overridden, refused."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from ninehours.plans.v1 import plans_events_pb2 as public
from ninehours.plans.v1 import plans_service_pb2 as pb

from kernel.refusal import AgainstTheRules, Malformed, Unknown
from tests.harness.plans.service import EVENING, Log, Plans, march
from tests.harness.plans.treatments import (
    Treated,
    confirm,
    decide,
    recommended,
    rules,
    stepping_down,
)


@pytest.fixture
def client(log: Log) -> Treated:
    return Treated(log)


def test_an_accepted_step_changes_the_level_with_it(plans: Plans, client: Treated) -> None:
    found = stepping_down(plans, client)
    for fields in ({"level_of_care": "2.5", "effective_from": march(9)}, {"level_of_care": "1"}):
        with pytest.raises(Malformed):
            decide(plans, client, found, **fields)
    assert plans.published(public.RecommendationDecided) == []
    answer = decide(plans, client, found, level_of_care="1", effective_from=march(9))
    assert len(answer.receipt.published) == 2
    [decided] = plans.published(public.RecommendationDecided)
    assert (decided.accepted, decided.decided_by) == (True, plans.actor)
    [changed] = plans.published(public.LevelOfCareChanged)
    assert (changed.level_of_care, changed.effective_from) == ("1", march(9))
    plans.pending_work.drain()
    [shown] = recommended(plans, client.client_id)
    assert (shown.decision, shown.revision) == ("ACCEPTED", 1)
    # The same again changes nothing; the contrary is refused.
    again = decide(plans, client, found, level_of_care="1", effective_from=march(9))
    assert list(again.receipt.published) == []
    with pytest.raises(AgainstTheRules) as refused:
        decide(plans, client, found, accept=False, reason="I see it otherwise")
    assert refused.value.reason == "ALREADY_DECIDED"


def test_a_level_given_after_the_step_was_accepted_without_one_is_not_lost(
    plans: Plans, client: Treated
) -> None:
    found = stepping_down(plans, client)
    decide(plans, client, found)
    assert plans.published(public.LevelOfCareChanged) == []
    step = {"level_of_care": "1", "effective_from": march(9)}
    answer = decide(plans, client, found, **step)
    assert len(answer.receipt.published) == 1
    [changed] = plans.published(public.LevelOfCareChanged)
    assert (changed.level_of_care, changed.effective_from) == ("1", march(9))
    plans.pending_work.drain()
    assert list(decide(plans, client, found, **step).receipt.published) == []


def test_an_override_takes_a_reason_which_is_sealed(plans: Plans, client: Treated) -> None:
    found = stepping_down(plans, client)
    with pytest.raises(AgainstTheRules) as refused:
        decide(plans, client, found, accept=False)
    assert refused.value.reason == "REASON_REQUIRED"
    decide(plans, client, found, accept=False, reason="Her granddaughter moves in next week")
    assert [advice.decision for advice in recommended(plans, client.client_id)] == ["OVERRIDDEN"]
    for table in ("fact", "published", "document", "derived", "command"):
        for row in plans.query(f"SELECT t::text AS line FROM {table} t"):
            assert "granddaughter" not in row.line
            assert b"granddaughter".hex() not in row.line
    with plans.store.transaction() as tx:
        sealed = tx.documents.open(
            f"client/{client.client_id}", f"recommendation/{found.recommendation_id}"
        )
    assert sealed is not None
    assert b"granddaughter" in sealed.content


def test_only_a_recommendation_of_this_client_that_stands_is_decided(
    plans: Plans, client: Treated
) -> None:
    found = stepping_down(plans, client)
    with pytest.raises(Unknown):
        decide(plans, Treated(client.log), found)
    plans.hear([client.scheduled(5)])
    with pytest.raises(AgainstTheRules) as refused:
        decide(plans, client, found)
    assert refused.value.reason == "RECOMMENDATION_WITHDRAWN"


def test_a_decided_recommendation_that_becomes_another_is_open_again(
    plans: Plans, client: Treated
) -> None:
    found = stepping_down(plans, client)
    decide(plans, client, found)
    plans.hear([client.task_opened("task", 4)])
    [now] = recommended(plans, client.client_id)
    assert now.recommendation_id == found.recommendation_id
    assert (now.kind, now.decision) == (pb.RECOMMENDATION_KIND_STEP_UP, "")
    decide(plans, client, now, accept=False, reason="It was a mistake on the form")
    assert [advice.decision for advice in recommended(plans, client.client_id)] == ["OVERRIDDEN"]


def test_a_decision_at_a_time_of_its_own_is_kept(plans: Plans, client: Treated) -> None:
    found = stepping_down(plans, client)
    decide(plans, client, found)
    [fact] = plans.query("SELECT body FROM fact WHERE type = 'plans.recommendation_decided.v1'")
    assert fact.body["decided_at"] == EVENING.isoformat().replace("+00:00", "Z")
    assert (fact.body["kind"], fact.body["revision"], fact.body["rules_version"]) == (
        "STEP_DOWN",
        1,
        1,
    )


def test_two_decide_at_once_and_one_decision_stands(plans: Plans, log: Log) -> None:
    confirm(plans)
    for _ in range(4):
        client = Treated(log)
        plans.hear([client.admitted(), *client.weeks(1)])
        [found] = recommended(plans, client.client_id)
        together = Barrier(2)

        def decided(
            accept: bool, client: Treated = client, found: Any = found, ready: Barrier = together
        ) -> str:
            ready.wait(10)
            try:
                decide(plans, client, found, accept=accept, reason="" if accept else "No")
            except AgainstTheRules as refused:
                return refused.reason
            return "ACCEPTED" if accept else "OVERRIDDEN"

        with ThreadPoolExecutor(2) as both:
            outcomes = set(both.map(decided, [True, False]))
        [now] = recommended(plans, client.client_id)
        assert outcomes == {now.decision, "ALREADY_DECIDED"}


def test_whether_it_is_accepted_is_said(plans: Plans, client: Treated) -> None:
    found = stepping_down(plans, client)
    request = pb.DecideRecommendationRequest(
        client_id=client.client_id,
        recommendation_id=found.recommendation_id,
        reason="I see it otherwise",
    )
    with pytest.raises(Malformed) as refused:
        plans.call("DecideRecommendation", request)
    assert list(refused.value.details) == ["accept"]


@pytest.mark.parametrize(
    "field",
    [
        "step_up_on_reliable_deterioration",
        "step_up_on_open_safety_task",
        "step_down_needs_reliable_improvement",
        "minimum_weeks",
    ],
)
def test_level_rules_that_leave_a_safeguard_out_are_refused(plans: Plans, field: str) -> None:
    request = pb.ProposeLevelRulesRequest(rules=rules())
    request.rules.ClearField(field)  # type: ignore[arg-type]
    with pytest.raises(Malformed) as refused:
        plans.call("ProposeLevelRules", request)
    assert list(refused.value.details) == [f"rules.{field}"]


def test_a_safeguard_may_be_done_without_by_saying_so(plans: Plans) -> None:
    stated = rules(step_up_on_open_safety_task=False, minimum_weeks=0)
    plans.call("ProposeLevelRules", pb.ProposeLevelRulesRequest(rules=stated))
