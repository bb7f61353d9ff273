"""Attendance's gRPC servicer: request to command, outcome to response. It decides nothing."""

from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from ninehours.attendance.v1 import attendance_service_pb2 as pb

from kernel.execute import Book
from kernel.refusal import Malformed
from kernel.rpc.call import Call
from kernel.rpc.commands import context_of, receipt_of
from kernel.rpc.translate import reading, to_date
from kernel.store.store import Context
from services.attendance.app import use_cases
from services.attendance.app.ports import Calendar
from services.attendance.domain.presence import Interval
from services.attendance.domain.site import Address, OpenProgram, OpenSite, Program
from services.attendance.domain.staff import CredentialStaff

SERVICE = pb.DESCRIPTOR.services_by_name["AttendanceService"]
LARGEST_ROSTER = 200
LONGEST_NOTE = 100_000  # characters
NPI_DIGITS = 10


class AttendanceServicer:
    """Answers AttendanceService over one book of record."""

    def __init__(self, book: Book, calendar: Calendar) -> None:
        self._book = book
        self._calendar = calendar

    def OpenSite(self, request: pb.OpenSiteRequest, call: Call) -> pb.OpenSiteResponse:
        context = self._context(request, call)
        with reading(request) as read:
            command = OpenSite(
                site_id=context.new_id("site"),
                name=read.text("name"),
                time_zone=read.value(_time_zone, "time_zone", "UTC"),
                address=Address(
                    line=read.text("address.line"),
                    city=read.text("address.city"),
                    state=read.text("address.state", max_length=2),
                    zip=read.text("address.zip", max_length=9),
                ),
                npi=read.value(_npi, "npi", ""),
            )
        outcome = use_cases.open_site(self._book, command, context)
        return pb.OpenSiteResponse(receipt=receipt_of(outcome.published), site_id=command.site_id)

    def OpenProgram(self, request: pb.OpenProgramRequest, call: Call) -> pb.OpenProgramResponse:
        context = self._context(request, call)
        with reading(request) as read:
            command = OpenProgram(
                site_id=str(read.uuid("site_id")),
                program=Program(
                    program_id=context.new_id("program"),
                    kind=read.enum("kind"),
                    under_part2=request.under_part2,
                ),
            )
        outcome = use_cases.open_program(self._book, command, context)
        return pb.OpenProgramResponse(
            receipt=receipt_of(outcome.published), program_id=command.program.program_id
        )

    def CredentialStaff(
        self, request: pb.CredentialStaffRequest, call: Call
    ) -> pb.CredentialStaffResponse:
        context = self._context(request, call)
        with reading(request) as read:
            command = CredentialStaff(
                staff_id=context.new_id("staff"),
                credential=read.text("credential", max_length=20),
                npi=read.value(_npi, "npi", ""),
                effective_from=read.date("effective_from"),
            )
        outcome = use_cases.credential_staff(self._book, command, context)
        return pb.CredentialStaffResponse(
            receipt=receipt_of(outcome.published), staff_id=command.staff_id
        )

    def ScheduleSession(
        self, request: pb.ScheduleSessionRequest, call: Call
    ) -> pb.ScheduleSessionResponse:
        context = self._context(request, call)
        with reading(request) as read:
            asked = use_cases.SessionRequest(
                site_id=str(read.uuid("site_id")),
                program_id=str(read.uuid("program_id")),
                facilitator_id=str(read.uuid("facilitator_id")),
                service_kind=read.enum("service_kind"),
                modality=read.enum("modality"),
                starts_at=read.timestamp("starts_at"),
                ends_at=read.timestamp("ends_at"),
                roster=read.value(_uuids, "roster", ()),
            )
        session_id = context.new_id("session")
        outcome = use_cases.schedule_session(self._book, self._calendar, session_id, asked, context)
        return pb.ScheduleSessionResponse(
            receipt=receipt_of(outcome.published),
            session_id=session_id,
            service_date=to_date(use_cases.service_date_of(outcome)),
        )

    def CheckIn(self, request: pb.CheckInRequest, call: Call) -> pb.CheckInResponse:
        context = self._context(request, call)
        with reading(request) as read:
            session_id, client_id = str(read.uuid("session_id")), str(read.uuid("client_id"))
            came = read.timestamp("at")
        outcome = use_cases.check_in(self._book, session_id, client_id, came, context)
        return pb.CheckInResponse(receipt=receipt_of(outcome.published))

    def CheckOut(self, request: pb.CheckOutRequest, call: Call) -> pb.CheckOutResponse:
        context = self._context(request, call)
        with reading(request) as read:
            session_id, client_id = str(read.uuid("session_id")), str(read.uuid("client_id"))
            left = read.timestamp("at")
        outcome = use_cases.check_out(self._book, session_id, client_id, left, context)
        return pb.CheckOutResponse(receipt=receipt_of(outcome.published))

    def CloseSession(self, request: pb.CloseSessionRequest, call: Call) -> pb.CloseSessionResponse:
        context = self._context(request, call)
        with reading(request) as read:
            session_id = str(read.uuid("session_id"))
        outcome = use_cases.close_session(self._book, self._calendar, session_id, context)
        attended = [
            attendance.attended
            for recorded in outcome.facts
            for attendance in recorded.fact.attendances
        ]
        return pb.CloseSessionResponse(
            receipt=receipt_of(outcome.published),
            attended=attended.count(True),
            missed=attended.count(False),
        )

    def SignNote(self, request: pb.SignNoteRequest, call: Call) -> pb.SignNoteResponse:
        context = self._context(request, call)
        with reading(request) as read:
            session_id, client_id = str(read.uuid("session_id")), str(read.uuid("client_id"))
            text = read.text("text", max_length=LONGEST_NOTE)
        outcome = use_cases.sign_note(self._book, session_id, client_id, text, context)
        return pb.SignNoteResponse(receipt=receipt_of(outcome.published))

    def CorrectAttendance(
        self, request: pb.CorrectAttendanceRequest, call: Call
    ) -> pb.CorrectAttendanceResponse:
        context = self._context(request, call)
        with reading(request) as read:
            session_id, client_id = str(read.uuid("session_id")), str(read.uuid("client_id"))
            reason = read.enum("reason")
        outcome = use_cases.correct_attendance(
            self._book,
            session_id,
            client_id,
            context,
            intervals=_intervals(request),
            reason=reason,
        )
        return pb.CorrectAttendanceResponse(receipt=receipt_of(outcome.published))

    def _context(self, request: object, call: Call) -> Context:
        return context_of(request, call, self._book.store.vault)


