"""Intake's gRPC servicer: request to command, outcome to response. It decides nothing."""

from ninehours.intake.v1 import intake_service_pb2 as pb

from kernel.execute import Outcome
from kernel.rpc.call import Call
from kernel.rpc.commands import context_of, receipt_of
from kernel.rpc.translate import (
    date_of,
    reading,
    required_enum,
    required_level,
    required_text,
    to_timestamp,
)
from kernel.store.store import Context
from services.intake.adapters import sealed
from services.intake.api import reading as fields
from services.intake.api.asking import AskingServicer
from services.intake.api.assessing import AssessingServicer
from services.intake.app import questions, use_cases
from services.intake.app.deciding import Intake
from services.intake.app.ports import Audit
from services.intake.app.recognising import judge_doubles, possible_doubles
from services.intake.domain.client import EndDiagnosis, RecordDiagnosis
from services.intake.domain.consent import GiveConsent, RestrictDisclosure, RevokeConsent
from services.intake.domain.coverage import PRIMARY, AddCoverage, EndCoverage, VerifyCoverage
from services.intake.domain.programs import SaidOfProgram
from services.intake.domain.recognition import JudgeDoubles
from services.intake.domain.screening import ScreenClient, Screening

SERVICE = pb.DESCRIPTOR.services_by_name["IntakeService"]


