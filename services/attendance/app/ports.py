"""What attendance's use cases need from outside."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from kernel.execute import CommandExecutor
from kernel.store.store import Transaction
from services.attendance.domain.admission import Admission
from services.attendance.domain.minutes import Interval, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledSlot:
    """A slot of a template, and the session that fills it; `on` is the template's date."""

    on: date
    number: int
    session_id: str
    service_date: date
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedAt:
    """A closed session, by where and when it was."""

    session_id: str
    site_id: str
    service_date: date


class Schedule(Protocol):
    """Who is expected where, and who was, as of this transaction. What is cancelled is free."""

    def is_facilitator_busy(
        self, tx: Transaction, facilitator_id: str, spans: Collection[Span], besides: str = ""
    ) -> bool:
        """Whether the facilitator has a session, `besides` this one, at any of these times. Their
        row must be locked."""
        ...

    def busy_clients(
        self, tx: Transaction, roster: Sequence[str], spans: Collection[Span], besides: str = ""
    ) -> list[str]:
        """Those of the roster who are expected elsewhere then, `besides` at this session. Their
        rows must be locked."""
        ...

    def staff_of(self, tx: Transaction, person: str) -> Sequence[str]:
        """Staff with a credential that a token of this subject may hold."""
        ...

    def unregistered(self, tx: Transaction, client_ids: Collection[str]) -> list[str]:
        """Those of whom intake told nothing, sorted."""
        ...

    def is_registered_at(self, tx: Transaction, site_id: str) -> bool:
        """Whether anybody is registered at the site, as far as attendance heard."""
        ...

    def is_program_in_use(self, tx: Transaction, program_id: str) -> bool:
        """Whether a session was scheduled in it, or an admission to it was heard that stands."""
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

    def to_come(self, tx: Transaction, template_id: str, first: date, now: datetime) -> list[str]:
        """Sessions of the template, from this date of its on, that stand and haven't begun."""
        ...

    def expected_at(self, tx: Transaction, client_id: str) -> list[str]:
        """Sessions neither closed nor cancelled to which the client is to come, or came."""
        ...

    def closed_with(self, tx: Transaction, client_id: str) -> Sequence[ClosedAt]:
        """Closed sessions to which the client was to come, or came."""
        ...

    def doubt(self, tx: Transaction, client_id: str, session_id: str, noted_at: datetime) -> None:
        """Enters that a closed session names the client, whom nobody admitted there after all."""
        ...

    def taken_from(self, tx: Transaction, client_id: str) -> list[str]:
        """Sessions from whose roster the client was taken, some time."""
        ...


@dataclass(frozen=True, slots=True)
class AttendanceWriteSide:
    """What every use case of attendance works with."""

    executor: CommandExecutor
    schedule: Schedule
