"""`overlays/production` runs on this machine, as its manifests say; named by `make rehearsal` alone.

What stands in for a cluster (tests/harness/deploy/machine) knows manifests, and nothing of
Ninehours: what is the network's own, its keys and its people, is in here.
"""

import secrets
import sys
import time
import venv
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from kernel.services import SERVICES
from ninehours.local.jars import KAFKA, fetched
from ninehours.local.postgres_tls import binaries
from ninehours.local.secrets import PUBLISHED, MachineSecrets
from ninehours.local.signals import ending_in_order
from tests.harness.deploy.cell import Cell
from tests.harness.deploy.dockerfile import carried_out
from tests.harness.deploy.kubectl import ROOT
from tests.harness.deploy.machine.broker import Broker
from tests.harness.deploy.machine.cluster import Cluster
from tests.harness.deploy.machine.container import Engine
from tests.harness.deploy.machine.databases import Database, Servers
from tests.harness.deploy.machine.issuing import Secret, certificates, external_secrets, mounted

BEGAN = time.monotonic()


def tell(what: str) -> None:
    print(f"{time.monotonic() - BEGAN:6.1f} s  {what}", file=sys.stderr, flush=True)


def store_of_secrets(folder: Path) -> dict[str, Secret]:
    """What docs/operations.md puts into the network's store of secrets."""
    machine = MachineSecrets(folder)
    machine.make()
    store = {"public-keys": _files(folder / PUBLISHED)}
    for service in SERVICES:
        store[f"{service}-secrets"] = _files(machine.folder_of(service))
        for role in ("record-migrations", "record-processes", "keys-migrations", "keys-processes"):
            store[f"{service}-{role}"] = {"password": secrets.token_hex(24).encode()}
    return store


def _files(folder: Path) -> Secret:
    return {p.name: p.read_bytes() for p in folder.iterdir() if not p.is_symlink()}


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("rehearsal")
    cell = Cell.of("production")
    programs = binaries(tell)
    jars = fetched(KAFKA, tell)
    with ExitStack() as stack:
        stack.enter_context(ending_in_order())
        engine = stack.enter_context(Engine(folder / "engine"))
        made = certificates(cell) | external_secrets(cell, store_of_secrets(folder / "cell-keys"))
        broker = Broker(engine, cell, jars, "127.0.2.1")
        made |= broker.secrets()
        assert not mounted(cell, made)
        python = folder / "python"
        venv.create(python, with_pip=True)
        image = engine.soon(
            carried_out, ROOT / "deploy" / "Dockerfile", ROOT, folder / "image", python / "bin" / "python"
        )
        servers = Servers(engine, programs)
        servers.initialize()
        databases = [
            Database(servers, each, made, f"127.0.3.{number}")
            for number, each in enumerate(cell.all("Cluster"), 1)
        ]
        for database in databases:
            stack.callback(database.stop)
        stack.callback(broker.stop)
        engine.together([broker.start, *(database.start for database in databases)])
        tell("PostgreSQL and Kafka are up")
        stage = image.result()
        tell("the image is made")
        cluster = Cluster(engine, stage, cell, made, tell)
        engine.together([partial(cluster.run, each) for each in cell.workloads if each.kind == "Job"])
        engine.together([partial(cluster.start, each) for each in cell.running])
        tell("all are ready")
        yield cluster
        engine.together([partial(cluster.stop, each) for each in cell.running])
        tell("all ended")


def test_it_starts(rehearsed: Cluster) -> None:
    for pod in rehearsed.pods:
        tell(f"{pod.name} {pod.address} {pod.most_memory >> 20} MiB")
