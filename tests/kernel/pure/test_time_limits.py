"""Derivations are interrupted, and nothing but derivations."""

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import pytest

from kernel.facts import Row
from kernel.messaging import time_limits
from kernel.messaging.subscriptions import Facts
from tests.harness.kernel.counters import ADA, TALLY


def spin(seconds: float) -> None:
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def test_one_that_ends_as_it_is_interrupted_ends_one_way_or_the_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(time_limits, "CPU_SECONDS", 0.01)
    ended: list[str] = []

    def derive(_: str, __: Facts) -> Sequence[Row]:
        spin(0.01)
        return ()

    for _ in range(40):
        try:
            time_limits.derive(replace(TALLY, derive=derive), ADA, {})
            ended.append("derived")
        except time_limits.TookTooLong:
            ended.append("interrupted")
    assert len(ended) == 40


def test_one_that_goes_on_in_spite_of_it_is_interrupted_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(time_limits, "CPU_SECONDS", 0.05)
    monkeypatch.setattr(time_limits, "AGAIN", 0.05)

    def derive(_: str, __: Facts) -> Sequence[Row]:
        for _ in range(3):
            with suppress(BaseException):
                spin(60)
        spin(60)
        return ()

    with pytest.raises(time_limits.TookTooLong):
        time_limits.derive(replace(TALLY, derive=derive), ADA, {})


def test_what_a_derivation_raises_is_raised() -> None:
    def derive(_: str, __: Facts) -> Sequence[Row]:
        raise KeyError("x")

    with pytest.raises(KeyError):
        time_limits.derive(replace(TALLY, derive=derive), ADA, {})
