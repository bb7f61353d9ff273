"""From requests to the values that use cases take."""

from typing import Any

from ninehours.plans.v1 import plans_service_pb2 as pb

from kernel.mapping.fields import Read, left_out, text
from kernel.mapping.reading import Reader, each_of, named, request_reader
from kernel.refusal import Malformed
from kernel.rpc.translate import reading, required_level, required_text
from kernel.store.store import Context
from services.plans.adapters.level_rules import to_proposed_rules
from services.plans.app.levels_of_care import DecisionRequest
from services.plans.app.treatment_plans import GoalInWords, PlanInWords, ProblemInWords
from services.plans.domain.ending_facts import (
    AftercareKind,
    ArrangeAftercare,
    CompleteProgram,
    DischargeClient,
    DischargeReason,
    RecordFollowUp,
)
from services.plans.domain.level import ChangeLevelOfCare
from services.plans.domain.plan_content import Intervention, Objective
from services.plans.domain.plan_facts import CertifyPlan, Rating, RefusePlan, ReviewPlan, SignPlan
from services.plans.domain.rules import ProposeLevelRules

LONGEST_WORDS = 10_000  # characters
MOST_OF_EACH = 50
OF_THE_CALL = ("actor", "now")
# What a plan says has its bounds in the domain, which tells all that is wrong with it.
AS_SAID: Read = getattr


def _at_most(most: int, reader: Reader[Any, Any]) -> Read:
    """A reader of a repeated field with so many elements at most."""
    read_each = each_of(reader)

    def read_elements(message: Any, field: str) -> Any:
        if len(getattr(message, field)) > most:
            raise Malformed(**{field: f"has more than {most}"})
        return read_each(message, field)

    return read_elements


_to_objective = request_reader(pb.Objective, Objective, baseline=AS_SAID, target=AS_SAID)
_to_goal = request_reader(
    pb.Goal,
    GoalInWords,
    in_the_clients_words=text(LONGEST_WORDS),
    objectives=_at_most(MOST_OF_EACH, _to_objective),
    problem=AS_SAID,
)
_to_intervention = request_reader(
    pb.Intervention, Intervention, times_per_week=AS_SAID, minutes_each_time=AS_SAID
)
_to_problem = request_reader(
    pb.Problem,
    ProblemInWords,
    diagnosis_code=AS_SAID,
    dimension=AS_SAID,
    description=text(LONGEST_WORDS),
)
to_plan_in_words = request_reader(
    pb.DraftPlanRequest,
    PlanInWords,
    goals=_at_most(MOST_OF_EACH, _to_goal),
    interventions=_at_most(MOST_OF_EACH, _to_intervention),
    problems=_at_most(MOST_OF_EACH, _to_problem),
)
to_sign_plan = request_reader(
    pb.SignPlanRequest,
    SignPlan,
    given=OF_THE_CALL,
    role=named("signer_role"),
    credential=left_out(text(40)),
)
to_refuse_plan = request_reader(
    pb.RefusePlanRequest, RefusePlan, given=OF_THE_CALL, role=named("signer_role")
)
to_certify_plan = request_reader(pb.CertifyPlanRequest, CertifyPlan, given=OF_THE_CALL)
_to_rating = request_reader(pb.ObjectiveRating, Rating, goal=AS_SAID, objective=AS_SAID)
to_review_plan = request_reader(
    pb.ReviewPlanRequest,
    ReviewPlan,
    given=OF_THE_CALL,
    ratings=_at_most(MOST_OF_EACH * MOST_OF_EACH, _to_rating),
)
to_propose_level_rules = request_reader(
    pb.ProposeLevelRulesRequest, ProposeLevelRules, given=("proposed_by",), rules=to_proposed_rules
)
_to_decision = request_reader(
    pb.DecideRecommendationRequest,
    DecisionRequest,
    reason=left_out(text(LONGEST_WORDS)),
    level_of_care=left_out(required_level),
)


def to_decision(request: pb.DecideRecommendationRequest) -> DecisionRequest:
    """A level that follows needs its first day, and a day its level."""
    decision = _to_decision(request)
    if decision.level_of_care and decision.effective_from is None:
        raise Malformed(effective_from="is required with a level")
    if decision.effective_from is not None and not decision.level_of_care:
        raise Malformed(level_of_care="is required with its first day")
    return decision


# The commands below have fields that are filled in under the client's lock, by the use case.


def to_change_level(request: pb.ChangeLevelOfCareRequest, context: Context) -> ChangeLevelOfCare:
    with reading(request) as read:
        return ChangeLevelOfCare(
            client_id=str(read.uuid("client_id")),
            episode_id=str(read.uuid("episode_id")),
            level_of_care=read.value(required_level, "level_of_care", ""),
            effective_from=read.date("effective_from"),
            changed_by=context.actor,
        )


def to_complete_program(request: pb.CompleteProgramRequest, context: Context) -> CompleteProgram:
    with reading(request) as read:
        return CompleteProgram(**_of_episode(read, context), completed_on=read.date("completed_on"))


def to_discharge(
    request: pb.DischargeClientRequest, context: Context
) -> tuple[DischargeClient, str]:
    """The command, and the reason to discharge over an open safety task; empty: none is given."""
    with reading(request) as read:
        of_episode, reason = _of_episode(read, context), read.enum("reason")
        discharged_on = read.date("discharged_on")
        over = read.optional(required_text, "open_safety_reason", max_length=LONGEST_WORDS)
    command = DischargeClient(
        **of_episode, reason=DischargeReason(reason), discharged_on=discharged_on
    )
    return command, over or ""


def to_arrange_aftercare(request: pb.ArrangeAftercareRequest, context: Context) -> ArrangeAftercare:
    with reading(request) as read:
        of_episode, kind = _of_episode(read, context), read.enum("kind")
        starts_on = read.date("starts_on")
    return ArrangeAftercare(
        **of_episode,
        aftercare_id=context.new_id("aftercare"),
        kind=AftercareKind(kind),
        starts_on=starts_on,
        alumni_consent=request.alumni_consent,
    )


def to_record_follow_up(request: pb.RecordFollowUpRequest, context: Context) -> RecordFollowUp:
    with reading(request) as read:
        return RecordFollowUp(
            **_of_episode(read, context),
            follow_up_id=context.new_id("follow-up"),
            contacted_on=read.date("contacted_on"),
            reached=read.answer("reached"),
        )


def _of_episode(read: reading, context: Context) -> dict[str, Any]:
    return {
        "client_id": str(read.uuid("client_id")),
        "episode_id": str(read.uuid("episode_id")),
        "actor": context.actor,
        "now": context.now,
    }
