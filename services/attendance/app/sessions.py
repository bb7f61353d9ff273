"""What attendance is asked about sites, one client's sessions, and what is left to do."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from kernel.due import Due, DueAsked, at_each_site
from kernel.sites import speaks_for
from kernel.store.store import Store, Transaction
from services.attendance.app.streams import staff_stream
from services.attendance.domain.site import Program

CLOSE_SESSION, SIGN_NOTE = "CLOSE_SESSION", "SIGN_NOTE"
SCHEDULED, ATTENDED, MISSED, CANCELLED = "SCHEDULED", "ATTENDED", "MISSED", "CANCELLED"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramTold:
    """`seats`: of its groups' templates together; 0: not known."""

    program: Program
    seats: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteTold:
    site_id: str
    name: str
    time_zone: str
    programs: tuple[ProgramTold, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSession:
    """One session of one client's; `state`: SCHEDULED, ATTENDED, MISSED or CANCELLED."""

    session_id: str
    site_id: str
    service_date: date
    starts_at: datetime
    ends_at: datetime
    service_kind: str
    modality: str
    state: str = SCHEDULED
    minutes: int = 0
    corrections: int = 0
    note_signed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone:
    """A session nobody closed, or (with `client_id`) a note nobody signed."""

    session_id: str
    site_id: str
    facilitator_id: str
    service_date: date
    client_id: str = ""


class Sessions(Protocol):
    """What was recorded of sessions, as of this transaction."""

    def sites(self, tx: Transaction) -> Sequence[SiteTold]:
        """Every site, by name."""
        ...

    def of_client(
        self, tx: Transaction, client_id: str, until: datetime | None
    ) -> Sequence[ClientSession]:
        """As signed by then, by start."""
        ...

    def unclosed(self, tx: Transaction, moment: datetime) -> Sequence[Undone]:
        """Sessions that had ended, and were neither closed nor cancelled, by then."""
        ...

    def unsigned(self, tx: Transaction, moment: datetime) -> Sequence[Undone]:
        """Notes that were neither signed nor attested by then, of who attended closed sessions."""
        ...


def list_sites(store: Store, sessions: Sessions, sites: Collection[str]) -> list[SiteTold]:
    """Those the caller speaks for, with their programs."""
    with store.transaction() as tx:
        found = sessions.sites(tx)
    return [each for each in found if speaks_for(sites, each.site_id)]


def list_client_sessions(
    store: Store,
    sessions: Sessions,
    client_id: str,
    until: datetime | None,
    sites: Collection[str],
) -> list[ClientSession]:
    """Those at sites the caller speaks for."""
    with store.transaction() as tx:
        found = sessions.of_client(tx, client_id, until)
    return [each for each in found if speaks_for(sites, each.site_id)]


def list_due(store: Store, sessions: Sessions, asked: DueAsked) -> list[Due]:
    """Sessions to close the same day, and notes; until when to sign, a payer's rules say."""
    with store.transaction() as tx:

        def find(there: DueAsked) -> Iterator[Due]:
            for each in sessions.unclosed(tx, there.moment):
                yield _due(each, CLOSE_SESSION, ("front_desk", "clinician"), True)
            for each in sessions.unsigned(tx, there.moment):
                yield _due(each, SIGN_NOTE, ("clinician",), False)

        clocks = {each.site_id: each.time_zone for each in sessions.sites(tx)}
        return at_each_site(asked, clocks, find)


def _due(undone: Undone, kind: str, roles: tuple[str, ...], same_day: bool) -> Due:
    return Due(
        kind=kind,
        about_id=undone.session_id,
        client_id=undone.client_id,
        site_id=undone.site_id,
        person=staff_stream(undone.facilitator_id),
        roles=roles,
        since=undone.service_date,
        until=undone.service_date if same_day else None,
    )
