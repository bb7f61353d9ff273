"""What intake hears: sites, programs and staff; discharges, to which it reacts by closing."""

from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from ninehours.plans.v1 import plans_events_pb2 as plans

from kernel.messaging.interests import Interest, Interests
from kernel.messaging.reacting import Reaction
from kernel.rpc.translate import date_of
from kernel.store.store import Context, Store
from services.intake.adapters.opened import open_intake
from services.intake.app.use_cases import close_episode
from services.intake.domain.episode import CloseEpisode


def close_discharged(store: Store, fact: plans.ClientDischarged, context: Context) -> None:
    """Closes the episode on the day of discharge."""
    command = CloseEpisode(
        client_id=fact.client_id,
        episode_id=fact.episode_id,
        closed_on=date_of(fact, "discharged_on"),
    )
    close_episode(open_intake(store), command, context)


INTERESTS = Interests(
    [
        Interest(plans.ClientDischarged),
        Interest(attendance.SiteOpened),
        Interest(attendance.ProgramOpened),
        Interest(attendance.StaffCredentialed),
        Interest(attendance.CredentialEnded),
    ],
    reactions=[Reaction(name="close_episode", to=plans.ClientDischarged, react=close_discharged)],
)
