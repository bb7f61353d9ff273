"""StatementsService: what was said of a client's plans and care, read back and put right."""

import json
from typing import Any

from ninehours.plans.v1 import plans_service_pb2 as words
from ninehours.plans.v1 import statements_service_pb2 as pb

from kernel.facts import id_of
from kernel.mapping.reading import named
from kernel.mapping.writing import writer
from kernel.rpc.call import Call
from kernel.rpc.commands import ACTOR, NOW, new_id
from kernel.rpc.statements import Open, recording, statement_kinds
from kernel.statements import Statement
from kernel.store.store import Transaction
from services.plans.adapters.bindings import whose
from services.plans.adapters.care import plans_of, words_of
from services.plans.adapters.episodes import episodes_at
from services.plans.api import requests
from services.plans.app.statements import first_said, put_right
from services.plans.app.streams import decision_stream, over_safety_of, plan_stream
from services.plans.domain import decision, ending, level, plan_facts
from services.plans.domain.plan_content import Goal, Problem

SERVICE = pb.DESCRIPTOR.services_by_name["StatementsService"]
OF_THE_CALL = {"actor": ACTOR, "now": NOW}


def _worded(said: words.DraftPlanRequest, fact: plan_facts.PlanDrafted, opened: Open) -> None:
    content = opened(plan_stream(fact.plan_id), fact.content_version)
    sealed = {} if content is None else json.loads(content)
    for goal, text in zip(said.goals, words_of(sealed, "goals", len(said.goals)), strict=True):
        goal.in_the_clients_words = text
    of_problems = words_of(sealed, "problems", len(said.problems))
    for problem, text in zip(said.problems, of_problems, strict=True):
        problem.description = text


def _decided(
    said: words.DecideRecommendationRequest, fact: decision.RecommendationDecided, opened: Open
) -> None:
    if fact.reason_version or (fact.reason_version is None and not fact.accepted):
        content = opened(decision_stream(fact.recommendation_id), fact.reason_version)
        said.reason = (content or b"").decode()


def _reasoned(
    said: words.DischargeClientRequest, fact: ending.ClientDischarged, opened: Open
) -> None:
    if fact.reason_version or (fact.reason_version is None and fact.over_safety_tasks):
        content = opened(over_safety_of(fact.episode_id), fact.reason_version)
        said.open_safety_reason = (content or b"").decode()


_sheet = writer(words.PaperSignature, plan_facts.Paper, given=("signed_by",), scan=b"")


def _paper(paper: plan_facts.Paper | None, signed_by: str) -> words.PaperSignature | None:
    """Which sheet it was: ReadScan tells it."""
    if paper is None:
        return None
    return _sheet(paper, signed_by=signed_by)


def _is_told(tx: Transaction, statement: Statement, call: Call) -> bool:
    """What is said of an episode is its site's."""
    client_id, episode_id = whose(tx, statement.first)
    return episodes_at(tx, client_id, call.actor.sites)(episode_id)


SIGNER: Any = {"signer_role": named("role")}
KINDS = statement_kinds(
    pb.Recording,
    (
        recording(
            words.DraftPlanRequest,
            plan_facts.PlanDrafted,
            requests.to_plan_in_words,
            tell=_worded,
            goals=writer(words.Goal, Goal, in_the_clients_words=""),
            problems=writer(words.Problem, Problem, description=""),
        ),
        recording(
            words.SignPlanRequest,
            plan_facts.PlanSigned,
            requests.to_sign_plan,
            OF_THE_CALL,
            paper=lambda fact: _paper(fact.paper, fact.signed_by),
            **SIGNER,
        ),
        recording(
            words.RefusePlanRequest,
            plan_facts.PlanRefused,
            requests.to_refuse_plan,
            OF_THE_CALL,
            **SIGNER,
        ),
        recording(
            words.CertifyPlanRequest,
            plan_facts.PlanCertified,
            requests.to_certify_plan,
            OF_THE_CALL,
            paper=lambda fact: _paper(fact.paper, fact.certified_by),
        ),
        recording(
            words.ReviewPlanRequest, plan_facts.PlanReviewed, requests.to_review_plan, OF_THE_CALL
        ),
        recording(
            words.ChangeLevelOfCareRequest,
            level.LevelOfCareChanged,
            requests.to_change_level,
            {"changed_by": ACTOR},
        ),
        recording(
            words.DecideRecommendationRequest,
            decision.RecommendationDecided,
            requests.to_decision,
            tell=_decided,
            accept=named("accepted"),
            reason="",
            level_of_care="",
            effective_from=None,
        ),
        recording(
            words.CompleteProgramRequest,
            ending.ProgramCompleted,
            requests.to_complete_program,
            OF_THE_CALL,
        ),
        recording(
            words.DischargeClientRequest,
            ending.ClientDischarged,
            requests.to_discharge,
            OF_THE_CALL,
            _reasoned,
            open_safety_reason="",
        ),
        recording(
            words.ArrangeAftercareRequest,
            ending.AftercareArranged,
            requests.to_arrange_aftercare,
            {**OF_THE_CALL, "aftercare_id": new_id("aftercare")},
        ),
        recording(
            words.RecordFollowUpRequest,
            ending.FollowedUp,
            requests.to_record_follow_up,
            {**OF_THE_CALL, "follow_up_id": new_id("follow-up")},
        ),
    ),
    first_said,
    put_right,
    is_told=_is_told,
    streams=lambda tx, subject: plans_of(tx, id_of(subject)),
)
