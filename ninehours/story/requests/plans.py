"""What plans is told: the plan, its reviews, what is decided about the level, how it ends."""

from collections.abc import Sequence
from datetime import date, timedelta

from ninehours.common.v1 import common_pb2 as common
from ninehours.plans.v1 import plans_service_pb2 as pb

from kernel.rpc.translate import to_date
from ninehours.story.network import TREATED_MINUTES
from ninehours.story.people import Client

OBJECTIVES = 2
TERM = timedelta(days=28)  # between a plan's reviews


def propose_level_rules(rules: pb.LevelRules) -> pb.ProposeLevelRulesRequest:
    return pb.ProposeLevelRulesRequest(rules=rules)


def confirm_level_rules(rules: pb.LevelRules) -> pb.ConfirmLevelRulesRequest:
    return pb.ConfirmLevelRulesRequest(version=rules.version)


def draft_plan(
    client: Client,
    client_id: str,
    episode_id: str,
    admitted: Sequence[common.Position],
    by: date,
) -> pb.DraftPlanRequest:
    """Rests on the admission: plans waits until it heard of it."""
    score = client.course.first_score
    objectives = [
        pb.Objective(
            metric="phq9", baseline=score, target=max(score // 2, 1), target_date=to_date(by)
        ),
        pb.Objective(metric="days_without_use", baseline=3, target=28, target_date=to_date(by)),
    ]
    return pb.DraftPlanRequest(
        meta=common.CommandMeta(after=admitted),
        client_id=client_id,
        episode_id=episode_id,
        problems=[
            pb.Problem(diagnosis_code=code, dimension=3, description=client.narrative)
            for code in client.diagnoses
        ],
        goals=[pb.Goal(in_the_clients_words=client.wish, objectives=objectives, problem=1)],
        interventions=[
            pb.Intervention(
                kind="INTERVENTION_KIND_GROUP",
                times_per_week=3,
                minutes_each_time=TREATED_MINUTES,
            )
        ],
    )


def sign_plan(
    plan_id: str, role: str, on: date, after: Sequence[common.Position]
) -> pb.SignPlanRequest:
    """`after`: where the site, and the clinician's credential, were published: plans waits."""
    return pb.SignPlanRequest(
        meta=common.CommandMeta(after=after),
        plan_id=plan_id,
        signer_role=f"SIGNER_ROLE_{role}",
        signed_on=to_date(on),
    )


def review(plan_id: str, status: str, on: date) -> pb.ReviewPlanRequest:
    """Both objectives stand alike."""
    return pb.ReviewPlanRequest(
        plan_id=plan_id,
        ratings=[
            pb.ObjectiveRating(goal=1, objective=number, status=f"OBJECTIVE_STATUS_{status}")
            for number in range(1, OBJECTIVES + 1)
        ],
        reviewed_on=to_date(on),
        next_review_by=to_date(on + TERM),
    )


def accept(
    client_id: str, recommendation_id: str, level: str = "", on: date | None = None
) -> pb.DecideRecommendationRequest:
    """`level`: what follows from that day on, where the recommendation is a step."""
    return pb.DecideRecommendationRequest(
        client_id=client_id,
        recommendation_id=recommendation_id,
        accept=True,
        level_of_care=level,
        effective_from=to_date(on) if on else None,
    )


def recommendations(client_id: str) -> pb.ListRecommendationsRequest:
    return pb.ListRecommendationsRequest(client_id=client_id)


def complete(client_id: str, episode_id: str, on: date) -> pb.CompleteProgramRequest:
    return pb.CompleteProgramRequest(
        client_id=client_id, episode_id=episode_id, completed_on=to_date(on)
    )


def discharge(client_id: str, episode_id: str, reason: str, on: date) -> pb.DischargeClientRequest:
    return pb.DischargeClientRequest(
        client_id=client_id,
        episode_id=episode_id,
        reason=f"DISCHARGE_REASON_{reason}",
        discharged_on=to_date(on),
    )


def aftercare(client_id: str, episode_id: str, kind: str, on: date) -> pb.ArrangeAftercareRequest:
    """Alumni agreed to be contacted, which is a consent of its own."""
    return pb.ArrangeAftercareRequest(
        client_id=client_id,
        episode_id=episode_id,
        kind=f"AFTERCARE_KIND_{kind}",
        starts_on=to_date(on),
        alumni_consent=kind == "ALUMNI",
    )


def follow_up(client_id: str, episode_id: str, on: date) -> pb.RecordFollowUpRequest:
    return pb.RecordFollowUpRequest(
        client_id=client_id, episode_id=episode_id, contacted_on=to_date(on), reached=True
    )
