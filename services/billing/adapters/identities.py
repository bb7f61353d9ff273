"""Identities, asked of intake: authorized, consented and audited there."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date

from ninehours.intake.v1 import intake_service_pb2 as pb

from kernel.decider import filled
from kernel.rpc.call import Call
from kernel.rpc.client import RpcClient
from kernel.rpc.translate import to_date
from kernel.supposing import is_supposing
from services.billing.app.ports import DisclosedClient, DisclosedClients, OtherEnd

PAGE = 500
SERVICE = pb.DESCRIPTOR.services_by_name["IntakeService"]


class IntakeIdentities:
    """The Identities port over intake's RPC, asking as part of a call.

    For a dry run it is told who would be named, and nobody's name.
    """

    def __init__(self, client: RpcClient, call: Call) -> None:
        self._client = client
        self._call = call

    def __call__(
        self,
        clients: Sequence[str],
        payer_id: str,
        on: date,
        settled: Sequence[str],
        programs: Mapping[str, Collection[str]],
    ) -> DisclosedClients:
        persons: dict[str, DisclosedClient] = {}
        withheld: dict[str, str] = {}
        for start in range(0, len(clients), PAGE):
            page = clients[start : start + PAGE]
            answer = self._client.ReadIdentities(
                pb.ReadIdentitiesRequest(
                    client_ids=page,
                    recipient_payer_id=payer_id,
                    on=to_date(on),
                    settled_client_ids=[client_id for client_id in page if client_id in settled],
                    programs=[
                        pb.ProgramsOfLines(
                            client_id=client_id, program_ids=sorted(programs[client_id])
                        )
                        for client_id in page
                    ],
                    supposed=is_supposing(),
                ),
                via=self._call,
                leaves_nothing=is_supposing(),
            )
            withheld |= {item.client_id: item.reason for item in answer.withheld}
            persons |= {item.client_id: person_of(item) for item in answer.identities}
        return DisclosedClients(persons, withheld)


def person_of(covered: pb.CoveredIdentity) -> DisclosedClient:
    """Whom intake names."""
    return filled(
        DisclosedClient,
        covered,
        version=covered.identity_version,
        particulars=covered,
        coverages=frozenset(coverage.coverage_id for coverage in covered.coverages),
        programs=frozenset(covered.program_ids),
        memberships={coverage.coverage_id: coverage.version for coverage in covered.coverages},
        other_ends=tuple(filled(OtherEnd, end) for end in covered.other_ends),
    )


def member_of(person: DisclosedClient, coverage_id: str, version: int) -> tuple[str, str]:
    """The member's number and group under the coverage a claim is about, as this version says it.

    Of a version that intake doesn't tell, as it is now.
    """
    covered: pb.CoveredIdentity = person.particulars
    told = (*covered.coverages, *covered.earlier_numbers)
    of_coverage = [number for number in told if number.coverage_id == coverage_id]
    of_version = [number for number in of_coverage if number.version == version]
    for number in (*of_version, *of_coverage):
        return number.member_number, number.group_number
    return covered.member_number, covered.group_number
