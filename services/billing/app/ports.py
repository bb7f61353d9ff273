"""What billing's use cases and questions need from outside."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

from kernel.execute import CommandExecutor
from kernel.messaging.owners import Confirm
from kernel.store.store import Transaction
from services.billing.domain.claims.claim import ClaimFact
from services.billing.domain.claims.issue import ClaimIssued, DraftToIssue, ProposalToIssue
from services.billing.domain.claims.members import Members
from services.billing.domain.claims.restore import Restore
from services.billing.domain.payers.payer import PayerRegistered
from services.billing.domain.payers.rules import ClaimForm
from services.billing.domain.providers.practitioner import PractitionerRegistered
from services.billing.domain.providers.provider import OrganisationAddress, ProviderRegistered
from services.billing.domain.x12.t837.scrub import ScrubFinding


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherEnd:
    """Where a client's log at intake ended for a permit; `fact_id` empty where it was empty."""

    client_id: str
    sequence: int
    fact_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DisclosedClient:
    """A client as a claim names them. Never kept beside the file, never logged.

    `coverages`: every one whose number with the payer is told, `coverage_id` among them.
    `permit_id`: intake's, of this asking, that knew their log there up to `permit_sequence`, of
    the id `permit_fact_id` (empty: intake is of a release before).
    `programs`: about whose lines the client may be named to the payer. `memberships`: by coverage,
    the version of its numbers.
    """

    client_id: str
    version: int
    coverage_id: str
    consent_id: str
    particulars: Any
    permit_id: str
    permit_sequence: int
    permit_fact_id: str = ""
    coverages: frozenset[str] = frozenset()
    programs: frozenset[str] = frozenset()
    memberships: Mapping[str, int] = field(default_factory=dict)
    # Of every other client who is the same person.
    other_ends: tuple[OtherEnd, ...] = ()

    def __repr__(self) -> str:
        return f"DisclosedClient({self.client_id})"


@dataclass(frozen=True, slots=True)
class DisclosedClients:
    """Intake's answer: who may be named to this payer, and the reason's code of who may not."""

    persons: Mapping[str, DisclosedClient]
    withheld: Mapping[str, str]


class Identities(Protocol):
    """Asks intake for the identities of clients, to be disclosed to a payer, on a date.

    Each asking is permitted anew.
    """

    def __call__(
        self,
        clients: Sequence[str],
        payer_id: str,
        on: date,
        settled: Sequence[str],
        programs: Mapping[str, Collection[str]],
    ) -> DisclosedClients:
        """`settled`: of these a named person settled the revocation, so consent isn't asked.

        `programs`: client → whose lines they are to be named for.
        """
        ...


class Network(Protocol):
    """Sites, staff and clients others told of. They stand for good: nothing has to be locked."""

    def has(self, tx: Transaction, kind: str, key: str) -> bool:
        """`kind`: site, staff or client."""
        ...

    def npi_of(self, tx: Transaction, staff_id: str) -> str:
        """As attendance told it last; empty: it told none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where services are given, as attendance opened it; `time_zone` is IANA's."""

    name: str
    address: OrganisationAddress
    time_zone: str = "UTC"


