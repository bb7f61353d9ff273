"""However a launcher ends, none of its processes outlives it, or the next start. (Slow: 15 s.)"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ninehours.local import leftovers
from ninehours.local.servers import LocalServers

ROOT = Path(__file__).resolve().parents[2]
LAUNCH = """
import sys, time
from pathlib import Path
from ninehours.local.servers import LocalServers
from ninehours.local.signals import ending_in_order

with ending_in_order(), LocalServers(Path(sys.argv[1]), kafka=sys.argv[2] == "both") as servers:
    print("up", servers.folder.run_id, flush=True)
    time.sleep(6000)
"""


@contextmanager
def launcher(data: Path, what: str = "postgres") -> Iterator[tuple[subprocess.Popen[str], str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", LAUNCH, str(data), what],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        word, run = process.stdout.readline().split()
        assert word == "up"
        yield process, run
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def running(data: Path) -> int:
    """Marked processes, and PostgreSQL's, which do not keep their marks."""
    marked = leftovers.of_run(str(data), run=lambda _: True)
    return len({*marked, *leftovers.with_command(lambda words: str(data / "postgres") in words)})


@pytest.mark.parametrize(
    ("number", "status", "what"), [(signal.SIGINT, -2, "both"), (signal.SIGTERM, 143, "postgres")]
)
def test_nothing_is_left_when_a_launcher_is_asked_to_end(
    tmp_path: Path, number: signal.Signals, status: int, what: str
) -> None:
    with launcher(tmp_path, what) as (process, _):
        assert running(tmp_path) >= 1
        process.send_signal(number)
        process.send_signal(number)  # Impatience does not help anything to survive.
        assert process.wait(300) == status
        assert running(tmp_path) == 0


def test_nothing_is_left_after_an_exception(tmp_path: Path) -> None:
    with pytest.raises(KeyError), LocalServers(tmp_path, kafka=False):
        assert running(tmp_path) >= 1
        raise KeyError("something went wrong inside")
    assert running(tmp_path) == 0


def test_a_second_launcher_is_refused_by_the_first(tmp_path: Path) -> None:
    with launcher(tmp_path) as (process, _):
        second = subprocess.run(
            [sys.executable, "-c", LAUNCH, str(tmp_path), "postgres"],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            check=False,
            capture_output=True,
            text=True,
        )
        assert second.returncode == 1
        assert f"in use by a running launcher (process {process.pid})" in second.stderr
        assert running(tmp_path) >= 1
        process.send_signal(signal.SIGINT)
        process.wait(300)


def test_what_a_killed_launcher_left_is_ended_by_the_next_start(tmp_path: Path) -> None:
    with launcher(tmp_path, "both") as (process, run):
        process.kill()
        process.wait()
        left = leftovers.of_run(str(tmp_path), run=lambda other: other == run)
        assert len(left) >= 2
        said: list[str] = []
        with LocalServers(tmp_path, kafka=False, progress=said.append):
            assert leftovers.of_run(str(tmp_path), run=lambda other: other == run) == []
        assert any("earlier launch" in line for line in said)
        assert running(tmp_path) == 0
