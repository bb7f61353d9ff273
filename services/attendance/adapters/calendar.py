"""The calendar as tables: kept with each fact, asked when scheduling and closing."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text

from kernel.facts import Recorded
from kernel.store.store import Transaction
from services.attendance.domain.presence import CheckedIn
from services.attendance.domain.session import SessionScheduled


def keep(tx: Transaction, recorded: Recorded) -> None:
    """Enter a fact into the calendar, in the transaction that records it."""
    match recorded.fact:
        case SessionScheduled() as fact:
            tx.connection.execute(
                text(
                    "INSERT INTO scheduled_session VALUES (:session, :facilitator, :starts, :ends)"
                ),
                {
                    "session": fact.session_id,
                    "facilitator": fact.facilitator_id,
                    "starts": fact.starts_at,
                    "ends": fact.ends_at,
                },
            )
            tx.connection.execute(
                text(
                    "INSERT INTO attendee"
                    " SELECT :session, c FROM unnest(CAST(:roster AS uuid[])) AS x(c)"
                ),
                {"session": fact.session_id, "roster": list(fact.roster)},
            )
        case CheckedIn(on_roster=False) as fact:
            tx.connection.execute(
                text("INSERT INTO attendee VALUES (:session, :client) ON CONFLICT DO NOTHING"),
                {"session": fact.session_id, "client": fact.client_id},
            )


class SqlCalendar:
    """The Calendar port on this service's tables."""

    def is_facilitator_busy(
        self, tx: Transaction, facilitator_id: str, starts_at: datetime, ends_at: datetime
    ) -> bool:
        return bool(
            tx.connection.execute(
                text(
                    "SELECT EXISTS (SELECT FROM scheduled_session"
                    " WHERE facilitator_id = :facilitator"
                    " AND starts_at < :ends AND ends_at > :starts)"
                ),
                {"facilitator": facilitator_id, "starts": starts_at, "ends": ends_at},
            ).scalar_one()
        )

    def busy_clients(
        self, tx: Transaction, roster: Sequence[str], starts_at: datetime, ends_at: datetime
    ) -> list[str]:
        return [
            str(client_id)
            for (client_id,) in tx.connection.execute(
                text(
                    "SELECT DISTINCT client_id"
                    " FROM attendee JOIN scheduled_session USING (session_id)"
                    " WHERE client_id = ANY(CAST(:roster AS uuid[]))"
                    " AND starts_at < :ends AND ends_at > :starts ORDER BY 1"
                ),
                {"roster": list(roster), "starts": starts_at, "ends": ends_at},
            )
        ]

    def attendees(self, tx: Transaction, session_id: str) -> list[str]:
        return [
            str(client_id)
            for (client_id,) in tx.connection.execute(
                text("SELECT client_id FROM attendee WHERE session_id = :session ORDER BY 1"),
                {"session": session_id},
            )
        ]
