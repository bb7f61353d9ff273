"""The demo as its users run it: broken off, gone on with, played again. (Slow: some minutes.)"""

import json
import signal
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ninehours.local import leftovers
from tests.harness.commands import begin

PROMISED = {
    "clients", "sessions", "facts", "service_days", "claims", "claims_amount_minor", "proposals",
    "parked", "files", "seconds", "memory_mib",
}  # fmt: skip
STATES = {"DRAFTED", "ISSUED", "REPLACEMENT", "VOID"}


@contextmanager
def running(*arguments: str) -> Iterator["subprocess.Popen[str]"]:
    process = begin(*arguments, COLUMNS="80")
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def left_of(data: Path) -> list[Any]:
    """Processes marked with the directory, and PostgreSQL's, which do not keep their marks."""
    marked = leftovers.of_run(str(data), run=lambda _: True)
    return [*marked, *leftovers.with_command(lambda words: str(data / "postgres") in words)]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory on which the story was broken off in its second week, by Ctrl-C."""
    folder = Path(tmp_path_factory.mktemp("demo")) / "data"
    with running("demo", "--data", str(folder)) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "week 2: " in line:
                break
        else:
            pytest.fail("the story ended early")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=600)
    assert (process.returncode, out) == (130, "")
    assert "interrupted" in err and "Traceback" not in err
    assert left_of(folder) == []
    return folder


@pytest.fixture(scope="module")
def told(data: Path) -> dict[str, Any]:
    """What the demo says of it, gone on with."""
    return demo(data)


def demo(data: Path) -> dict[str, Any]:
    with running("demo", "--json", "--data", str(data)) as process:
        out, err = process.communicate(timeout=3000)
    assert process.returncode == 0, err
    assert left_of(data) == []
    answer: dict[str, Any] = json.loads(out)
    return answer


def test_the_demo_keeps_what_is_promised_of_it(told: dict[str, Any]) -> None:
    assert told.keys() == PROMISED
    assert (told["clients"], told["parked"]) == (60, 0)
    assert 200 <= told["sessions"] <= 250
    assert told["service_days"].keys() == {"PER_DIEM", "DISCRETE", "NOT_BILLABLE", "HOLD"}
    assert min(told["service_days"].values()) > 0
    assert told["claims"].keys() == STATES
    assert told["claims"]["ISSUED"] >= 200
    assert told["claims"]["REPLACEMENT"] >= 1 and told["claims"]["VOID"] >= 1
    assert told["claims_amount_minor"] > 0
    assert (told["facts"]["AttendanceCorrected"], told["proposals"]) == (4, 1)
    assert told["seconds"].keys() == {"start", "story", "settle"}
    assert told["memory_mib"] > 100


def test_the_claims_are_files_for_their_owner_alone(told: dict[str, Any], data: Path) -> None:
    files = [Path(file) for file in told["files"]]
    assert len(set(files)) == len(files) > 20
    claims = 0
    for file in files:
        assert file.parent == data / "exports"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        text = file.read_text(encoding="ascii")
        assert text.startswith("ISA*")
        claims += text.count("CLM*")
    assert claims == sum(told["claims"][state] for state in STATES - {"DRAFTED"})


def test_played_again_it_answers_the_same(told: dict[str, Any], data: Path) -> None:
    files = [Path(file) for file in told["files"]]
    before = [file.read_bytes() for file in files]
    again = demo(data)
    assert [file.read_bytes() for file in files] == before
    changing = {"seconds", "memory_mib"}
    assert {k: again[k] for k in PROMISED - changing} == {k: told[k] for k in PROMISED - changing}


def test_another_story_needs_another_directory(told: dict[str, Any], data: Path) -> None:
    with running("demo", "--seed", "8", "--data", str(data)) as process:
        out, err = process.communicate(timeout=600)
    assert (process.returncode, out) == (4, "")
    assert "holds the story of seed 7" in err


def test_up_says_where_it_answers_stays_and_ends_when_asked(tmp_path: Path) -> None:
    with running("up", "--json", "--data", str(tmp_path / "data")) as process:
        assert process.stderr is not None and process.stdout is not None
        for line in process.stderr:
            if line.startswith("ready"):
                break
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=600)
    assert process.returncode == 0, err
    up = json.loads(out)
    assert up["addresses"].keys() == {"intake", "plans", "attendance", "billing"}
    assert {"clinician", "front_desk", "biller", "operator"} <= up["tokens"].keys()
    assert left_of(tmp_path / "data") == []
