"""Files that change while a process runs: what they last said rightly holds, all of one version."""

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from kernel.rereading import EVERY, NOW, Files, Rereading, Unusable


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def equal(read: Mapping[str, bytes]) -> bytes:
    """Two files that must say the same."""
    if read["a"] != read["b"]:
        raise Unusable("a and b differ")
    return read["a"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path, b"1", b"1")
    return tmp_path


def write(folder: Path, a: bytes, b: bytes) -> None:
    (folder / "a").write_bytes(a)
    (folder / "b").write_bytes(b)


def told(capsys: pytest.CaptureFixture[str]) -> list[tuple[str, str, str | None]]:
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    return [(line["event"], line["file"], line.get("reason")) for line in lines]


def test_what_changed_holds_at_the_next_look(
    folder: Path, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    said = Rereading(Files.named(folder, "a", "b"), equal, clock=clock)
    write(folder, b"2", b"2")
    clock.now = EVERY - 0.1
    assert said.current() == b"1"
    clock.now = EVERY
    assert said.current() == b"2"
    assert told(capsys) == [("file taken", "a, b", None)]


def test_half_of_a_change_is_not_taken_and_each_reason_is_told_once(
    folder: Path, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    said = Rereading(Files.named(folder, "a", "b"), equal, clock=clock)

    def look() -> Iterator[bytes]:
        for _ in range(3):
            clock.now += EVERY
            yield said.current()

    (folder / "a").write_bytes(b"2")
    assert {*look()} == {b"1"}
    (folder / "b").unlink()
    assert {*look()} == {b"1"}
    (folder / "b").write_bytes(b"3")
    assert {*look()} == {b"1"}
    differ = ("file not taken", "a, b", "a and b differ")
    assert told(capsys) == [differ, ("file not taken", "a, b", None)]
    write(folder, b"3", b"3")
    assert {*look()} == {b"3"}
    write(folder, b"4", b"5")
    assert {*look()} == {b"3"}
    assert told(capsys) == [("file taken", "a, b", None), differ]


def test_what_is_wrong_to_begin_with_is_the_callers_to_tell(folder: Path) -> None:
    write(folder, b"1", b"2")
    with pytest.raises(Unusable):
        Rereading(Files.named(folder, "a", "b"), equal)
    with pytest.raises(FileNotFoundError):
        Rereading(Files.named(folder, "a", "c"), equal)


def test_files_of_a_mount_are_of_one_version_though_it_is_swapped_while_they_are_read(
    tmp_path: Path, clock: Clock
) -> None:
    def version(name: str) -> None:
        (tmp_path / name).mkdir()
        write(tmp_path / name, name.encode(), name.encode())

    def swap(name: str) -> None:
        fresh = tmp_path / "..data_tmp"
        fresh.symlink_to(name)
        fresh.replace(tmp_path / "..data")

    version("1")
    version("2")
    swap("1")
    for name in ("a", "b"):
        (tmp_path / name).symlink_to(Path("..data") / name)
    to_swap: list[str] = []

    def names(_: Path) -> Sequence[str]:
        swap(to_swap.pop() if to_swap else "1")
        return "a", "b"

    said = Rereading(Files(tmp_path, names), equal, clock=clock)
    to_swap.append("2")
    assert said.current(NOW) == b"1"
    assert said.current(NOW) == b"2"


def test_which_files_there_are_is_looked_for_anew(folder: Path, clock: Clock) -> None:
    every = Files(folder, lambda there: sorted(path.name for path in there.iterdir()))
    said = Rereading(every, ",".join, clock=clock)
    (folder / "c").touch()
    (folder / "a").unlink()
    assert said.current() == "a,b"
    clock.now += EVERY
    assert said.current() == "b,c"


def test_nobody_waits_for_anothers_look_but_who_cant_do_without(folder: Path, clock: Clock) -> None:
    looking, goes_on = Event(), Event()

    def slowly(read: Mapping[str, bytes]) -> bytes:
        if read["a"] != b"1":
            looking.set()
            assert goes_on.wait(60)
        return read["a"]

    said = Rereading(Files.named(folder, "a"), slowly, clock=clock)
    (folder / "a").write_bytes(b"2")
    clock.now += EVERY
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(said.current)
        assert looking.wait(60)
        assert said.current() == b"1"
        needs = threads.submit(said.current, NOW)
        goes_on.set()
        assert (first.result(60), needs.result(60)) == (b"2", b"2")
