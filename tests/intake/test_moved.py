"""Screenings and safety tasks put right, and what was assessed of the wrong client."""

from datetime import timedelta
from typing import Any

import pytest
from ninehours.common.v1 import statements_pb2 as common
from ninehours.intake.v1 import chart_service_pb2 as chart
from ninehours.intake.v1 import clients_service_pb2 as clients
from ninehours.intake.v1 import intake_events_pb2 as events
from ninehours.intake.v1 import intake_service_pb2 as words
from ninehours.intake.v1 import statements_service_pb2 as pb

from kernel.refusal import AgainstTheRules, Malformed, Stale, Unknown
from kernel.rpc.translate import to_date
from tests.harness.intake.service import NARRATIVE, PHQ9, Desk, areas, diagnose, rate, screen
from tests.harness.intake.strategies import day
from tests.harness.plans.service import credentialed
from tests.intake.test_doubles import published
from tests.intake.test_statements import STAFF, correct, correction, of_kind, stands, void

HIGH = {1: 1, 2: 1, 3: 1, 4: 1, 5: 0, 6: 0}
C_SSRS = "c_ssrs/1"
OTHER_STAFF = "5a000000-0000-4000-8000-000000000002"
DETOX = {
    "needs_detox": True,
    "referred_to": words.REFERRAL_TARGET_WITHDRAWAL_MANAGEMENT,
}


def move(desk: Desk, statement: pb.Statement, client_id: str, **called: Any) -> Any:
    request = pb.MoveStatementRequest(
        statement=stands(statement), correction=correction("WRONG_CLIENT"), client_id=client_id
    )
    return desk.call(request, **{"roles": STAFF, "purpose": "TREATMENT", **called})


def hand_on(
    desk: Desk, client_id: str, task_id: str, owner: str = "staff/2", **changes: Any
) -> Any:
    given = {"client_id": client_id, "task_id": task_id, "owner": owner, "reason": "off on Friday"}
    return desk.call(words.HandOnSafetyTaskRequest(**{**given, **changes}), roles=STAFF)


def assessments(desk: Desk, client_id: str) -> list[Any]:
    request = chart.ListAssessmentsRequest(client_id=client_id)
    return list(desk.call(request, roles=STAFF, purpose="TREATMENT").assessments)


def screenings(desk: Desk, client_id: str) -> list[Any]:
    request = chart.ReadChartRequest(client_id=client_id)
    return list(desk.call(request, roles=STAFF, purpose="TREATMENT").screenings)


def declined(desk: Desk) -> list[Any]:
    return published(desk, events.AdmissionDeclined)


def amended(desk: Desk) -> list[Any]:
    return published(desk, common.StatementAmended)


@pytest.fixture
def two(desk: Desk) -> tuple[str, str]:
    """Two clients: somebody was assessed, and it was the other one."""
    desk.told(credentialed(OTHER_STAFF, "LCSW", token_subject="staff/2"))
    return desk.registered(), desk.registered(given_name="Grace")


def test_a_screening_that_no_longer_declines_admits(desk: Desk) -> None:
    client_id = desk.registered()
    desk.call(screen(client_id, **DETOX))
    with pytest.raises(AgainstTheRules, match="screening"):
        desk.admitted(client_id)
    correct(desk, of_kind(desk, client_id, "screening"), "screening", screen(client_id))
    [found] = screenings(desk, client_id)
    assert (found.needs_detox, list(found.reasons), found.revision) == (False, [], 2)
    [_, taken_back] = amended(desk)
    assert (taken_back.type, taken_back.voided) == ("ninehours.intake.v1.AdmissionDeclined", True)
    desk.admitted(client_id)


def test_a_screening_that_declines_after_all_keeps_the_admission_and_says_so(desk: Desk) -> None:
    client_id = desk.registered()
    desk.call(screen(client_id))
    desk.admitted(client_id)
    said = screen(client_id, **DETOX)
    correct(desk, of_kind(desk, client_id, "screening"), "screening", said)
    [found] = screenings(desk, client_id)
    assert list(found.reasons) == ["NEEDS_DETOX"]
    assert found.referred_to == words.REFERRAL_TARGET_WITHDRAWAL_MANAGEMENT
    assert [list(fact.reasons) for fact in declined(desk)] == [["NEEDS_DETOX"]]
    request = clients.ReadClientRequest(client_id=client_id)
    assert len(desk.call(request, roles=STAFF).episodes) == 1
    elsewhere = screen(client_id, **{**DETOX, "referred_to": words.REFERRAL_TARGET_CRISIS})
    correct(desk, of_kind(desk, client_id, "screening"), "screening", elsewhere)
    [found] = screenings(desk, client_id)
    assert found.referred_to == words.REFERRAL_TARGET_CRISIS
    void(desk, of_kind(desk, client_id, "screening"))
    assert screenings(desk, client_id) == []
    assert amended(desk)[-1].voided


