"""What intake's use cases need from outside."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from kernel.store.store import Transaction
from services.intake.domain.programs import Programs


class ProgramDirectory(Protocol):
    """What attendance told of the network. It stands for good: nothing has to be locked."""

    def of_sites(self, tx: Transaction, site_ids: Collection[str]) -> Programs:
        """Those sites that were heard of, with their programs."""
        ...

    def everywhere(self, tx: Transaction) -> Programs:
        """Every site."""
        ...


@dataclass(frozen=True, slots=True)
class LogEnd:
    """Where a client's published log ends: the last sequence and its fact's id; 0, none at all."""

    sequence: int = 0
    fact_id: str = ""


class Recognition(Protocol):
    """By what people are recognised, under a key that is made once and outlives master keys."""

    def member(self, tx: Transaction, payer_id: str, membership: bytes, identity: bytes) -> str:
        """A keyed hash, the same for the same member number of the payer's and birth date."""
        ...

    def note_person(
        self, tx: Transaction, client_id: str, identity: bytes, noted_at: datetime
    ) -> None:
        """Enter by what a client registered is recognised: name and birth date."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """Who asked for one client's identity. `outcome`: GIVEN, or why it was withheld.

    `correlation` leads from the service that asked to the command, and so to the person.
    """

    at: datetime
    actor: str
    purpose: str
    client_id: str
    recipient_payer_id: str
    consent_id: str | None
    identity_version: int | None
    outcome: str
    correlation: str
