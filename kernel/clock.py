"""The server's clock. A caller's clock (demo and tests) comes with a call: kernel/rpc/call.py."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def server_clock() -> datetime:
    """Now, aware, in UTC."""
    return datetime.now(UTC)
