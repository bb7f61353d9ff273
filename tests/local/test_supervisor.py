"""What dies is started again, what keeps dying is given up with its log, and all ends in order."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import psutil
import pytest

from ninehours.local import leftovers
from ninehours.local.folder import DataFolder, DataInUse
from ninehours.local.probes import await_until
from ninehours.local.process import ProcessSpec, Watched
from ninehours.local.supervisor import ProcessFailed, Stopped, Supervisor

SERVE = """
import os, pathlib, signal, sys, time
ready, ended = map(pathlib.Path, sys.argv[1:3])
def end(*_):
    with ended.open("a") as file: file.write(ready.name + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
ready.touch()
while True: time.sleep(60)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[DataFolder]:
    folder = DataFolder(tmp_path / "data")
    folder.claim()
    yield folder
    folder.release()


@pytest.fixture
def supervisor(folder: DataFolder) -> Iterator[Supervisor]:
    supervisor = Supervisor(folder, lambda _: None)
    yield supervisor
    supervisor.stop()
    assert of_this_run(folder) == []


def of_this_run(folder: DataFolder) -> list[psutil.Process]:
    return leftovers.of_run(str(folder.path), run=lambda run: run == folder.run_id)


def server(
    supervisor: Supervisor,
    folder: DataFolder,
    name: str,
    group: int = 0,
    *,
    code: str = SERVE,
    grace: float = 300.0,
) -> ProcessSpec:
    ready = folder.path / "ready" / name
    ready.parent.mkdir(exist_ok=True)
    ended = folder.path / "ended"
    return ProcessSpec(
        name=name,
        group=group,
        argv=(sys.executable, "-I", "-S", "-c", code, str(ready), str(ended)),
        env=supervisor.environment({}),
        log=folder.logs / f"{name}.log",
        ready=ready.exists,
        prepare=lambda: ready.unlink(missing_ok=True),
        grace=grace,
    )


def test_what_is_killed_comes_back(supervisor: Supervisor, folder: DataFolder) -> None:
    supervisor.start(server(supervisor, folder, "one"))
    supervisor.await_ready("one")
    before = supervisor.processes["one"]
    os.kill(before, signal.SIGKILL)
    supervisor.await_ready("one", restarts=1)
    assert supervisor.processes["one"] != before
    assert supervisor.restarts("one") == 1


def test_another_takes_a_process_s_place_once_that_has_ended_by_itself(
    supervisor: Supervisor, folder: DataFolder
) -> None:
    supervisor.start(server(supervisor, folder, "one"))
    supervisor.await_ready("one")
    before = psutil.Process(supervisor.processes["one"])
    supervisor.replace(replace(server(supervisor, folder, "one"), group=1))
    supervisor.await_ready("one")
    assert not before.is_running()
    assert (folder.path / "ended").read_text().count("\n") == 1
    assert [each.pid for each in of_this_run(folder)] == [supervisor.processes["one"]]


SLOW = """
import pathlib, sys, time
ready = pathlib.Path(sys.argv[1])
while {unfinished}: {work}
ready.touch()
while True: time.sleep(60)
"""
CALCULATING = SLOW.format(unfinished="time.process_time() < 2.5", work="pass")
WRITING = SLOW.format(
    unfinished="time.monotonic() - began < 5", work="print('.', flush=True); time.sleep(0.05)"
).replace("ready =", "began = time.monotonic(); ready =")
STANDING = SLOW.format(unfinished="True", work="time.sleep(60)")


@pytest.mark.parametrize("code", [CALCULATING, WRITING])
def test_a_slow_start_is_waited_for_as_long_as_it_gets_on_and_named(
    folder: DataFolder, code: str
) -> None:
    said: list[str] = []
    supervisor = Supervisor(folder, said.append, standstill=2.0, told_every=1.0)
    try:
        supervisor.start(server(supervisor, folder, "one", code=code))
        supervisor.await_ready("one")
    finally:
        supervisor.stop()
    assert any("still starting" in line and "one" in line for line in said)


def test_a_start_that_stands_still_is_given_up_and_its_log_is_named(folder: DataFolder) -> None:
    supervisor = Supervisor(folder, lambda _: None, standstill=1.0)
    spec = server(supervisor, folder, "one", code="print('so far', flush=True)" + STANDING)
    try:
        supervisor.start(spec)
        with pytest.raises(ProcessFailed, match="one stands still") as failed:
            supervisor.await_ready("one")
        assert str(spec.log) in str(failed.value) and "so far" in str(failed.value)
        with pytest.raises(ProcessFailed, match="one stands still"):
            supervisor.run(spec)
    finally:
        supervisor.stop()


def test_deaths_in_a_row_are_counted_however_long_each_start_takes(
    supervisor: Supervisor, folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine on which a start takes minutes is a clock on which they pass."""
    minutes = count(0, 60)
    monkeypatch.setattr("ninehours.local.process.time.monotonic", lambda: float(next(minutes)))
    watched = Watched(server(supervisor, folder, "one"), threading.Condition())
    assert [watched._delay(1) is None for _ in range(5)] == [False] * 4 + [True]


def test_being_killed_on_purpose_often_is_no_reason_to_give_up(
    supervisor: Supervisor, folder: DataFolder
) -> None:
    supervisor.start(server(supervisor, folder, "one"))
    for restarts in range(8):
        supervisor.await_ready("one", restarts=restarts)
        supervisor.kill("one")
        assert not supervisor.is_ready("one")
    supervisor.await_ready("one", restarts=8)
    assert supervisor.failure is None


def test_what_keeps_dying_is_given_up_with_the_end_of_its_log(
    supervisor: Supervisor, folder: DataFolder
) -> None:
    spec = server(supervisor, folder, "one", code="import sys; sys.exit('no settings')")
    supervisor.start(spec)
    with pytest.raises(ProcessFailed) as failed:
        supervisor.await_ready("one")
    message = str(failed.value)
    assert "one ended 5 times" in message and "status 1" in message
    assert str(spec.log) in message and "no settings" in message
    assert spec.log.stat().st_mode & 0o777 == 0o600


def test_a_program_that_is_not_there_fails_the_start(
    supervisor: Supervisor, folder: DataFolder
) -> None:
    spec = server(supervisor, folder, "one")
    missing = ProcessSpec(
        name="two", group=0, argv=("/nowhere/program",), env={}, log=spec.log, ready=spec.ready
    )
    supervisor.start(missing)
    with pytest.raises(ProcessFailed, match="two could not be started"):
        supervisor.await_ready("two")


def test_groups_end_in_order_and_nothing_is_left(folder: DataFolder) -> None:
    supervisor = Supervisor(folder, lambda _: None)
    groups = {"postgres": 0, "kafka": 1, "api": 2, "relay": 2, "stream": 3}
    supervisor.start(*(server(supervisor, folder, n, group) for n, group in groups.items()))
    supervisor.await_ready(*groups)
    assert len(of_this_run(folder)) == 5
    supervisor.stop()
    ended = (folder.path / "ended").read_text().split()
    assert [groups[name] for name in ended] == [3, 2, 2, 1, 0]
    assert of_this_run(folder) == []


def test_what_ignores_the_request_to_end_and_its_children_are_killed(folder: DataFolder) -> None:
    deaf = """
import pathlib, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
pathlib.Path(sys.argv[1]).touch()
while True: time.sleep(60)
"""
    supervisor = Supervisor(folder, lambda _: None)
    supervisor.start(server(supervisor, folder, "deaf", code=deaf, grace=1.0))
    supervisor.await_ready("deaf")
    assert len(of_this_run(folder)) == 2
    supervisor.stop()
    assert of_this_run(folder) == []
    with pytest.raises(Stopped):
        supervisor.start(server(supervisor, folder, "late"))


def test_a_step_that_fails_says_where_to_read_on(
    supervisor: Supervisor, folder: DataFolder
) -> None:
    spec = server(supervisor, folder, "migrate", code="import sys; sys.exit('no such table')")
    with pytest.raises(ProcessFailed, match="no such table"):
        supervisor.run(spec)


def test_a_shell_that_only_names_the_directory_is_spared(folder: DataFolder) -> None:
    env = {**os.environ, "NINEHOURS_DATA_DIR": str(folder.path)}
    shell = psutil.Popen([sys.executable, "-c", "import time; time.sleep(600)"], env=env)
    try:
        await_until(lambda: "NINEHOURS_DATA_DIR" in shell.environ(), 300, "its environment")
        assert leftovers.of_run(str(folder.path), run=lambda _: True) == []
    finally:
        shell.kill()
        shell.wait()


def test_a_data_directory_has_one_launcher(folder: DataFolder) -> None:
    with pytest.raises(DataInUse, match=f"process {os.getpid()}"):
        DataFolder(folder.path).claim()
    assert folder.path.stat().st_mode & 0o777 == 0o700
    folder.release()
    again = DataFolder(folder.path)
    again.claim()
    again.release()
