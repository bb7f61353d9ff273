"""What attendance hears: who is registered, admitted where and until when, and forgotten.

Who is admitted no longer loses the places that follow, and has them again where that was withdrawn.
So does who is transferred to another site, and whose admission is put right: to another site, on
another day, or taken back.
"""

from dataclasses import replace
from typing import Any

from ninehours.intake.v1 import intake_events_pb2 as intake

from kernel.facts import derived_id
from kernel.keys.forgetting import forget_when_told
from kernel.messaging.amendments import Amended
from kernel.messaging.persons import ids_of
from kernel.messaging.subscriptions import Reaction, Subscription, Subscriptions
from kernel.store.store import Context, Store
from services.attendance.adapters.attendance import open_attendance
from services.attendance.app.seats import keep_places_of_the_admitted
from services.attendance.app.streams import client_subject


def forget(store: Store, fact: intake.ClientForgotten, context: Context) -> None:
    """Destroys the person's keys."""
    with store.transaction() as tx:
        ids = ids_of(tx.connection, fact.client_id)
    forget_when_told(store, map(client_subject, ids), context)


def leave(store: Store, fact: intake.EpisodeClosed, context: Context) -> None:
    """Takes the client off the rosters of days on which they aren't admitted any more."""
    _keep_places(store, fact.client_id, context)


def move(store: Store, fact: intake.ClientTransferred, context: Context) -> None:
    """Takes the client off rosters of sites that they leave, from that day on."""
    _keep_places(store, fact.client_id, context)


def keep_otherwise(store: Store, amended: Amended, context: Context) -> None:
    """Puts rosters right once an admission was, a transfer, or the end."""
    told: Any = amended.first.message
    _keep_places(store, told.client_id, context)


def _keep_places(store: Store, client_id: str, context: Context) -> None:
    """Of every client of the person: an admission of one is all the others', too."""
    with store.transaction() as tx:
        ids = ids_of(tx.connection, client_id)
    for each in ids:
        own = context.command_id if each == client_id else derived_id(context.command_id, each)
        of_each = replace(context, command_id=own)
        keep_places_of_the_admitted(open_attendance(store), each, of_each)


SUBSCRIPTIONS = Subscriptions(
    [
        Subscription(intake.ClientRegistered),
        Subscription(intake.ClientAdmitted),
        Subscription(intake.ClientTransferred),
        Subscription(intake.EpisodeClosed),
        Subscription(intake.ClientForgotten),
    ],
    reactions=[
        Reaction(name="forget", to=intake.ClientForgotten, react=forget),
        Reaction(name="leave_rosters", to=intake.EpisodeClosed, react=leave, again=keep_otherwise),
        Reaction(
            name="follow_transfer", to=intake.ClientTransferred, react=move, again=keep_otherwise
        ),
        Reaction(name="follow_admission", to=intake.ClientAdmitted, again=keep_otherwise),
    ],
)
