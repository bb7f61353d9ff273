"""What attendance's use cases need from outside."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from kernel.store.store import Transaction


class Calendar(Protocol):
    """Who is expected where, as of this transaction."""

    def is_facilitator_busy(
        self, tx: Transaction, facilitator_id: str, starts_at: datetime, ends_at: datetime
    ) -> bool:
        """Whether the facilitator has a session at that time. Their row must be locked."""
        ...

    def busy_clients(
        self, tx: Transaction, roster: Sequence[str], starts_at: datetime, ends_at: datetime
    ) -> list[str]:
        """Those of the roster who are expected elsewhere then. Their rows must be locked."""
        ...

    def attendees(self, tx: Transaction, session_id: str) -> list[str]:
        """Everybody on the session's roster, and everybody who came without being on it."""
        ...
