"""Why a level of care, asked of plans on PostgreSQL: who decided, on what grounds, and by when."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from ninehours.plans.v1 import explanation_service_pb2 as pb

from kernel.refusal import Unknown
from tests.harness.plans.service import EVENING, Plans, march
from tests.harness.plans.statements import changed, put_right, the
from tests.harness.plans.treatments import Treated, decide, stepping_down


@pytest.fixture
def client(log: Any) -> Treated:
    return Treated(log)


def why(plans: Plans, client: Treated, **asked: Any) -> pb.ExplainLevelOfCareResponse:
    request = pb.ExplainLevelOfCareRequest(client_id=client.client_id, **asked)
    answer: pb.ExplainLevelOfCareResponse = plans.call("ExplainLevelOfCare", request)
    return answer


def at(moment: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(moment)
    return stamp


def test_a_level_tells_the_recommendation_it_followed_and_who_accepted_it(
    plans: Plans, client: Treated
) -> None:
    found = stepping_down(plans, client)
    decide(plans, client, found, level_of_care="1", effective_from=march(9))
    plans.pending_work.drain()
    [episode] = why(plans, client).episodes
    first, last = episode.segments
    assert (first.level_of_care, first.changed_by) == ("2.1", "")
    assert (last.level_of_care, last.changed_by) == ("1", plans.actor)
    assert last.recommendation_id == found.recommendation_id
    [made] = episode.recommendations
    assert {fact.fact_id for fact in made.facts} == set(found.facts)
    assert (made.decision.outcome, made.decision.decided_by) == ("ACCEPTED", plans.actor)
    assert made.decision.fact_id in {str(row.id) for row in plans.query("SELECT id FROM published")}
    assert {"minimum_weeks", "step_down_attended_percent"} <= {c.field for c in made.clauses}


def test_an_override_says_that_a_reason_is_sealed_and_not_which(
    plans: Plans, client: Treated
) -> None:
    found = stepping_down(plans, client)
    decide(plans, client, found, accept=False, reason="Her granddaughter moves in")
    answer = why(plans, client)
    [made] = answer.episodes[0].recommendations
    assert (made.decision.outcome, made.decision.reasoned) == ("OVERRIDDEN", True)
    assert "granddaughter" not in str(answer)


def test_what_was_decided_later_is_not_in_the_answer_as_of_before(
    plans: Plans, client: Treated
) -> None:
    found = stepping_down(plans, client)
    plans.now = EVENING + timedelta(days=9)
    decide(plans, client, found, level_of_care="1", effective_from=march(9))
    plans.pending_work.drain()
    assert len(why(plans, client).episodes[0].segments) == 2
    [episode] = why(plans, client, as_of=at(plans.now - timedelta(hours=1))).episodes
    assert [segment.level_of_care for segment in episode.segments] == ["2.1"]
    assert not episode.recommendations[0].HasField("decision")


def test_on_a_day_only_its_segment_is_told_and_before_the_admission_none(
    plans: Plans, client: Treated
) -> None:
    found = stepping_down(plans, client)
    decide(plans, client, found, level_of_care="1", effective_from=march(9))
    plans.pending_work.drain()
    [episode] = why(plans, client, on=march(5)).episodes
    assert [segment.level_of_care for segment in episode.segments] == ["2.1"]
    with pytest.raises(Unknown):
        why(plans, client, on=march(1))
    with pytest.raises(Unknown):
        why(plans, client, as_of=at(datetime(2020, 1, 1, tzinfo=UTC)))


def test_what_was_put_right_is_told_as_it_stands_and_as_it_stood(
    plans: Plans, client: Treated
) -> None:
    found = stepping_down(plans, client)
    decide(plans, client, found, level_of_care="1", effective_from=march(9))
    plans.pending_work.drain()
    before, plans.now = plans.now, plans.now + timedelta(days=1)
    changed(plans, the(plans, client.client_id, "level"), effective_from=march(10))
    put_right(plans, the(plans, client.client_id, "decision"), None)
    [episode] = why(plans, client).episodes
    last = episode.segments[-1]
    assert (last.level_of_care, getattr(last, "from"), last.changed_by) == (
        "1",
        march(10),
        plans.actor,
    )
    assert last.recommendation_id == ""
    [made] = episode.recommendations
    assert not made.HasField("decision")
    [episode] = why(plans, client, as_of=at(before)).episodes
    last, [made] = episode.segments[-1], episode.recommendations
    assert (getattr(last, "from"), last.recommendation_id) == (march(9), found.recommendation_id)
    assert made.decision.outcome == "ACCEPTED"
