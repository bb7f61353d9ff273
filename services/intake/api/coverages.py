"""The RPCs of IntakeService about a client's coverages."""

from ninehours.intake.v1 import intake_service_pb2 as pb

from kernel.rpc.call import Call
from kernel.rpc.commands import context_of, receipt_of
from kernel.rpc.translate import reading
from services.intake.adapters import sealed
from services.intake.api import requests
from services.intake.app import use_cases
from services.intake.app.deciding import Intake
from services.intake.app.recognition import possible_doubles


class CoverageRpcs:
    """What payers are asked to pay by."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._vault = intake.book.store.vault

    def AddCoverage(self, request: pb.AddCoverageRequest, call: Call) -> pb.AddCoverageResponse:
        context = context_of(request, call, self._vault)
        with reading(request) as read:
            command = read.whole(requests.to_add_coverage, coverage_id=context.new_id("coverage"))
            membership = sealed.membership_bytes(
                read.value(requests.member_number, "member_number", ""),
                read.optional(requests.group_number, "group_number") or "",
            )
        outcome = use_cases.add_coverage(self._intake, command, membership, context)
        return pb.AddCoverageResponse(
            receipt=receipt_of(outcome.published),
            coverage_id=command.coverage_id,
            possible_doubles=possible_doubles(self._intake, command.client_id, call.actor.sites),
        )

    def VerifyCoverage(
        self, request: pb.VerifyCoverageRequest, call: Call
    ) -> pb.VerifyCoverageResponse:
        context = context_of(request, call, self._vault)
        command = requests.to_verify_coverage(request)
        outcome = use_cases.verify_coverage(self._intake, command, context)
        return pb.VerifyCoverageResponse(receipt=receipt_of(outcome.published))

    def EndCoverage(self, request: pb.EndCoverageRequest, call: Call) -> pb.EndCoverageResponse:
        context = context_of(request, call, self._vault)
        command = requests.to_end_coverage(request)
        outcome = use_cases.end_coverage(self._intake, command, context)
        return pb.EndCoverageResponse(receipt=receipt_of(outcome.published))
