"""Episodes as a table: kept with each admission and closing, asked under the client's lock.

What an admission recorded of its program stays beside its id for `verify` alone, which compares it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from kernel.facts import Recorded
from kernel.store.rows import from_row
from kernel.store.store import Transaction
from services.intake.adapters import network
from services.intake.domain.episode import ClientAdmitted, EpisodeClosed, EpisodeSummary


def keep(tx: Transaction, recorded: Recorded) -> None:
    """Enter an admission or a closing, in the transaction that records it."""
    match recorded.fact:
        case ClientAdmitted() as fact:
            tx.execute(
                "INSERT INTO episode (client_id, program_id, episode_id, under_part2,"
                " site_id, program_kind, level_of_care, admitted_on, previous_episode_id)"
                " VALUES (:client_id, :program_id, :episode_id, :under_part2,"
                " :site_id, :kind, :level_of_care, :admitted_on, :previous_episode_id)",
                **(asdict(fact) | asdict(fact.program)),
            )
        case EpisodeClosed() as fact:
            tx.execute(
                "UPDATE episode SET closed_on = :closed_on WHERE episode_id = :episode_id",
                **asdict(fact),
            )


def episodes_of(
    tx: Transaction, client_ids: Sequence[str]
) -> Mapping[str, tuple[EpisodeSummary, ...]]:
    """Client → their episodes in the order of admission."""
    found: dict[str, tuple[EpisodeSummary, ...]] = dict.fromkeys(client_ids, ())
    rows = tx.execute(
        "SELECT client_id, episode_id, site_id, program_id, closed_on FROM episode"
        " WHERE client_id = ANY(CAST(:clients AS uuid[])) ORDER BY client_id, number",
        clients=list(client_ids),
    ).all()
    programs = network.programs(tx, {str(row.site_id) for row in rows})
    for row in rows:
        under_part2 = programs.is_under_part2(str(row.program_id))
        episode = from_row(EpisodeSummary, row, under_part2=under_part2)
        found[str(row.client_id)] += (episode,)
    return found