def test_of_several_screenings_the_latest_decides_whichever_was_put_right(desk: Desk) -> None:
    client_id = desk.registered()
    desk.call(screen(client_id, screened_on=to_date(day(-9))))
    first = of_kind(desk, client_id, "screening")
    desk.call(screen(client_id))
    correct(desk, first, "screening", screen(client_id, screened_on=to_date(day(-9)), **DETOX))
    assert [list(found.reasons) for found in screenings(desk, client_id)] == [["NEEDS_DETOX"], []]
    desk.admitted(client_id)


def test_a_screening_is_judged_as_it_was_when_it_is_put_right(desk: Desk) -> None:
    client_id = desk.registered()
    desk.call(screen(client_id))
    statement = of_kind(desk, client_id, "screening")
    with pytest.raises(Malformed, match=r"recording\.screening\.referred_to"):
        correct(desk, statement, "screening", screen(client_id, needs_detox=True))


def test_said_again_as_it_was_a_screening_stays(desk: Desk) -> None:
    client_id = desk.registered()
    desk.call(screen(client_id, **DETOX))
    statement = of_kind(desk, client_id, "screening")
    said = statement.revisions[0].recording.screening
    assert not correct(desk, statement, "screening", said).receipt.published


def test_what_closed_a_task_is_taken_back_and_the_task_is_open_again(desk: Desk) -> None:
    client_id = desk.registered()
    scored = desk.scored(client_id, HIGH, C_SSRS)
    [opened] = desk.tasks()
    desk.close_task(client_id, scored.safety_task_id)
    void(desk, of_kind(desk, client_id, "closing"))
    assert desk.tasks(open_only=True) == [opened]
    with pytest.raises(AgainstTheRules, match="safety task"):
        desk.admitted(client_id)
    desk.close_task(client_id, scored.safety_task_id, note="seen at noon")
    [task] = desk.tasks()
    assert task.HasField("closed_at")


def test_what_was_done_is_put_right_and_who_did_it_and_when_stays(desk: Desk) -> None:
    client_id = desk.registered()
    task_id = desk.scored(client_id).safety_task_id
    desk.close_task(client_id, task_id)
    [before] = desk.tasks()
    desk.now += timedelta(hours=3)
    said = words.CloseSafetyTaskRequest(
        client_id=client_id,
        task_id=task_id,
        action=words.SAFETY_ACTION_HOSPITALIZED,
        note="taken to Lakeside",
    )
    correct(desk, of_kind(desk, client_id, "closing"), "closing", said, actor="staff/2")
    [task] = desk.tasks()
    assert (task.action, task.closed_at) == (words.SAFETY_ACTION_HOSPITALIZED, before.closed_at)
    [found] = assessments(desk, client_id)
    assert found.safety_task.closed.note == "taken to Lakeside"
    assert found.safety_task.closed.recorded_by == "staff/1"
    [revision, _] = of_kind(desk, client_id, "closing").revisions
    assert revision.recording.closing.note != "taken to Lakeside"


def test_a_task_is_handed_on_with_its_deadline(desk: Desk, two: tuple[str, str]) -> None:
    client_id, _ = two
    task_id = desk.scored(client_id).safety_task_id
    [before] = desk.tasks()
    hand_on(desk, client_id, task_id)
    [task] = desk.tasks()
    assert (task.owner, task.due_at) == ("staff/2", before.due_at)
    [found] = assessments(desk, client_id)
    assert found.safety_task.owner == "staff/2"
    [handed_on] = found.safety_task.handed_on
    assert (handed_on.owner, handed_on.reason) == ("staff/2", "off on Friday")
    asked = clients.ListDueRequest(on=to_date(day(2)), person="staff/2")
    assert [item.about_id for item in desk.call(asked).items] == [task_id]
    assert not hand_on(desk, client_id, task_id).receipt.published
    void(desk, of_kind(desk, client_id, "handing_on"))
    assert [task.owner for task in desk.tasks()] == ["staff/1"]


