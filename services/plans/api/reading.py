"""From requests that hold many things to the values use cases take."""

from google.protobuf.message import Message
from ninehours.plans.v1 import plans_service_pb2 as pb

from kernel.refusal import Malformed
from kernel.rpc.translate import date_of, reading, required_level, required_text, required_uuid
from services.plans.app.level import DecisionRequest
from services.plans.app.plan import GoalInWords, PlanRequest, ProblemInWords
from services.plans.domain.plan_content import Intervention, Objective
from services.plans.domain.plan_facts import Rating

LONGEST_WORDS = 10_000  # characters
MOST_OF_EACH = 50


def plan_request_of(request: pb.DraftPlanRequest) -> PlanRequest:
    """The plan as it was written down."""
    with reading(request) as read:
        client_id, episode_id = str(read.uuid("client_id")), str(read.uuid("episode_id"))
        supersedes = read.optional(required_uuid, "supersedes_plan_id")
    return PlanRequest(
        client_id=client_id,
        episode_id=episode_id,
        goals=_goals(request),
        interventions=_interventions(request),
        problems=_problems(request),
        supersedes_plan_id="" if supersedes is None else str(supersedes),
    )


def ratings_of(request: pb.ReviewPlanRequest) -> tuple[Rating, ...]:
    _check_number(request, "ratings", most=MOST_OF_EACH * MOST_OF_EACH)
    ratings = []
    for number, item in enumerate(request.ratings):
        with reading(item, at=f"ratings.{number}.") as read:
            status = read.enum("status")
        ratings.append(Rating(goal=item.goal, objective=item.objective, status=status))
    return tuple(ratings)


def decision_request_of(request: pb.DecideRecommendationRequest) -> DecisionRequest:
    """A level that follows needs its first day, and a day its level."""
    with reading(request) as read:
        asked = DecisionRequest(
            client_id=str(read.uuid("client_id")),
            recommendation_id=str(read.uuid("recommendation_id")),
            accept=read.answer("accept"),
            reason=read.optional(required_text, "reason", max_length=LONGEST_WORDS) or "",
            level_of_care=read.optional(required_level, "level_of_care") or "",
            effective_from=read.optional(date_of, "effective_from"),
        )
    if asked.level_of_care and asked.effective_from is None:
        raise Malformed(effective_from="is required with a level")
    if asked.effective_from is not None and not asked.level_of_care:
        raise Malformed(level_of_care="is required with its first day")
    return asked


def _goals(request: pb.DraftPlanRequest) -> tuple[GoalInWords, ...]:
    _check_number(request, "goals")
    goals = []
    for number, item in enumerate(request.goals):
        _check_number(item, "objectives", at=f"goals.{number}.")
        with reading(item, at=f"goals.{number}.") as read:
            words = read.text("in_the_clients_words", max_length=LONGEST_WORDS)
        objectives = []
        for place, each in enumerate(item.objectives):
            with reading(each, at=f"goals.{number}.objectives.{place}.") as read:
                objective = Objective(
                    metric=read.text("metric"),
                    baseline=each.baseline,
                    target=each.target,
                    target_date=read.date("target_date"),
                )
            objectives.append(objective)
        goals.append(
            GoalInWords(
                in_the_clients_words=words, objectives=tuple(objectives), problem=item.problem
            )
        )
    return tuple(goals)


def _interventions(request: pb.DraftPlanRequest) -> tuple[Intervention, ...]:
    _check_number(request, "interventions")
    interventions = []
    for number, item in enumerate(request.interventions):
        with reading(item, at=f"interventions.{number}.") as read:
            kind = read.enum("kind")
        interventions.append(
            Intervention(
                kind=kind,
                times_per_week=item.times_per_week,
                minutes_each_time=item.minutes_each_time,
            )
        )
    return tuple(interventions)


def _problems(request: pb.DraftPlanRequest) -> tuple[ProblemInWords, ...]:
    _check_number(request, "problems")
    problems = []
    for number, item in enumerate(request.problems):
        with reading(item, at=f"problems.{number}.") as read:
            description = read.text("description", max_length=LONGEST_WORDS)
        problems.append(
            ProblemInWords(
                diagnosis_code=item.diagnosis_code,
                dimension=item.dimension,
                description=description,
            )
        )
    return tuple(problems)


def _check_number(message: Message, field: str, at: str = "", most: int = MOST_OF_EACH) -> None:
    if len(getattr(message, field)) > most:
        raise Malformed(**{f"{at}{field}": f"has more than {most}"})
