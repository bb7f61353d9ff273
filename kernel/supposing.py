"""Whether this thread only supposes: whatever it writes is seen by it alone, and taken back."""

from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Supposition:
    """The connection to write on, and keys of owners who have none: no key store hears of them."""

    connection: Any
    keys: dict[str, bytes] = field(default_factory=dict)


SUPPOSING: ContextVar[Supposition | None] = ContextVar("supposing", default=None)


def is_supposing() -> bool:
    """Whether it is within `Store.supposing`."""
    return SUPPOSING.get() is not None
