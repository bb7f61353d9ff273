"""Much befalls the system while the story begins to play: nothing is lost, nothing is twice.

(The short form of `make chaos`, whose kinds of faults are all; `make kills` kills in the whole.)
"""

from collections import Counter
from random import Random

import pytest

from tests.harness.chaos.faults import KILLS
from tests.harness.chaos.plan import planned
from tests.system.calm import SEED
from tests.system.contract import SameStoryContract
from tests.system.disturbed import play_disturbed
from tests.system.played import BEGINNING, Played

SHORT = (
    *KILLS,
    *("a stream paused past its session", "half-open to PostgreSQL", "statements timed out"),
)


@pytest.fixture(scope="module")
def calm(calm: Played) -> Played:
    """As it was when its beginning was told."""
    assert calm.begun is not None
    return calm.begun


@pytest.fixture(scope="module")
def disturbed(calm: Played, tmp_path_factory: pytest.TempPathFactory) -> Played:
    """The same beginning; every process is killed at a seeded count of commands, and more."""
    plan = planned(SHORT, len(calm.acknowledged), Random(20_261))
    occurred = Counter[str]()
    data = tmp_path_factory.mktemp("disturbed") / "data"
    played = play_disturbed(data, SEED, BEGINNING, plan, occurred=occurred)
    assert occurred == Counter(fault.kind for fault in plan)
    return played


class TestDisturbed(SameStoryContract):
    """Whoever was killed, stopped or cut off took up what it had begun."""
