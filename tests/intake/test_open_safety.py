"""Nobody is admitted over an open HIGH safety task without a named person's decision and reason."""

import pytest
from ninehours.intake.v1 import intake_events_pb2 as events
from ninehours.intake.v1 import intake_service_pb2 as pb

from kernel.refusal import AgainstTheRules
from tests.harness.intake.service import Desk, admission
from tests.intake.test_safety_tasks import HIGH

WHY = "the sister stays with her until the first session"


def test_a_task_says_its_risk(desk: Desk) -> None:
    client_id = desk.registered()
    desk.scored(client_id)
    desk.scored(client_id, HIGH, "c_ssrs/1")
    risks = [pb.SAFETY_RISK_HIGH, pb.SAFETY_RISK_MODERATE]
    assert [task.risk for task in desk.tasks()] == risks
    told = [
        events.SafetyTaskOpened.FromString(row.body).risk
        for row in desk.rows("SELECT body FROM published WHERE type LIKE '%SafetyTaskOpened'")
    ]
    assert sorted(told, reverse=True) == risks


def test_an_admission_over_an_open_high_task_takes_a_reason(desk: Desk) -> None:
    client_id = desk.registered()
    task_id = desk.scored(client_id, HIGH, "c_ssrs/1").safety_task_id
    with pytest.raises(AgainstTheRules) as refused:
        desk.admitted(client_id)
    assert refused.value.reason == "SAFETY_TASK_OPEN"
    assert refused.value.details["task_ids"] == task_id
    request = admission(client_id, open_safety_reason=WHY)
    episode_id = desk.call(request, actor="staff/ada").episode_id
    [(body,)] = desk.rows("SELECT body FROM fact WHERE type = 'intake.client_admitted.v1'")
    assert (body["over_safety_tasks"], body["decided_by"]) == ([task_id], "staff/ada")
    assert WHY not in str(body)
    with desk.store.transaction() as tx:
        sealed = tx.documents.open(f"client/{client_id}", f"admission_over_safety/{episode_id}")
    assert sealed is not None
    assert sealed.content.decode() == WHY


def test_a_closed_task_or_a_lesser_one_takes_none(desk: Desk) -> None:
    client_id = desk.registered()
    desk.close_task(client_id, desk.scored(client_id, HIGH, "c_ssrs/1").safety_task_id)
    desk.scored(client_id)
    assert desk.admitted(client_id)
