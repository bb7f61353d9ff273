"""What attendance hears: who is registered, and who is admitted where and until when."""

from ninehours.intake.v1 import intake_events_pb2 as intake

from kernel.messaging.subscriptions import Subscription, Subscriptions

SUBSCRIPTIONS = Subscriptions(
    [
        Subscription(intake.ClientRegistered),
        Subscription(intake.ClientAdmitted),
        Subscription(intake.EpisodeClosed),
    ]
)
