"""Processes are killed with -9 while the whole story plays. (`make test`: its first two weeks.)"""

from collections import Counter
from random import Random

import pytest

from ninehours.story.plot import SCENES
from tests.harness.chaos.faults import KILLS
from tests.harness.chaos.plan import planned
from tests.system.calm import SEED
from tests.system.contract import WholeStoryContract
from tests.system.disturbed import play_disturbed
from tests.system.played import Played


@pytest.fixture(scope="module")
def disturbed(calm: Played, tmp_path_factory: pytest.TempPathFactory) -> Played:
    """The same story, with every process killed at a seeded count of commands."""
    plan = planned(KILLS, len(calm.acknowledged), Random(20_262))
    occurred = Counter[str]()
    data = tmp_path_factory.mktemp("killed") / "data"
    played = play_disturbed(data, SEED, SCENES, plan, occurred=occurred)
    assert occurred == Counter(fault.kind for fault in plan)
    return played


class TestKilledToItsEnd(WholeStoryContract):
    """Whoever was killed was started again, and took up what it had begun."""
