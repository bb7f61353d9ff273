"""Intake's use cases of forgetting: one person asks, another one agrees, all services destroy."""

from dataclasses import replace
from datetime import date
from typing import TypeVar

from kernel.execute import Outcome
from kernel.store.store import Context
from services.intake.app.deciding import Intake, LockedClient, on_own_stream
from services.intake.app.streams import IDENTITY, client_stream
from services.intake.domain.client import Client
from services.intake.domain.forgetting import AgreeToForget, AskToForget, WithdrawForgetting

Asked = TypeVar("Asked", AskToForget, AgreeToForget)


def forget(intake: Intake, asked: Asked, context: Context) -> Outcome:
    """Asks that a client be forgotten, or agrees: then every service destroys the client's key.

    Refuses as the domain does, by what holds now.
    """

    def command(locked: LockedClient[Client]) -> Asked:
        return replace(
            asked,
            retained_until=_retained_until(intake, locked, asked.client_id),
            open_episodes=tuple(
                episode.episode_id for episode in locked.episodes if episode.closed_on is None
            ),
            label=locked.label,
        )

    return on_own_stream(intake, asked.client_id, command, context)


def withdraw(intake: Intake, asked: WithdrawForgetting, context: Context) -> Outcome:
    """Takes back what was asked; where nobody asks, nothing changes."""

    def command(locked: LockedClient[Client]) -> WithdrawForgetting:
        return replace(asked, label=locked.label)

    return on_own_stream(intake, asked.client_id, command, context)


def _retained_until(intake: Intake, locked: LockedClient[Client], client_id: str) -> date | None:
    """None: there is no rule; of who is forgotten, or was never registered, nobody asks for it."""
    identity = locked.tx.documents.open(client_stream(client_id), IDENTITY)
    if intake.retention is None or identity is None:
        return None
    last = intake.last_contact(locked.tx, client_id)
    return intake.retention.until(last, intake.born_on(identity.content))
