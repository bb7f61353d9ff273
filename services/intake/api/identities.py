"""The RPC of IntakeService that tells who clients are: for claims, to a payer."""

from ninehours.intake.v1 import intake_service_pb2 as pb

from kernel.mapping.reading import named
from kernel.mapping.writing import writer
from kernel.rpc.call import Call
from services.intake.adapters import sealed
from services.intake.api import requests
from services.intake.app.deciding import Intake
from services.intake.app.disclosure import DisclosedIdentity, WithheldIdentity, read_identities

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


class IdentityRpcs:
    """To whom a client may be named, and to whom they were."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake

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
        answers = read_identities(self._intake, asked)
        return pb.ReadIdentitiesResponse(
            identities=[
                _covered(answer) for answer in answers if isinstance(answer, DisclosedIdentity)
            ],
            withheld=[
                to_withheld(answer) for answer in answers if isinstance(answer, WithheldIdentity)
            ],
        )


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
