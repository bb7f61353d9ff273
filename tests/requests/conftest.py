"""The four services, answering on one another's ports, over databases of their own."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path

import pytest

from kernel.config import Settings
from kernel.process import Service, server_of
from kernel.rpc.server import Server
from kernel.services import SERVICES
from kernel.store.store import Store
from ninehours.local.probes import LOOPBACK, free_ports


@pytest.fixture
def servers(
    new_store: Callable[[Service], Store], secrets_dir: Path
) -> Iterator[dict[str, Server]]:
    """All four, each knowing the others."""
    ports = dict(zip(SERVICES, free_ports(len(SERVICES)), strict=True))
    peers = {name: f"{LOOPBACK}:{port}" for name, port in ports.items()}
    with ExitStack() as running:
        started = {}
        for name in SERVICES:
            service: Service = import_module(f"services.{name}.__main__").SERVICE
            store = new_store(service)
            settings = Settings(
                service=name,
                database_url=store.engine.url.render_as_string(hide_password=False),
                secrets_dir=secrets_dir,
                environment="test",
                listen=peers[name],
                peers=peers,
                kafka=f"{LOOPBACK}:1",
            )
            started[name] = server_of(service, settings, store)
            started[name].start()
            running.callback(started[name].stop, 0)
        yield started
