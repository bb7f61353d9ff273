"""A session, and who comes to it: values for pure tests."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from services.attendance.domain.encounter import Encounter
from services.attendance.domain.minutes import Interval
from services.attendance.domain.scheduling import ScheduleSession, SessionScheduled
from services.attendance.domain.site import Program

START = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
END = START + timedelta(hours=3)
PROGRAM = Program(program_id="program", kind="SUBSTANCE_USE", under_part2=True)

SCHEDULE = ScheduleSession(
    session_id="session",
    site_id="site",
    program=PROGRAM,
    facilitator_id="staff",
    service_kind="GROUP",
    modality="IN_PERSON",
    service_date=date(2026, 3, 2),
    starts_at=START,
    ends_at=END,
    roster=("ada", "bob"),
)
SCHEDULED = SessionScheduled(
    session_id="session",
    site_id="site",
    program=PROGRAM,
    facilitator_id="staff",
    service_kind="GROUP",
    modality="IN_PERSON",
    service_date=date(2026, 3, 2),
    starts_at=START,
    ends_at=END,
    roster=("ada", "bob"),
)
ENCOUNTER = Encounter(
    session_id="session",
    client_id="ada",
    site_id="site",
    service_date=date(2026, 3, 2),
    starts_at=START,
    ends_at=END,
    program=PROGRAM,
    on_roster=True,
    closed=False,
)
AFTER_CLOSING = replace(ENCOUNTER, closed=True)


def minute(number: float) -> datetime:
    """So many minutes after the session's start."""
    return START + timedelta(minutes=number)


def there(came: float, left: float | None = None) -> Interval:
    """From minute to minute of the session."""
    return Interval(came=minute(came), left=None if left is None else minute(left))


def schedule(**changes: Any) -> ScheduleSession:
    return replace(SCHEDULE, **changes)
