"""The RPCs of AttendanceService about who was there: check-ins, closing, notes, corrections."""

from collections.abc import Mapping

from kernel.rpc.commands import NOW, Accepted, CommandRpcs, command_rpc
from services.attendance.api import requests
from services.attendance.app import rosters, use_cases
from services.attendance.app.ports import BookAndSchedule
from services.attendance.domain.session import CloseSession


def _numbers(closing: Accepted[BookAndSchedule, CloseSession]) -> Mapping[str, int]:
    attended = [
        attendance.attended
        for recorded in closing.outcome.facts  # none, if it was closed
        for attendance in recorded.fact.attendances
    ]
    return {"attended": attended.count(True), "missed": attended.count(False)}


class PresenceRpcs(CommandRpcs[BookAndSchedule]):
    """One client at a session, or a whole roster at once."""

    CheckIn = command_rpc(requests.to_arrival, use_cases.check_in)
    CheckOut = command_rpc(requests.to_departure, use_cases.check_out)
    CheckInRoster = command_rpc(requests.to_arrivals, rosters.check_in_roster)
    CheckOutRoster = command_rpc(requests.to_departures, rosters.check_out_roster)
    CloseSession = command_rpc(
        requests.to_close_session, use_cases.close_session, _numbers, now=NOW
    )
    SignNote = command_rpc(requests.to_note, use_cases.sign_note)
    SignGroupNote = command_rpc(requests.to_group_note, rosters.sign_group_note)
    AttestNote = command_rpc(requests.to_attestation, use_cases.attest_note)
    CorrectAttendance = command_rpc(requests.to_correction, use_cases.correct_attendance)
