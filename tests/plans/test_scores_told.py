"""Of scores clinicians alone are told; others learn the rest, and that something was left out."""

from typing import Any

import pytest
from ninehours.plans.v1 import explanation_service_pb2 as explanation
from ninehours.plans.v1 import plans_service_pb2 as pb

from tests.plans.made import Plans
from tests.plans.treated import Treated, stepping_down

CLINICIAN, OPERATOR = frozenset({"clinician"}), frozenset({"operator"})
BOTH = CLINICIAN | OPERATOR


@pytest.fixture
def client(log: Any, plans: Plans) -> Treated:
    """Whose PHQ-9 went from 18 to 12, for which a step down is recommended."""
    client = Treated(log)
    stepping_down(plans, client)
    return client


def asked(plans: Plans, rpc: str, request: Any, roles: frozenset[str]) -> Any:
    plans.roles = roles
    return plans.call(rpc, request)


@pytest.mark.parametrize("role", ["biller", "operator"])
def test_progress_tells_trends_to_clinicians_alone(
    plans: Plans, client: Treated, role: str
) -> None:
    request = pb.ListProgressRequest(client_id=client.client_id)
    whole = asked(plans, "ListProgress", request, BOTH)
    assert whole.weeks[-1].phq9.latest == 12
    assert not whole.scores_withheld
    rest = asked(plans, "ListProgress", request, frozenset({role}))
    assert rest.scores_withheld
    assert not any(week.HasField("phq9") for week in rest.weeks)
    assert [week.attended for week in rest.weeks] == [week.attended for week in whole.weeks]


def test_progress_as_of_a_moment_tells_no_more(plans: Plans, client: Treated) -> None:
    request = pb.ListProgressRequest(client_id=client.client_id)
    request.as_of.FromDatetime(plans.now)
    assert asked(plans, "ListProgress", request, CLINICIAN).weeks[-1].phq9.known
    rest = asked(plans, "ListProgress", request, OPERATOR)
    assert rest.scores_withheld
    assert not any(week.HasField("phq9") for week in rest.weeks)


def test_a_recommendation_tells_its_other_reasons(plans: Plans, client: Treated) -> None:
    request = pb.ListRecommendationsRequest(client_id=client.client_id)
    [whole] = asked(plans, "ListRecommendations", request, BOTH).recommendations
    assert [each for each in whole.reasons if "phq9" in each]
    answer = asked(plans, "ListRecommendations", request, OPERATOR)
    [rest] = answer.recommendations
    assert answer.scores_withheld
    assert list(rest.reasons) == [each for each in whole.reasons if "phq9" not in each]
    assert rest.kind == whole.kind


def test_an_explanation_names_assessments_without_their_scores(
    plans: Plans, client: Treated
) -> None:
    request = explanation.ExplainLevelOfCareRequest(client_id=client.client_id)
    whole = asked(plans, "ExplainLevelOfCare", request, CLINICIAN)
    assert "phq9" in str(whole)
    assert not whole.scores_withheld
    rest = asked(plans, "ExplainLevelOfCare", request, OPERATOR)
    assert rest.scores_withheld
    assert "phq9" not in str(rest)
    [made], [told] = whole.episodes[0].recommendations, rest.episodes[0].recommendations
    assert [each.fact_id for each in told.facts] == [each.fact_id for each in made.facts]
