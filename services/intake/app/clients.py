"""What intake is asked about its clients, by id: who they are is never told here."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Protocol

from kernel.credentials import Credentials, Reader, sees_scores
from kernel.due import Due, DueAsked, at_each_site
from kernel.refusal import Unknown
from kernel.sites import EVERY_SITE, speaks_for
from kernel.store.store import Store, Transaction

CLOSE_SAFETY_TASK, JUDGE_DOUBLES = "CLOSE_SAFETY_TASK", "JUDGE_DOUBLES"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """An episode as intake knows it; `closed_on` None: open."""

    episode_id: str
    site_id: str
    program_id: str
    kind: str
    under_part2: bool
    admitted_level: str
    admitted_on: date
    closed_on: date | None = None
    previous_episode_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreTold:
    """What a scorer made of an instrument's answers."""

    assessment_id: str
    instrument: str
    total: int
    band: str
    partial: bool
    safety_flag: bool
    completed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientTold:
    """A client; `stays` in order of admission, `diagnoses` as (rank, from, code, last day)."""

    client_id: str
    registered_at: datetime
    stays: tuple[Stay, ...] = ()
    scores: tuple[ScoreTold, ...] = ()
    diagnoses: tuple[tuple[int, date, str, date | None], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientsWanted:
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
class OpenTask:
    """A safety task that was open on a day, and where its client was admitted last by then, of the
    sites that are asked about; else where they were registered."""

    task_id: str
    client_id: str
    owner: str
    opened_at: datetime
    due_at: datetime
    site_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDoubles:
    """Two clients who may be one person, whom nobody judged by the end of a day.

    `since`: when both were known by it. `site_id`: one of both, of those that are asked about.
    """

    client_id: str
    other_client_id: str
    since: datetime
    site_id: str


class Clients(Protocol):
    """What was recorded of clients, as of this transaction."""

    def listed(self, tx: Transaction, wanted: ClientsWanted) -> Sequence[ClientTold]:
        """Each with its newest episode of those wanted, if any; no scores, no diagnoses."""
        ...

    def read(self, tx: Transaction, client_id: str, until: datetime | None) -> ClientTold | None:
        """All of one, as it was signed by then; None: not registered by then."""
        ...

    def sites(self, tx: Transaction, client_id: str) -> Collection[str]:
        """The client's; none of one whom nobody registered, or registered without a site."""
        ...

    def open_tasks(self, tx: Transaction, asked: DueAsked) -> Sequence[OpenTask]:
        """Safety tasks opened, and not closed, by the end of the day, of the asker's clients."""
        ...

    def open_doubles(self, tx: Transaction, asked: DueAsked) -> Sequence[OpenDoubles]:
        """Everybody's, whosever they are."""
        ...

    def clocks(self, tx: Transaction) -> Mapping[str, str]:
        """Site → IANA time zone, as far as it was heard."""
        ...


def list_clients(
    store: Store, clients: Clients, wanted: ClientsWanted
) -> tuple[Sequence[ClientTold], bool]:
    """A page, and whether it is full."""
    with store.transaction() as tx:
        found = clients.listed(tx, wanted)
    return found, len(found) == wanted.limit


def read_client(
    store: Store,
    clients: Clients,
    client_id: str,
    until: datetime | None,
    sites: Collection[str],
) -> ClientTold:
    """With the episodes at these sites; refuses an unknown client (Unknown)."""
    with store.transaction() as tx:
        found = clients.read(tx, client_id, until)
    if found is None:
        raise Unknown("client", client_id)
    here = tuple(stay for stay in found.stays if speaks_for(sites, stay.site_id))
    return replace(found, stays=here)


def tells_scores(
    store: Store, clients: Clients, credentials: Credentials, client_id: str, reader: Reader
) -> bool:
    """Whether scores of this client are told to who asks."""
    with store.transaction() as tx:
        return sees_scores(tx, credentials, reader, clients.sites(tx, client_id))


def list_due(store: Store, clients: Clients, asked: DueAsked) -> list[Due]:
    """Open safety tasks, by the moment: each the matter of who scored, or of another clinician.

    And clients who may be one person, at a site of both; of no such site, told to `*` alone.
    """
    with store.transaction() as tx:

        def find(there: DueAsked) -> Iterator[Due]:
            for task in clients.open_tasks(tx, there):
                yield Due(
                    kind=CLOSE_SAFETY_TASK,
                    about_id=task.task_id,
                    client_id=task.client_id,
                    site_id=task.site_id,
                    person=task.owner,
                    roles=("clinician",),
                    since=there.day_of(task.opened_at),
                    until=there.day_of(task.due_at),
                    due_at=task.due_at,
                )

            for pair in clients.open_doubles(tx, there):
                yield Due(
                    kind=JUDGE_DOUBLES,
                    about_id=pair.other_client_id,
                    client_id=pair.client_id,
                    site_id=pair.site_id,
                    roles=("front_desk", "biller"),
                    since=there.day_of(pair.since),
                    detail=f"may be {pair.other_client_id}",
                )

        return at_each_site(asked, clients.clocks(tx), find)
