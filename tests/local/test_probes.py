"""Ports that processes are given while others look for some, too."""

import subprocess
import sys

import pytest

from ninehours.local.probes import free_ports

ANOTHER = (
    "from ninehours.local.probes import free_ports; print(*free_ports(1), flush=True); input()"
)


def test_a_port_is_somebodys_from_when_it_was_given_until_they_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Long before they listen on it."""
    mine = free_ports(2)
    with subprocess.Popen(
        [sys.executable, "-c", ANOTHER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as another:
        assert another.stdout is not None
        theirs = int(another.stdout.readline())
        offered = iter([theirs, mine[0], mine[1], mine[0] + 1, mine[0] + 2, mine[0] + 3])
        monkeypatch.setattr("random.randrange", lambda *_: next(offered))
        [given] = free_ports(1)
        assert given not in {theirs, *mine}
        another.communicate("")
    offered = iter([theirs])
    assert free_ports(1) == [theirs]
