"""What plans was told is read back: plans in all versions, in words, and what was decided."""

from typing import Any

import pytest
from ninehours.common.v1 import common_pb2 as common
from ninehours.plans.v1 import care_service_pb2 as care
from ninehours.plans.v1 import plans_service_pb2 as pb

from kernel.keys.forgetting import forget
from kernel.refusal import Stale
from kernel.rpc.call import Call
from kernel.rpc.rpcs import rpc_of
from kernel.rpc.tokens import Actor
from kernel.rpc.translate import to_timestamp
from tests.harness.plans.service import (
    EVENING,
    NOW,
    WORDS,
    Log,
    Plans,
    draft,
    in_force,
    march,
    sign,
)
from tests.harness.plans.treatments import (
    COLLEAGUE,
    Treated,
    confirm,
    decide,
    review,
    stepping_down,
)
from tests.plans.test_ending import aftercare, discharge, level, of
from tests.plans.test_open_safety import TASK, WHY, discharging, opened

HURTS = "drinks alone since the layoff"
ELSEWHERE = "51000000-0000-4000-8000-00000000000e"


@pytest.fixture
def client(log: Log) -> Treated:
    return Treated(log)


def read(plans: Plans, kind: type[Any], client: Treated, *sites: str, **asked: Any) -> Any:
    request = kind(client_id=client.client_id, **asked)
    actor = Actor(plans.actor, frozenset({"clinician"}), frozenset(sites or {"*"}), "TREATMENT")
    call = Call(
        actor=actor, now=plans.now, deadline=lambda: None, correlation_id="c", traceparent=""
    )
    rpc = rpc_of(request)
    return getattr(plans.answers[rpc.containing_service], rpc.name)(request, call)


def drafted(plans: Plans, client: Treated, **changes: Any) -> str:
    request = draft(client.client_id, client.episode_id)
    request.MergeFrom(pb.DraftPlanRequest(**changes))
    return str(plans.call("DraftPlan", request).plan_id)


def forgotten(plans: Plans, client: Treated) -> None:
    forget(plans.store.engine, plans.store.vault.keys, {f"client/{client.client_id}": plans.now})


def test_plans_are_told_in_all_versions_with_words_and_signatures(
    plans: Plans, client: Treated
) -> None:
    first = in_force(plans, client.client_id, client.episode_id)
    problem = pb.Problem(diagnosis_code="F10.20", dimension=3, description=HURTS)
    second = drafted(plans, client, supersedes_plan_id=first, problems=[problem])
    refused = pb.RefusePlanRequest(
        plan_id=second,
        signer_role=pb.SIGNER_ROLE_CLIENT,
        reason=pb.REFUSAL_REASON_DISAGREES_WITH_FREQUENCY,
        refused_on=march(20),
    )
    plans.call("RefusePlan", refused)
    before, after = read(plans, care.ReadPlansRequest, client).plans
    assert (before.plan_id, before.plan_version, before.superseded_by) == (first, 1, "")
    assert before.goals == draft(client.client_id, client.episode_id).goals
    assert [(each.signer_role, each.credential) for each in before.signatures] == [
        (pb.SIGNER_ROLE_CLIENT, ""),
        (pb.SIGNER_ROLE_CLINICIAN, "LCSW"),
    ]
    assert before.in_force_from == march(4)
    assert (after.plan_version, after.supersedes_plan_id) == (2, first)
    assert list(after.problems) == [problem]
    assert not after.HasField("in_force_from")
    assert [each.reason for each in after.refusals] == [pb.REFUSAL_REASON_DISAGREES_WITH_FREQUENCY]
    plans.call("SignPlan", sign(second, pb.SIGNER_ROLE_CLINICIAN, 20))
    before, after = read(plans, care.ReadPlansRequest, client).plans
    assert (before.superseded_by, after.in_force_from) == (second, march(20))


def test_a_plan_tells_its_certifications_reviews_and_the_version_commands_expect(
    plans: Plans, client: Treated
) -> None:
    plan_id = in_force(plans, client.client_id, client.episode_id)
    until = common.Date(year=2026, month=5, day=1)
    plans.call(
        "CertifyPlan",
        pb.CertifyPlanRequest(plan_id=plan_id, certified_on=march(5), recertify_by=until),
    )
    [plan] = read(plans, care.ReadPlansRequest, client).plans
    assert [each.recertify_by for each in plan.certifications] == [until]
    reviewing = review(plan_id, 10, pb.OBJECTIVE_STATUS_PROGRESSING)
    reviewing.meta.expected_version = plan.version - 1
    with pytest.raises(Stale):
        plans.call("ReviewPlan", reviewing)
    reviewing.meta.expected_version = plan.version
    plans.call("ReviewPlan", reviewing)
    [plan] = read(plans, care.ReadPlansRequest, client).plans
    assert list(plan.reviews[0].ratings) == list(reviewing.ratings)


