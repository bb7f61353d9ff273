"""Whether this thread only supposes: whatever it writes is seen by it alone, and taken back."""

from contextvars import ContextVar
from typing import Any

SUPPOSING: ContextVar[Any] = ContextVar("supposing", default=None)
"""The connection to write on."""


def is_supposing() -> bool:
    """Whether it is within `Store.supposing`."""
    return SUPPOSING.get() is not None
