"""Recommendations say which thresholds were compared with what; their words are nobody's source."""

import json
from typing import Any

import pytest
from hypothesis import given
from ninehours.plans.v1 import explanation_service_pb2 as explanation
from ninehours.plans.v1 import plans_events_pb2 as public
from ninehours.plans.v1 import plans_service_pb2 as pb

from services.plans.domain.recommendation import RecommendationKind, recommend
from services.plans.domain.rules import LevelRules
from tests.harness.kernel.owner import as_owner
from tests.harness.plans.history import FACTS, RULES, care
from tests.harness.plans.service import Log, Plans
from tests.harness.plans.treatments import Treated, recommended, stepping_down

CLINICIAN, OPERATOR = frozenset({"clinician"}), frozenset({"operator"})
IMPROVED = pb.ThresholdCheck(
    measure=pb.LEVEL_MEASURE_PHQ9,
    value=12,
    earlier_value=18,
    comparison=pb.THRESHOLD_COMPARISON_FELL_BY,
    threshold=6,
    field="step_down_needs_reliable_improvement",
    holds=True,
)
WORDS = ["attended_percent 3 < 4", "phq9 1 -> 27 RELIABLY_DETERIORATED"]


@pytest.fixture
def client(log: Log) -> Treated:
    return Treated(log)


def explained(plans: Plans, client: Treated) -> explanation.ExplainLevelOfCareResponse:
    request = explanation.ExplainLevelOfCareRequest(client_id=client.client_id)
    answer: explanation.ExplainLevelOfCareResponse = plans.call("ExplainLevelOfCare", request)
    return answer


def planted(plans: Plans, change: str, **parameters: Any) -> None:
    """Changes what the row of the recommendation holds, as another release might have left it."""
    with as_owner(plans.store) as tx:
        tx.connection.exec_driver_sql(
            f"UPDATE derived SET content = {change} WHERE kind = 'recommendation'", parameters
        )


def test_a_recommendation_is_published_listed_and_explained_with_the_same_checks(
    plans: Plans, client: Treated
) -> None:
    found = stepping_down(plans, client)
    assert [
        (check.measure, check.value, check.threshold, check.field) for check in found.checks
    ] == [
        (pb.LEVEL_MEASURE_WEEKS_AT_LEVEL, 1, 1, "minimum_weeks"),
        (pb.LEVEL_MEASURE_OBJECTIVES_MET_PERCENT, 100, 50, "step_down_objectives_met_percent"),
        (pb.LEVEL_MEASURE_ATTENDED_PERCENT, 100, 80, "step_down_attended_percent"),
        (pb.LEVEL_MEASURE_PHQ9, 12, 6, "step_down_needs_reliable_improvement"),
    ]
    assert found.checks[-1] == IMPROVED
    [published] = plans.published(public.LevelOfCareRecommended)
    [made] = explained(plans, client).episodes[0].recommendations
    assert published.checks == made.checks == found.checks
    assert [clause.field for clause in made.clauses] == [check.field for check in found.checks]


def test_other_words_in_a_row_change_no_answer(plans: Plans, client: Treated) -> None:
    stepping_down(plans, client)
    for plans.roles in (CLINICIAN, OPERATOR):
        before = recommended(plans, client.client_id), explained(plans, client)
        planted(plans, "content || CAST(%(words)s AS jsonb)", words=json.dumps({"reasons": WORDS}))
        assert (recommended(plans, client.client_id), explained(plans, client)) == before


def test_checks_of_scores_are_told_to_who_sees_scores(plans: Plans, client: Treated) -> None:
    whole = stepping_down(plans, client)
    plans.roles = OPERATOR
    [rest] = recommended(plans, client.client_id)
    [made] = explained(plans, client).episodes[0].recommendations
    assert rest.checks == made.checks == whole.checks[:-1]
    assert rest.reasons == made.reasons == whole.reasons[:-1]


def test_a_row_of_the_release_before_has_words_alone_until_it_is_projected_again(
    plans: Plans, client: Treated
) -> None:
    whole = stepping_down(plans, client)
    before = {"reasons": list(whole.reasons)}
    planted(plans, "content - 'checks' || CAST(%(words)s AS jsonb)", words=json.dumps(before))
    with plans.store.transaction() as tx:
        tx.connection.exec_driver_sql("UPDATE derivation_code SET code = '4'")
    [worded] = recommended(plans, client.client_id)
    assert (worded.reasons, list(worded.checks)) == (whole.reasons, [])
    plans.roles = OPERATOR
    # Which of its words tell a score, nothing says: whoever sees none is told none of them.
    [withheld] = recommended(plans, client.client_id)
    assert (withheld.kind, list(withheld.reasons)) == (whole.kind, [])
    plans.roles = CLINICIAN
    assert plans.pending_work.mark_outdated() == 1  # as at an upgrade
    assert [advice.stale for advice in recommended(plans, client.client_id)] == [True]
    plans.pending_work.drain()
    [again] = recommended(plans, client.client_id)
    assert (again.checks, again.revision) == (whole.checks, whole.revision + 1)
    assert plans.published(public.LevelOfCareRecommended)[-1].checks == whole.checks


@given(FACTS)
def test_each_check_is_asked_by_a_field_of_the_rules_and_holds_as_it_says(facts: list[Any]) -> None:
    for made in recommend(care(facts, RULES)):
        continues = made.kind == RecommendationKind.CONTINUE
        assert {check.holds for check in made.checks} == {not continues}
        assert {check.field for check in made.checks} <= set(LevelRules.__dataclass_fields__)
