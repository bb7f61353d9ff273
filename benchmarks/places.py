"""A service's store and its api, each opened by whichever process it is for."""

import multiprocessing
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from kernel import logs
from kernel.config import Settings
from kernel.keys.mounted import MountedMasterKeys
from kernel.keys.store import SqlKeyStore, migrate_keys
from kernel.messaging.signatures import FactSigner
from kernel.process import Service
from kernel.rpc.policy import Scope
from kernel.rpc.server import CONNECTIONS, Server
from kernel.rpc.verifier import Verifier
from kernel.secrets import OF_FACTS
from kernel.services import topic_of
from kernel.signing_key import SigningKey
from kernel.store.database import migrate, open_database
from kernel.store.store import Store
from kernel.vault import Vault
from kernel.watching.health import Health
from ninehours.local.secrets import MachineSecrets
from ninehours.local.servers import LocalServers


@dataclass(frozen=True, slots=True)
class StorePlace:
    """Where a service's store is, for whichever process opens it."""

    name: str
    url: str
    keys_url: str
    secrets: Path

    @classmethod
    def made(cls, name: str, servers: LocalServers, secrets: MachineSecrets) -> "StorePlace":
        """With databases that have the service's schema, made where they are missing."""
        names = (name, f"{name}_keys")
        logins = servers.create_databases(*names)
        url, keys_url = (logins[database].migrations.url for database in names)
        place = cls(name, url, keys_url, secrets.folder_of(name))
        migrate(open_database(url), [place.service.migrations])
        migrate_keys(open_database(keys_url))
        return place

    @property
    def service(self) -> Service:
        """What runs on it."""
        return import_module(f"services.{self.name}.__main__").SERVICE  # type: ignore[no-any-return]

    def open(self) -> Store:
        """With as many connections as an api has."""
        return Store(
            open_database(self.url, pool=CONNECTIONS),
            codec=self.service.codec,
            topic=topic_of(self.name),
            network="local",
            vault=Vault(
                SqlKeyStore(
                    open_database(self.keys_url, pool=CONNECTIONS),
                    MountedMasterKeys(self.secrets, self.name),
                )
            ),
            signer=FactSigner(SigningKey(self.secrets, self.name, keys=OF_FACTS).current),
        )


@dataclass(frozen=True, slots=True)
class ServedApi:
    """A server in a process of its own."""

    port: int
    pid: int


@contextmanager
def in_a_process(serve: Any, *given: Any) -> Iterator[ServedApi]:
    """`serve(*given, told)` sends its port when it listens, and ends when it is sent anything.

    It logs as ever, into a file that is gone at once.
    """
    own = multiprocessing.get_context("spawn")
    here, there = own.Pipe()
    process = own.Process(target=_logging_apart, args=(serve, *given, there))
    process.start()
    there.close()  # so that it is noticed when the process ends
    try:
        yield ServedApi(here.recv(), process.pid or 0)
    finally:
        here.send("end")
        process.join()


def _logging_apart(serve: Any, *given: Any) -> None:
    with tempfile.TemporaryFile() as log:
        os.dup2(log.fileno(), 2)
        logs.configure("benchmark", "api")
        serve(*given)


def serve_api(place: StorePlace, told: Connection) -> None:
    """The service's own RPCs, in plain text."""
    store = place.open()
    given: dict[str, Any] = {
        "service": place.name,
        "database_url": "postgresql://nobody@127.0.0.1:1/none",
        "secrets_dir": place.secrets,
        "environment": "test",
    }
    settings = Settings(**given)
    server = Server(
        place.service.servicers(store, settings),
        verifier=Verifier(place.secrets),
        scope=Scope(store, place.service.kinds()),
        settings=settings,
        health=Health(lambda: True),
    )
    server.start()
    told.send(server.port)
    told.recv()
    server.stop(0)
    store.close()
