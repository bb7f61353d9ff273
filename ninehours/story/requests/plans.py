"""What plans is told at length: a plan, and its reviews."""

from datetime import date, timedelta

from ninehours.plans.v1 import plans_service_pb2 as pb

from kernel.rpc.translate import to_date
from ninehours.story.courses import Objectives
from ninehours.story.network import TREATED_MINUTES
from ninehours.story.people import DemoClient

OBJECTIVES = 2
TERM = timedelta(days=28)  # between a plan's reviews


def draft_plan(client: DemoClient, episode_id: str, by: date) -> pb.DraftPlanRequest:
    """A goal in the client's words, with two objectives to be met by a date."""
    score = client.course.first_score
    objectives = [
        pb.Objective(
            metric="phq9", baseline=score, target=max(score // 2, 1), target_date=to_date(by)
        ),
        pb.Objective(metric="days_without_use", baseline=3, target=28, target_date=to_date(by)),
    ]
    return pb.DraftPlanRequest(
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


def review(plan_id: str, objectives: Objectives, on: date) -> pb.ReviewPlanRequest:
    """Both objectives stand alike."""
    return pb.ReviewPlanRequest(
        plan_id=plan_id,
        ratings=[
            pb.ObjectiveRating(goal=1, objective=number, status=f"OBJECTIVE_STATUS_{objectives}")
            for number in range(1, OBJECTIVES + 1)
        ],
        reviewed_on=to_date(on),
        next_review_by=to_date(on + TERM),
    )
