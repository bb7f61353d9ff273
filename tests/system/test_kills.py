"""Processes are killed with -9 while the story begins to play: nothing is lost, nothing is twice.

(`make kills` does it with the whole.)
"""

import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from ninehours.local.system import LocalSystem
from ninehours.story.gateway import connect
from ninehours.story.people import invent_people
from ninehours.story.plot import SCENES, Scene
from ninehours.story.story import DemoStory
from tests.harness.rehearsing import RecordingGateway
from tests.system.calm import SEED
from tests.system.contract import SameStoryContract
from tests.system.played import BEGINNING, Played, hear_of_everybody, play_on, verify

# Every kind of process, and both servers.
VICTIMS = (
    *("attendance-api", "intake-api", "billing-api", "plans-api"),
    *("attendance-relay", "intake-relay", "plans-relay", "billing-relay"),
    *("intake-stream", "plans-stream", "billing-stream", "billing-stream"),
    *("kafka", "postgres"),
)


@pytest.fixture(scope="module")
def calm(calm: Played) -> Played:
    """As it was when its beginning was told."""
    assert calm.begun is not None
    return calm.begun


@pytest.fixture(scope="module")
def disturbed(calm: Played, tmp_path_factory: pytest.TempPathFactory) -> Played:
    """The same beginning, with every process killed at a seeded count of commands."""
    data = tmp_path_factory.mktemp("killed") / "data"
    return play_killing(data, BEGINNING, len(calm.acknowledged), random.Random(20_261))


def play_killing(
    data: Path, scenes: Sequence[Scene], commands: int, kills: random.Random
) -> Played:
    """These scenes, of so many commands."""
    victims = list(VICTIMS)
    kills.shuffle(victims)
    # The first commands open the network; from then on anything may die, at any count but the last,
    # after which nobody might notice.
    counts = sorted(kills.sample(range(10, commands * 9 // 10), len(victims)))
    plan = dict(zip(counts, victims, strict=True))
    killed: list[str] = []
    with LocalSystem(data, progress=lambda _: None, clock="caller") as system:

        def kill(count: int) -> None:
            if count in plan:
                system.kill(plan[count])
                killed.append(plan[count])

        connections = connect(system.channel_to, system.people_dir)
        with RecordingGateway(connections, seed=SEED, on_command=kill) as gateway:
            story = DemoStory(gateway=gateway, people=invent_people(SEED))
            played = play_on(system, data, gateway, story, scenes)
            verify(played, system)
            if scenes == SCENES:
                hear_of_everybody(played, gateway)
        restarts = {name: system.supervisor.restarts(name) for name in set(VICTIMS)}
    assert sorted(killed) == sorted(VICTIMS)
    assert all(restarts[name] >= 1 for name in restarts)
    return played


class TestKilled(SameStoryContract):
    """Whoever was killed was started again, and took up what it had begun."""
