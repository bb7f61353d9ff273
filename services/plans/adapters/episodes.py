"""Episodes as they were heard of: admissions from intake, plans from this service itself.

And what they say of who is told what: the client's sites, and staff's credentials.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from ninehours.intake.v1 import intake_events_pb2 as intake
from ninehours.intake.v1 import intake_service_pb2 as words
from ninehours.plans.v1 import plans_events_pb2 as plans

from kernel.credentials import ScoreReader
from kernel.messaging.public_facts import HeardCredentials, heard_facts, sites_by_facts
from kernel.rpc.translate import date_of
from kernel.sites import speaks_for_every
from kernel.store.store import Transaction
from services.plans.app.streams import client_subject
from services.plans.domain.episode import Admitted, Place

CREDENTIALS = HeardCredentials(
    credentialed=attendance.StaffCredentialed,
    ended=attendance.CredentialEnded,
    opened=attendance.SiteOpened,
)


class SqlEpisodes:
    """The Episodes port on the facts that were heard; the last admission told of one holds."""

    def admitted(self, tx: Transaction, client_id: str, episode_id: str) -> Admitted | None:
        for admitted in _heard(tx, client_id, intake.ClientAdmitted):
            if admitted.episode_id == episode_id:
                return Admitted(
                    client_id=client_id,
                    level_of_care=admitted.level_of_care,
                    admitted_on=date_of(admitted, "admitted_on"),
                )
        return None

    def client_of(self, tx: Transaction, episode_id: str) -> str | None:
        return next((admitted.client_id for admitted in _admissions_to(tx, episode_id)), None)

    def open_high(self, tx: Transaction, client_id: str) -> Sequence[str]:
        closed = {closing.task_id for closing in _heard(tx, client_id, intake.SafetyTaskClosed)}
        opened = _heard(tx, client_id, intake.SafetyTaskOpened)
        return sorted(
            task.task_id
            for task in opened
            if task.task_id not in closed and task.risk != words.SAFETY_RISK_MODERATE
        )

    def sites(self, tx: Transaction, client_id: str) -> Mapping[str, frozenset[str]]:
        found: dict[str, frozenset[str]] = {}
        for admitted in _heard(tx, client_id, intake.ClientAdmitted):
            found[admitted.episode_id] = frozenset({admitted.site_id})
        for moved in _heard(tx, client_id, intake.ClientTransferred):
            if moved.episode_id in found:
                found[moved.episode_id] |= {moved.site_id}
        return found

    def open_beside(self, tx: Transaction, client_id: str, episode_id: str) -> Sequence[str]:
        over = {ended.episode_id for ended in _heard(tx, client_id, plans.ClientDischarged)}
        places = _places(tx, client_id)
        here = places.get(episode_id)
        return [
            other
            for other, place in places.items()
            if here and place.program_id == here.program_id and other not in {episode_id, *over}
        ]

    def place(self, tx: Transaction, client_id: str, episode_id: str) -> Place | None:
        return _places(tx, client_id).get(episode_id)

    def activated(self, tx: Transaction, client_id: str, episode_id: str) -> Sequence[str]:
        plans_in_force = _heard(tx, client_id, plans.PlanActivated)
        return [plan.plan_id for plan in plans_in_force if plan.episode_id == episode_id]


def _places(tx: Transaction, client_id: str) -> dict[str, Place]:
    """The client's episodes → where each is since its last transfer."""
    moves = _heard(tx, client_id, intake.ClientTransferred)
    said = [
        *_heard(tx, client_id, intake.ClientAdmitted),
        *sorted(moves, key=lambda moved: date_of(moved, "transferred_on")),
    ]
    return {
        place.episode_id: Place(site_id=place.site_id, program_id=place.program.program_id)
        for place in said
    }


def sites_of_client(tx: Transaction, client_id: str) -> frozenset[str]:
    """Of open episodes, else of the one that ended last.

    An episode is over, here, on the day of the discharge that will close it.
    """
    return sites_by_facts(
        tx.connection,
        client_id,
        registered=None,
        admitted=intake.ClientAdmitted,
        transferred=intake.ClientTransferred,
        ended=plans.ClientDischarged,
        on="discharged_on",
    )


def tells_scores(tx: Transaction, client_id: str, reader: ScoreReader) -> bool:
    """Whether scores of this client, and what is concluded from them, are told to who asks."""
    return CREDENTIALS.sees_scores(tx, reader, sites_of_client(tx, client_id))


def episodes_at(tx: Transaction, client_id: str, sites: Collection[str]) -> Callable[[str], bool]:
    """Whether an episode of this client's is shown to who has these sites: one at which it is, or
    was."""
    if speaks_for_every(sites):
        return lambda _: True
    sites_of = SqlEpisodes().sites(tx, client_id)
    return lambda episode_id: not sites_of.get(episode_id, frozenset()).isdisjoint(sites)


def sites_of_episode(tx: Transaction, episode_id: str) -> frozenset[str]:
    """Of whomever: all at which it is, or was."""
    clients = {admitted.client_id for admitted in _admissions_to(tx, episode_id)}
    found = (SqlEpisodes().sites(tx, client_id).get(episode_id) for client_id in clients)
    return frozenset().union(*(sites for sites in found if sites))


def _admissions_to(tx: Transaction, episode_id: str) -> list[intake.ClientAdmitted]:
    """What was heard of admissions to this episode, of whomever."""
    rows = tx.execute(
        # The type as a literal: that is what the index of admissions is for.
        "SELECT subject FROM heard_fact WHERE type = 'ninehours.intake.v1.ClientAdmitted'"
        " AND position(:id IN body) > 0",
        id=episode_id.encode(),
    )
    found = heard_facts(tx.connection, intake.ClientAdmitted, {row.subject for row in rows})
    return [admitted for _, admitted in found if admitted.episode_id == episode_id]


def _heard(tx: Transaction, client_id: str, kind: Any) -> Iterator[Any]:
    """Facts of one type about the client, the last one first."""
    found = heard_facts(tx.connection, kind, [client_subject(client_id)])
    return (message for _, message in reversed(found))
