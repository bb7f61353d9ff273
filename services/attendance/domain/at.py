"""The session that a client is at, as a decision about that client sees it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from kernel.refusal import Malformed
from services.attendance.domain.minutes import Span
from services.attendance.domain.refusals import (
    SessionCancelledAlready,
    SessionClosedAlready,
    SessionNotClosed,
)
from services.attendance.domain.site import Program

NEAR = timedelta(hours=12)


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


def require_near(at: At, field: str, *moments: datetime | None) -> None:
    """Refuses, under the field's name, a moment half a day or more from the session: nobody came
    to it, or left it, then."""
    for moment in moments:
        if moment is not None and not at.starts_at - NEAR < moment < at.ends_at + NEAR:
            raise Malformed(**{field: "is not within twelve hours of the session"})


def require_open(at: At) -> None:
    if at.closed:
        raise SessionClosedAlready(at.session_id)


def require_closed(at: At) -> None:
    if at.cancelled:
        raise SessionCancelledAlready(at.session_id)
    if not at.closed:
        raise SessionNotClosed(at.session_id)
