"""What plans' questions need from outside."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from kernel.store.store import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredWeek:
    """A week of progress as it stands; `revision` counts its changes."""

    episode_id: str
    week_start: date
    planned_minutes: int
    delivered_minutes: int
    attended: int
    missed: int
    complete: bool
    reaches_band: bool
    revision: int


class Progress(Protocol):
    """What was derived, as of this transaction."""

    def weeks(self, tx: Transaction, client_id: str) -> Sequence[MeasuredWeek]:
        """The client's current weeks, oldest first; withdrawn ones are not among them."""
        ...
