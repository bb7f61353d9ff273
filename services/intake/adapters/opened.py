"""Intake on its database: the book of record, with the tables kept beside it."""

from kernel.execute import Book
from kernel.facts import Recorded
from kernel.store.store import Store, Transaction
from services.intake.adapters import (
    episodes,
    permits,
    programs,
    registrations,
    safety_tasks,
    sealed,
)
from services.intake.adapters.publication import publish
from services.intake.app.deciding import Intake


def open_intake(store: Store) -> Intake:
    """What the api's commands and the stream's reactions work with."""
    return Intake(
        book=Book(store=store, publish=publish, view=_keep),
        episodes=episodes.SqlEpisodes(),
        programs=programs.SqlPrograms(),
        tasks=safety_tasks.SqlSafetyTasks(),
        permits=permits.SqlPermits(),
        sex_of=sealed.sex_of,
    )


def _keep(tx: Transaction, recorded: Recorded) -> None:
    registrations.keep(tx, recorded)
    episodes.keep(tx, recorded)
    safety_tasks.keep(tx, recorded)
    permits.keep(tx, recorded)
