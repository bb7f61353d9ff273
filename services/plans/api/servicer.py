"""Plans' gRPC servicer: request to command, outcome to response. It decides nothing."""

from ninehours.plans.v1 import plans_service_pb2 as pb

from kernel.execute import Book
from kernel.refusal import Malformed
from kernel.rpc.call import Call
from kernel.rpc.commands import context_of, patience_of, positions_of, receipt_of
from kernel.rpc.translate import reading, to_date
from kernel.store.store import Context
from services.plans.app import questions, use_cases
from services.plans.app.ports import MeasuredWeek, Progress
from services.plans.domain.plan import Intervention, Objective, SignPlan

SERVICE = pb.DESCRIPTOR.services_by_name["PlansService"]
LONGEST_WORDS = 10_000  # characters
MOST_OF_EACH = 50


class PlansServicer:
    """Answers PlansService over one book of record."""

    def __init__(self, book: Book, progress: Progress) -> None:
        self._book = book
        self._progress = progress

    def DraftPlan(self, request: pb.DraftPlanRequest, call: Call) -> pb.DraftPlanResponse:
        context = self._context(request, call)
        with reading(request) as read:
            client_id, episode_id = str(read.uuid("client_id")), str(read.uuid("episode_id"))
        asked = use_cases.PlanRequest(
            client_id=client_id,
            episode_id=episode_id,
            goals=_goals(request),
            interventions=_interventions(request),
        )
        plan_id = context.new_id("plan")
        outcome = use_cases.draft_plan(self._book, plan_id, asked, context)
        return pb.DraftPlanResponse(receipt=receipt_of(outcome.published), plan_id=plan_id)

    def SignPlan(self, request: pb.SignPlanRequest, call: Call) -> pb.SignPlanResponse:
        context = self._context(request, call)
        with reading(request) as read:
            command = SignPlan(
                plan_id=str(read.uuid("plan_id")),
                role=read.enum("signer_role"),
                actor=context.actor,
                signed_on=read.date("signed_on"),
                now=context.now,
            )
        outcome = use_cases.sign_plan(self._book, command, context)
        return pb.SignPlanResponse(
            receipt=receipt_of(outcome.published),
            active=use_cases.is_active(self._book, command.plan_id, outcome),
        )

    def ListProgress(self, request: pb.ListProgressRequest, call: Call) -> pb.ListProgressResponse:
        with reading(request) as read:
            client_id = str(read.uuid("client_id"))
        weeks = questions.list_progress(
            self._book.store,
            self._progress,
            client_id,
            positions_of(request.after),
            patience_of(call),
        )
        return pb.ListProgressResponse(weeks=[_week(week) for week in weeks])

    def _context(self, request: object, call: Call) -> Context:
        return context_of(request, call, self._book.store.vault)


def _goals(request: pb.DraftPlanRequest) -> tuple[use_cases.GoalInWords, ...]:
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
            use_cases.GoalInWords(in_the_clients_words=words, objectives=tuple(objectives))
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


def _check_number(message: pb.DraftPlanRequest | pb.Goal, field: str, at: str = "") -> None:
    if len(getattr(message, field)) > MOST_OF_EACH:
        raise Malformed(**{f"{at}{field}": f"has more than {MOST_OF_EACH}"})


def _week(week: MeasuredWeek) -> pb.WeekOfProgress:
    return pb.WeekOfProgress(
        episode_id=week.episode_id,
        week_start=to_date(week.week_start),
        planned_minutes=week.planned_minutes,
        delivered_minutes=week.delivered_minutes,
        attended=week.attended,
        missed=week.missed,
        complete=week.complete,
        reaches_band=week.reaches_band,
        revision=week.revision,
    )
