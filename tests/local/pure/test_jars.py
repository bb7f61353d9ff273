"""Kafka's jars are checked at every start, and fetched only when they are not there."""

import hashlib
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from ninehours.local.jars import KAFKA, Jar, JarSet, JarsMissing, fetched, read_lock

CONTENTS = {"one.jar": b"first", "two.jar": b"second"}
LOCKED = tuple(
    Jar(hashlib.sha256(content).hexdigest(), name, f"org.example:{name}:1")
    for name, content in CONTENTS.items()
)


class Source:
    """Stands where the jars come from."""

    def __init__(self, contents: dict[str, bytes]) -> None:
        self.contents = contents
        self.asked = 0

    def __call__(self, _: JarSet, scratch: Path) -> Iterable[Path]:
        self.asked += 1
        for name, content in self.contents.items():
            (scratch / name).write_bytes(content)
            yield scratch / name


def unplugged(_: JarSet, __: Path) -> Iterable[Path]:
    raise ConnectionError("no network")


def test_the_lock_names_kafka_its_log_writer_and_nothing_twice() -> None:
    jars = read_lock(KAFKA.lock)
    names = {jar.name for jar in jars}
    assert len(jars) == len(names) == 46
    assert {"kafka_2.13-4.1.1.jar", "slf4j-simple-1.7.36.jar"} <= names
    assert all(len(jar.sha256) == 64 and jar.coordinate.count(":") == 2 for jar in jars)


def test_missing_jars_are_fetched_and_then_never_again(tmp_path: Path) -> None:
    source = Source(CONTENTS)
    said: list[str] = []
    for _ in range(2):
        found = fetched(KAFKA, said.append, folder=tmp_path, jars=LOCKED, resolve=source)
        assert [path.read_bytes() for path in found] == list(CONTENTS.values())
    assert source.asked == 1
    assert len(said) == 1 and "2 of 2" in said[0]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.jar", "two.jar"]


def test_jars_that_are_there_need_neither_network_nor_resolver(tmp_path: Path) -> None:
    for name, content in CONTENTS.items():
        (tmp_path / name).write_bytes(content)
    before = "jgo" in sys.modules
    fetched(KAFKA, pytest.fail, folder=tmp_path, jars=LOCKED)
    assert ("jgo" in sys.modules) is before


def test_a_wrong_jar_is_refused_by_name_and_fetched_again(tmp_path: Path) -> None:
    fetched(KAFKA, lambda _: None, folder=tmp_path, jars=LOCKED, resolve=Source(CONTENTS))
    # The same size and the same times do not help it.
    (tmp_path / "two.jar").write_bytes(b"secood")
    source, said = Source(CONTENTS), list[str]()
    fetched(KAFKA, said.append, folder=tmp_path, jars=LOCKED, resolve=source)
    assert source.asked == 1
    assert "refused" in said[0] and "two.jar" in said[0]
    assert (tmp_path / "two.jar").read_bytes() == b"second"


def test_a_source_that_brings_another_jar_is_not_believed(tmp_path: Path) -> None:
    source = Source({**CONTENTS, "two.jar": b"forged"})
    with pytest.raises(JarsMissing, match=r"two\.jar"):
        fetched(KAFKA, lambda _: None, folder=tmp_path, jars=LOCKED, resolve=source)
    assert [path.name for path in tmp_path.iterdir()] == ["one.jar"]


def test_without_network_it_says_which_files_belong_where(tmp_path: Path) -> None:
    with pytest.raises(JarsMissing) as refused:
        fetched(KAFKA, lambda _: None, folder=tmp_path, jars=LOCKED, resolve=unplugged)
    message = str(refused.value)
    assert "one.jar" in message and "two.jar" in message
    assert str(tmp_path) in message and "no network" in message and LOCKED[0].sha256 in message