def test_a_task_goes_to_nobody_unknown_and_a_closed_one_to_nobody(
    desk: Desk, two: tuple[str, str]
) -> None:
    client_id, other = two
    task_id = desk.scored(client_id).safety_task_id
    with pytest.raises(Unknown, match="person"):
        hand_on(desk, client_id, task_id, "staff/9")
    with pytest.raises(Unknown):
        hand_on(desk, other, task_id)
    desk.close_task(client_id, task_id)
    with pytest.raises(AgainstTheRules) as refused:
        hand_on(desk, client_id, task_id)
    assert refused.value.reason == "SAFETY_TASK_NOT_OPEN"


def test_an_assessment_of_the_wrong_client_is_the_right_ones_with_its_open_task(
    desk: Desk, two: tuple[str, str]
) -> None:
    wrong, right = two
    desk.scored(wrong, HIGH, C_SSRS)
    [before] = desk.tasks()
    hand_on(desk, wrong, before.task_id)
    [was] = assessments(desk, wrong)
    desk.now += timedelta(hours=5)
    answer = move(desk, of_kind(desk, wrong, "assessment"), right, actor="staff/2")
    assert assessments(desk, wrong) == []
    [now] = assessments(desk, right)
    assert (now.assessment_id, dict(now.answers)) == (answer.recorded_id, dict(was.answers))
    assert (now.completed_at, now.band) == (was.completed_at, was.band)
    [task] = desk.tasks()
    assert (task.task_id, task.client_id) == (answer.safety_task_id, right)
    assert (task.due_at, task.opened_at, task.owner) == (
        before.due_at,
        before.opened_at,
        "staff/2",
    )
    assert answer.statement.revision == 2
    subjects = {position.subject for position in answer.receipt.published}
    assert subjects == {f"client/{wrong}", f"client/{right}"}
    with pytest.raises(Unknown):
        desk.close_task(wrong, before.task_id)
    desk.close_task(right, task.task_id)


def test_a_task_that_was_closed_stays_and_the_right_clients_is_open(
    desk: Desk, two: tuple[str, str]
) -> None:
    wrong, right = two
    task_id = desk.scored(wrong).safety_task_id
    [before] = desk.tasks()
    desk.close_task(wrong, task_id)
    answer = move(desk, of_kind(desk, wrong, "assessment"), right)
    open_one, closed = desk.tasks()
    assert (closed.task_id, closed.client_id) == (task_id, wrong)
    assert (open_one.task_id, open_one.client_id) == (answer.safety_task_id, right)
    assert open_one.due_at == before.due_at


def test_a_task_passes_though_its_answers_were_put_right_since(
    desk: Desk, two: tuple[str, str]
) -> None:
    wrong, right = two
    desk.scored(wrong)
    said = words.CompleteAssessmentRequest(
        client_id=wrong, instrument="phq9/1", answers={**PHQ9, 9: 0}
    )
    correct(desk, of_kind(desk, wrong, "assessment"), "assessment", said)
    move(desk, of_kind(desk, wrong, "assessment"), right)
    assert [task.client_id for task in desk.tasks(open_only=True)] == [right]


def test_areas_and_ratings_move_with_what_was_told(desk: Desk, two: tuple[str, str]) -> None:
    wrong, right = two
    desk.call(areas(wrong))
    desk.call(rate(wrong))
    move(desk, of_kind(desk, wrong, "areas"), right)
    move(desk, of_kind(desk, wrong, "dimensions"), right)
    asked = chart.ReadChartRequest(client_id=right)
    found = desk.call(asked, roles=STAFF, purpose="TREATMENT")
    assert {area.narrative for area in found.areas[0].areas} == {NARRATIVE}
    assert len(found.ratings) == 1
    asked = chart.ReadChartRequest(client_id=wrong)
    assert not desk.call(asked, roles=STAFF, purpose="TREATMENT").areas


def test_what_can_not_be_moved_is_refused_by_name(desk: Desk, two: tuple[str, str]) -> None:
    wrong, right = two
    desk.scored(wrong)
    desk.call(diagnose(wrong))
    scored = of_kind(desk, wrong, "assessment")
    with pytest.raises(Malformed, match="client_id"):
        move(desk, scored, wrong)
    with pytest.raises(Unknown):
        move(desk, scored, "0c11e700-0000-4000-8000-0000000000ff")
    with pytest.raises(Malformed, match="statement"):
        move(desk, of_kind(desk, wrong, "diagnosis"), right)
    void(desk, scored)
    with pytest.raises(Stale):
        move(desk, scored, right)
    with pytest.raises(AgainstTheRules) as refused:
        move(desk, of_kind(desk, wrong, "assessment"), right)
    assert refused.value.reason == "STATEMENT_VOIDED"
    assert assessments(desk, right) == []
