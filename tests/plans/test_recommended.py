"""Recommendations on PostgreSQL: derived, published, listed, stale."""

from collections.abc import Callable
from datetime import date
from uuid import uuid4

import pytest
from ninehours.plans.v1 import plans_events_pb2 as public
from ninehours.plans.v1 import plans_service_pb2 as pb

from kernel.refusal import AgainstTheRules, Malformed, NotYet
from kernel.rpc.translate import to_date
from tests.harness.plans.service import Log, Plans, march, progress
from tests.harness.plans.treatments import (
    Treated,
    confirm,
    decide,
    kinds,
    recommended,
    rules,
    stepping_down,
)


@pytest.fixture
def client(log: Log) -> Treated:
    return Treated(log)


def test_a_week_is_recommended_on_with_reasons_and_the_facts_it_rests_on(
    plans: Plans, client: Treated
) -> None:
    found = stepping_down(plans, client)
    assert found.week_start == march(2)
    assert list(found.reasons) == [
        "weeks_at_level 1 >= 1",
        "objectives_met_percent 100 >= 50",
        "attended_percent 100 >= 80",
        "phq9 18 -> 12 RELIABLY_IMPROVED",
    ]
    assert (found.rules_version, found.revision, found.stale, found.decision) == (1, 1, False, "")
    of_client = "SELECT id, type FROM heard_fact WHERE subject NOT LIKE 'staff/%'"
    heard = {str(row.id): row.type for row in plans.query(of_client)}
    assert set(found.facts) == heard.keys()
    assert {kind.rpartition(".")[2] for kind in heard.values()} == {
        "ClientAdmitted",
        "AssessmentCompleted",
        "SessionScheduled",
        "SessionAttended",
        "PlanActivated",
        "PlanReviewed",
        "LevelRulesConfirmed",
    }
    [week] = progress(plans, client.client_id)
    assert (week.objectives, week.objectives_met) == (1, 1)
    assert week.phq9 == pb.ScoreTrend(
        known=True, first=18, latest=12, change=pb.SCORE_CHANGE_RELIABLY_IMPROVED, lowest=12
    )
    [published] = plans.published(public.LevelOfCareRecommended)
    assert published.recommendation_id == found.recommendation_id
    assert published.reasons == found.reasons
    assert plans.published(public.ProgressMeasured)[-1].phq9 == week.phq9


def test_confirming_rules_recommends_for_every_client_and_a_proposal_for_none(
    plans: Plans, log: Log
) -> None:
    clients = [Treated(log) for _ in range(3)]
    for client in clients:
        plans.hear([client.admitted(), *client.weeks(1)])
    plans.call("ProposeLevelRules", pb.ProposeLevelRulesRequest(rules=rules()))
    assert plans.pending_work.drain() == 0
    confirm(plans)
    assert all(recommended(plans, client.client_id) == [] for client in clients)
    assert plans.pending_work.drain() == 3
    assert [kinds(plans, client.client_id) for client in clients] == [["CONTINUE"]] * 3
    [confirmed] = plans.published(public.LevelRulesConfirmed)
    assert confirmed.rules == rules()


def test_rules_are_confirmed_by_another_person_and_state_every_threshold(plans: Plans) -> None:
    plans.call("ProposeLevelRules", pb.ProposeLevelRulesRequest(rules=rules()))
    with pytest.raises(AgainstTheRules) as refused:
        plans.call("ConfirmLevelRules", pb.ConfirmLevelRulesRequest(version=1))
    assert refused.value.reason == "CONFIRMED_BY_ITS_AUTHOR"
    with pytest.raises(Malformed) as malformed:
        plans.call("ProposeLevelRules", pb.ProposeLevelRulesRequest())
    assert set(malformed.value.details) == {
        "rules.version",
        "rules.effective_from",
        "rules.step_up_consecutive_missed",
        "rules.step_up_on_reliable_deterioration",
        "rules.step_up_on_open_safety_task",
        "rules.step_down_needs_reliable_improvement",
        "rules.minimum_weeks",
        "rules.step_down_objectives_met_percent",
        "rules.step_down_attended_percent",
        "rules.complete_objectives_met_percent",
        "rules.complete_weeks",
    }


