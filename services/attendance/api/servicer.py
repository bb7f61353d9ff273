"""Attendance's gRPC servicer: request to command, outcome to response. It decides nothing."""

from typing import Any

from ninehours.attendance.v1 import attendance_service_pb2 as pb

from kernel.execute import Book
from kernel.rpc.rpcs import composed
from services.attendance.api.presence import PresenceRpcs
from services.attendance.api.scheduling import SchedulingRpcs
from services.attendance.api.sites import SiteRpcs
from services.attendance.app.ports import BookAndSchedule, Schedule

SERVICE = pb.DESCRIPTOR.services_by_name["AttendanceService"]


def attendance_servicer(book: Book, schedule: Schedule) -> Any:
    """Answers AttendanceService over one write side."""
    attendance = BookAndSchedule(book, schedule)
    return composed(
        SERVICE, SiteRpcs(attendance), SchedulingRpcs(attendance), PresenceRpcs(attendance)
    )
