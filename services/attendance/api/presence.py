"""The RPCs of AttendanceService about who was there: check-ins, closing, notes, corrections."""

from datetime import datetime

from ninehours.attendance.v1 import attendance_service_pb2 as pb

from kernel.execute import Book
from kernel.rpc.call import Call
from kernel.rpc.commands import context_of, receipt_of
from kernel.rpc.translate import reading
from services.attendance.api import requests
from services.attendance.app import rosters, use_cases
from services.attendance.app.ports import Schedule
from services.attendance.domain.minutes import Interval
from services.attendance.domain.presence import CorrectionReason


class PresenceRpcs:
    """One client at a session, or a whole roster at once."""

    def __init__(self, book: Book, schedule: Schedule) -> None:
        self._book = book
        self._vault = book.store.vault
        self._schedule = schedule

    def CheckIn(self, request: pb.CheckInRequest, call: Call) -> pb.CheckInResponse:
        context = context_of(request, call, self._vault)
        with reading(request) as read:
            session_id, client_id = str(read.uuid("session_id")), str(read.uuid("client_id"))
            came = read.timestamp("at")
        outcome = use_cases.check_in(
            self._book, self._schedule, session_id, client_id, context, came=came
        )
        return pb.CheckInResponse(receipt=receipt_of(outcome.published))

    def CheckOut(self, request: pb.CheckOutRequest, call: Call) -> pb.CheckOutResponse:
        context = context_of(request, call, self._vault)
        with reading(request) as read:
            session_id, client_id = str(read.uuid("session_id")), str(read.uuid("client_id"))
            left = read.timestamp("at")
        outcome = use_cases.check_out(self._book, session_id, client_id, left, context)
        return pb.CheckOutResponse(receipt=receipt_of(outcome.published))

    def CheckInRoster(
        self, request: pb.CheckInRosterRequest, call: Call
    ) -> pb.CheckInRosterResponse:
        context = context_of(request, call, self._vault)
        with reading(request) as read:
            session_id = str(read.uuid("session_id"))
            arrivals: dict[str, datetime] = read.value(requests.moments, "arrivals", {})
        outcome = rosters.check_in_roster(self._book, self._schedule, session_id, arrivals, context)
        return pb.CheckInRosterResponse(receipt=receipt_of(outcome.published))

    def CheckOutRoster(
        self, request: pb.CheckOutRosterRequest, call: Call
    ) -> pb.CheckOutRosterResponse:
        context = context_of(request, call, self._vault)
        with reading(request) as read:
            session_id = str(read.uuid("session_id"))
            departures: dict[str, datetime] = read.value(requests.moments, "departures", {})
        outcome = rosters.check_out_roster(self._book, session_id, departures, context)
        return pb.CheckOutRosterResponse(receipt=receipt_of(outcome.published))

    def CloseSession(self, request: pb.CloseSessionRequest, call: Call) -> pb.CloseSessionResponse:
        context = context_of(request, call, self._vault)
        with reading(request) as read:
            session_id = str(read.uuid("session_id"))
        outcome = use_cases.close_session(self._book, self._schedule, session_id, context)
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
        context = context_of(request, call, self._vault)
        with reading(request) as read:
            session_id, client_id = str(read.uuid("session_id")), str(read.uuid("client_id"))
            text = read.text("text", max_length=requests.LONGEST_NOTE)
        outcome = use_cases.sign_note(
            self._book, self._schedule, session_id, client_id, context, text=text
        )
        return pb.SignNoteResponse(receipt=receipt_of(outcome.published))

    def SignGroupNote(
        self, request: pb.SignGroupNoteRequest, call: Call
    ) -> pb.SignGroupNoteResponse:
        context = context_of(request, call, self._vault)
        with reading(request) as read:
            session_id = str(read.uuid("session_id"))
            text = read.text("group_text", max_length=requests.LONGEST_NOTE)
            parts: dict[str, str] = read.value(requests.individual_parts, "parts", {})
        outcome = rosters.sign_group_note(
            self._book, self._schedule, session_id, context, group_text=text, parts=parts
        )
        return pb.SignGroupNoteResponse(receipt=receipt_of(outcome.published))

    def AttestNote(self, request: pb.AttestNoteRequest, call: Call) -> pb.AttestNoteResponse:
        context = context_of(request, call, self._vault)
        with reading(request) as read:
            session_id, client_id = str(read.uuid("session_id")), str(read.uuid("client_id"))
            statement = read.text("statement", max_length=requests.LONGEST_NOTE)
        outcome = use_cases.attest_note(
            self._book, self._schedule, session_id, client_id, context, statement=statement
        )
        return pb.AttestNoteResponse(receipt=receipt_of(outcome.published))

    def CorrectAttendance(
        self, request: pb.CorrectAttendanceRequest, call: Call
    ) -> pb.CorrectAttendanceResponse:
        context = context_of(request, call, self._vault)
        with reading(request) as read:
            session_id, client_id = str(read.uuid("session_id")), str(read.uuid("client_id"))
            reason = read.enum("reason")
            there: tuple[Interval, ...] = read.value(requests.intervals, "intervals", ())
        outcome = use_cases.correct_attendance(
            self._book,
            self._schedule,
            session_id,
            client_id,
            context,
            intervals=there,
            reason=CorrectionReason(reason),
        )
        return pb.CorrectAttendanceResponse(receipt=receipt_of(outcome.published))
