"""The story, or a part of it, played on a system to which things happen meanwhile."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ninehours.story.gateway import connect
from ninehours.story.people import invent_people
from ninehours.story.plot import SCENES, Scene
from ninehours.story.story import DemoStory
from tests.harness.chaos.disturbed_system import DisturbedSystem
from tests.harness.chaos.disturber import Disturber, Tell
from tests.harness.chaos.faults import KINDS, ON_SMALL_DISKS, half_open
from tests.harness.chaos.plan import Fault
from tests.harness.rehearsing import RecordingGateway
from tests.system.played import Played, hear_of_everybody, play_on, verify


def play_disturbed(
    data: Path,
    seed: int,
    scenes: Sequence[Scene],
    plan: Sequence[Fault] = (),
    *,
    occurred: Counter[str] | None = None,
    tell: Tell = lambda _: None,
) -> Played:
    """These scenes of the story of that seed; with no plan, calmly.

    `occurred` counts each kind of fault that was seen to happen, whatever comes of the play.
    """
    wires = {fault.target for fault in plan if KINDS[fault.kind].happens is half_open}
    disks = {fault.target for fault in plan if fault.kind in ON_SMALL_DISKS}
    with (
        DisturbedSystem(data, wires=wires, disks=disks) as system,
        telling_what_was_given_up(system),
        Disturber(system, plan, Counter() if occurred is None else occurred, tell) as disturber,
    ):
        connections = connect(system.channel_to, system.people_dir)
        with RecordingGateway(connections, seed=seed, on_command=disturber) as gateway:
            story = DemoStory(gateway=gateway, people=invent_people(seed))
            over = Scene("what befell the system is over", lambda _: disturber.settle())
            played = play_on(system, data, gateway, story, [*scenes, over])
            verify(played, system)
            if scenes == SCENES:
                hear_of_everybody(played, gateway)
    return played


@contextmanager
def telling_what_was_given_up(system: DisturbedSystem) -> Iterator[None]:
    """A play that fails for want of a process says which, and how its log ends."""
    try:
        yield
    except Exception as error:
        if failure := system.supervisor.failure:
            error.add_note(failure)
        raise
