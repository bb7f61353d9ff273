"""Episodes as a table: kept with each admission and closing, asked under the client's lock.

What an admission recorded of its program stays beside its id for `verify` alone, which compares it.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import text

from kernel.facts import Recorded
from kernel.store.store import Transaction
from services.intake.adapters.programs import SqlPrograms
from services.intake.domain.episode import ClientAdmitted, EpisodeClosed, KnownEpisode


def keep(tx: Transaction, recorded: Recorded) -> None:
    """Enter an admission or a closing, in the transaction that records it."""
    match recorded.fact:
        case ClientAdmitted() as fact:
            tx.connection.execute(
                text(
                    "INSERT INTO episode (client_id, program_id, episode_id, under_part2,"
                    " site_id, program_kind, level_of_care, admitted_on, previous_episode_id)"
                    " VALUES (:client, :program, :episode, :under_part2,"
                    " :site, :kind, :level, :admitted_on, :previous)"
                ),
                {
                    "client": fact.client_id,
                    "program": fact.program.program_id,
                    "episode": fact.episode_id,
                    "under_part2": fact.program.under_part2,
                    "site": fact.site_id,
                    "kind": fact.program.kind,
                    "level": fact.level_of_care,
                    "admitted_on": fact.admitted_on,
                    "previous": fact.previous_episode_id,
                },
            )
        case EpisodeClosed() as fact:
            tx.connection.execute(
                text("UPDATE episode SET closed_on = :on WHERE episode_id = :episode"),
                {"on": fact.closed_on, "episode": fact.episode_id},
            )


class SqlEpisodes:
    """The Episodes port on this service's table."""

    def known_of(
        self, tx: Transaction, client_ids: Sequence[str]
    ) -> Mapping[str, tuple[KnownEpisode, ...]]:
        found: dict[str, tuple[KnownEpisode, ...]] = dict.fromkeys(client_ids, ())
        rows = tx.connection.execute(
            text(
                "SELECT client_id, episode_id, site_id, program_id, closed_on FROM episode"
                " WHERE client_id = ANY(CAST(:clients AS uuid[])) ORDER BY client_id, number"
            ),
            {"clients": list(client_ids)},
        ).all()
        programs = SqlPrograms().of_sites(tx, {str(row.site_id) for row in rows})
        for row in rows:
            episode = KnownEpisode(
                episode_id=str(row.episode_id),
                program_id=str(row.program_id),
                under_part2=programs.is_under_part2(str(row.program_id)),
                closed_on=row.closed_on,
            )
            found[str(row.client_id)] += (episode,)
        return found
