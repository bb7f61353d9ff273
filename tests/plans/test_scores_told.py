"""Scores are told to clinicians with a credential that sees them; others learn the rest, and that
something was left out."""

from typing import Any
from uuid import uuid4

import pytest
from ninehours.plans.v1 import explanation_service_pb2 as explanation
from ninehours.plans.v1 import plans_service_pb2 as pb

from tests.harness.plans.service import Log, Plans, credentialed, march
from tests.harness.plans.treatments import Treated, stepping_down
from tests.plans.test_credentials import held_by, opened_at, typed

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
    assert [reason for reason in whole.reasons if "phq9" in reason]
    answer = asked(plans, "ListRecommendations", request, OPERATOR)
    [rest] = answer.recommendations
    assert answer.scores_withheld
    assert list(rest.reasons) == [reason for reason in whole.reasons if "phq9" not in reason]
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
    assert [fact.fact_id for fact in told.facts] == [fact.fact_id for fact in made.facts]


def withheld(plans: Plans, client: Treated) -> list[bool]:
    """Whether progress, recommendations and the explanation leave scores out for this caller."""
    about = {"client_id": client.client_id}
    answers = [
        asked(plans, "ListProgress", pb.ListProgressRequest(**about), BOTH),
        asked(plans, "ListRecommendations", pb.ListRecommendationsRequest(**about), BOTH),
        asked(plans, "ExplainLevelOfCare", explanation.ExplainLevelOfCareRequest(**about), BOTH),
    ]
    found = [answer.scores_withheld for answer in answers]
    assert ["phq9" in str(answer) for answer in answers] == [not shown for shown in found]
    return found


@pytest.mark.parametrize("held", [(), ("Wizard",), ("STUDENT",), ("PEER",)])
def test_a_clinicians_role_without_a_credential_that_sees_is_told_the_rest(
    plans: Plans, client: Treated, log: Log, held: tuple[str, ...]
) -> None:
    held_by(plans, log, *held)
    assert withheld(plans, client) == [True] * 3


def test_a_trainee_treats_under_supervision_and_sees(
    plans: Plans, client: Treated, log: Log
) -> None:
    held_by(plans, log, "TRAINEE")
    assert withheld(plans, client) == [False] * 3


def test_who_sees_is_credentialed_where_the_client_is_and_today(
    plans: Plans, client: Treated, log: Log
) -> None:
    plans.hear([log.tell(opened_at(client.site_id))])
    for changes, sees in (
        ({"state": "WI"}, False),
        ({"effective_to": march(3)}, False),
        ({"effective_from": march(30)}, False),
        ({"effective_to": march(20)}, True),
    ):
        plans.actor = f"okta/{uuid4()}"
        plans.hear(
            [log.tell(credentialed(f"staff/{uuid4()}", "LCSW", **typed(plans.actor, **changes)))]
        )
        assert withheld(plans, client) == [not sees] * 3, changes


def test_a_credential_with_a_state_does_not_see_where_nobody_knows_the_state(
    plans: Plans, client: Treated, log: Log
) -> None:
    held_by(plans, log, "LCSW", **typed())
    assert withheld(plans, client) == [True] * 3
    held_by(plans, log, "LCSW")
    assert withheld(plans, client) == [False] * 3
