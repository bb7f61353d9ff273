"""Intake's gRPC servicer: request to command, outcome to response. It decides nothing."""

from ninehours.intake.v1 import intake_service_pb2 as pb

from kernel.execute import Book
from kernel.rpc.call import Call
from kernel.rpc.commands import context_of, receipt_of
from kernel.rpc.translate import date_of, reading
from kernel.store.store import Context
from services.intake.adapters import sealed
from services.intake.api import reading as fields
from services.intake.app import questions, use_cases
from services.intake.app.ports import Audit, Episodes
from services.intake.domain.assessment import CompleteAssessment
from services.intake.domain.client import GiveConsent, RecordDiagnosis
from services.intake.domain.coverage import AddCoverage, VerifyCoverage
from services.intake.domain.episode import AdmitClient, Program

SERVICE = pb.DESCRIPTOR.services_by_name["IntakeService"]


class IntakeServicer:
    """Answers IntakeService over one book of record."""

    def __init__(self, book: Book, episodes: Episodes, audit: Audit) -> None:
        self._book = book
        self._episodes = episodes
        self._audit = audit
        self._intake = use_cases.Intake(book, episodes)

    def RegisterClient(
        self, request: pb.RegisterClientRequest, call: Call
    ) -> pb.RegisterClientResponse:
        context = self._context(request, call)
        identity = sealed.identity_bytes(fields.require_identity(request, context.now))
        client_id = context.new_id("client")
        outcome = use_cases.register_client(self._intake, client_id, identity, context)
        return pb.RegisterClientResponse(receipt=receipt_of(outcome.published), client_id=client_id)

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

    def AddCoverage(self, request: pb.AddCoverageRequest, call: Call) -> pb.AddCoverageResponse:
        context = self._context(request, call)
        with reading(request) as read:
            command = AddCoverage(
                client_id=str(read.uuid("client_id")),
                coverage_id=context.new_id("coverage"),
                payer_id=str(read.uuid("payer_id")),
                effective_from=read.date("effective_from"),
                effective_to=read.optional(date_of, "effective_to"),
            )
            membership = sealed.membership_bytes(
                read.value(fields.member_number, "member_number", ""),
                read.optional(fields.group_number, "group_number") or "",
            )
        outcome = use_cases.add_coverage(self._intake, command, membership, context)
        return pb.AddCoverageResponse(
            receipt=receipt_of(outcome.published), coverage_id=command.coverage_id
        )

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

    def AdmitClient(self, request: pb.AdmitClientRequest, call: Call) -> pb.AdmitClientResponse:
        context = self._context(request, call)
        with reading(request) as read:
            command = AdmitClient(
                client_id=str(read.uuid("client_id")),
                episode_id=context.new_id("episode"),
                site_id=str(read.uuid("site_id")),
                program=Program(
                    program_id=str(read.uuid("program.program_id")),
                    kind=read.enum("program.kind"),
                    under_part2=request.program.under_part2,
                ),
                level_of_care=read.text("level_of_care", max_length=20),
                admitted_on=read.date("admitted_on"),
                now=context.now,
            )
        outcome = use_cases.admit_client(self._intake, command, context)
        return pb.AdmitClientResponse(
            receipt=receipt_of(outcome.published), episode_id=command.episode_id
        )

    def CompleteAssessment(
        self, request: pb.CompleteAssessmentRequest, call: Call
    ) -> pb.CompleteAssessmentResponse:
        context = self._context(request, call)
        with reading(request) as read:
            command = CompleteAssessment(
                client_id=str(read.uuid("client_id")),
                assessment_id=context.new_id("assessment"),
                instrument=read.text("instrument", max_length=40),
                answers=dict(request.answers),
                completed_by=context.actor,
                completed_at=context.now,
            )
        outcome = use_cases.complete_assessment(self._intake, command, context)
        completed = use_cases.assessment_of(outcome)
        return pb.CompleteAssessmentResponse(
            receipt=receipt_of(outcome.published),
            assessment_id=completed.assessment_id,
            score=completed.score,
            band=completed.band,
            partial=completed.partial,
            safety_flag=completed.safety_flag,
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
            )
        outcome = use_cases.record_diagnosis(self._intake, command, context)
        return pb.RecordDiagnosisResponse(receipt=receipt_of(outcome.published))

    def ReadIdentities(
        self, request: pb.ReadIdentitiesRequest, call: Call
    ) -> pb.ReadIdentitiesResponse:
        with reading(request) as read:
            asked = questions.IdentitiesAsked(
                actor=call.actor.id,
                purpose=call.actor.purpose,
                now=call.now,
                client_ids=read.value(fields.client_ids, "client_ids", ()),
                recipient_payer_id=str(read.uuid("recipient_payer_id")),
                on=read.date("on"),
            )
        answers = questions.read_identities(self._book.store, self._episodes, self._audit, asked)
        return pb.ReadIdentitiesResponse(
            identities=[_covered(a) for a in answers if isinstance(a, questions.Identified)],
            withheld=[
                pb.Withheld(client_id=a.client_id, reason=a.reason)
                for a in answers
                if isinstance(a, questions.Withheld)
            ],
        )

    def _context(self, request: object, call: Call) -> Context:
        return context_of(request, call, self._book.store.vault)


def _covered(answer: questions.Identified) -> pb.CoveredIdentity:
    member_number, group_number = sealed.membership_of(answer.membership)
    return pb.CoveredIdentity(
        client_id=answer.client_id,
        identity=sealed.identity_of(answer.identity),
        identity_version=answer.identity_version,
        coverage_id=answer.coverage_id,
        member_number=member_number,
        group_number=group_number,
        consent_id=answer.consent_id or "",
    )