class Drafts(Protocol):
    """Draft claims, proposals, and what issuing asks of this service's record."""

    def of_payer(self, tx: Transaction, payer_id: str, through: date) -> list[DraftToIssue]:
        """Current drafts of periods that ended by then."""
        ...

    def without(
        self, tx: Transaction, client_id: str, dates: Collection[date]
    ) -> Sequence[DraftToIssue]:
        """The client's drafts as if these dates claimed nothing. The client must be settled."""
        ...

    def proposed(
        self, tx: Transaction, payer_id: str, claims: Collection[str]
    ) -> Mapping[str, ProposalToIssue]:
        """Current proposals about those of these claims that went to this payer, by claim."""
        ...

    def unsettled(self, tx: Transaction, clients: Sequence[str]) -> set[str]:
        """Client ids of whom something is parked, behind or due. Their rows must be locked."""
        ...

    def restore(self, tx: Transaction) -> Restore:
        """Of the log's epoch now."""
        ...

    def numbers(self, tx: Transaction, numbers: Collection[str]) -> set[str]:
        """Those of them that issued claims have."""
        ...

    def control_number(self, tx: Transaction) -> int:
        """The next interchange's: given once, whoever it goes to, and whether or not it goes."""
        ...

    def settled(self, tx: Transaction, payer_id: str) -> dict[str, date]:
        """Client id → the day of a revocation, where a named person let go the dates before it."""
        ...

    def heard(self, tx: Transaction, clients: Sequence[str]) -> dict[str, int]:
        """Client id → up to where intake's published log of theirs was heard. Locked, as above."""
        ...

    def heard_as(self, tx: Transaction, numbers: Mapping[str, int]) -> Mapping[str, str]:
        """Client → id of the fact heard as that number of their log at intake, where it is kept.

        That is the last one, and those of types in use.
        """
        ...

    def ended(self, tx: Transaction, clients: Sequence[str]) -> dict[str, date]:
        """Consent id → the first day without it, of revocations heard of these clients."""
        ...

    def revoked(self, tx: Transaction, payer_id: str, clients: Sequence[str]) -> dict[str, date]:
        """Client id → the day of the last revocation of a consent to this payer."""
        ...

    def member_keys(self, tx: Transaction, clients: Sequence[str]) -> set[str]:
        """By which these clients were recognised as members, by whichever payer."""
        ...

    def members(self, tx: Transaction, payer_id: str, clients: Sequence[str]) -> Members:
        """These clients as members, with whoever has a key of theirs. Keys must be locked."""
        ...

    def sites(self, tx: Transaction, site_ids: Collection[str]) -> dict[str, Site]:
        """Those of them that were heard of."""
        ...

    def unanswered(
        self, tx: Transaction, payer_id: str, clients: Sequence[str]
    ) -> dict[str, list[date]]:
        """Client id → first days of the periods of claims in force that await the payer's word."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """All that goes into one file beside identities."""

    claims: Sequence[ClaimIssued]
    persons: Mapping[str, DisclosedClient]
    payer: PayerRegistered
    providers: Mapping[str, ProviderRegistered]
    authorization_numbers: Mapping[str, str]
    created: datetime
    sites: Mapping[str, Site]
    practitioners: Mapping[str, PractitionerRegistered] = field(default_factory=dict)
    control_number: int = 0


class ClaimWriter(Protocol):
    """Writes claims as a payer's file, in one form."""

    def findings(self, filing: Filing) -> Mapping[str, ScrubFinding]:
        """Claim id → the code of what is wrong with it; a claim with none may be written."""
        ...

    def write(self, filing: Filing) -> bytes:
        """The file's bytes: the same filing gives the same bytes."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuing:
    """What issuing needs beside the executor; `files` by form."""

    drafts: Drafts
    confirm: Confirm
    identities: Identities
    files: Mapping[ClaimForm, ClaimWriter]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRead:
    """Somebody reads a file of claims, in which clients are named."""

    at: datetime
    actor: str
    purpose: str
    batch_id: str
    correlation: str


FileAudit = Callable[[Transaction, FileRead], None]
"""Keeps who read what: written before the file is answered, in the same transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LostFact:
    """A public fact of a command, as Kafka has it and this database doesn't."""

    fact_id: str
    type: str
    subject: str
    signed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LostClaimFact:
    """One of a claim's, with the private fact that it was made of."""

    about: LostFact
    fact: ClaimFact


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """What was lost, oldest first. `others` can't be recorded again: people say them again.

    `forgotten_before`: Kafka has nothing of before, by its retention. `unbelieved`: how many
    records of the topic weren't signed by this service.
    """

    of_claims: Sequence[LostClaimFact] = ()
    others: Sequence[LostFact] = ()
    forgotten_before: datetime | None = None
    unbelieved: int = 0


LostFacts = Callable[[], Lost]
"""Reads what Kafka holds; NotYet (KAFKA_AWAY) while it can't be read."""


@dataclass(frozen=True, slots=True)
class RestoringWriteSide:
    """What is needed to record again what left before a restore."""

    executor: CommandExecutor
    drafts: Drafts
    lost: LostFacts


@dataclass(frozen=True, slots=True)
class BillingWriteSide:
    """What billing's use cases work with."""

    executor: CommandExecutor
    network: Network
    drafts: Drafts
