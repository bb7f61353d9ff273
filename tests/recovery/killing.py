"""Processes are killed with -9 while the whole story plays. (`make test`: its first four weeks.)"""

import random

import pytest

from ninehours.story.plot import SCENES
from tests.system.contract import WholeStoryContract
from tests.system.played import Played
from tests.system.test_kills import play_killing


@pytest.fixture(scope="module")
def disturbed(calm: Played, tmp_path_factory: pytest.TempPathFactory) -> Played:
    """The same story, with every process killed at a seeded count of commands."""
    data = tmp_path_factory.mktemp("killed") / "data"
    return play_killing(data, SCENES, len(calm.acknowledged), random.Random(20_262))


class TestKilledToItsEnd(WholeStoryContract):
    """Whoever was killed was started again, and took up what it had begun."""
