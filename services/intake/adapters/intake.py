"""Intake on its database: its write side, with the tables kept beside it."""

from kernel.execute import CommandExecutor
from kernel.facts import Recorded
from kernel.messaging.subscriptions import Subscriptions
from kernel.store.store import Store, Transaction
from services.intake.adapters import (
    audit,
    bindings,
    contacts,
    episodes,
    network,
    permits,
    recognition,
    safety_tasks,
    sealed,
    search_tokens,
)
from services.intake.adapters.publication import publish
from services.intake.app.deciding import Intake
from services.intake.domain.forgetting import Retention


def open_intake(
    store: Store, subscriptions: Subscriptions, retention: Retention | None = None
) -> Intake:
    """What the api's commands and the stream's reactions work with.

    `subscriptions`: of the service, which hears its own facts as it makes them. `retention`:
    without it nobody is forgotten.
    """
    return Intake(
        executor=CommandExecutor(
            store=store, publish=publish, view=_keep, subscriptions=subscriptions
        ),
        episodes_of=episodes.episodes_of,
        programs=network.programs,
        is_payer_registered=network.is_payer_registered,
        task_assessment=safety_tasks.task_assessment,
        is_credentialed=network.is_credentialed,
        open_high=safety_tasks.open_high,
        log_ends=permits.log_ends,
        member_key=recognition.member_key,
        note_person=recognition.note_person,
        parts_of=sealed.parts_of,
        membership_parts_of=sealed.membership_parts_of,
        sex_of=sealed.sex_of,
        born_on=sealed.born_on,
        last_contact=contacts.last_contact,
        retention=retention,
        audit=audit.write_asked,
    )


def _keep(tx: Transaction, recorded: Recorded) -> None:
    bindings.keep(tx, recorded)
    episodes.keep(tx, recorded)
    safety_tasks.keep(tx, recorded)
    permits.keep(tx, recorded)
    recognition.keep(tx, recorded)
    search_tokens.keep(tx, recorded)  # the last: by where the client is now
