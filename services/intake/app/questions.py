"""What intake is asked, by id: who its clients are is told in `disclosure` alone."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from kernel.credentials import ScoreReader
from kernel.due import Due, DueAsked, at_each_site
from kernel.messaging.public_facts import HeardCredentials
from kernel.refusal import Unknown
from kernel.sites import speaks_for
from kernel.store.store import Store
from services.intake.app.ports import (
    ClientRecord,
    Clients,
    ClientsQuery,
    SafetyTask,
    SafetyTaskCursor,
    SafetyTasks,
)


def list_clients(
    store: Store, clients: Clients, query: ClientsQuery
) -> tuple[Sequence[ClientRecord], bool]:
    """A page, and whether it is full."""
    with store.transaction() as tx:
        found = clients.listed(tx, query)
    return found, len(found) == query.limit


def read_client(
    store: Store,
    clients: Clients,
    client_id: str,
    until: datetime | None,
    sites: Collection[str],
) -> ClientRecord:
    """With the episodes at these sites; refuses an unknown client (Unknown)."""
    with store.transaction() as tx:
        found = clients.read(tx, client_id, until)
    if found is None:
        raise Unknown("client", client_id)
    here = tuple(episode for episode in found.episodes if speaks_for(sites, episode.site_id))
    return replace(found, episodes=here)


def tells_scores(
    store: Store,
    clients: Clients,
    credentials: HeardCredentials,
    client_id: str,
    reader: ScoreReader,
) -> bool:
    """Whether scores of this client are told to who asks."""
    with store.transaction() as tx:
        return credentials.sees_scores(tx, reader, clients.sites(tx, client_id))


def list_due(store: Store, clients: Clients, asked: DueAsked) -> list[Due]:
    """Open safety tasks, by the moment: each the matter of who scored, or of another clinician.

    And clients who may be one person, at a site of both; of no such site, told to `*` alone.
    """
    with store.transaction() as tx:

        def find(there: DueAsked) -> Iterator[Due]:
            for task in clients.open_tasks(tx, there):
                yield Due(
                    kind="CLOSE_SAFETY_TASK",
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
                    kind="JUDGE_DOUBLES",
                    about_id=pair.other_client_id,
                    client_id=pair.client_id,
                    site_id=pair.site_id,
                    roles=("front_desk", "biller"),
                    since=there.day_of(pair.since),
                    detail=f"may be {pair.other_client_id}",
                )

        return at_each_site(asked, clients.clocks(tx), find)


def list_safety_tasks(
    store: Store,
    tasks: SafetyTasks,
    *,
    sites: Collection[str],
    client_id: str | None,
    open_only: bool,
    after: SafetyTaskCursor | None,
    most: int,
) -> Sequence[SafetyTask]:
    """Safety tasks of one client or (None) of all of these sites, open ones first, by deadline."""
    with store.transaction() as tx:
        return tasks.listed(
            tx, sites=sites, client_id=client_id, open_only=open_only, after=after, most=most
        )
