"""What intake hears: sites, programs, staff and payers; discharges, to which it reacts by closing.

And, of its own, what a release before didn't recognise people by, or find them: it reacts by that;
and who is forgotten, as every service does.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from ninehours.billing.v1 import billing_events_pb2 as billing
from ninehours.common.v1 import persons_pb2 as persons
from ninehours.intake.v1 import intake_events_pb2 as intake
from ninehours.plans.v1 import plans_events_pb2 as plans

from kernel.facts import Recorded
from kernel.keys.forgetting import forget_when_told
from kernel.messaging.amendments import Amended
from kernel.messaging.persons import ids_of
from kernel.messaging.subscriptions import Reaction, Subscription, Subscriptions
from kernel.rpc.translate import date_of, required_enum
from kernel.store.store import Context, Store, Transaction
from services.intake.adapters.episodes import discharged_on
from services.intake.adapters.intake import open_intake
from services.intake.adapters.search_tokens import follow_person
from services.intake.app.recognition import recognise_member, recognise_person
from services.intake.app.streams import client_stream
from services.intake.app.use_cases import close_episode, follow_discharge
from services.intake.domain.episode import CloseEpisode


def close_discharged(store: Store, fact: plans.ClientDischarged, context: Context) -> None:
    """Closes the episode on the day of discharge."""
    command = CloseEpisode(
        client_id=fact.client_id,
        episode_id=fact.episode_id,
        closed_on=date_of(fact, "discharged_on"),
    )
    close_episode(open_intake(store, SUBSCRIPTIONS), command, context)


def close_otherwise(store: Store, amended: Amended, context: Context) -> None:
    """Closes the episode on the day that the discharge says now; taken back, it is open again."""
    told: Any = amended.first.message
    closing = CloseEpisode(
        client_id=told.client_id,
        episode_id=told.episode_id,
        closed_on=date_of(told, "discharged_on"),
    )
    said: Any = amended.by.message
    reason: Any = required_enum(said, "reason")

    def closed_on(tx: Transaction) -> date | None:
        return discharged_on(tx, told.client_id, told.episode_id)

    follow_discharge(open_intake(store, SUBSCRIPTIONS), closing, closed_on, reason, context)


def recognise(store: Store, fact: intake.CoverageVerified, context: Context) -> None:
    """Recognises whose member the coverage is; as it is recognised when added, only once."""
    recognise_member(open_intake(store, SUBSCRIPTIONS), fact.client_id, fact.coverage_id, context)


def note(store: Store, fact: intake.ClientRegistered, context: Context) -> None:
    """Notes by what the client is recognised, if it wasn't noted when they were registered."""
    recognise_person(open_intake(store, SUBSCRIPTIONS), fact.client_id, context)


def make_findable(store: Store, fact: intake.ClientRegistered, context: Context) -> None:
    """Enters by what a client of before is found; there is no fact of it."""
    _follow(store, fact.client_id, context)


def find_as_one(store: Store, fact: persons.ClientMerged, context: Context) -> None:
    """Each of two who are one person now is found at the sites of both."""
    _follow(store, fact.client_id, context)


def find_as_two(store: Store, fact: persons.ClientUnmerged, context: Context) -> None:
    """Each of two who are two again is found at their own sites alone."""
    _follow(store, fact.client_id, context)


def _follow(store: Store, client_id: str, context: Context) -> None:
    def enter(tx: Transaction) -> Sequence[Recorded]:
        follow_person(tx, client_id)
        return ()

    open_intake(store, SUBSCRIPTIONS).executor.transact(
        context, enter, locks=[client_stream(client_id)]
    )


def forget(store: Store, fact: intake.ClientForgotten, context: Context) -> None:
    """Destroys the person's keys; by what they were recognised and found goes with them."""
    with store.transaction() as tx:
        ids = ids_of(tx.connection, fact.client_id)
    forget_when_told(store, map(client_stream, ids), context)


SUBSCRIPTIONS = Subscriptions(
    [
        Subscription(plans.ClientDischarged),
        Subscription(attendance.SiteOpened),
        Subscription(attendance.ProgramOpened),
        Subscription(attendance.StaffCredentialed),
        Subscription(attendance.CredentialEnded),
        Subscription(billing.PayerRegistered),
        Subscription(intake.ClientRegistered),
        Subscription(intake.CoverageVerified),
        Subscription(intake.ClientForgotten),
    ],
    reactions=[
        Reaction(
            name="close_episode",
            to=plans.ClientDischarged,
            react=close_discharged,
            again=close_otherwise,
        ),
        Reaction(name="find_as_one", to=persons.ClientMerged, react=find_as_one),
        Reaction(name="find_as_two", to=persons.ClientUnmerged, react=find_as_two),
        Reaction(name="forget", to=intake.ClientForgotten, react=forget),
        Reaction(name="make_findable", to=intake.ClientRegistered, react=make_findable),
        Reaction(name="note_person", to=intake.ClientRegistered, react=note),
        Reaction(name="recognise_member", to=intake.CoverageVerified, react=recognise),
    ],
)
