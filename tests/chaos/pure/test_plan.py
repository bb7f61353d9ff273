"""What is to happen is of every kind, and follows from its seed; what came of it is told."""

from collections import Counter
from random import Random

import pytest

from tests.harness.chaos.faults import KINDS
from tests.harness.chaos.plan import FIRST, planned
from tests.harness.chaos.table import Table

COMMANDS = 400


@pytest.mark.parametrize("seed", range(50))
def test_every_kind_befalls_what_it_can_within_the_story(seed: int) -> None:
    plan = planned(KINDS, COMMANDS, Random(seed))
    for name, kind in KINDS.items():
        befallen = [fault.target for fault in plan if fault.kind == name]
        assert set(befallen) <= set(kind.targets)
        assert len(befallen) == (len(kind.targets) if kind.each else 1)
    counts = [fault.at for fault in plan]
    assert counts == sorted(set(counts))
    assert min(counts) >= FIRST
    ends = [fault.until or fault.at for fault in plan]
    assert max(ends) <= COMMANDS * 9 // 10
    lasting = {fault.kind for fault in plan if fault.until}
    assert lasting == {name for name, kind in KINDS.items() if kind.beside}


def test_a_plan_follows_from_its_seed() -> None:
    one, same, another = (planned(KINDS, COMMANDS, Random(seed)) for seed in (1, 1, 2))
    assert one == same
    assert one != another


def test_a_table_says_how_often_and_in_which_rounds_what_held() -> None:
    table = Table(["flood", "fire", "theft"], ["nothing is lost", "nothing is twice"])
    table.add(Counter({"flood": 2, "fire": 1}), broken=[])
    table.add(Counter({"flood": 1, "fire": 0}), broken=["nothing is twice"])
    assert [line.split() for line in table.lines()[:4]] == [
        ["times", "1", "2"],
        ["flood", "3", "2/2", "1/2"],
        ["fire", "1", "1/1", "1/1"],
        ["theft", "0", "-", "-"],
    ]
    assert table.occurred == {"flood": 3, "fire": 1, "theft": 0}
