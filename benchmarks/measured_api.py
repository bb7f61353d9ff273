"""An api of intake's in a process of its own, asked over gRPC: how long, and for how much work.

Work is time on a processor, in nanoseconds as Linux counts it for each thread and process: what
others do on the same machine makes an answer later, and its work hardly more.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
from google.protobuf.message import Message

from benchmarks.places import ServedApi, StorePlace, in_a_process, serve_api
from kernel.rpc.channel import Channel
from kernel.rpc.client import RpcClient
from kernel.rpc.rpcs import rpc_of
from kernel.rpc.tokens import Issuer
from kernel.secrets import PEOPLE
from ninehours.local.secrets import MachineSecrets
from services.intake.api.chart import SERVICE as CHART
from services.intake.api.search import SERVICE as SEARCH


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one answer, in milliseconds: by the clock, and of a processor's work."""

    wall: float
    api: float
    database: float


class MeasuredApi:
    """Asks one call at a time, as front desks of these sites."""

    def __init__(self, served: ServedApi, store: StorePlace, secrets: MachineSecrets) -> None:
        self._issuer = Issuer(secrets.folder_of(PEOPLE), PEOPLE)
        self._token = ""
        self._clients = {
            service: RpcClient(
                Channel(f"127.0.0.1:{served.port}"), service, token=lambda: self._token
            )
            for service in (SEARCH, CHART)
        }
        self._api = psutil.Process(served.pid)
        self._postgres = _postgres(store)

    def ask(self, request: Message, sites: Sequence[str]) -> tuple[Any, Cost]:
        """The answer, and what it cost."""
        lasts = timedelta(minutes=5)
        self._token = self._issuer.token("person/ada", ["front_desk"], sites, "OPERATIONS", lasts)
        rpc = rpc_of(request)
        ask = getattr(self._clients[rpc.containing_service], rpc.name)
        before, began = self._worked(), time.perf_counter()
        answer = ask(request)
        wall, after = time.perf_counter() - began, self._worked()
        api, database = (late - early for late, early in zip(after, before, strict=True))
        return answer, Cost(wall * 1e3, api / 1e6, database / 1e6)

    def close(self) -> None:
        for client in self._clients.values():
            client.close()

    def _worked(self) -> tuple[int, int]:
        """Nanoseconds, of the api and of the whole server of its databases."""
        return _nanoseconds(self._api.pid), sum(
            _nanoseconds(process.pid) for process in self._postgres.children()
        )


@contextmanager
def measured(store: StorePlace, secrets: MachineSecrets) -> Iterator[MeasuredApi]:
    """An api that serves for as long as that."""
    with in_a_process(serve_api, store) as served:
        api = MeasuredApi(served, store, secrets)
        try:
            yield api
        finally:
            api.close()


def _postgres(place: StorePlace) -> psutil.Process:
    """The server's first process: the parent of whoever serves a connection."""
    store = place.open()
    try:
        with store.transaction() as tx:
            backend = tx.execute("SELECT pg_backend_pid()").scalar_one()
            parent = psutil.Process(backend).parent()
    finally:
        store.close()
    if parent is None:
        raise RuntimeError("PostgreSQL isn't on this machine: its work can't be counted")
    return parent


def _nanoseconds(pid: int) -> int:
    """On a processor, of all its threads that are left."""
    total = 0
    for thread in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        try:
            total += int(thread.read_text().split()[0])
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended just now
    return total
