"""From requests to the values that use cases take."""

from typing import Any

from ninehours.plans.v1 import plans_service_pb2 as pb

from kernel.mapping.fields import Read, bounded, left_out, text
from kernel.mapping.reading import Reader, each_of, named, request_reader
from kernel.refusal import Malformed
from kernel.rpc.translate import required_level
from services.plans.adapters.level_rules import to_proposed_rules
from services.plans.app.endings import DischargeInWords
from services.plans.app.levels_of_care import DecisionRequest
from services.plans.app.treatment_plans import (
    SCANS,
    CertifyOrEnter,
    GoalInWords,
    PlanInWords,
    ProblemInWords,
    Sheet,
    SignOrEnter,
)
from services.plans.domain.completion import UNKNOWN
from services.plans.domain.ending import (
    ArrangeAftercare,
    CompleteProgram,
    RecordFollowUp,
)
from services.plans.domain.level import ChangeLevelOfCare
from services.plans.domain.plan_content import Intervention, Objective
from services.plans.domain.plan_facts import Rating, RefusePlan, ReviewPlan
from services.plans.domain.rules import ConfirmLevelRules, ProposeLevelRules

LONGEST_WORDS = 10_000  # characters
MOST_OF_EACH = 50
LARGEST_SCAN = 2 * 1024 * 1024  # bytes
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
_to_sheet = request_reader(
    pb.PaperSignature, Sheet, signed_by=text(80), scan=AS_SAID, scan_version=bounded(0, 10_000)
)


def _read_sheet(message: Any, field: str) -> Sheet | None:
    """What was signed on paper, if anything was: a scan, or which of those that were sealed."""
    if not message.HasField(field):
        return None
    said = getattr(message, field)
    sheet = _to_sheet.read_at(said, f"{field}.")
    if bool(sheet.scan) == bool(sheet.scan_version):
        raise Malformed(**{f"{field}.scan": "is said, or scan_version: one of them"})
    if len(sheet.scan) > LARGEST_SCAN:
        raise Malformed(**{f"{field}.scan": "is more than 2 MiB"})
    if sheet.scan and not sheet.scan.startswith(SCANS[sheet.scan_type]):
        raise Malformed(**{f"{field}.scan_type": "is not what the scan is"})
    return sheet


to_sign_plan = request_reader(
    pb.SignPlanRequest,
    SignOrEnter,
    given=OF_THE_CALL,
    role=named("signer_role"),
    credential=left_out(text(40)),
    paper=None,
    sheet=named("paper", _read_sheet),
)
to_refuse_plan = request_reader(
    pb.RefusePlanRequest, RefusePlan, given=OF_THE_CALL, role=named("signer_role")
)
to_certify_plan = request_reader(
    pb.CertifyPlanRequest,
    CertifyOrEnter,
    given=OF_THE_CALL,
    paper=None,
    sheet=named("paper", _read_sheet),
)
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
to_confirm_level_rules = request_reader(
    pb.ConfirmLevelRulesRequest, ConfirmLevelRules, given=("confirmed_by",), version=getattr
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


# What the commands below leave open is filled in under the client's lock, by the use case.
to_change_level = request_reader(
    pb.ChangeLevelOfCareRequest,
    ChangeLevelOfCare,
    given=("changed_by",),
    level_of_care=required_level,
    admitted=None,
    discharged=False,
    step=None,
)
to_complete_program = request_reader(
    pb.CompleteProgramRequest,
    CompleteProgram,
    given=OF_THE_CALL,
    admitted=None,
    criteria=UNKNOWN,
    settled=False,
)
to_discharge = request_reader(
    pb.DischargeClientRequest,
    DischargeInWords,
    given=OF_THE_CALL,
    admitted=None,
    reasoned=False,
    open_high=(),
    heard=False,
    open_safety_reason=left_out(text(LONGEST_WORDS)),
)
to_arrange_aftercare = request_reader(
    pb.ArrangeAftercareRequest,
    ArrangeAftercare,
    given=(*OF_THE_CALL, "aftercare_id"),
    admitted=None,
)
to_record_follow_up = request_reader(
    pb.RecordFollowUpRequest,
    RecordFollowUp,
    given=(*OF_THE_CALL, "follow_up_id"),
    admitted=None,
)
