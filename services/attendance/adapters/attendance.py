"""Attendance on its database: its write side, with the schedule kept beside it."""

from kernel.execute import CommandExecutor
from kernel.store.store import Store
from services.attendance.adapters import schedule
from services.attendance.adapters.publication import publish
from services.attendance.app.ports import AttendanceWriteSide


def open_attendance(store: Store) -> AttendanceWriteSide:
    """What the api's commands and the stream's reactions work with."""
    executor = CommandExecutor(
        store=store, publish=publish, view=schedule.keep, news=schedule.day_of
    )
    return AttendanceWriteSide(executor, schedule.SqlSchedule())
