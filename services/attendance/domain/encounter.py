"""A client's session as a decision about that client sees it."""

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
class Encounter:
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

    @property
    def under_part2(self) -> bool:
        """Whether 42 CFR Part 2 governs the session's program."""
        return self.program.under_part2

    def require_near(self, field: str, *moments: datetime | None) -> None:
        """Refuses, under the field's name, a moment half a day or more from the session: nobody
        came to it, or left it, then."""
        for moment in moments:
            if moment is not None and not self.starts_at - NEAR < moment < self.ends_at + NEAR:
                raise Malformed(**{field: "is not within twelve hours of the session"})

    def require_open(self) -> None:
        """Refuses (SESSION_CLOSED) a session that is closed."""
        if self.closed:
            raise SessionClosedAlready(self.session_id)

    def require_closed(self) -> None:
        """Refuses a session that is cancelled (SESSION_CANCELLED) or open (SESSION_NOT_CLOSED)."""
        self.require_held()
        if not self.closed:
            raise SessionNotClosed(self.session_id)

    def require_held(self) -> None:
        """Refuses (SESSION_CANCELLED) a session that is cancelled."""
        if self.cancelled:
            raise SessionCancelledAlready(self.session_id)
