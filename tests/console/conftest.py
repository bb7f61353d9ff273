"""Two consoles over one database, for every test of the console."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ninehours.local.servers import LocalServers
from tests.harness.console.running import Running, consoles


@pytest.fixture(scope="module")
def two(
    postgres: LocalServers, secrets_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """Replicas, whose services are all away."""
    away = dict.fromkeys(("intake", "plans", "attendance", "billing"), "127.0.0.1:1")
    with consoles(
        postgres, secrets_dir, tmp_path_factory.mktemp("console"), away, replicas=2
    ) as running:
        yield running
