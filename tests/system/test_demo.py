"""The demo as its users run it: broken off, gone on with, played again. (Slow: a minute.)"""

import json
import shutil
import signal
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from ninehours.local import leftovers
from tests.harness.commands import begin
from tests.harness.console.reader import Reader
from tests.system.played import Played

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
def data(calm: Played, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory on which the story was played before, by the same commands."""
    folder = Path(tmp_path_factory.mktemp("demo")) / "data"
    shutil.copytree(calm.data, folder)
    shutil.rmtree(folder / "exports")
    return folder


@pytest.fixture(scope="module")
def told(data: Path) -> dict[str, Any]:
    """What the demo says of it."""
    with running("demo", "--json", "--data", str(data)) as process:
        out, err = process.communicate(timeout=3000)
    assert process.returncode == 0, err
    assert left_of(data) == []
    answer: dict[str, Any] = json.loads(out)
    return answer


def broken_off(data: Path, at: str) -> None:
    """The demo, ended by Ctrl-C when it tells of `at`."""
    with running("demo", "--data", str(data)) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if at in line:
                break
        else:
            pytest.fail("the story ended early")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=600)
    assert (process.returncode, out) == (130, "")
    assert "interrupted" in err and "Traceback" not in err
    assert left_of(data) == []


def test_a_story_that_was_broken_off_is_gone_on_with(tmp_path: Path) -> None:
    """To its second scene: to its end, however often it is disturbed, goes that of `make kills`."""
    broken_off(tmp_path / "data", "three sites in two time zones")
    broken_off(tmp_path / "data", "before week 1: clients register")


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


def test_played_again_it_answers_the_same(told: dict[str, Any], calm: Played) -> None:
    files = [Path(file) for file in told["files"]]
    assert [file.name for file in files] == [file.name for file in calm.files]
    assert [f.read_bytes() for f in files] == [f.read_bytes() for f in calm.files]
    summary = json.loads(json.dumps(asdict(calm.summary)))
    del summary["held"]
    assert {name: told[name] for name in summary} == summary


def test_another_story_needs_another_directory(told: dict[str, Any], data: Path) -> None:
    with running("demo", "--seed", "8", "--data", str(data)) as process:
        out, err = process.communicate(timeout=600)
    assert (process.returncode, out) == (4, "")
    assert "holds the story of seed 7" in err


def test_up_says_where_it_and_its_console_answer_stays_and_ends_when_asked(tmp_path: Path) -> None:
    with running("up", "--json", "--data", str(tmp_path / "data")) as process:
        assert process.stderr is not None and process.stdout is not None
        for line in process.stderr:
            if line.startswith("ready"):
                break
        up = json.loads("".join(iter(process.stdout.readline, "}\n")) + "}")
        console = urlsplit(up["console"])
        roles = Reader(console.netloc).get(f"{console.path}?{console.query}")
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=600)
    assert process.returncode == 0, err
    assert "Front desk" in roles.text
    assert up["addresses"].keys() == {"intake", "plans", "attendance", "billing"}
    assert {"clinician", "front_desk", "biller", "operator"} <= up["tokens"].keys()
    assert left_of(tmp_path / "data") == []
