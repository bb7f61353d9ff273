"""A real server and real clients on loopback, closed when the test is over."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.descriptor import ServiceDescriptor

from kernel.config import Settings
from kernel.rpc.channel import Channel
from kernel.rpc.client import RpcClient
from kernel.rpc.server import Server
from kernel.rpc.tokens import Issuer
from kernel.rpc.verifier import Verifier
from kernel.watching.health import Health
from tests.harness.kernel.rpc import DEADLINE, Ask, Serve, scope
from tests.harness.signing import make_everybodys


@pytest.fixture(scope="session")
def secrets_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("secrets")
    make_everybodys(folder)
    return folder


@pytest.fixture(scope="session")
def operator(secrets_dir: Path) -> Callable[[], str]:
    """The token of an operator of every site."""
    issuer = Issuer(secrets_dir, "people")
    return lambda: issuer.token(
        "staff/ada", ["operator"], ["*"], "OPERATIONS", timedelta(minutes=5)
    )


@pytest.fixture
def settings_of(secrets_dir: Path) -> Callable[..., Settings]:
    def settings(**given: Any) -> Settings:
        wanted: dict[str, Any] = {
            "service": "intake",
            "database_url": "postgresql://nobody:hush@127.0.0.1:1/none",
            "keys_database_url": "postgresql://nobody:hush@127.0.0.1:1/none_keys",
            "secrets_dir": secrets_dir,
            "environment": "test",
            "network": "test",
            **given,
        }
        return Settings(**wanted)

    return settings


@pytest.fixture
def serve(secrets_dir: Path, settings_of: Callable[..., Settings]) -> Iterator[Serve]:
    with ExitStack() as servers:

        def start(
            services: Mapping[ServiceDescriptor, object],
            *,
            ready: Callable[[], bool] = lambda: True,
            **settings: Any,
        ) -> Server:
            server = Server(
                services,
                verifier=Verifier(secrets_dir),
                scope=scope(),
                settings=settings_of(**settings),
                health=Health(ready),
            )
            server.start()
            servers.callback(server.stop, 0)
            return server

        yield start


@pytest.fixture
def ask(operator: Callable[[], str]) -> Iterator[Ask]:
    with ExitStack() as clients:

        def connect(
            server: Server, service: ServiceDescriptor, token: Callable[[], str] | None = None
        ) -> RpcClient:
            client = RpcClient(
                Channel(f"127.0.0.1:{server.port}"),
                service,
                token=token or operator,
                deadline=DEADLINE,
            )
            clients.callback(client.close)
            return client

        yield connect
