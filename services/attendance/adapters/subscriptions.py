"""What attendance hears: who is registered, admitted where and until when, and forgotten."""

from ninehours.intake.v1 import intake_events_pb2 as intake

from kernel.keys.forgetting import forget_when_told
from kernel.messaging.subscriptions import Reaction, Subscription, Subscriptions
from kernel.store.store import Context, Store
from services.attendance.app.streams import client_subject


def forget(store: Store, fact: intake.ClientForgotten, context: Context) -> None:
    """Destroys the client's key."""
    forget_when_told(store, [client_subject(fact.client_id)], context)


SUBSCRIPTIONS = Subscriptions(
    [
        Subscription(intake.ClientRegistered),
        Subscription(intake.ClientAdmitted),
        Subscription(intake.EpisodeClosed),
        Subscription(intake.ClientForgotten),
    ],
    reactions=[Reaction(name="forget", to=intake.ClientForgotten, react=forget)],
)
