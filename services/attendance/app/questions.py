"""Attendance's questions: one function a question."""

from dataclasses import replace

from kernel.store.store import Store
from services.attendance.app.ports import Calendar, Listed, Wanted


def list_sessions(store: Store, calendar: Calendar, wanted: Wanted) -> tuple[list[Listed], bool]:
    """A page of a site's sessions by start, and whether more follow.

    Due is a session that ended and is neither closed nor cancelled, or one with unsigned notes;
    until when they should have been signed is for the payer to say.
    """
    with store.transaction() as tx:
        found = calendar.sessions(tx, replace(wanted, limit=wanted.limit + 1))
    return found[: wanted.limit], len(found) > wanted.limit
