"""PlansService: request to command, outcome to response. It decides nothing."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ninehours.plans.v1 import plans_service_pb2 as pb

from kernel.mapping.reading import named
from kernel.mapping.writing import writer
from kernel.rpc.call import Call
from kernel.rpc.commands import (
    ACTOR,
    NOW,
    Accepted,
    CommandRpcs,
    command_rpc,
    new_id,
    patience_of,
    positions_of,
)
from kernel.rpc.translate import reading, timestamp_of
from services.plans.adapters.subscriptions import trend_message
from services.plans.api import requests
from services.plans.app import endings, levels_of_care, questions, treatment_plans
from services.plans.app.ports import Plans
from services.plans.app.questions import AboutClient, Advice
from services.plans.app.treatment_plans import PlanInWords
from services.plans.domain.plan_facts import SignPlan
from services.plans.domain.progress import WeekOfProgress
from services.plans.domain.recommendation import Recommendation

SERVICE = pb.DESCRIPTOR.services_by_name["PlansService"]

_week = writer(pb.WeekOfProgress, WeekOfProgress, given=("revision",), phq9=trend_message)
_recommendation = writer(
    pb.Recommendation,
    Recommendation,
    given=("facts", "revision", "stale", "decision"),
    reasons=named("in_words"),
)


def _drafted(drafting: Accepted[Plans, PlanInWords]) -> Mapping[str, Any]:
    plan = treatment_plans.drafted_by(drafting.outcome)
    return {"plan_id": plan.plan_id, "version": plan.version}


def _active(signing: Accepted[Plans, SignPlan]) -> Mapping[str, Any]:
    plan_id = signing.command.plan_id
    return {"active": treatment_plans.is_active(signing.write_side, plan_id, signing.outcome)}


class PlansServicer(CommandRpcs[Plans]):
    """Answers PlansService."""

    DraftPlan = command_rpc(requests.to_plan_in_words, treatment_plans.draft_plan, _drafted)
    SignPlan = command_rpc(
        requests.to_sign_plan, treatment_plans.sign_plan, _active, actor=ACTOR, now=NOW
    )
    RefusePlan = command_rpc(requests.to_refuse_plan, treatment_plans.on_plan, actor=ACTOR, now=NOW)
    CertifyPlan = command_rpc(
        requests.to_certify_plan, treatment_plans.certify_plan, actor=ACTOR, now=NOW
    )
    ReviewPlan = command_rpc(requests.to_review_plan, treatment_plans.on_plan, actor=ACTOR, now=NOW)
    ProposeLevelRules = command_rpc(
        requests.to_propose_level_rules, levels_of_care.propose_level_rules, proposed_by=ACTOR
    )
    ConfirmLevelRules = command_rpc(
        requests.to_confirm_level_rules, levels_of_care.confirm_level_rules, confirmed_by=ACTOR
    )
    ChangeLevelOfCare = command_rpc(
        requests.to_change_level, levels_of_care.change_level_of_care, changed_by=ACTOR
    )
    DecideRecommendation = command_rpc(requests.to_decision, levels_of_care.decide_recommendation)
    CompleteProgram = command_rpc(
        requests.to_complete_program, endings.complete_program, actor=ACTOR, now=NOW
    )
    DischargeClient = command_rpc(
        requests.to_discharge, endings.discharge_client, actor=ACTOR, now=NOW
    )
    ArrangeAftercare = command_rpc(
        requests.to_arrange_aftercare,
        endings.follow_up,
        actor=ACTOR,
        now=NOW,
        aftercare_id=new_id("aftercare"),
    )
    RecordFollowUp = command_rpc(
        requests.to_record_follow_up,
        endings.follow_up,
        actor=ACTOR,
        now=NOW,
        follow_up_id=new_id("follow-up"),
    )

    def ListProgress(self, request: pb.ListProgressRequest, call: Call) -> pb.ListProgressResponse:
        with reading(request) as read:
            about = AboutClient(client_id=str(read.uuid("client_id")), sites=call.actor.sites)
            until = read.optional(timestamp_of, "as_of")
        plans = self.write_side
        if until is not None:
            # No row tells an earlier moment: it has no revision.
            measured = [(week, 0) for week in questions.progress_as_of(plans, about, until)]
        else:
            rows = questions.list_progress(
                plans, about, positions_of(request.after), patience_of(call)
            )
            measured = [(row.content, row.revision) for row in rows]
        scores = questions.tells_scores(plans, about.client_id, call.reader)
        return pb.ListProgressResponse(
            weeks=[
                _week(week if scores else replace(week, phq9=None), revision=revision)
                for week, revision in measured
            ],
            scores_withheld=not scores,
        )

    def ListRecommendations(
        self, request: pb.ListRecommendationsRequest, call: Call
    ) -> pb.ListRecommendationsResponse:
        with reading(request) as read:
            about = AboutClient(client_id=str(read.uuid("client_id")), sites=call.actor.sites)
        plans = self.write_side
        advice = questions.list_recommendations(
            plans, about, positions_of(request.after), patience_of(call)
        )
        scores = questions.tells_scores(plans, about.client_id, call.reader)
        return pb.ListRecommendationsResponse(
            recommendations=[_advice(one, scores) for one in advice], scores_withheld=not scores
        )


def _advice(advice: Advice, scores: bool) -> pb.Recommendation:
    row = advice.row
    return _recommendation(
        row.content if scores else row.content.without_scores(),
        facts=row.facts,
        revision=row.revision,
        stale=advice.stale,
        decision=advice.decision or "",
    )
