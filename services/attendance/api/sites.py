"""The RPCs of AttendanceService about sites, their programs and holidays, and staff."""

from dataclasses import replace

from ninehours.attendance.v1 import attendance_service_pb2 as pb

from kernel.execute import Book
from kernel.rpc.call import Call
from kernel.rpc.commands import context_of, receipt_of
from services.attendance.api import requests
from services.attendance.app import use_cases


class SiteRpcs:
    """What is opened before anybody is treated."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._vault = book.store.vault

    def OpenSite(self, request: pb.OpenSiteRequest, call: Call) -> pb.OpenSiteResponse:
        context = context_of(request, call, self._vault)
        command = requests.to_open_site(request, site_id=context.new_id("site"))
        outcome = use_cases.open_site(self._book, command, context)
        return pb.OpenSiteResponse(receipt=receipt_of(outcome.published), site_id=command.site_id)

    def OpenProgram(self, request: pb.OpenProgramRequest, call: Call) -> pb.OpenProgramResponse:
        context = context_of(request, call, self._vault)
        command = requests.to_open_program(request, program_id=context.new_id("program"))
        outcome = use_cases.open_program(self._book, command, context)
        return pb.OpenProgramResponse(
            receipt=receipt_of(outcome.published), program_id=command.program_id
        )

    def CredentialStaff(
        self, request: pb.CredentialStaffRequest, call: Call
    ) -> pb.CredentialStaffResponse:
        context = context_of(request, call, self._vault)
        command = requests.to_credential_staff(request)
        command = replace(
            command,
            staff_id=command.staff_id or context.new_id("staff"),
            again=bool(command.staff_id),
        )
        outcome = use_cases.credential_staff(self._book, command, context)
        return pb.CredentialStaffResponse(
            receipt=receipt_of(outcome.published), staff_id=command.staff_id
        )

    def EndCredential(
        self, request: pb.EndCredentialRequest, call: Call
    ) -> pb.EndCredentialResponse:
        context = context_of(request, call, self._vault)
        command = requests.to_end_credential(request)
        outcome = use_cases.end_credential(self._book, command, context)
        return pb.EndCredentialResponse(receipt=receipt_of(outcome.published))

    def DeclareHoliday(
        self, request: pb.DeclareHolidayRequest, call: Call
    ) -> pb.DeclareHolidayResponse:
        context = context_of(request, call, self._vault)
        command = requests.to_declare_holiday(request)
        outcome = use_cases.declare_holiday(self._book, command, context)
        return pb.DeclareHolidayResponse(receipt=receipt_of(outcome.published))

    def SetGrace(self, request: pb.SetGraceRequest, call: Call) -> pb.SetGraceResponse:
        context = context_of(request, call, self._vault)
        outcome = use_cases.set_grace(self._book, requests.to_set_grace(request), context)
        return pb.SetGraceResponse(receipt=receipt_of(outcome.published))
