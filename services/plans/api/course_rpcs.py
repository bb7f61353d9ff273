"""The RPCs about how an episode ends, and what follows."""

from typing import Any

from ninehours.plans.v1 import plans_service_pb2 as pb

from kernel.rpc.call import Call
from kernel.rpc.commands import receipt_of
from kernel.rpc.translate import reading, required_text
from kernel.store.store import Context
from services.plans.api.desk import Desk
from services.plans.api.reading import LONGEST_WORDS
from services.plans.app import course as use_cases
from services.plans.domain.course_facts import (
    ArrangeAftercare,
    CompleteProgram,
    DischargeClient,
    RecordFollowUp,
)


class CourseRpcs(Desk):
    """Completed, discharged, cared for afterwards, followed up."""

    def CompleteProgram(
        self, request: pb.CompleteProgramRequest, call: Call
    ) -> pb.CompleteProgramResponse:
        context = self._context(request, call)
        with reading(request) as read:
            command = CompleteProgram(
                **_of_episode(read, context), completed_on=read.date("completed_on")
            )
        outcome = use_cases.complete_program(self._book, self._outside, command, context)
        return pb.CompleteProgramResponse(receipt=receipt_of(outcome.published))

    def DischargeClient(
        self, request: pb.DischargeClientRequest, call: Call
    ) -> pb.DischargeClientResponse:
        context = self._context(request, call)
        with reading(request) as read:
            command = DischargeClient(
                **_of_episode(read, context),
                reason=read.enum("reason"),
                discharged_on=read.date("discharged_on"),
            )
            reason = read.optional(required_text, "open_safety_reason", max_length=LONGEST_WORDS)
        outcome = use_cases.discharge_client(
            self._book, self._outside, command, reason or "", context
        )
        return pb.DischargeClientResponse(receipt=receipt_of(outcome.published))

    def ArrangeAftercare(
        self, request: pb.ArrangeAftercareRequest, call: Call
    ) -> pb.ArrangeAftercareResponse:
        context = self._context(request, call)
        with reading(request) as read:
            command = ArrangeAftercare(
                **_of_episode(read, context),
                aftercare_id=context.new_id("aftercare"),
                kind=read.enum("kind"),
                starts_on=read.date("starts_on"),
                alumni_consent=request.alumni_consent,
            )
        outcome = use_cases.arrange_aftercare(self._book, self._outside, command, context)
        return pb.ArrangeAftercareResponse(
            receipt=receipt_of(outcome.published), aftercare_id=command.aftercare_id
        )

    def RecordFollowUp(
        self, request: pb.RecordFollowUpRequest, call: Call
    ) -> pb.RecordFollowUpResponse:
        context = self._context(request, call)
        with reading(request) as read:
            command = RecordFollowUp(
                **_of_episode(read, context),
                follow_up_id=context.new_id("follow-up"),
                contacted_on=read.date("contacted_on"),
                reached=read.answer("reached"),
            )
        outcome = use_cases.record_follow_up(self._book, self._outside, command, context)
        return pb.RecordFollowUpResponse(receipt=receipt_of(outcome.published))


def _of_episode(read: reading, context: Context) -> dict[str, Any]:
    return {
        "client_id": str(read.uuid("client_id")),
        "episode_id": str(read.uuid("episode_id")),
        "actor": context.actor,
        "now": context.now,
    }
