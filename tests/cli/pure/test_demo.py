"""What the demo says at its end is so: what it started goes on, or is stopped."""

from collections import Counter
from pathlib import Path

import pytest

from ninehours.cli.demo import DemoOutcome, show_demo
from ninehours.story.summary import Summary

OUTCOME = DemoOutcome(
    summary=Summary(
        clients=1,
        sessions=1,
        facts={},
        service_days={},
        held=(),
        claims=Counter(),
        claims_amount_minor=0,
        proposals=0,
        parked=0,
    ),
    files=(),
    seconds={"start": 1, "story": 2, "settle": 3},
    memory_mib=4,
    repeated=False,
    to_try=(),
)


@pytest.mark.parametrize("stay", [False, True])
def test_who_stays_is_told_neither_that_all_is_stopped_nor_how_to_stay(
    *, stay: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    show_demo(OUTCOME, tmp_path, 7, stay=stay)
    said = capsys.readouterr().out
    assert ("Everything is started again below." in said) is stay
    assert ("Everything is stopped." in said) is not stay
    assert ("stay and ask" in said) is not stay