def test_other_rules_from_a_week_on_change_that_week_alone(plans: Plans, client: Treated) -> None:
    plans.hear([client.admitted(), *client.weeks(2, missed=3), client.score(10, 0)])
    plans.hear([client.score(16, 11)])
    confirm(plans, step_up_consecutive_missed=4, step_up_on_reliable_deterioration=False)
    plans.pending_work.drain()
    assert kinds(plans, client.client_id) == ["CONTINUE", "CONTINUE"]
    later = {"effective_from": march(15), "step_up_on_reliable_deterioration": False}
    confirm(plans, 2, **later)
    plans.pending_work.drain()
    assert kinds(plans, client.client_id) == ["CONTINUE", "STEP_UP"]
    assert [advice.rules_version for advice in recommended(plans, client.client_id)] == [1, 2]
    assert [fact.revision for fact in plans.published(public.LevelOfCareRecommended)] == [1, 1, 2]


def test_a_corrected_attendance_changes_a_recommendation_and_publishes_one_revision(
    plans: Plans, client: Treated
) -> None:
    confirm(plans)
    plans.hear([client.admitted(), *client.weeks(1, missed=3), client.task_opened("task", 3)])
    assert kinds(plans, client.client_id) == ["STEP_UP"]
    plans.hear([client.task_closed("task", 5)])
    before = len(plans.published(public.LevelOfCareRecommended))
    assert kinds(plans, client.client_id) == ["CONTINUE"]
    plans.hear([client.corrected(4, 1, attended=True)])
    [changed] = plans.published(public.LevelOfCareRecommended)[before:]
    assert not changed.withdrawn
    assert "attended_percent 33 < 80" in changed.reasons
    plans.hear([client.scheduled(5)])
    [withdrawn] = plans.published(public.LevelOfCareRecommended)[before + 1 :]
    assert withdrawn.withdrawn
    assert recommended(plans, client.client_id) == []
    plans.hear([client.cancelled(5)])
    assert [advice.revision for advice in recommended(plans, client.client_id)] == [
        changed.revision + 2
    ]


def test_any_order_and_any_batches_give_the_same_recommendations(
    new_plans: Callable[[], Plans], client: Treated
) -> None:
    records = [client.admitted(), client.score(18, 0), *client.weeks(2, missed=3)]
    records += [client.corrected(7, 1, attended=True), client.task_opened("task", 9)]
    contents = []
    for order in (records, records[::-1], records[5:] + records[:5]):
        for size in (1, len(order)):
            plans = new_plans()
            if size == 1:
                confirm(plans)
            for _ in range(2):  # what came beyond a hole is read again, as the healer would
                for start in range(0, len(order), size):
                    plans.hear(order[start : start + size])
            plans.hear(records)
            if size != 1:
                confirm(plans)
            plans.pending_work.drain()
            contents.append(plans.current())
    assert len(contents[0]) == 4
    assert all(content == contents[0] for content in contents)


def test_a_rebuild_changes_nothing_and_publishes_nothing(plans: Plans, client: Treated) -> None:
    stepping_down(plans, client)
    before = plans.current(), plans.query("SELECT count(*) AS n FROM published")
    assert plans.pending_work.mark_all() == 1
    assert plans.pending_work.drain() == 1
    assert (plans.current(), plans.query("SELECT count(*) AS n FROM published")) == before


def test_recommendations_are_stale_while_something_of_the_client_is_behind_or_due(
    plans: Plans, client: Treated
) -> None:
    found = stepping_down(plans, client)
    one, two = client.scheduled(8), client.scheduled(9)
    plans.inbox.hear([two])  # beyond a hole
    assert [advice.stale for advice in recommended(plans, client.client_id)] == [True]
    with pytest.raises(AgainstTheRules) as refused:
        decide(plans, client, found)
    assert refused.value.reason == "NOT_SETTLED"
    plans.inbox.hear([one, two])  # heard, and due
    assert [advice.stale for advice in recommended(plans, client.client_id)] == [True]
    plans.pending_work.drain()
    assert [advice.stale for advice in recommended(plans, client.client_id)] == [False]
    decide(plans, client, found)


def test_recommendations_are_stale_while_a_record_of_the_client_is_parked(
    plans: Plans, client: Treated
) -> None:
    stepping_down(plans, client)
    record = client.scheduled(8)
    spoilt = type(record)(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        headers=record.headers,
        body=b"\xff",
    )
    plans.hear([spoilt])
    assert [advice.stale for advice in recommended(plans, client.client_id)] == [True]
    assert recommended(plans, str(uuid4())) == []


def test_a_list_waits_for_what_it_is_asked_after(plans: Plans, client: Treated) -> None:
    found = stepping_down(plans, client)
    changed = decide(
        plans, client, found, level_of_care="1", effective_from=to_date(date(2026, 3, 9))
    )
    with pytest.raises(NotYet):
        recommended(plans, client.client_id, changed.receipt.published)
    plans.pending_work.drain()
    assert recommended(plans, client.client_id, changed.receipt.published)
