"""The session that a client is at, as a decision about that client sees it."""

from dataclasses import dataclass
from datetime import date, datetime

from services.attendance.domain.minutes import Span
from services.attendance.domain.refusals import (
    SessionCancelledAlready,
    SessionClosedAlready,
    SessionNotClosed,
)
from services.attendance.domain.site import Program


@dataclass(frozen=True, slots=True, kw_only=True)
class At:
    """The session a presence belongs to, as far as facts about it must stand alone."""

    session_id: str
    client_id: str
    site_id: str
    service_date: date
    starts_at: datetime
    ends_at: datetime
    program: Program
    on_roster: bool
    closed: bool
    cancelled: bool = False
    breaks: tuple[Span, ...] = ()


def require_open(at: At) -> None:
    if at.closed:
        raise SessionClosedAlready(at.session_id)


def require_closed(at: At) -> None:
    if at.cancelled:
        raise SessionCancelledAlready(at.session_id)
    if not at.closed:
        raise SessionNotClosed(at.session_id)
