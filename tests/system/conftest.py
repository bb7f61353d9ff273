"""One calm play of the story on the whole system, for every test that looks at what it left."""

import shutil
from collections.abc import Iterator

import pytest

from ninehours.local.system import LocalSystem
from ninehours.story.gateway import connect
from ninehours.story.people import invent_people
from tests.harness.rehearsing import RecordingGateway
from tests.system.played import Played, look_into, play_on, type_names

SEED = 7


@pytest.fixture(scope="session")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """The story, played through with nothing killed; the system has stopped again."""
    data = tmp_path_factory.mktemp("calm") / "data"
    with (
        LocalSystem(data, progress=lambda _: None, clock="caller") as system,
        RecordingGateway(connect(system.channel_to, system.people_dir), seed=SEED) as gateway,
    ):
        people = invent_people(SEED)
        played = play_on(system, data, gateway, people)
        type_names(gateway, people)
        look_into(played, system)
    return played


@pytest.fixture(scope="session")
def browsed(calm: Played, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSystem]:
    """The story's system, started again on a copy, with a console: for whoever goes through it."""
    copy = tmp_path_factory.mktemp("browsed") / "data"
    shutil.copytree(calm.data, copy)
    with LocalSystem(copy, progress=lambda _: None, clock="caller", console=True) as system:
        yield system
