"""Courses of care: level segments, who is in care where, and what plans ask for next."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from ninehours.plans.v1 import courses_service_pb2 as pb
from ninehours.plans.v1 import plans_service_pb2 as plans_pb
from sqlalchemy import event

from kernel.facts import kind_of
from kernel.refusal import Malformed
from kernel.rpc.translate import date_of, to_date, to_timestamp
from services.plans.app.courses_of_care import CourseOfCare, census_of
from services.plans.app.streams import decision_stream
from tests.harness.plans.service import EVENING, NOW, Log, Plans, draft, in_force, march
from tests.harness.plans.treatments import Treated, confirm, recommended, review

MONDAY = date(2026, 3, 2)


def course(**changes: Any) -> CourseOfCare:
    told: dict[str, Any] = {
        "client_id": str(uuid4()),
        "episode_id": str(uuid4()),
        "sites": frozenset({"lakeside"}),
        "site_id": "lakeside",
        "program_id": "dual",
        "kind": "DUAL",
        "under_part2": True,
        "admitted_on": MONDAY,
        "admitted_level": "2.1",
    }
    return CourseOfCare(**{**told, **changes})


def day(number: int) -> date:
    return MONDAY + timedelta(days=number)


def read(plans: Plans, client: Treated, **changes: Any) -> Any:
    request = pb.ReadCourseRequest(client_id=client.client_id, **changes)
    return plans.call("ReadCourse", request).episodes


def due(plans: Plans, on: date, **changes: Any) -> list[tuple[str, str, bool]]:
    answer = plans.call("ListDue", pb.ListDueRequest(on=to_date(on), **changes))
    return [(item.kind, item.person, item.overdue) for item in answer.items]


@pytest.fixture
def treated(plans: Plans, log: Log) -> Treated:
    found = Treated(log)
    plans.hear([found.admitted()])
    return found


def test_segments_go_from_admission_to_discharge_and_of_one_day_the_last_change_holds() -> None:
    changes = ((day(14), "1"), (day(7), "2.5"), (day(14), "2.1"))
    found = course(changes=changes, discharged_on=day(20)).segments()
    assert [(segment.level_of_care, segment.first, segment.last) for segment in found] == [
        ("2.1", day(0), day(6)),
        ("2.5", day(7), day(13)),
        ("2.1", day(14), day(20)),
    ]


def test_who_is_discharged_on_a_day_is_no_longer_in_care_at_its_end() -> None:
    courses = [
        course(),
        course(changes=((day(5), "1"),)),
        course(discharged_on=day(10)),
        course(admitted_on=day(11)),
    ]
    census = census_of(courses, day(10))
    assert {level: n for (_, level), n in census.in_care.items()} == {"2.1": 1, "1": 1}
    assert (sum(census.admitted.values()), sum(census.discharged.values())) == (3, 1)
    long_after = census_of(courses, day(100))
    assert (sum(long_after.in_care.values()), sum(long_after.admitted.values())) == (3, 0)


def test_a_course_is_read_as_it_was_signed_by_then(plans: Plans, treated: Treated) -> None:
    plan_id = in_force(plans, treated.client_id, treated.episode_id)
    changed = plans_pb.ChangeLevelOfCareRequest(
        client_id=treated.client_id,
        episode_id=treated.episode_id,
        level_of_care="1",
        effective_from=march(16),
    )
    plans.now = EVENING + timedelta(days=1)
    plans.call("ChangeLevelOfCare", changed)
    [now] = read(plans, treated)
    assert (now.plan_id, [level.level_of_care for level in now.levels]) == (plan_id, ["2.1", "1"])
    assert [level.floor_minutes for level in now.levels] == [540, 0]
    assert [level.ceiling_minutes for level in now.levels] == [900, 0]
    [then] = read(plans, treated, as_of=to_timestamp(EVENING))
    assert (then.plan_id, [level.level_of_care for level in then.levels]) == (plan_id, ["2.1"])
    [before] = read(plans, treated, as_of=to_timestamp(NOW))
    assert (before.plan_id, len(before.levels)) == ("", 1)


def test_a_plan_is_due_to_be_signed_then_reviewed_a_week_before_its_day(
    plans: Plans, treated: Treated
) -> None:
    assert due(plans, MONDAY) == [("SIGN_PLAN", "", False)]
    plan_id = in_force(plans, treated.client_id, treated.episode_id)
    plans.call("ReviewPlan", review(plan_id, 6, plans_pb.OBJECTIVE_STATUS_PROGRESSING))
    assert due(plans, MONDAY) == [("SIGN_PLAN", "", False)]
    assert due(plans, date(2026, 5, 24)) == []
    assert due(plans, date(2026, 5, 24), ahead_days=1) == [("REVIEW_PLAN", plans.actor, False)]
    assert due(plans, date(2026, 6, 2)) == [("REVIEW_PLAN", plans.actor, True)]
    assert due(plans, date(2026, 6, 2), person=plans.actor.removeprefix("staff/")) != []
    assert due(plans, date(2026, 6, 2), person=str(uuid4())) == []


def test_progress_is_measured_anew_from_what_was_signed_by_then(
    plans: Plans, treated: Treated
) -> None:
    plans.hear(treated.weeks(1))
    request = plans_pb.ListProgressRequest(client_id=treated.client_id)
    [now] = plans.call("ListProgress", request).weeks
    request.as_of.CopyFrom(to_timestamp(NOW))
    [then] = plans.call("ListProgress", request).weeks
    assert (then.attended, then.delivered_minutes) == (now.attended, now.delivered_minutes)
    request.as_of.CopyFrom(to_timestamp(NOW - timedelta(days=1)))
    assert list(plans.call("ListProgress", request).weeks) == []


def test_a_question_without_its_day_says_so(plans: Plans) -> None:
    with pytest.raises(Malformed, match="on is required"):
        plans.call("ListDue", pb.ListDueRequest())
    with pytest.raises(Malformed, match="on is required"):
        plans.call("ReadCensus", pb.ReadCensusRequest())


def test_a_draft_waits_for_who_signs_until_it_is_in_force_and_a_recommendation_until_decided(
    plans: Plans, log: Log
) -> None:
    confirm(plans)
    client = Treated(log)
    first = in_force(plans, client.client_id, client.episode_id)
    plans.hear([client.admitted(), client.score(18, 0), client.score(12, 4), *client.weeks(1)])
    [found] = recommended(plans, client.client_id)

    def waiting() -> list[tuple[int, str]]:
        items = plans.call("ListToSign", pb.ListToSignRequest(on=to_date(day(7)))).items
        found = [(item.kind, item.about_id) for item in items]
        return [each for each in found if each[0] != pb.TO_SIGN_KIND_CERTIFICATION]

    of_week = (pb.TO_SIGN_KIND_RECOMMENDATION, found.recommendation_id)
    assert waiting() == [of_week]
    asked = draft(client.client_id, client.episode_id)
    asked.supersedes_plan_id = first
    second = plans.call("DraftPlan", asked).plan_id
    assert (pb.TO_SIGN_KIND_PLAN, second) in waiting()
    plans.call(
        "DecideRecommendation",
        plans_pb.DecideRecommendationRequest(
            client_id=client.client_id, recommendation_id=found.recommendation_id, accept=True
        ),
    )
    assert waiting() == [(pb.TO_SIGN_KIND_PLAN, second)]
    elsewhere = pb.ListToSignRequest(on=to_date(day(7)), site_id=str(uuid4()))
    assert not plans.call("ListToSign", elsewhere).items


def test_what_was_decided_is_looked_for_under_each_ones_own_ids_alone(
    plans: Plans, log: Log
) -> None:
    confirm(plans)
    clients = [Treated(log) for _ in range(3)]
    for client in clients:
        plans.now = NOW
        in_force(plans, client.client_id, client.episode_id)
    for client in clients:
        plans.hear([client.admitted(), client.score(18, 0), client.score(12, 4), *client.weeks(1)])
    looked_for: list[str] = []

    def note(*said: Any) -> None:
        looked_for.extend((said[3] or {}).get("streams", ()))

    event.listen(plans.store.engine, "before_cursor_execute", note)
    items = plans.call("ListToSign", pb.ListToSignRequest(on=to_date(day(7)))).items
    event.remove(plans.store.engine, "before_cursor_execute", note)
    recommended = [item for item in items if item.kind == pb.TO_SIGN_KIND_RECOMMENDATION]
    decisions = {decision_stream(item.about_id) for item in recommended}
    assert len(decisions) == 3
    assert decisions == {each for each in looked_for if kind_of(each) == kind_of(min(decisions))}


def test_a_plan_waits_to_be_certified_from_when_it_is_in_force_and_anew_a_week_before_its_day(
    plans: Plans, treated: Treated
) -> None:
    plan_id = in_force(plans, treated.client_id, treated.episode_id)
    [activated] = read(plans, treated)
    in_force_from = date_of(activated, "in_force_from")

    def waiting(on: date) -> list[Any]:
        items = plans.call("ListToSign", pb.ListToSignRequest(on=to_date(on))).items
        return [item for item in items if item.kind == pb.TO_SIGN_KIND_CERTIFICATION]

    assert waiting(in_force_from - timedelta(days=1)) == []
    [first] = waiting(in_force_from)
    assert (first.about_id, first.HasField("until")) == (plan_id, False)
    assert date_of(first, "since") == in_force_from
    assert date_of(first, "until_at_most") == in_force_from + timedelta(days=60)
    plans.call(
        "CertifyPlan",
        plans_pb.CertifyPlanRequest(
            plan_id=plan_id,
            certified_on=to_date(in_force_from),
            recertify_by=to_date(in_force_from + timedelta(days=60)),
        ),
    )
    assert waiting(in_force_from + timedelta(days=52)) == []
    [anew] = waiting(in_force_from + timedelta(days=53))
    assert date_of(anew, "until") == in_force_from + timedelta(days=60)
