"""Versions, levels, completion, discharge and aftercare over the servicer, on PostgreSQL."""

from typing import Any
from uuid import uuid4

import pytest
from ninehours.common.v1 import common_pb2 as common
from ninehours.plans.v1 import plans_events_pb2 as public
from ninehours.plans.v1 import plans_service_pb2 as pb

from kernel.refusal import AgainstTheRules, Malformed, Unknown
from services.plans.adapters.episodes import SqlEpisodes
from tests.harness.plans.service import (
    EVENING,
    NOW,
    Log,
    Plans,
    draft,
    in_force,
    march,
    progress,
    sign,
)
from tests.harness.plans.treatments import Treated, confirm, kinds, review


@pytest.fixture
def client(log: Log) -> Treated:
    return Treated(log)


def of(client: Treated) -> dict[str, Any]:
    return {"client_id": client.client_id, "episode_id": client.episode_id}


def complete(plans: Plans, client: Treated, day: int = 15) -> Any:
    request = pb.CompleteProgramRequest(**of(client), completed_on=march(day))
    return plans.call("CompleteProgram", request)


def discharge(
    plans: Plans, client: Treated, reason: str = "LEFT_AGAINST_ADVICE", day: int = 15
) -> Any:
    request = pb.DischargeClientRequest(
        **of(client), reason=f"DISCHARGE_REASON_{reason}", discharged_on=march(day)
    )
    return plans.call("DischargeClient", request)


def aftercare(plans: Plans, client: Treated, kind: str, *, consent: bool = False) -> Any:
    request = pb.ArrangeAftercareRequest(
        **of(client), kind=f"AFTERCARE_KIND_{kind}", starts_on=march(23), alumni_consent=consent
    )
    return plans.call("ArrangeAftercare", request)


def level(plans: Plans, client: Treated, to: str, day: int) -> Any:
    request = pb.ChangeLevelOfCareRequest(**of(client), level_of_care=to, effective_from=march(day))
    return plans.call("ChangeLevelOfCare", request)


# Plans


def test_a_version_follows_another_and_takes_its_place(plans: Plans, client: Treated) -> None:
    first = in_force(plans, client.client_id, client.episode_id)
    request = draft(client.client_id, client.episode_id)
    request.supersedes_plan_id = first
    request.problems.add(
        diagnosis_code="F10.20", dimension=5, description="Drinks since the funeral"
    )
    request.goals[0].problem = 1
    second, third = plans.call("DraftPlan", request), plans.call("DraftPlan", request)
    assert (second.version, third.version) == (2, 2)
    for plan_id in (second.plan_id, third.plan_id):
        plans.call("SignPlan", sign(plan_id, pb.SIGNER_ROLE_CLIENT, 20))
    plans.call("SignPlan", sign(second.plan_id, pb.SIGNER_ROLE_CLINICIAN, 20))
    assert [fact.version for fact in plans.published(public.PlanActivated)] == [1, 2]
    with pytest.raises(AgainstTheRules) as refused:
        plans.call("SignPlan", sign(third.plan_id, pb.SIGNER_ROLE_CLINICIAN, 20))
    assert refused.value.reason == "PLAN_NOT_ACTIVE"
    with pytest.raises(AgainstTheRules):
        plans.call("DraftPlan", request)
    request.supersedes_plan_id = second.plan_id
    assert plans.call("DraftPlan", request).version == 3
    request.client_id = str(uuid4())
    with pytest.raises(Malformed):
        plans.call("DraftPlan", request)
    [facts] = plans.query(
        "SELECT string_agg(body::text, '') AS all FROM fact WHERE type = 'plans.plan_drafted.v1'"
    )
    assert "F10.20" in facts.all
    assert "funeral" not in facts.all


def test_an_episode_has_one_plan_in_force_and_another_episode_its_own(
    plans: Plans, client: Treated
) -> None:
    first = in_force(plans, client.client_id, client.episode_id)
    plans.now = NOW
    with pytest.raises(AgainstTheRules) as refused:
        in_force(plans, client.client_id, client.episode_id)
    assert refused.value.reason == "ANOTHER_PLAN_IN_FORCE"
    assert refused.value.details == {"plan_id": first}
    assert [fact.plan_id for fact in plans.published(public.PlanActivated)] == [first]
    plans.now = NOW
    in_force(plans, client.client_id, str(uuid4()))
    assert len(plans.published(public.PlanActivated)) == 2


