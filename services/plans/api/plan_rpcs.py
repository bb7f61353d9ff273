"""The RPCs about a treatment plan."""

from ninehours.plans.v1 import plans_service_pb2 as pb

from kernel.rpc.call import Call
from kernel.rpc.commands import receipt_of
from kernel.rpc.translate import reading, required_text
from services.plans.api.desk import Desk
from services.plans.api.reading import plan_request_of, ratings_of
from services.plans.app import plan as use_cases
from services.plans.domain.plan_facts import CertifyPlan, RefusePlan, ReviewPlan, SignPlan


class PlanRpcs(Desk):
    """Drafted, signed or refused, certified, reviewed."""

    def DraftPlan(self, request: pb.DraftPlanRequest, call: Call) -> pb.DraftPlanResponse:
        context = self._context(request, call)
        asked = plan_request_of(request)
        plan_id = context.new_id("plan")
        outcome = use_cases.draft_plan(self._book, self._outside, plan_id, asked, context)
        return pb.DraftPlanResponse(
            receipt=receipt_of(outcome.published),
            plan_id=plan_id,
            version=use_cases.version_of(outcome),
        )

    def SignPlan(self, request: pb.SignPlanRequest, call: Call) -> pb.SignPlanResponse:
        context = self._context(request, call)
        with reading(request) as read:
            command = SignPlan(
                plan_id=str(read.uuid("plan_id")),
                role=read.enum("signer_role"),
                actor=context.actor,
                signed_on=read.date("signed_on"),
                now=context.now,
                credential=read.optional(required_text, "credential", max_length=40) or "",
            )
        outcome = use_cases.sign_plan(self._book, self._outside, command, context)
        return pb.SignPlanResponse(
            receipt=receipt_of(outcome.published),
            active=use_cases.is_active(self._book, command.plan_id, outcome),
        )

    def RefusePlan(self, request: pb.RefusePlanRequest, call: Call) -> pb.RefusePlanResponse:
        context = self._context(request, call)
        with reading(request) as read:
            command = RefusePlan(
                plan_id=str(read.uuid("plan_id")),
                role=read.enum("signer_role"),
                reason=read.enum("reason"),
                actor=context.actor,
                refused_on=read.date("refused_on"),
                now=context.now,
            )
        outcome = use_cases.refuse_plan(self._book, command, context)
        return pb.RefusePlanResponse(receipt=receipt_of(outcome.published))

    def CertifyPlan(self, request: pb.CertifyPlanRequest, call: Call) -> pb.CertifyPlanResponse:
        context = self._context(request, call)
        with reading(request) as read:
            command = CertifyPlan(
                plan_id=str(read.uuid("plan_id")),
                actor=context.actor,
                certified_on=read.date("certified_on"),
                recertify_by=read.date("recertify_by"),
                now=context.now,
            )
        outcome = use_cases.certify_plan(self._book, self._outside, command, context)
        return pb.CertifyPlanResponse(receipt=receipt_of(outcome.published))

    def ReviewPlan(self, request: pb.ReviewPlanRequest, call: Call) -> pb.ReviewPlanResponse:
        context = self._context(request, call)
        ratings = ratings_of(request)
        with reading(request) as read:
            command = ReviewPlan(
                plan_id=str(read.uuid("plan_id")),
                actor=context.actor,
                ratings=ratings,
                reviewed_on=read.date("reviewed_on"),
                next_review_by=read.date("next_review_by"),
                now=context.now,
            )
        outcome = use_cases.review_plan(self._book, command, context)
        return pb.ReviewPlanResponse(receipt=receipt_of(outcome.published))