def _time_zone(request: pb.OpenSiteRequest, field: str) -> str:
    zone: str = getattr(request, field)
    if zone not in available_timezones():
        raise Malformed(**{field: "is not an IANA time zone, such as America/Chicago"})
    return ZoneInfo(zone).key


def _npi(request: pb.OpenSiteRequest | pb.CredentialStaffRequest, field: str) -> str:
    npi: str = getattr(request, field)
    if not (len(npi) == NPI_DIGITS and npi.isascii() and npi.isdigit()):
        raise Malformed(**{field: "is not ten digits"})
    return npi


def _uuids(request: pb.ScheduleSessionRequest, field: str) -> tuple[str, ...]:
    texts = getattr(request, field)
    if len(texts) > LARGEST_ROSTER:
        raise Malformed(**{field: f"names more than {LARGEST_ROSTER} clients"})
    try:
        return tuple(str(UUID(text)) for text in texts)
    except ValueError:
        raise Malformed(**{field: "holds something that is not a UUID"}) from None


def _intervals(request: pb.CorrectAttendanceRequest) -> tuple[Interval, ...]:
    intervals = []
    for number, item in enumerate(request.intervals):
        with reading(item, at=f"intervals.{number}.") as read:
            # `from` is a keyword of Python's: the field is read by its name.
            came, left = read.timestamp("from"), read.timestamp("to")
        if left <= came:
            raise Malformed(**{f"intervals.{number}.to": "must follow from"})
        intervals.append(Interval(came=came, left=left))
    return tuple(intervals)
