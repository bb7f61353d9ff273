"""The RPCs of IntakeService about a client, from registering to being admitted."""

from ninehours.intake.v1 import intake_service_pb2 as pb

from kernel.rpc.call import Call
from kernel.rpc.commands import context_of, receipt_of
from kernel.rpc.translate import reading, required_text
from services.intake.adapters import sealed
from services.intake.api import requests
from services.intake.app import use_cases
from services.intake.app.deciding import Intake
from services.intake.app.recognition import judge_doubles, possible_doubles


class RegistrationRpcs:
    """Who a client is, and what is known before treatment."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._vault = intake.book.store.vault

    def RegisterClient(
        self, request: pb.RegisterClientRequest, call: Call
    ) -> pb.RegisterClientResponse:
        context = context_of(request, call, self._vault)
        with reading(request) as read:
            site_id = str(read.uuid("site_id"))
        identity = sealed.identity_bytes(requests.require_identity(request, context.now))
        client_id = context.new_id("client")
        outcome = use_cases.register_client(self._intake, client_id, site_id, identity, context)
        return pb.RegisterClientResponse(
            receipt=receipt_of(outcome.published),
            client_id=client_id,
            possible_doubles=possible_doubles(self._intake, client_id, call.actor.sites),
        )

    def JudgeDoubles(self, request: pb.JudgeDoublesRequest, call: Call) -> pb.JudgeDoublesResponse:
        context = context_of(request, call, self._vault)
        with reading(request) as read:
            command = read.whole(requests.to_judge_doubles)
            reason = read.text("reason", max_length=requests.LONGEST_WORDS)
        outcome = judge_doubles(self._intake, command, reason, context)
        return pb.JudgeDoublesResponse(receipt=receipt_of(outcome.published))

    def ScreenClient(self, request: pb.ScreenClientRequest, call: Call) -> pb.ScreenClientResponse:
        context = context_of(request, call, self._vault)
        command = requests.to_screen_client(request)
        outcome = use_cases.screen_client(self._intake, command, context)
        reasons = command.screening.reasons_to_decline()
        return pb.ScreenClientResponse(
            receipt=receipt_of(outcome.published), eligible=not reasons, reasons=reasons
        )

    def RecordDiagnosis(
        self, request: pb.RecordDiagnosisRequest, call: Call
    ) -> pb.RecordDiagnosisResponse:
        context = context_of(request, call, self._vault)
        command = requests.to_record_diagnosis(request)
        outcome = use_cases.record_diagnosis(self._intake, command, context)
        return pb.RecordDiagnosisResponse(receipt=receipt_of(outcome.published))

    def EndDiagnosis(self, request: pb.EndDiagnosisRequest, call: Call) -> pb.EndDiagnosisResponse:
        context = context_of(request, call, self._vault)
        command = requests.to_end_diagnosis(request)
        outcome = use_cases.end_diagnosis(self._intake, command, context)
        return pb.EndDiagnosisResponse(receipt=receipt_of(outcome.published))

    def AdmitClient(self, request: pb.AdmitClientRequest, call: Call) -> pb.AdmitClientResponse:
        context = context_of(request, call, self._vault)
        with reading(request) as read:
            asked = read.whole(requests.to_admission_request, episode_id=context.new_id("episode"))
            reason = read.optional(
                required_text, "open_safety_reason", max_length=requests.LONGEST_WORDS
            )
        outcome = use_cases.admit_client(self._intake, asked, reason or "", context)
        admitted = use_cases.admission_of(outcome)
        return pb.AdmitClientResponse(
            receipt=receipt_of(outcome.published),
            episode_id=admitted.episode_id,
            previous_episode_id=admitted.previous_episode_id or "",
        )
