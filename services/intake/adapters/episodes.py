"""Episodes as a table: kept with each admission, transfer and closing, asked under the client's
lock. Each stands where it is now, or will be; where it was before, its stays say.

What an admission recorded of its program stays beside its id for `verify` alone, which compares it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from ninehours.plans.v1 import plans_events_pb2 as plans

from kernel.facts import Recorded, id_of
from kernel.messaging.persons import ids_of_each
from kernel.messaging.public_facts import heard_facts
from kernel.rpc.translate import date_of
from kernel.statements import StatementAmended, standing
from kernel.store.rows import from_row
from kernel.store.store import Transaction
from services.intake.adapters import network
from services.intake.app.streams import client_stream, episode_stream
from services.intake.domain.episode import (
    ClientAdmitted,
    ClientTransferred,
    EpisodeClosed,
    EpisodeSummary,
)

# An episode that comes back ended when it had.
ADMITTED = """
INSERT INTO episode (client_id, program_id, episode_id, under_part2, site_id, program_kind,
                     level_of_care, admitted_on, previous_episode_id, closed_on)
VALUES (:client_id, :program_id, :episode_id, :under_part2, :site_id, :kind, :level_of_care,
        :admitted_on, :previous_episode_id,
        (SELECT CAST(coalesce(amended.body->'content', said.body)->>'closed_on' AS date)
         FROM fact AS said
         LEFT JOIN LATERAL (
             SELECT body FROM fact WHERE stream = said.stream
             AND type = 'intake.statement_amended.v1'
             AND body->>'statement' = CAST(said.id AS text)
             ORDER BY version DESC LIMIT 1
         ) AS amended ON true
         WHERE said.stream = :stream AND said.type = 'intake.episode_closed.v1'
         AND amended.body->>'voided' IS DISTINCT FROM 'true'))
"""
ADMITTED_OTHERWISE = """
UPDATE episode
SET (program_id, under_part2, site_id, program_kind, level_of_care, admitted_on,
     previous_episode_id)
  = (:program_id, :under_part2, :site_id, :kind, :level_of_care, :admitted_on,
     :previous_episode_id)
WHERE episode_id = :episode_id
"""
MOVED = """
UPDATE episode
SET (program_id, under_part2, site_id, program_kind) = (:program_id, :under_part2, :site_id, :kind)
WHERE episode_id = :episode_id
"""
# A stay of before is over on the first day of the next, if the episode wasn't before.
STAYS = """
SELECT client_id, episode_id, coalesce(stay.site_id, episode.site_id) AS site_id,
       coalesce(stay.program_id, episode.program_id) AS program_id,
       least(closed_on, lead(first) OVER (PARTITION BY episode_id ORDER BY first)) AS closed_on
FROM episode LEFT JOIN stay USING (episode_id)
WHERE client_id = ANY(CAST(:clients AS uuid[])) ORDER BY number, first
"""


def keep(tx: Transaction, recorded: Recorded) -> None:
    """Enter an admission, a transfer or a closing, in the transaction that records it."""
    match recorded.fact:
        case ClientAdmitted() as fact:
            tx.execute(ADMITTED, **_row(fact))
        case StatementAmended(content=ClientAdmitted() as fact, voided=False):
            if not tx.execute(ADMITTED_OTHERWISE, **_row(fact)).rowcount:
                tx.execute(ADMITTED, **_row(fact))  # it had been taken back
            _place(tx, fact.episode_id)
        case StatementAmended(content=ClientAdmitted() as fact):
            tx.execute("DELETE FROM episode WHERE episode_id = :id", id=fact.episode_id)
            _place(tx, fact.episode_id)
        case ClientTransferred() | StatementAmended(content=ClientTransferred()):
            _place(tx, id_of(recorded.stream))
        case EpisodeClosed() as fact:
            _close(tx, fact.episode_id, fact.closed_on)
        case StatementAmended(content=EpisodeClosed() as fact, voided=voided):
            _close(tx, fact.episode_id, None if voided else fact.closed_on)


def _place(tx: Transaction, episode_id: str) -> None:
    """The episode is entered where it is, with its stays: as what was said of them stands."""
    facts = [each.fact for each in standing(tx.load(episode_stream(episode_id)))]
    admitted = [fact for fact in facts if isinstance(fact, ClientAdmitted)]
    transfers = [fact for fact in facts if isinstance(fact, ClientTransferred) and admitted]
    transfers.sort(key=lambda transfer: transfer.transferred_on)
    tx.execute("DELETE FROM stay WHERE episode_id = :id", id=episode_id)
    places: list[ClientAdmitted | ClientTransferred] = [*admitted, *transfers]
    for place in places if transfers else ():
        tx.execute(
            "INSERT INTO stay VALUES (:episode_id, :first, :site_id, :program_id)",
            episode_id=episode_id,
            first=place.admitted_on if isinstance(place, ClientAdmitted) else place.transferred_on,
            site_id=place.site_id,
            program_id=place.program.program_id,
        )
    for last in places[-1:]:
        tx.execute(MOVED, **asdict(last) | asdict(last.program))


def _close(tx: Transaction, episode_id: str, closed_on: date | None) -> None:
    tx.execute(
        "UPDATE episode SET closed_on = :closed_on WHERE episode_id = :episode_id",
        closed_on=closed_on,
        episode_id=episode_id,
    )


def discharged_on(tx: Transaction, client_id: str, episode_id: str) -> date | None:
    """The day of the discharge that stands, as it was heard; None: there is none."""
    subject = client_stream(client_id)
    days = [
        date_of(discharged, "discharged_on")
        for _, discharged in heard_facts(tx.connection, plans.ClientDischarged, [subject])
        if discharged.episode_id == episode_id
    ]
    return days[-1] if days else None


def _row(fact: ClientAdmitted) -> dict[str, Any]:
    return asdict(fact) | asdict(fact.program) | {"stream": episode_stream(fact.episode_id)}


def episodes_of(
    tx: Transaction, client_ids: Sequence[str]
) -> Mapping[str, tuple[EpisodeSummary, ...]]:
    """Client → the person's episodes in the order of admission, each by its stays."""
    found: dict[str, tuple[EpisodeSummary, ...]] = dict.fromkeys(client_ids, ())
    persons = ids_of_each(tx.connection, client_ids)
    rows = tx.execute(
        STAYS,
        clients=sorted({each for ids in persons.values() for each in ids}),
    ).all()
    programs = network.programs(tx, {str(row.site_id) for row in rows})
    for row in rows:
        under_part2 = programs.is_under_part2(str(row.program_id))
        episode = from_row(EpisodeSummary, row, under_part2=under_part2)
        for client_id, ids in persons.items():
            if str(row.client_id) in ids:
                found[client_id] += (episode,)
    return found
