"""One calm play of the story on the whole system, for every test that looks at what it left.

Whichever worker asks first plays it; each has a copy, which its tests may start and change.
"""

import fcntl
import os
import pickle
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ninehours.local.system import LocalSystem
from ninehours.story.gateway import connect
from ninehours.story.people import invent_people
from ninehours.story.story import DemoStory
from tests.harness.rehearsing import RecordingGateway
from tests.system.played import (
    BEGINNING,
    REST,
    Played,
    hear_of_everybody,
    look_into,
    play_on,
    type_names,
    verify,
)

SEED = 7


@pytest.fixture(scope="session")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """The story, played through with nothing killed; the system has stopped again."""
    return _copied(_played_once(tmp_path_factory), tmp_path_factory.mktemp("calm") / "data")


@pytest.fixture(scope="session")
def browsed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSystem]:
    """The story's system, started again with a console: for whoever goes through its pages."""
    copy = _copied(_played_once(tmp_path_factory), tmp_path_factory.mktemp("browsed") / "data")
    with LocalSystem(copy.data, progress=lambda _: None, clock="caller", console=True) as system:
        yield system


def _copied(played: Played, data: Path) -> Played:
    shutil.copytree(played.data, data)
    return _lies_at(data, played)


def _lies_at(data: Path, played: Played) -> Played:
    files = [data / file.relative_to(played.data) for file in played.files]
    begun = played.begun and _lies_at(data, played.begun)
    return replace(played, data=data, files=files, begun=begun)


def _played_once(tmp_path_factory: pytest.TempPathFactory) -> Played:
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # of the run
    kept = folder / "played"
    with (folder / "played.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the others wait for what they need anyway
        if not kept.exists():
            kept.write_bytes(pickle.dumps(_play(folder / "story")))
    played = pickle.loads(kept.read_bytes())
    assert isinstance(played, Played)
    return played


def _play(data: Path) -> Played:
    with (
        LocalSystem(data, progress=lambda _: None, clock="caller") as system,
        RecordingGateway(connect(system.channel_to, system.people_dir), seed=SEED) as gateway,
    ):
        story = DemoStory(gateway=gateway, people=invent_people(SEED))
        begun = play_on(system, data, gateway, story, BEGINNING)
        played = play_on(system, data, gateway, story, REST)
        verify(played, system)
        hear_of_everybody(played, gateway)
        type_names(gateway, story.people)
        look_into(played, system)
    return replace(played, begun=begun)
