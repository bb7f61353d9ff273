"""Tests in folders called `domain` or `pure` touch nothing real: `--pure` runs them alone.

Such a test fails when it, or a fixture that it asks for, opens a database, connects or listens to
anybody, or starts a process. That keeps them quick, and true on a machine that has none of it.
"""

import sys
import threading
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from sqlalchemy import Engine, event

TESTS = Path(__file__).parents[1]
FOLDERS = {"domain", "pure"}
# gRPC and libpq are C and tell no audit hook: who asks for them is known by these fixtures.
REAL = {"postgres", "broker", "serve", "calm"}
REFUSED = {
    "os.fork",
    "os.posix_spawn",
    "os.system",
    "socket.bind",
    "socket.connect",
    "socket.getaddrinfo",
    "subprocess.Popen",
}
# Session fixtures of other tests go on in threads of their own, while this one runs a pure test.
_pure_threads: set[int] = set()


def is_pure(path: Path) -> bool:
    """Whether a test module stands in a folder of pure tests."""
    return path.is_relative_to(TESTS) and bool(FOLDERS & {*path.relative_to(TESTS).parts[:-1]})


def real_parts(path: Path, fixtures: Collection[str]) -> set[str]:
    """Those fixtures that a test in this module must not ask for."""
    return REAL.intersection(fixtures) if is_pure(path) else set()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--pure", action="store_true", help="only tests that touch nothing real")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--pure") and not config.getoption("--hypothesis-profile"):
        settings.load_profile("fast")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    if config.getoption("--pure") and collection_path.is_file() and not is_pure(collection_path):
        return True
    return None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if asked := real_parts(item.path, item.fixturenames):  # type: ignore[attr-defined]
            raise pytest.UsageError(f"{item.nodeid} stands among pure tests, and asks for {asked}")


def _touching_nothing(item: pytest.Item) -> Iterator[None]:
    if not is_pure(item.path):
        return (yield)
    _listen()
    _pure_threads.add(threading.get_ident())
    try:
        return (yield)
    finally:
        _pure_threads.clear()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    return (yield from _touching_nothing(item))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    return (yield from _touching_nothing(item))


def _refuse(what: str) -> None:
    if threading.get_ident() in _pure_threads:
        pytest.fail(f"a pure test touches what is real: {what}")


def _audit(name: str, _: tuple[Any, ...]) -> None:
    if name in REFUSED:
        _refuse(name)


def _connect(*_: Any) -> None:
    _refuse("a database")


@cache
def _listen() -> None:
    """Once, and not before the first pure test: an interpreter tells of very much, imports too."""
    sys.addaudithook(_audit)


event.listen(Engine, "do_connect", _connect)
