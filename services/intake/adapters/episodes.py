"""Open episodes as a table: kept with each admission, asked under the client's lock."""

from collections.abc import Mapping, Sequence

from sqlalchemy import text

from kernel.facts import Recorded
from kernel.store.store import Transaction
from services.intake.domain.episode import ClientAdmitted, OpenEpisode


def keep(tx: Transaction, recorded: Recorded) -> None:
    """Enter an admission, in the transaction that records it."""
    match recorded.fact:
        case ClientAdmitted() as fact:
            tx.connection.execute(
                text("INSERT INTO open_episode VALUES (:client, :program, :episode, :under_part2)"),
                {
                    "client": fact.client_id,
                    "program": fact.program.program_id,
                    "episode": fact.episode_id,
                    "under_part2": fact.program.under_part2,
                },
            )


class SqlEpisodes:
    """The Episodes port on this service's table."""

    def open_of(
        self, tx: Transaction, client_ids: Sequence[str]
    ) -> Mapping[str, tuple[OpenEpisode, ...]]:
        found: dict[str, tuple[OpenEpisode, ...]] = dict.fromkeys(client_ids, ())
        rows = tx.connection.execute(
            text(
                "SELECT client_id, program_id, under_part2 FROM open_episode"
                " WHERE client_id = ANY(CAST(:clients AS uuid[])) ORDER BY 1, 2"
            ),
            {"clients": list(client_ids)},
        )
        for row in rows:
            episode = OpenEpisode(program_id=str(row.program_id), under_part2=row.under_part2)
            found[str(row.client_id)] += (episode,)
        return found
