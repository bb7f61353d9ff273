"""A safety flag opens a task in the transaction that scores, due until somebody closes it."""

from datetime import timedelta
from uuid import uuid4

import pytest
from ninehours.intake.v1 import intake_events_pb2 as events
from ninehours.intake.v1 import intake_service_pb2 as pb

from kernel.refusal import AgainstTheRules, Malformed, Unknown
from tests.harness.intake.service import NOTE, PHQ9, Desk
from tests.harness.kernel.owner import as_owner

HIGH = {1: 1, 2: 1, 3: 1, 4: 1, 5: 0, 6: 0}
MODERATE = {**HIGH, 4: 0}
CALM = {**PHQ9, 9: 0}


def test_the_task_is_recorded_with_the_score_or_not_at_all(desk: Desk) -> None:
    client_id = desk.registered()
    with as_owner(desk.store) as tx:
        tx.connection.exec_driver_sql("ALTER TABLE safety_task ADD CHECK (false)")
    with pytest.raises(Exception, match="safety_task"):
        desk.scored(client_id)
    assert desk.rows("SELECT count(*) FROM fact WHERE stream LIKE 'assessment/%'") == [(0,)]
    assert desk.published() == [("ClientRegistered", "PART2")]


def test_who_scored_owns_the_task_and_has_until_the_same_hour_tomorrow(desk: Desk) -> None:
    client_id = desk.registered()
    scored = desk.call(_phq9(client_id), actor="staff/ada")
    [task] = desk.tasks()
    assert (task.task_id, task.assessment_id) == (scored.safety_task_id, scored.assessment_id)
    assert (task.client_id, task.owner) == (client_id, "staff/ada")
    assert task.opened_at.ToDatetime(desk.now.tzinfo) == desk.now
    assert task.due_at.ToDatetime(desk.now.tzinfo) == desk.now + timedelta(hours=24)
    assert not task.HasField("closed_at")
    assert task.action == pb.SAFETY_ACTION_UNSPECIFIED


def test_a_high_c_ssrs_is_due_in_an_hour_and_a_moderate_one_opens_no_task(desk: Desk) -> None:
    client_id = desk.registered()
    assert desk.scored(client_id, MODERATE, "c_ssrs/1").band == "MODERATE"
    assert desk.scored(client_id, CALM).safety_task_id == ""
    assert desk.tasks() == []
    assert desk.scored(client_id, HIGH, "c_ssrs/1").safety_flag
    [task] = desk.tasks()
    assert task.due_at.ToDatetime(desk.now.tzinfo) == desk.now + timedelta(hours=1)


def test_a_task_is_closed_once_with_what_was_done(desk: Desk) -> None:
    client_id = desk.registered()
    task_id = desk.scored(client_id).safety_task_id
    desk.now += timedelta(hours=2)
    desk.close_task(client_id, task_id)
    for again in ({}, {"note": ""}):
        assert list(desk.close_task(client_id, task_id, **again).receipt.published) == []
    # Who closes it otherwise learns that it was closed: nothing of theirs is dropped in silence.
    for other in ({"action": pb.SAFETY_ACTION_HOSPITALIZED}, {"note": "another note"}):
        with pytest.raises(AgainstTheRules) as refused:
            desk.close_task(client_id, task_id, **other)
        assert refused.value.reason == "SAFETY_TASK_CLOSED"
    [task] = desk.tasks()
    assert task.action == pb.SAFETY_ACTION_SAFETY_PLAN_MADE
    assert task.closed_at.ToDatetime(desk.now.tzinfo) == desk.now
    assert desk.tasks(open_only=True) == []
    [body] = [
        row.body for row in desk.rows("SELECT type, body FROM published") if "Closed" in row.type
    ]
    closed = events.SafetyTaskClosed.FromString(body)
    assert (closed.task_id, closed.action) == (task_id, pb.SAFETY_ACTION_SAFETY_PLAN_MADE)
    with desk.store.transaction() as tx:
        note = tx.documents.open(f"client/{client_id}", f"safety_task/{task_id}")
    assert note is not None
    assert (note.version, note.content.decode()) == (1, NOTE)


