"""What time it is: as this process's host tells it, or apart from it where a test says by how much.

Whoever needs the time of now asks here, so that processes on one machine can be made to differ as
those of two hosts do.
"""

import time
from datetime import UTC, datetime, timedelta


class _Ahead:
    """How far this process's clock is ahead of its host's."""

    by = timedelta()


def now() -> datetime:
    return datetime.now(UTC) + _Ahead.by


def seconds() -> float:
    """Since 1970, as tokens tell time."""
    return time.time() + _Ahead.by.total_seconds()


def set_ahead(seconds: float) -> None:
    """From now on; behind, where it is negative. For tests: see NINEHOURS_CLOCK_AHEAD."""
    _Ahead.by = timedelta(seconds=seconds)
