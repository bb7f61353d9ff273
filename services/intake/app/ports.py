"""What intake's use cases need from outside."""

from collections.abc import Collection, Mapping, Sequence
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


class SafetyTasks(Protocol):
    """The safety tasks, as of this transaction."""

    def assessment_of(self, tx: Transaction, client_id: str, task_id: str) -> str | None:
        """The assessment that opened this task of the client's; None: there is no such task."""
        ...

    def open_high(self, tx: Transaction, client_id: str) -> Sequence[str]:
        """The client's open tasks of HIGH risk."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """A disclosure that was permitted; `sequence`: the last fact of the client's log it knew."""

    permit_id: str
    consent_id: str | None
    sequence: int
    permitted_at: datetime


@dataclass(frozen=True, slots=True)
class LogEnd:
    """Where a client's published log ends: the last sequence and its fact's id; 0, none at all."""

    sequence: int = 0
    fact_id: str = ""


class Permits(Protocol):
    """What was permitted, and what the client's published log holds, as of this transaction."""

    def ends(self, tx: Transaction, client_ids: Sequence[str]) -> Mapping[str, LogEnd]:
        """Client → where their published log ends. The clients must be locked."""
        ...

    def before(
        self, tx: Transaction, client_id: str, payer_id: str, sequence: int, most: int
    ) -> Sequence[Permit]:
        """What was permitted to the payer before that fact of the client's log, newest first."""
        ...


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

    def doubles(self, tx: Transaction, client_id: str, sites: Collection[str]) -> Sequence[str]:
        """Clients of these sites who may be the same person, and whom nobody judged to be two."""
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
