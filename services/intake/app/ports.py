"""What intake's use cases and questions need from outside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from kernel.store.store import Transaction
from services.intake.domain.episode import OpenEpisode


class Episodes(Protocol):
    """Who is in which program, as of this transaction."""

    def open_of(
        self, tx: Transaction, client_ids: Sequence[str]
    ) -> Mapping[str, tuple[OpenEpisode, ...]]:
        """Client → their open episodes, perhaps none. To decide by it, lock the client's row."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """Who asked for one client's identity. `outcome`: GIVEN, or why it was withheld."""

    at: datetime
    actor: str
    purpose: str
    client_id: str
    recipient_payer_id: str
    consent_id: str | None
    identity_version: int | None
    outcome: str


class Audit(Protocol):
    """Where it is kept who asked for identities."""

    def write(self, tx: Transaction, entries: Sequence[AuditEntry]) -> None:
        """Enter all of them, in the transaction that answers."""
        ...
