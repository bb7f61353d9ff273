"""Admissions as they were heard from intake."""

from ninehours.intake.v1 import intake_events_pb2 as intake
from sqlalchemy import text

from kernel.rpc.translate import date_of
from kernel.store.store import Transaction
from services.plans.app.streams import client_subject
from services.plans.domain.episode import Admitted


class SqlEpisodes:
    """The Episodes port on the facts that were heard; the last admission told of one holds."""

    def admitted(self, tx: Transaction, client_id: str, episode_id: str) -> Admitted | None:
        rows = tx.connection.execute(
            text(
                "SELECT body FROM heard_fact WHERE subject = :client AND type = :type"
                " ORDER BY sequence DESC"
            ),
            {
                "client": client_subject(client_id),
                "type": intake.ClientAdmitted.DESCRIPTOR.full_name,
            },
        )
        for row in rows:
            told = intake.ClientAdmitted.FromString(bytes(row.body))
            if told.episode_id == episode_id:
                return Admitted(
                    client_id=client_id,
                    level_of_care=told.level_of_care,
                    admitted_on=date_of(told, "admitted_on"),
                )
        return None