def test_of_two_plans_that_came_into_force_side_by_side_either_is_followed(
    plans: Plans, client: Treated, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Facts recorded before an episode had one plan."""
    with monkeypatch.context() as before:
        before.setattr(SqlEpisodes, "activated", lambda *_: [])
        first = in_force(plans, client.client_id, client.episode_id)
        plans.now = NOW
        in_force(plans, client.client_id, client.episode_id)
    request = draft(client.client_id, client.episode_id)
    request.supersedes_plan_id = first
    third = plans.call("DraftPlan", request).plan_id
    for role in (pb.SIGNER_ROLE_CLIENT, pb.SIGNER_ROLE_CLINICIAN):
        plans.call("SignPlan", sign(third, role, 20))
    assert plans.published(public.PlanActivated)[-1].plan_id == third


def test_a_plan_the_client_refused_comes_into_force_with_the_clinicians_signature(
    plans: Plans, client: Treated
) -> None:
    drafted = plans.call("DraftPlan", draft(client.client_id, client.episode_id))
    plans.now = EVENING
    plans.call(
        "RefusePlan",
        pb.RefusePlanRequest(
            plan_id=drafted.plan_id,
            signer_role=pb.SIGNER_ROLE_CLIENT,
            reason=pb.REFUSAL_REASON_DISAGREES_WITH_FREQUENCY,
            refused_on=march(3),
        ),
    )
    clinician = sign(drafted.plan_id, pb.SIGNER_ROLE_CLINICIAN, 5)
    clinician.credential = "LCSW"
    assert plans.call("SignPlan", clinician).active
    # Signing after all changes nothing of when it came into force; it is in force.
    late = plans.call("SignPlan", sign(drafted.plan_id, pb.SIGNER_ROLE_CLIENT, 9))
    assert late.active
    [activated] = plans.published(public.PlanActivated)
    assert activated.in_force_from == march(5)


def test_a_plan_in_force_is_certified_and_reviewed(plans: Plans, client: Treated) -> None:
    plan_id = in_force(plans, client.client_id, client.episode_id)
    certify = pb.CertifyPlanRequest(
        plan_id=plan_id,
        certified_on=march(5),
        recertify_by=common.Date(year=2026, month=5, day=4),
    )
    plans.call("CertifyPlan", certify)
    certify.recertify_by.day = 5
    with pytest.raises(Malformed):
        plans.call("CertifyPlan", certify)
    [certified] = plans.published(public.PlanCertified)
    assert certified.recertify_by == common.Date(year=2026, month=5, day=4)
    plans.call("ReviewPlan", review(plan_id, 10, pb.OBJECTIVE_STATUS_PROGRESSING))
    [reviewed] = plans.published(public.PlanReviewed)
    assert (reviewed.objectives, reviewed.objectives_met) == (1, 0)


# Levels


def test_a_level_changes_what_reaches_the_band(plans: Plans, client: Treated) -> None:
    with pytest.raises(Unknown):
        level(plans, client, "1", 9)
    plans.hear([client.admitted(), *client.weeks(2)])
    assert [week.reaches_band for week in progress(plans, client.client_id)] == [True, True]
    level(plans, client, "1", 9)
    plans.pending_work.drain()
    assert [week.reaches_band for week in progress(plans, client.client_id)] == [True, False]
    with pytest.raises(AgainstTheRules) as refused:
        level(plans, client, "1", 12)
    assert refused.value.reason == "SAME_LEVEL"
    with pytest.raises(Unknown):
        level(plans, Treated(client.log, episode_id=client.episode_id), "2.5", 12)


# Completion and discharge


def completable(plans: Plans, client: Treated) -> None:
    plan_id = in_force(plans, client.client_id, client.episode_id)
    plans.hear([client.admitted(), *client.weeks(2)])
    plans.call("ReviewPlan", review(plan_id, 14, pb.OBJECTIVE_STATUS_MET))


def test_a_program_is_completed_against_the_confirmed_criteria(
    plans: Plans, client: Treated
) -> None:
    completable(plans, client)
    with pytest.raises(AgainstTheRules) as refused:
        complete(plans, client)
    assert refused.value.reason == "NOT_SETTLED"
    plans.pending_work.drain()
    with pytest.raises(AgainstTheRules) as refused:
        complete(plans, client)
    assert refused.value.details["missing"] == "no level rules in effect"
    confirm(plans, complete_weeks=3)
    plans.pending_work.drain()
    with pytest.raises(AgainstTheRules) as refused:
        complete(plans, client)
    assert refused.value.reason == "COMPLETION_CRITERIA_NOT_MET"
    assert refused.value.details["missing"] == "complete_weeks 2 < 3"
    confirm(plans, 2)
    plans.pending_work.drain()
    assert kinds(plans, client.client_id) == ["CONTINUE", "COMPLETE"]
    complete(plans, client)
    [completed] = plans.published(public.ProgramCompleted)
    assert completed.completed_on == march(15)
    assert list(complete(plans, client).receipt.published) == []


def test_a_client_is_discharged_once_and_then_cared_for(plans: Plans, client: Treated) -> None:
    completable(plans, client)
    confirm(plans)
    plans.pending_work.drain()
    with pytest.raises(AgainstTheRules) as refused:
        discharge(plans, client, "COMPLETED")
    assert refused.value.reason == "PROGRAM_NOT_COMPLETED"
    contact = pb.RecordFollowUpRequest(**of(client), contacted_on=march(20), reached=True)
    with pytest.raises(AgainstTheRules) as refused:
        plans.call("RecordFollowUp", contact)
    assert refused.value.reason == "NOT_DISCHARGED"
    complete(plans, client)
    discharge(plans, client, "COMPLETED")
    plans.pending_work.drain()
    with pytest.raises(AgainstTheRules) as refused:
        level(plans, client, "1", 16)
    assert refused.value.reason == "EPISODE_DISCHARGED"
    with pytest.raises(AgainstTheRules) as refused:
        aftercare(plans, client, "ALUMNI")
    assert refused.value.reason == "ALUMNI_CONSENT_REQUIRED"
    arranged = aftercare(plans, client, "ALUMNI", consent=True)
    aftercare(plans, client, "SUPPORT_GROUP")
    plans.call("RecordFollowUp", contact)
    assert [fact.kind for fact in plans.published(public.AftercareArranged)] == [
        pb.AFTERCARE_KIND_ALUMNI,
        pb.AFTERCARE_KIND_SUPPORT_GROUP,
    ]
    assert plans.published(public.AftercareArranged)[0].aftercare_id == arranged.aftercare_id
    [discharged] = plans.published(public.ClientDischarged)
    assert discharged.reason == pb.DISCHARGE_REASON_COMPLETED
    [contacted] = plans.published(public.FollowedUp)
    assert contacted.reached


def test_a_discharge_needs_an_admission_and_ends_what_is_recommended(
    plans: Plans, client: Treated
) -> None:
    confirm(plans)
    with pytest.raises(Unknown) as unknown:
        discharge(plans, client)
    assert unknown.value.reason == "EPISODE_UNKNOWN"
    plans.hear([client.admitted(), *client.weeks(3)])
    assert len(kinds(plans, client.client_id)) == 3
    with pytest.raises(Malformed):
        discharge(plans, client, day=1)
    plans.now = EVENING
    discharge(plans, client, day=9)
    plans.pending_work.drain()
    assert len(kinds(plans, client.client_id)) == 2
    assert plans.published(public.LevelOfCareRecommended)[-1].withdrawn
    with pytest.raises(AgainstTheRules) as refused:
        discharge(plans, client, "TRANSFERRED")
    assert refused.value.reason == "ALREADY_DISCHARGED"


def test_what_plans_publishes_of_a_client_is_labelled_by_the_stricter(
    plans: Plans, client: Treated
) -> None:
    completable(plans, client)
    level(plans, client, "2.5", 9)
    discharge(plans, client)
    rows = plans.query(
        "SELECT DISTINCT subject, headers->>'label' AS label FROM published WHERE type LIKE"
        " '%Discharged' OR type LIKE '%Changed' OR type LIKE '%Reviewed'"
    )
    assert [(row.subject, row.label) for row in rows] == [(f"client/{client.client_id}", "PART2")]


def test_whether_the_client_was_reached_is_said(plans: Plans, client: Treated) -> None:
    contact = pb.RecordFollowUpRequest(**of(client), contacted_on=march(20))
    with pytest.raises(Malformed) as refused:
        plans.call("RecordFollowUp", contact)
    assert list(refused.value.details) == ["reached"]