def test_a_plan_of_whom_the_key_was_destroyed_keeps_its_numbers(
    plans: Plans, client: Treated
) -> None:
    drafted(plans, client, problems=[pb.Problem(diagnosis_code="F10.20", description=HURTS)])
    forgotten(plans, client)
    [plan] = read(plans, care.ReadPlansRequest, client).plans
    assert plan.text_forgotten
    assert WORDS not in str(plan) and HURTS not in str(plan)
    assert (plan.goals[0].objectives[0].baseline, plan.problems[0].diagnosis_code) == (18, "F10.20")


def test_plans_are_told_of_episodes_at_ones_own_sites_and_as_of_then(
    plans: Plans, client: Treated
) -> None:
    plans.hear([client.admitted()])
    plan_id = drafted(plans, client)
    plans.now = EVENING
    plans.call("SignPlan", sign(plan_id, pb.SIGNER_ROLE_CLIENT, 3))
    then = to_timestamp(NOW)
    [here] = read(plans, care.ReadPlansRequest, client, client.site_id, as_of=then).plans
    assert (list(here.signatures), here.version) == ([], 2)
    assert list(read(plans, care.ReadPlansRequest, client, ELSEWHERE).plans) == []


def test_what_was_decided_is_told_with_the_reason_of_an_override(
    plans: Plans, client: Treated
) -> None:
    found = stepping_down(plans, client)
    decide(plans, client, found, accept=False, reason=WHY)
    level(plans, client, "3.1", 9)
    told = read(plans, care.ReadCareRequest, client)
    [decision], [changed] = told.decisions, told.levels
    assert (decision.recommendation_id, decision.accepted, decision.reason) == (
        found.recommendation_id,
        False,
        WHY,
    )
    assert decision.kind == pb.RECOMMENDATION_KIND_STEP_DOWN
    assert (changed.level_of_care, changed.effective_from) == ("3.1", march(9))
    elsewhere = read(plans, care.ReadCareRequest, client, ELSEWHERE)
    assert not elsewhere.decisions and not elsewhere.levels
    forgotten(plans, client)
    [decision] = read(plans, care.ReadCareRequest, client).decisions
    assert (decision.text_forgotten, decision.reason) == (True, "")


def test_how_an_episode_ended_and_what_followed_is_told(plans: Plans, client: Treated) -> None:
    plans.hear([client.admitted()])
    plans.now = EVENING
    discharge(plans, client)
    arranged = aftercare(plans, client, "ALUMNI", consent=True)
    for reached in (False, True):
        contact = pb.RecordFollowUpRequest(**of(client), contacted_on=march(20), reached=reached)
        plans.call("RecordFollowUp", contact)
    told = read(plans, care.ReadCareRequest, client)
    [left], [after] = told.discharges, told.aftercare
    assert (left.reason, left.discharged_on) == (pb.DISCHARGE_REASON_LEFT_AGAINST_ADVICE, march(15))
    assert (left.open_safety_reason, left.text_forgotten) == ("", False)
    assert (after.aftercare_id, after.alumni_consent) == (arranged.aftercare_id, True)
    assert [contact.reached for contact in told.follow_ups] == [False, True]


def test_why_somebody_was_discharged_over_a_safety_task_is_told(
    plans: Plans, client: Treated
) -> None:
    plans.hear([client.admitted(), client.log.tell(opened(client, "HIGH"))])
    plans.call("DischargeClient", discharging(client, open_safety_reason=WHY))
    [left] = read(plans, care.ReadCareRequest, client).discharges
    assert (list(left.over_safety_tasks), left.open_safety_reason) == ([TASK], WHY)


def test_level_rules_are_told_with_who_proposed_and_who_confirmed(plans: Plans) -> None:
    confirm(plans)
    proposed = pb.ProposeLevelRulesRequest(rules=_second())
    plans.call("ProposeLevelRules", proposed)
    answer = plans.call("ListLevelRules", care.ListLevelRulesRequest())
    first, second = answer.rules
    assert (first.recorded_by, first.confirmed.recorded_by) == (plans.actor, COLLEAGUE)
    assert second.rules == proposed.rules
    assert not second.HasField("confirmed")


def _second() -> pb.LevelRules:
    return pb.LevelRules(
        version=2,
        effective_from=march(20),
        step_up_consecutive_missed=2,
        step_up_on_reliable_deterioration=True,
        step_up_on_open_safety_task=False,
        step_down_objectives_met_percent=60,
        step_down_attended_percent=70,
        step_down_needs_reliable_improvement=True,
        minimum_weeks=2,
        complete_objectives_met_percent=90,
        complete_weeks=8,
        relapse_points=5,
        sources=[pb.RuleSource(field="relapse_points", source="the network's own board")],
    )
