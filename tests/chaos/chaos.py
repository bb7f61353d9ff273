"""Rounds of one calm and one disturbed play of the same story, as many as there is time for.

`make chaos ARGS="--minutes 15 --seed 1"`; named by that alone, as it takes as long as one likes.
"""

import inspect
import itertools
import shutil
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from random import Random

import pytest

from tests.harness.chaos.faults import KINDS, ON_SMALL_DISKS
from tests.harness.chaos.plan import Fault, planned
from tests.harness.chaos.table import Table
from tests.harness.small_disk import CannotMount, small_disk
from tests.system.contract import SameStoryContract
from tests.system.disturbed import play_disturbed
from tests.system.played import BEGINNING, Played

EACH = 5.0  # minutes: so often, at least, each kind of fault occurs
SEEDS = 1000  # of a run's rounds
PLAYED = "the story is played to its end"

Invariant = Callable[..., None]
INVARIANTS: Mapping[str, Invariant] = {
    name.removeprefix("test_").replace("_", " "): test
    for name, test in vars(SameStoryContract).items()
    if name.startswith("test_")
}


@pytest.mark.timeout(0)
def test_whatever_befalls_it_a_system_comes_to_what_a_calm_one_comes_to(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    kinds = kinds_but(request.config.getoption("--without"))
    if any(kind in ON_SMALL_DISKS for kind in kinds) and (why := why_no_mount(tmp_path / "tried")):
        pytest.fail(f"{why}; as root, or without it: --without disk", pytrace=False)
    minutes = request.config.getoption("--minutes")
    chaos = Chaos(kinds, minutes, request.config.getoption("--seed"), tmp_path)
    try:
        chaos.play()
    finally:
        chaos.conclude()


def kinds_but(without: list[str]) -> list[str]:
    """All kinds but those in whose names one of these words stands."""
    for word in without:
        if not any(word in kind for kind in KINDS):
            pytest.fail(f"--without {word}: no kind of fault is called so", pytrace=False)
    return [kind for kind in KINDS if not any(word in kind for word in without)]


def why_no_mount(folder: Path) -> str:
    """Why no small file system can be had; empty: one can."""
    try:
        with small_disk(folder, 1):
            return ""
    except CannotMount as error:
        return str(error)


class Chaos:
    """`kinds` of faults, for so many minutes."""

    def __init__(self, kinds: list[str], minutes: float, seed: int, folder: Path) -> None:
        self._kinds = kinds
        self._minutes = minutes
        self._seed = seed
        self._folder = folder
        self._began = time.monotonic()
        self._rounds = 0
        self._table = Table(kinds, [PLAYED, *INVARIANTS])

    def play(self) -> None:
        """Fails with the first round in which something didn't hold: its seed, its plan, what."""
        assert len(INVARIANTS) == 7
        for number in self._going_on():
            seed = self._seed * SEEDS + number
            folder = self._folder / str(seed)
            self._tell(f"round {number}, seed {seed}: calmly")
            calm = play_disturbed(folder / "calm", seed, BEGINNING)
            commands = len(calm.acknowledged)
            plan = planned(self._kinds, commands, Random(seed))
            self._tell(f"round {number}, seed {seed}: {len(plan)} faults in {commands} commands")
            if broken := self._disturb(folder / "disturbed", seed, plan, calm):
                pytest.fail(f"{told(seed, plan, broken)}\nwhat is left: {folder}", pytrace=False)
            self._tell(f"round {number}, seed {seed}: all held")
            self._rounds = number
            shutil.rmtree(folder)

    def conclude(self) -> None:
        """Print the table, and how far it came."""
        minutes = (time.monotonic() - self._began) / 60
        print(f"\n{self._rounds} rounds in {minutes:.1f} minutes, seed {self._seed}")
        print(*self._table.lines(), sep="\n")
        left_out = [kind for kind in KINDS if kind not in self._kinds]
        print(f"left out: {', '.join(left_out) or 'nothing'}", flush=True)

    def _going_on(self) -> Iterator[int]:
        """Rounds, until the minutes are over and each kind occurred as often as it should."""
        for number in itertools.count(1):
            yield number
            is_late = time.monotonic() - self._began > self._minutes * 60
            times = self._table.occurred.values()
            if is_late and all(each >= self._minutes // EACH for each in times):
                return

    def _disturb(
        self, data: Path, seed: int, plan: tuple[Fault, ...], calm: Played
    ) -> Mapping[str, str]:
        """Which invariants don't hold of the disturbed play, and what was found instead."""
        occurred = Counter[str]()
        try:
            played = play_disturbed(data, seed, BEGINNING, plan, occurred=occurred, tell=self._tell)
        except Exception:
            broken = dict.fromkeys(INVARIANTS, "not looked at")
            broken[PLAYED] = traceback.format_exc()
        else:
            broken = dict(broken_by(played, calm))
            missing = Counter(fault.kind for fault in plan) - occurred
            if missing:
                broken[PLAYED] = f"never occurred: {', '.join(missing)}"
        self._table.add(occurred, broken)
        return broken

    def _tell(self, what: str) -> None:
        sys.stderr.write(f"{time.monotonic() - self._began:7.1f} s  {what}\n")


def broken_by(disturbed: Played, calm: Played) -> Iterator[tuple[str, str]]:
    """Each invariant that doesn't hold, and what was found."""
    plays = {"disturbed": disturbed, "calm": calm}
    for name, invariant in INVARIANTS.items():
        wanted = [each for each in inspect.signature(invariant).parameters if each in plays]
        try:
            invariant(SameStoryContract(), **{each: plays[each] for each in wanted})
        except AssertionError as error:
            yield name, str(error)


def told(seed: int, plan: tuple[Fault, ...], broken: Mapping[str, str]) -> str:
    faults = "\n".join(map(str, plan))
    found = "\n\n".join(f"{invariant}:\n{what}" for invariant, what in broken.items())
    return f"seed {seed}, with this plan:\n{faults}\n\ndid not hold:\n\n{found}"
