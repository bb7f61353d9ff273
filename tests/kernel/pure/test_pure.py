"""A pure test that touches what is real fails, however it goes about it."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable

import pytest
from sqlalchemy import create_engine

from tests.harness.pure import TESTS, is_pure, real_parts

DATABASE = create_engine("postgresql+psycopg://nobody@127.0.0.1:1/none")


def listen() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))


@pytest.mark.parametrize(
    "touch",
    [
        DATABASE.connect,
        lambda: socket.create_connection(("127.0.0.1", 1)),
        listen,
        lambda: subprocess.run([sys.executable, "-c", ""], check=True),
        lambda: os.system("true"),
        os.fork,
    ],
    ids=["database", "connect", "listen", "process", "shell", "fork"],
)
def test_what_is_real_is_refused(touch: Callable[[], object]) -> None:
    with pytest.raises(pytest.fail.Exception, match="touches what is real"):
        touch()


def test_fixtures_of_real_parts_are_for_tests_elsewhere() -> None:
    asked = ("request", "postgres", "new_store")
    assert real_parts(TESTS / "billing" / "domain" / "x12" / "test_npi.py", asked) == {"postgres"}
    assert real_parts(TESTS / "kernel" / "pure" / "test_vault.py", ("request",)) == set()
    assert real_parts(TESTS / "billing" / "test_issuing.py", asked) == set()


def test_every_service_has_pure_tests() -> None:
    modules = [path for path in TESTS.rglob("test_*.py") if is_pure(path)]
    assert len(modules) >= 80
    services = {path.relative_to(TESTS).parts[0] for path in modules}
    assert services >= {"intake", "plans", "attendance", "billing", "kernel"}
