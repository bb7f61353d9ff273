"""The sessions of a client as they stand: expected, cancelled, attended, missed, corrected."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from services.plans.domain.known import (
    Attendance,
    Cancelled,
    Heard,
    ProgressFact,
    Scheduled,
    order,
)

LATEST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Session:
    """A session once, with what holds of it. Told of although cancelled, it was held."""

    session_id: str
    service_date: date
    scheduled: Scheduled | None
    cancellation: Cancelled | None
    attendance: Attendance | None

    @property
    def cancelled(self) -> bool:
        return self.cancellation is not None and self.attendance is None

    @property
    def settled(self) -> bool:
        """Attended, missed or cancelled: nothing is to be told any more."""
        return self.cancellation is not None or self.attendance is not None

    @property
    def missed(self) -> bool:
        return self.attendance is not None and not self.attendance.attended

    @property
    def facts(self) -> list[Heard]:
        known = (self.scheduled, self.cancellation, self.attendance)
        return [fact for fact in known if fact is not None]


def sessions_of(known: Sequence[ProgressFact]) -> list[Session]:
    """Each session once, in order of start, with the highest correction, else what closing said.

    One that was not scheduled comes last on its day: when it began is not told.
    """
    scheduled = {fact.session_id: fact for fact in known if isinstance(fact, Scheduled)}
    cancelled = {fact.session_id: fact for fact in known if isinstance(fact, Cancelled)}
    told = sorted(
        (fact for fact in known if isinstance(fact, Attendance)),
        key=lambda fact: (fact.correction, order(fact)),
    )
    attendance = {fact.session_id: fact for fact in told}
    # The service date is computed once, by attendance: all these facts carry the same.
    dates = {key: fact.service_date for key, fact in (scheduled | cancelled | attendance).items()}
    sessions = [
        Session(
            session_id=session_id,
            service_date=service_date,
            scheduled=scheduled.get(session_id),
            cancellation=cancelled.get(session_id),
            attendance=attendance.get(session_id),
        )
        for session_id, service_date in dates.items()
    ]
    return sorted(sessions, key=_start)


def _start(session: Session) -> tuple[date, datetime, str]:
    starts_at = None if session.scheduled is None else session.scheduled.starts_at
    return session.service_date, starts_at or LATEST, session.session_id