def test_a_task_may_be_closed_without_a_note_but_not_without_an_action(desk: Desk) -> None:
    client_id = desk.registered()
    task_id = desk.scored(client_id).safety_task_id
    with pytest.raises(Malformed) as refused:
        desk.close_task(client_id, task_id, action=pb.SAFETY_ACTION_UNSPECIFIED)
    assert list(refused.value.details) == ["action"]
    desk.close_task(client_id, task_id, note="")
    assert desk.tasks(open_only=True) == []


def test_a_task_of_another_client_is_not_closed(desk: Desk) -> None:
    task_id = desk.scored(desk.registered()).safety_task_id
    for client_id, asked in ((desk.registered(), task_id), (desk.registered(), str(uuid4()))):
        with pytest.raises(Unknown) as refused:
            desk.close_task(client_id, asked)
        assert refused.value.reason == "SAFETY_TASK_UNKNOWN"


def test_open_tasks_come_first_by_deadline_page_by_page(desk: Desk) -> None:
    client_id, other = desk.registered(), desk.registered()
    closed = desk.scored(client_id, HIGH, "c_ssrs/1").safety_task_id
    later = desk.scored(client_id).safety_task_id
    desk.now += timedelta(hours=3)
    sooner = desk.scored(other, HIGH, "c_ssrs/1").safety_task_id
    desk.close_task(client_id, closed)
    assert [task.task_id for task in desk.tasks()] == [sooner, later, closed]
    assert [task.task_id for task in desk.tasks(client_id=client_id)] == [later, closed]
    assert [task.task_id for task in desk.tasks(client_id=client_id, open_only=True)] == [later]

    found, token = [], ""
    for _ in range(3):
        page = desk.call(pb.ListSafetyTasksRequest(page_size=1, page_token=token))
        found += [task.task_id for task in page.tasks]
        token = page.next_page_token
    assert found == [sooner, later, closed]
    assert not desk.call(pb.ListSafetyTasksRequest(page_size=1, page_token=token)).tasks


@pytest.mark.parametrize(
    "asked",
    [
        {"page_size": 1001},
        {"page_size": -1},
        {"page_token": "x"},
        {"page_token": "MHxub3d8MQ=="},
        {"client_id": "ada"},
    ],
)
def test_a_list_nobody_can_give_is_refused(desk: Desk, asked: dict[str, object]) -> None:
    with pytest.raises(Malformed) as refused:
        desk.tasks(**asked)
    assert list(refused.value.details) == list(asked)


@pytest.mark.parametrize(
    ("sex", "band"),
    [(pb.SEX_MALE, "NEGATIVE"), (pb.SEX_FEMALE, "POSITIVE"), (pb.SEX_UNKNOWN, "POSITIVE")],
)
def test_audit_c_takes_the_sex_from_the_sealed_identity(desk: Desk, sex: int, band: str) -> None:
    client_id = desk.registered(sex=sex)
    assert desk.scored(client_id, {1: 3, 2: 0, 3: 0}, "audit_c/1").band == band
    [(body,)] = desk.rows("SELECT body FROM fact WHERE type = 'intake.assessment_completed.v1'")
    assert body["identity_version"] == 1
    assert "sex" not in body


def test_subscales_are_answered_and_published(desk: Desk) -> None:
    client_id = desk.registered()
    scored = desk.scored(client_id, {4: 1, 5: 0, 6: 0, 1: 2}, "bam/1")
    assert dict(scored.subscales) == {"use": 1, "risk": 2}
    [row] = desk.rows("SELECT body FROM published ORDER BY position DESC LIMIT 1")
    assert dict(events.AssessmentCompleted.FromString(row.body).subscales) == dict(scored.subscales)


def _phq9(client_id: str) -> pb.CompleteAssessmentRequest:
    return pb.CompleteAssessmentRequest(client_id=client_id, instrument="phq9/1", answers=PHQ9)
