"""What attendance's use cases and questions need from outside."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from kernel.execute import Book
from kernel.store.store import Transaction
from services.attendance.domain.admission import Admission
from services.attendance.domain.minutes import Interval, Span
from services.attendance.domain.scheduling import Modality, ServiceKind
from services.attendance.domain.site import Program


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledSlot:
    """A slot of a template, and the session that fills it; `on` is the template's date."""

    on: date
    number: int
    session_id: str
    service_date: date
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionsQuery:
    """Which sessions are asked for, and as of when; `after`: start and id of the last one seen."""

    site_id: str
    first: date
    last: date
    due_only: bool
    now: datetime
    after: tuple[datetime, str] | None
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedSession:
    """A session as it stands. `unsigned`: who attended, with a note nobody signed or attested."""

    session_id: str
    service_date: date
    span: Span
    facilitator_id: str
    client_ids: tuple[str, ...]
    closed: bool
    cancelled: bool
    unsigned: tuple[str, ...]


class Schedule(Protocol):
    """Who is expected where, and who was, as of this transaction. What is cancelled is free."""

    def is_facilitator_busy(
        self, tx: Transaction, facilitator_id: str, spans: Collection[Span]
    ) -> bool:
        """Whether the facilitator has a session at any of these times. Their row must be locked."""
        ...

    def busy_clients(
        self, tx: Transaction, roster: Sequence[str], spans: Collection[Span]
    ) -> list[str]:
        """Those of the roster who are expected elsewhere then. Their rows must be locked."""
        ...

    def staff_of(self, tx: Transaction, person: str) -> Sequence[str]:
        """Staff with a credential that a token of this subject may hold."""
        ...

    def unregistered(self, tx: Transaction, client_ids: Collection[str]) -> list[str]:
        """Those of whom intake told nothing, sorted."""
        ...

    def admissions(
        self, tx: Transaction, client_ids: Collection[str]
    ) -> Mapping[str, Sequence[Admission]]:
        """Of each of them the admissions, as far as attendance heard."""
        ...

    def attendees(self, tx: Transaction, session_id: str) -> list[str]:
        """Everybody on the session's roster, and everybody who came without being on it."""
        ...

    def elsewhere(self, tx: Transaction, session_id: str) -> frozenset[str]:
        """Who was at this session and at another, closed already, at once.

        Of presences the part within the session counts; an open one lasts to its session's end.
        The rows of this session's attendees must be locked.
        """
        ...

    def is_elsewhere(
        self, tx: Transaction, session_id: str, client_id: str, intervals: Sequence[Interval]
    ) -> bool:
        """As `elsewhere`, of one client, were these their presence. Their row must be locked."""
        ...

    def filled_slots(
        self, tx: Transaction, template_id: str, first: date, last: date
    ) -> list[FilledSlot]:
        """The template's slots on these dates that have a session, cancelled or not, by start."""
        ...

    def sessions(self, tx: Transaction, query: SessionsQuery) -> list[ListedSession]:
        """A page of a site's sessions, by start and id."""
        ...


@dataclass(frozen=True, slots=True)
class BookAndSchedule:
    """What every use case of attendance works with."""

    book: Book
    schedule: Schedule


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedProgram:
    """`seats`: of its groups' templates together; 0: not known."""

    program: Program
    seats: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedSite:
    site_id: str
    name: str
    time_zone: str
    programs: tuple[ListedProgram, ...]


class SessionState(StrEnum):
    """What became of a client's session."""

    SCHEDULED = "SCHEDULED"
    ATTENDED = "ATTENDED"
    MISSED = "MISSED"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSession:
    """One session of one client's."""

    session_id: str
    site_id: str
    service_date: date
    starts_at: datetime
    ends_at: datetime
    service_kind: ServiceKind
    modality: Modality
    state: SessionState = SessionState.SCHEDULED
    minutes: int = 0
    corrections: int = 0
    note_signed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UnfinishedSession:
    """A session nobody closed, or (with `client_id`) a note nobody signed."""

    session_id: str
    site_id: str
    facilitator_id: str
    service_date: date
    client_id: str = ""


class Calendar(Protocol):
    """What was recorded of sites and sessions, as of this transaction."""

    def sites(self, tx: Transaction) -> Sequence[ListedSite]:
        """Every site, by name."""
        ...

    def of_client(
        self, tx: Transaction, client_id: str, until: datetime | None
    ) -> Sequence[ClientSession]:
        """As signed by then, by start."""
        ...

    def unclosed(self, tx: Transaction, moment: datetime) -> Sequence[UnfinishedSession]:
        """Sessions that had ended, and were neither closed nor cancelled, by then."""
        ...

    def unsigned(self, tx: Transaction, moment: datetime) -> Sequence[UnfinishedSession]:
        """Notes that were neither signed nor attested by then, of who attended closed sessions."""
        ...