class IntakeServicer(AssessingServicer, AskingServicer):
    """Answers IntakeService over one book of record."""

    def __init__(self, intake: Intake, audit: Audit) -> None:
        AssessingServicer.__init__(self, intake)
        AskingServicer.__init__(self, intake, audit)

    def RegisterClient(
        self, request: pb.RegisterClientRequest, call: Call
    ) -> pb.RegisterClientResponse:
        context = self._context(request, call)
        with reading(request) as read:
            site_id = str(read.uuid("site_id"))
        identity = sealed.identity_bytes(fields.require_identity(request, context.now))
        client_id = context.new_id("client")
        outcome = use_cases.register_client(self._intake, client_id, site_id, identity, context)
        return pb.RegisterClientResponse(
            receipt=receipt_of(outcome.published),
            client_id=client_id,
            possible_doubles=possible_doubles(self._intake, client_id, call.actor.sites),
        )

    def ScreenClient(self, request: pb.ScreenClientRequest, call: Call) -> pb.ScreenClientResponse:
        context = self._context(request, call)
        with reading(request) as read:
            command = ScreenClient(
                client_id=str(read.uuid("client_id")),
                screening=Screening(
                    needs_detox=read.answer("needs_detox"),
                    needs_24_hour_care=read.answer("needs_24_hour_care"),
                    motivated=read.answer("motivated"),
                    stable_environment=read.answer("stable_environment"),
                    transition_from_inpatient=request.transition_from_inpatient,
                    work_or_family_duties=request.work_or_family_duties,
                ),
                referred_to=read.optional(required_enum, "referred_to"),
                screened_on=read.date("screened_on"),
            )
        outcome = use_cases.screen_client(self._intake, command, context)
        reasons = command.screening.reasons_to_decline()
        return pb.ScreenClientResponse(
            receipt=receipt_of(outcome.published), eligible=not reasons, reasons=reasons
        )

    def GiveConsent(self, request: pb.GiveConsentRequest, call: Call) -> pb.GiveConsentResponse:
        context = self._context(request, call)
        with reading(request) as read:
            command = GiveConsent(
                client_id=str(read.uuid("client_id")),
                consent_id=context.new_id("consent"),
                purpose=read.enum("purpose"),
                recipient_payer_id=str(read.uuid("recipient_payer_id")),
                given_on=read.date("given_on"),
                expires_on=read.optional(date_of, "expires_on"),
            )
        outcome = use_cases.give_consent(self._intake, command, context)
        return pb.GiveConsentResponse(
            receipt=receipt_of(outcome.published), consent_id=command.consent_id
        )

    def RevokeConsent(
        self, request: pb.RevokeConsentRequest, call: Call
    ) -> pb.RevokeConsentResponse:
        context = self._context(request, call)
        with reading(request) as read:
            command = RevokeConsent(
                client_id=str(read.uuid("client_id")),
                consent_id=str(read.uuid("consent_id")),
                revoked_on=read.date("revoked_on"),
            )
        outcome = use_cases.revoke_consent(self._intake, command, context)
        payer_id = questions.recipient_of(self._intake, command.client_id, command.consent_id)
        return pb.RevokeConsentResponse(
            receipt=receipt_of(outcome.published),
            earlier_permits=self._permits(command.client_id, payer_id, outcome),
        )

    def RestrictDisclosure(
        self, request: pb.RestrictDisclosureRequest, call: Call
    ) -> pb.RestrictDisclosureResponse:
        context = self._context(request, call)
        with reading(request) as read:
            command = RestrictDisclosure(
                client_id=str(read.uuid("client_id")),
                restriction_id=context.new_id("restriction"),
                payer_id=str(read.uuid("payer_id")),
                first=read.date("from"),
                last=read.date("to"),
            )
        outcome = use_cases.restrict_disclosure(self._intake, command, context)
        return pb.RestrictDisclosureResponse(
            receipt=receipt_of(outcome.published),
            restriction_id=command.restriction_id,
            earlier_permits=self._permits(command.client_id, command.payer_id, outcome),
        )

    def AddCoverage(self, request: pb.AddCoverageRequest, call: Call) -> pb.AddCoverageResponse:
        context = self._context(request, call)
        with reading(request) as read:
            command = AddCoverage(
                client_id=str(read.uuid("client_id")),
                coverage_id=context.new_id("coverage"),
                payer_id=str(read.uuid("payer_id")),
                effective_from=read.date("effective_from"),
                effective_to=read.optional(date_of, "effective_to"),
                order=request.order or PRIMARY,
            )
            membership = sealed.membership_bytes(
                read.value(fields.member_number, "member_number", ""),
                read.optional(fields.group_number, "group_number") or "",
            )
        outcome = use_cases.add_coverage(self._intake, command, membership, context)
        return pb.AddCoverageResponse(
            receipt=receipt_of(outcome.published),
            coverage_id=command.coverage_id,
            possible_doubles=possible_doubles(self._intake, command.client_id, call.actor.sites),
        )

    def JudgeDoubles(self, request: pb.JudgeDoublesRequest, call: Call) -> pb.JudgeDoublesResponse:
        context = self._context(request, call)
        with reading(request) as read:
            command = JudgeDoubles(
                client_id=str(read.uuid("client_id")),
                other_client_id=str(read.uuid("other_client_id")),
                verdict=read.enum("verdict"),
            )
            reason = read.text("reason", max_length=fields.LONGEST_WORDS)
        outcome = judge_doubles(self._intake, command, reason, context)
        return pb.JudgeDoublesResponse(receipt=receipt_of(outcome.published))

    def VerifyCoverage(
        self, request: pb.VerifyCoverageRequest, call: Call
    ) -> pb.VerifyCoverageResponse:
        context = self._context(request, call)
        with reading(request) as read:
            command = VerifyCoverage(
                client_id=str(read.uuid("client_id")),
                coverage_id=str(read.uuid("coverage_id")),
                verified_from=read.date("verified_from"),
                verified_to=read.optional(date_of, "verified_to"),
            )
        outcome = use_cases.verify_coverage(self._intake, command, context)
        return pb.VerifyCoverageResponse(receipt=receipt_of(outcome.published))

    def EndCoverage(self, request: pb.EndCoverageRequest, call: Call) -> pb.EndCoverageResponse:
        context = self._context(request, call)
        with reading(request) as read:
            command = EndCoverage(
                client_id=str(read.uuid("client_id")),
                coverage_id=str(read.uuid("coverage_id")),
                last_day=read.date("last_day"),
                reason=read.enum("reason"),
            )
        outcome = use_cases.end_coverage(self._intake, command, context)
        return pb.EndCoverageResponse(receipt=receipt_of(outcome.published))

    def AdmitClient(self, request: pb.AdmitClientRequest, call: Call) -> pb.AdmitClientResponse:
        context = self._context(request, call)
        with reading(request) as read:
            asked = use_cases.AdmissionAsked(
                client_id=str(read.uuid("client_id")),
                episode_id=context.new_id("episode"),
                site_id=str(read.uuid("site_id")),
                program_id=read.value(fields.program_id, "program_id", ""),
                level_of_care=read.value(required_level, "level_of_care", ""),
                admitted_on=read.date("admitted_on"),
                said=SaidOfProgram(
                    kind=read.optional(required_enum, "program.kind"),
                    under_part2=request.program.under_part2,
                ),
            )
            reason = read.optional(
                required_text, "open_safety_reason", max_length=fields.LONGEST_WORDS
            )
        outcome = use_cases.admit_client(self._intake, asked, reason or "", context)
        admitted = use_cases.admission_of(outcome)
        return pb.AdmitClientResponse(
            receipt=receipt_of(outcome.published),
            episode_id=admitted.episode_id,
            previous_episode_id=admitted.previous_episode_id or "",
        )

    def RecordDiagnosis(
        self, request: pb.RecordDiagnosisRequest, call: Call
    ) -> pb.RecordDiagnosisResponse:
        context = self._context(request, call)
        with reading(request) as read:
            command = RecordDiagnosis(
                client_id=str(read.uuid("client_id")),
                code=read.text("code", max_length=8),
                rank=request.rank,
                effective_from=read.date("effective_from"),
                replaces_code=read.optional(required_text, "replaces_code", max_length=8) or "",
            )
        outcome = use_cases.record_diagnosis(self._intake, command, context)
        return pb.RecordDiagnosisResponse(receipt=receipt_of(outcome.published))

    def _permits(self, client_id: str, payer_id: str, outcome: Outcome) -> list[pb.EarlierPermit]:
        """What was permitted before the fact that the command published."""
        found = questions.permits_before(self._intake, client_id, payer_id, outcome.published)
        return [
            pb.EarlierPermit(
                permit_id=each.permit_id,
                permitted_at=to_timestamp(each.permitted_at),
                consent_id=each.consent_id or "",
                sequence=each.sequence,
            )
            for each in found
        ]

    def EndDiagnosis(self, request: pb.EndDiagnosisRequest, call: Call) -> pb.EndDiagnosisResponse:
        context = self._context(request, call)
        with reading(request) as read:
            command = EndDiagnosis(
                client_id=str(read.uuid("client_id")),
                code=read.text("code", max_length=8),
                last_day=read.date("last_day"),
                reason=read.enum("reason"),
            )
        outcome = use_cases.end_diagnosis(self._intake, command, context)
        return pb.EndDiagnosisResponse(receipt=receipt_of(outcome.published))

    def _context(self, request: object, call: Call) -> Context:
        return context_of(request, call, self._vault)
