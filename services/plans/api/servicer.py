"""PlansService: request to command, outcome to response. It decides nothing."""

from dataclasses import replace
from typing import Any

from ninehours.plans.v1 import plans_service_pb2 as pb

from kernel.execute import Book
from kernel.mapping.reading import named
from kernel.mapping.writing import writer
from kernel.rpc.call import Call
from kernel.rpc.commands import context_of, patience_of, positions_of, receipt_of
from kernel.rpc.translate import reading, timestamp_of
from kernel.store.store import Context
from services.plans.adapters.subscriptions import trend_message
from services.plans.api import requests
from services.plans.app import endings, levels_of_care, questions, treatment_plans
from services.plans.app.ports import Outside
from services.plans.app.questions import AboutClient, Advice
from services.plans.domain.progress import WeekOfProgress
from services.plans.domain.recommendation import Recommendation
from services.plans.domain.rules import ConfirmLevelRules

SERVICE = pb.DESCRIPTOR.services_by_name["PlansService"]

_week = writer(pb.WeekOfProgress, WeekOfProgress, given=("revision",), phq9=trend_message)
_recommendation = writer(
    pb.Recommendation,
    Recommendation,
    given=("facts", "revision", "stale", "decision"),
    reasons=named("in_words"),
)


class PlansServicer:
    """Answers PlansService over one book of record, and what its use cases need from outside."""

    def __init__(self, book: Book, outside: Outside) -> None:
        self._book = book
        self._outside = outside

    def DraftPlan(self, request: pb.DraftPlanRequest, call: Call) -> pb.DraftPlanResponse:
        context = self._context(request, call)
        asked = requests.to_plan_in_words(request)
        plan_id = context.new_id("plan")
        outcome = treatment_plans.draft_plan(self._book, self._outside, plan_id, asked, context)
        return pb.DraftPlanResponse(
            receipt=receipt_of(outcome.published),
            plan_id=plan_id,
            version=treatment_plans.version_of(outcome),
        )

    def SignPlan(self, request: pb.SignPlanRequest, call: Call) -> pb.SignPlanResponse:
        context = self._context(request, call)
        command = requests.to_sign_plan(request, actor=context.actor, now=context.now)
        outcome = treatment_plans.sign_plan(self._book, self._outside, command, context)
        return pb.SignPlanResponse(
            receipt=receipt_of(outcome.published),
            active=treatment_plans.is_active(self._book, command.plan_id, outcome),
        )

    def RefusePlan(self, request: pb.RefusePlanRequest, call: Call) -> pb.RefusePlanResponse:
        context = self._context(request, call)
        command = requests.to_refuse_plan(request, actor=context.actor, now=context.now)
        outcome = treatment_plans.refuse_plan(self._book, command, context)
        return pb.RefusePlanResponse(receipt=receipt_of(outcome.published))

    def CertifyPlan(self, request: pb.CertifyPlanRequest, call: Call) -> pb.CertifyPlanResponse:
        context = self._context(request, call)
        command = requests.to_certify_plan(request, actor=context.actor, now=context.now)
        outcome = treatment_plans.certify_plan(self._book, self._outside, command, context)
        return pb.CertifyPlanResponse(receipt=receipt_of(outcome.published))

    def ReviewPlan(self, request: pb.ReviewPlanRequest, call: Call) -> pb.ReviewPlanResponse:
        context = self._context(request, call)
        command = requests.to_review_plan(request, actor=context.actor, now=context.now)
        outcome = treatment_plans.review_plan(self._book, command, context)
        return pb.ReviewPlanResponse(receipt=receipt_of(outcome.published))

    def ProposeLevelRules(
        self, request: pb.ProposeLevelRulesRequest, call: Call
    ) -> pb.ProposeLevelRulesResponse:
        context = self._context(request, call)
        command = requests.to_propose_level_rules(request, proposed_by=context.actor)
        outcome = levels_of_care.propose_level_rules(self._book, command, context)
        return pb.ProposeLevelRulesResponse(receipt=receipt_of(outcome.published))

    def ConfirmLevelRules(
        self, request: pb.ConfirmLevelRulesRequest, call: Call
    ) -> pb.ConfirmLevelRulesResponse:
        context = self._context(request, call)
        command = ConfirmLevelRules(version=request.version, confirmed_by=context.actor)
        outcome = levels_of_care.confirm_level_rules(self._book, command, context)
        return pb.ConfirmLevelRulesResponse(receipt=receipt_of(outcome.published))

    def ChangeLevelOfCare(
        self, request: pb.ChangeLevelOfCareRequest, call: Call
    ) -> pb.ChangeLevelOfCareResponse:
        context = self._context(request, call)
        command = requests.to_change_level(request, context)
        outcome = levels_of_care.change_level_of_care(self._book, self._outside, command, context)
        return pb.ChangeLevelOfCareResponse(receipt=receipt_of(outcome.published))

    def DecideRecommendation(
        self, request: pb.DecideRecommendationRequest, call: Call
    ) -> pb.DecideRecommendationResponse:
        context = self._context(request, call)
        decision = requests.to_decision(request)
        outcome = levels_of_care.decide_recommendation(self._book, self._outside, decision, context)
        return pb.DecideRecommendationResponse(receipt=receipt_of(outcome.published))

    def CompleteProgram(
        self, request: pb.CompleteProgramRequest, call: Call
    ) -> pb.CompleteProgramResponse:
        context = self._context(request, call)
        command = requests.to_complete_program(request, context)
        outcome = endings.complete_program(self._book, self._outside, command, context)
        return pb.CompleteProgramResponse(receipt=receipt_of(outcome.published))

    def DischargeClient(
        self, request: pb.DischargeClientRequest, call: Call
    ) -> pb.DischargeClientResponse:
        context = self._context(request, call)
        command, reason = requests.to_discharge(request, context)
        outcome = endings.discharge_client(self._book, self._outside, command, reason, context)
        return pb.DischargeClientResponse(receipt=receipt_of(outcome.published))

    def ArrangeAftercare(
        self, request: pb.ArrangeAftercareRequest, call: Call
    ) -> pb.ArrangeAftercareResponse:
        context = self._context(request, call)
        command = requests.to_arrange_aftercare(request, context)
        outcome = endings.arrange_aftercare(self._book, self._outside, command, context)
        return pb.ArrangeAftercareResponse(
            receipt=receipt_of(outcome.published), aftercare_id=command.aftercare_id
        )

    def RecordFollowUp(
        self, request: pb.RecordFollowUpRequest, call: Call
    ) -> pb.RecordFollowUpResponse:
        context = self._context(request, call)
        command = requests.to_record_follow_up(request, context)
        outcome = endings.record_follow_up(self._book, self._outside, command, context)
        return pb.RecordFollowUpResponse(receipt=receipt_of(outcome.published))

    def ListProgress(self, request: pb.ListProgressRequest, call: Call) -> pb.ListProgressResponse:
        with reading(request) as read:
            about = AboutClient(client_id=str(read.uuid("client_id")), sites=call.actor.sites)
            until = read.optional(timestamp_of, "as_of")
        store, outside = self._book.store, self._outside
        if until is not None:
            # No row tells an earlier moment: it has no revision.
            measured = [
                (week, 0) for week in questions.progress_as_of(store, outside, about, until)
            ]
        else:
            rows = questions.list_progress(
                store, outside, about, positions_of(request.after), patience_of(call)
            )
            measured = [(row.content, row.revision) for row in rows]
        scores = questions.tells_scores(store, outside, about.client_id, call.reader)
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
        store, outside = self._book.store, self._outside
        advice = questions.list_recommendations(
            store, outside, about, positions_of(request.after), patience_of(call)
        )
        scores = questions.tells_scores(store, outside, about.client_id, call.reader)
        return pb.ListRecommendationsResponse(
            recommendations=[_advice(one, scores) for one in advice], scores_withheld=not scores
        )

    def _context(self, request: Any, call: Call) -> Context:
        return context_of(request, call, self._book.store.vault)


def _advice(advice: Advice, scores: bool) -> pb.Recommendation:
    row = advice.row
    return _recommendation(
        row.content if scores else row.content.without_scores(),
        facts=row.facts,
        revision=row.revision,
        stale=advice.stale,
        decision=advice.decision or "",
    )
