"""The RPCs of IntakeService about disclosure: consents, restrictions, and identities for claims."""

from ninehours.intake.v1 import intake_service_pb2 as pb

from kernel.execute import Outcome
from kernel.mapping.reading import named
from kernel.mapping.writing import writer
from kernel.rpc.call import Call
from kernel.rpc.commands import context_of, receipt_of
from services.intake.adapters import sealed
from services.intake.api import requests
from services.intake.app import disclosure, use_cases
from services.intake.app.deciding import Intake
from services.intake.app.disclosure import DisclosedIdentity, WithheldIdentity
from services.intake.app.ports import Audit, Permit

to_earlier_permit = writer(pb.EarlierPermit, Permit)
to_covered = writer(
    pb.CoveredIdentity,
    DisclosedIdentity,
    given=("member_number", "group_number", "coverages"),
    identity=lambda answer: sealed.identity_of(answer.identity),
    permit_sequence=named("end.sequence"),
    permit_fact_id=named("end.fact_id"),
    program_ids=named("programs"),
)
to_withheld = writer(pb.Withheld, WithheldIdentity)


class ConsentRpcs:
    """To whom a client may be named, and to whom they were."""

    def __init__(self, intake: Intake, audit: Audit) -> None:
        self._intake = intake
        self._vault = intake.book.store.vault
        self._audit = audit

    def GiveConsent(self, request: pb.GiveConsentRequest, call: Call) -> pb.GiveConsentResponse:
        context = context_of(request, call, self._vault)
        command = requests.to_give_consent(request, consent_id=context.new_id("consent"))
        outcome = use_cases.give_consent(self._intake, command, context)
        return pb.GiveConsentResponse(
            receipt=receipt_of(outcome.published), consent_id=command.consent_id
        )

    def RevokeConsent(
        self, request: pb.RevokeConsentRequest, call: Call
    ) -> pb.RevokeConsentResponse:
        context = context_of(request, call, self._vault)
        command = requests.to_revoke_consent(request)
        outcome = use_cases.revoke_consent(self._intake, command, context)
        payer_id = disclosure.recipient_of(self._intake, command.client_id, command.consent_id)
        return pb.RevokeConsentResponse(
            receipt=receipt_of(outcome.published),
            earlier_permits=self._permits(command.client_id, payer_id, outcome),
        )

    def RestrictDisclosure(
        self, request: pb.RestrictDisclosureRequest, call: Call
    ) -> pb.RestrictDisclosureResponse:
        context = context_of(request, call, self._vault)
        command = requests.to_restrict_disclosure(
            request, restriction_id=context.new_id("restriction")
        )
        outcome = use_cases.restrict_disclosure(self._intake, command, context)
        return pb.RestrictDisclosureResponse(
            receipt=receipt_of(outcome.published),
            restriction_id=command.restriction_id,
            earlier_permits=self._permits(command.client_id, command.payer_id, outcome),
        )

    def ReadIdentities(
        self, request: pb.ReadIdentitiesRequest, call: Call
    ) -> pb.ReadIdentitiesResponse:
        asked = requests.to_identities_request(
            request,
            actor=call.actor.id,
            purpose=call.actor.purpose,
            now=call.now,
            correlation=call.correlation_id,
        )
        answers = disclosure.read_identities(self._intake, self._audit, asked)
        return pb.ReadIdentitiesResponse(
            identities=[
                _covered(answer) for answer in answers if isinstance(answer, DisclosedIdentity)
            ],
            withheld=[
                to_withheld(answer) for answer in answers if isinstance(answer, WithheldIdentity)
            ],
        )

    def _permits(self, client_id: str, payer_id: str, outcome: Outcome) -> list[pb.EarlierPermit]:
        """What was permitted before the fact that the command published."""
        found = disclosure.permits_before(self._intake, client_id, payer_id, outcome.published)
        return [to_earlier_permit(permit) for permit in found]


def _covered(answer: DisclosedIdentity) -> pb.CoveredIdentity:
    numbers = {
        coverage_id: sealed.membership_of(membership)
        for coverage_id, membership in answer.memberships.items()
    }
    member_number, group_number = numbers[answer.coverage_id]
    return to_covered(
        answer,
        member_number=member_number,
        group_number=group_number,
        coverages=[
            pb.MemberNumber(coverage_id=coverage_id, member_number=member, group_number=group)
            for coverage_id, (member, group) in numbers.items()
        ],
    )
