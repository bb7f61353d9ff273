"""What a log line holds, and what it can't."""

import asyncio
import json
import logging
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from kernel import logs

log = logs.get("tests.logs")
JANE = "Jane Doe"


@pytest.fixture(autouse=True)
def configured(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """configure() reaches into the process; everything is put back."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level, logging.raiseExceptions)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    monkeypatch.setattr(logs, "_process", {})
    logs.configure("intake", "api")
    yield
    logging.captureWarnings(False)
    root.handlers[:], logging.raiseExceptions = before[0], before[2]
    root.setLevel(before[1])


class Lines:
    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys

    def read(self) -> list[dict[str, Any]]:
        out, err = self.capsys.readouterr()
        assert out == ""
        assert JANE not in err and "Jane" not in err
        return [json.loads(line) for line in err.splitlines()]

    def one(self) -> dict[str, Any]:
        [line] = self.read()
        return line


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Lines:
    return Lines(capsys)


def test_a_line_tells_when_where_and_what(lines: Lines) -> None:
    log.info("heard", topic="ninehours.plans.v1", count=3, seconds=0.5)
    line = lines.one()
    assert datetime.fromisoformat(line.pop("timestamp")).tzinfo is not None
    assert line == {
        "level": "info",
        "event": "heard",
        "logger": "tests.logs",
        "service": "intake",
        "process": "api",
        "topic": "ninehours.plans.v1",
        "count": 3,
        "seconds": 0.5,
    }


def test_what_is_not_on_the_list_is_dropped_and_counted(lines: Lines) -> None:
    log.info("heard", count=3, client=JANE, body={"name": JANE})
    line = lines.one()
    assert line["dropped"] == 2
    assert "client" not in line and "body" not in line


def test_a_listed_key_shows_plain_values_only(lines: Lines) -> None:
    class Person:
        def __str__(self) -> str:
            return JANE

    class Kind(Enum):
        DUAL = JANE

    log.info("heard", subject=Person(), key=[JANE], head={"a": JANE}, rows=b"Jane", kind=Kind.DUAL)
    line = lines.one()
    assert line["dropped"] == 4
    assert line["kind"] == "DUAL"
    moment, number = datetime(2026, 1, 1, tzinfo=UTC), UUID(int=7)
    log.info("heard", key=number, head=moment, reason=None, subject="x" * 1000)
    line = lines.one()
    assert (line["key"], line["head"]) == (str(number), str(moment))
    assert len(line["subject"]) == logs.LONGEST
    assert "reason" not in line and "dropped" not in line


def test_the_list_holds_before_anything_is_configured() -> None:
    script = "from kernel import logs; logs.get('x').info('heard', name='Jane', count=1)"
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert done.stdout == ""
    line = json.loads(done.stderr)
    assert (line["count"], line["dropped"]) == (1, 1)


def test_an_exception_is_its_class_and_place_never_its_text(lines: Lines) -> None:
    def fails() -> None:
        raise KeyError(JANE)

    try:
        try:
            fails()
        except KeyError as error:
            raise ValueError(JANE) from error
    except ValueError:
        log.exception("failed")
    line = lines.one()
    assert (line["error"], line["cause"]) == ("ValueError", "KeyError")
    assert line["place"].startswith("tests/kernel/test_logs.py:")
    assert "exception" not in line


def test_the_place_is_the_innermost_of_our_own_code(lines: Lines) -> None:
    try:
        json.loads(f"{{{JANE}")
    except json.JSONDecodeError as error:
        log.error("failed", exc_info=error)
        assert logs.error_of(error) == "json.decoder.JSONDecodeError"
        assert logs.place_of(error) == lines.one()["place"]
        assert logs.place_of(error).startswith("tests/kernel/test_logs.py:")


def test_other_libraries_are_heard_from_warning_on_with_their_template(lines: Lines) -> None:
    faust = logging.getLogger("faust.worker")
    faust.info("nothing")
    faust.warning("Can't decode %r of %s", JANE, "x")
    line = lines.one()
    assert (line["logger"], line["level"]) == ("faust.worker", "warning")
    assert line["template"] == "Can't decode %r of %s"
    assert line["place"].startswith("tests/kernel/test_logs.py:")


def test_a_message_that_was_composed_is_left_out(lines: Lines) -> None:
    other = logging.getLogger("grpc._server")
    for composed in (f"Exception calling application: {JANE}", " ".join(["lost", JANE])):
        other.error(composed)
        assert lines.one()["template"] == logs.COMPOSED
    other.error(ValueError(JANE))
    assert lines.one()["template"] == logs.COMPOSED
    other.error("a plain message")
    assert lines.one()["template"] == "a plain message"


def test_a_composed_template_is_left_out_with_arguments_too(lines: Lines) -> None:
    other = logging.getLogger("kafka.conn")
    other.error(f"lost {JANE} at %s", "node")
    assert lines.one()["template"] == logs.COMPOSED
    other.error("lost somebody at %s", JANE)
    assert lines.one()["template"] == "lost somebody at %s"


def test_fausts_own_prefix_does_not_hide_its_message(lines: Lines) -> None:
    def format_log(message: str) -> str:
        return f"[^--Consumer]: {message}"

    logging.getLogger("faust").error(format_log("Crashed"))
    assert lines.one()["template"] == "Crashed"
    logging.getLogger("faust").error(format_log(f"Crashed {JANE}"))
    assert lines.one()["template"] == logs.COMPOSED


def test_a_stdlib_exception_is_its_class_too(lines: Lines) -> None:
    try:
        raise KeyError(JANE)
    except KeyError:
        logging.getLogger("kafka.conn").exception("lost %s", JANE)
    line = lines.one()
    assert (line["error"], line["template"]) == ("KeyError", "lost %s")


def test_a_template_that_does_not_fit_its_arguments_shows_none_of_them(lines: Lines) -> None:
    logging.getLogger("kafka.conn").warning("%d of %d", JANE)  # noqa: PLE1206 # the case
    assert lines.one()["template"] == "%d of %d"


def test_asyncio_does_not_tell_a_forgotten_tasks_error(lines: Lines) -> None:
    async def forgets() -> None:
        asyncio.get_running_loop().call_exception_handler(
            {"message": f"lost {JANE}", "exception": ValueError(JANE)}
        )

    asyncio.run(forgets())
    assert lines.one()["error"] == "ValueError"


def test_warnings_come_through_the_same_door(lines: Lines) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn(JANE, stacklevel=1)
        logging.captureWarnings(False)
    assert lines.one()["logger"] == "py.warnings"


def test_an_exception_that_nobody_caught_is_told_without_its_text(lines: Lines) -> None:
    script = (
        "import sys, threading\n"
        "from kernel import logs\n"
        "logs.configure('intake', 'api')\n"
        "def fails(): raise KeyError('Jane Doe')\n"
        "thread = threading.Thread(target=fails); thread.start(); thread.join()\n"
        "fails()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 1
    assert "Jane" not in done.stderr + done.stdout
    told = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["error"] for line in told] == ["KeyError", "KeyError"]


def test_a_line_that_cannot_be_written_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def write(self, _text: str) -> int:
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stderr", Broken())
    log.info("heard")
