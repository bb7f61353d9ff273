"""What intake's use cases and questions need from outside."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from kernel.due import DueAsked
from kernel.sites import EVERY_SITE
from kernel.store.store import Transaction
from services.intake.domain.assessment import SafetyAction
from services.intake.domain.episode import EpisodeSummary, Program
from services.intake.domain.instruments import SafetyRisk
from services.intake.domain.programs import Programs


class Episodes(Protocol):
    """Who is or was in which program, as of this transaction."""

    def episodes_of(
        self, tx: Transaction, client_ids: Sequence[str]
    ) -> Mapping[str, tuple[EpisodeSummary, ...]]:
        """Client → their episodes in the order of admission. To decide by it, lock the client."""
        ...


class ProgramDirectory(Protocol):
    """What attendance told of the network. It stands for good: nothing has to be locked."""

    def of_sites(self, tx: Transaction, site_ids: Collection[str]) -> Programs:
        """Those sites that were heard of, with their programs."""
        ...

    def everywhere(self, tx: Transaction) -> Programs:
        """Every site."""
        ...


class PayerDirectory(Protocol):
    """Who pays, as billing told of it. It stands for good: nothing has to be locked."""

    def is_registered(self, tx: Transaction, payer_id: str) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyTask:
    """A safety flag somebody must act on; `closed_at` and `action` None: nobody did yet."""

    task_id: str
    client_id: str
    assessment_id: str
    owner: str
    opened_at: datetime
    due_at: datetime
    closed_at: datetime | None
    action: SafetyAction | None
    risk: SafetyRisk


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyTaskCursor:
    """Where in the list of safety tasks a page ended."""

    closed: bool
    due_at: datetime
    task_id: str


class SafetyTasks(Protocol):
    """The safety tasks, as of this transaction."""

    def assessment_of(self, tx: Transaction, client_id: str, task_id: str) -> str | None:
        """The assessment that opened this task of the client's; None: there is no such task."""
        ...

    def open_high(self, tx: Transaction, client_id: str) -> Sequence[str]:
        """The client's open tasks of HIGH risk."""
        ...

    def listed(
        self,
        tx: Transaction,
        *,
        sites: Collection[str],
        client_id: str | None,
        open_only: bool,
        after: SafetyTaskCursor | None,
        most: int,
    ) -> Sequence[SafetyTask]:
        """Of these sites' clients, open ones first, by deadline; those that follow `after` in that
        order."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientEpisode:
    """An episode as intake knows it; `closed_on` None: open.

    `program`: what it is, whatever the admission recorded.
    """

    episode_id: str
    site_id: str
    program: Program
    admitted_level: str
    admitted_on: date
    closed_on: date | None = None
    previous_episode_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessmentScore:
    """What a scorer made of an instrument's answers."""

    assessment_id: str
    instrument: str
    total: int
    band: str
    partial: bool
    safety_flag: bool
    completed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectiveDiagnosis:
    """From its first day on, to its last if it was ended."""

    code: str
    rank: int
    effective_from: date
    last_day: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRecord:
    """A client; `episodes` in order of admission, `diagnoses` by rank and first day."""

    client_id: str
    registered_at: datetime
    episodes: tuple[ClientEpisode, ...] = ()
    scores: tuple[AssessmentScore, ...] = ()
    diagnoses: tuple[EffectiveDiagnosis, ...] = ()

    @property
    def newest_episode(self) -> ClientEpisode | None:
        return self.episodes[-1] if self.episodes else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientsQuery:
    """A page of clients by registration; empty fields ask for all. `after`: where one ended.

    `sites`: whose clients the asker is told of, with their newest episode there.
    """

    site_id: str = ""
    program_id: str = ""
    active_only: bool = False
    sites: frozenset[str] = frozenset({EVERY_SITE})
    after: tuple[datetime, str] | None = None
    limit: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSafetyTask:
    """A safety task that was open on a day, and where its client was admitted last by then, of the
    sites that are asked about; else where they were registered."""

    task_id: str
    client_id: str
    owner: str
    opened_at: datetime
    due_at: datetime
    site_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDoubles:
    """Two clients who may be one person, whom nobody judged by the end of a day.

    `since`: when both were known by it. `site_id`: one of both, of those that are asked about.
    """

    client_id: str
    other_client_id: str
    since: datetime
    site_id: str = ""


class Clients(Protocol):
    """What was recorded of clients, as of this transaction."""

    def listed(self, tx: Transaction, query: ClientsQuery) -> Sequence[ClientRecord]:
        """Each with its newest episode of those wanted, if any; no scores, no diagnoses."""
        ...

    def read(self, tx: Transaction, client_id: str, until: datetime | None) -> ClientRecord | None:
        """All of one, as it was signed by then; None: not registered by then."""
        ...

    def sites(self, tx: Transaction, client_id: str) -> Collection[str]:
        """The client's; none of one whom nobody registered, or registered without a site."""
        ...

    def open_tasks(self, tx: Transaction, asked: DueAsked) -> Sequence[OpenSafetyTask]:
        """Safety tasks opened, and not closed, by the end of the day, of the asker's clients."""
        ...

    def open_doubles(self, tx: Transaction, asked: DueAsked) -> Sequence[OpenDoubles]:
        """Everybody's, whosever they are."""
        ...

    def clocks(self, tx: Transaction) -> Mapping[str, str]:
        """Site → IANA time zone, as far as it was heard."""
        ...
