"""Commands over gRPC, beside a bare handler that inserts two rows: rate and latency.

Both are servers in processes of their own, in plain text, with as many threads and connections, on
one PostgreSQL that waits for its disk at every commit; callers send the same bytes to both, made
before. The bare handler does nothing but insert what it was sent, twice.
"""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from multiprocessing.connection import Connection
from typing import Any
from uuid import uuid4

import grpc
from ninehours.attendance.v1 import attendance_service_pb2 as attendance
from ninehours.common.v1 import common_pb2 as common

from benchmarks.places import StorePlace, in_a_process, serve_api
from benchmarks.rows import Row, measured, median_ratio
from kernel.rpc.call import AUTHORIZATION, BEARER
from kernel.rpc.server import CONNECTIONS, OPTIONS, THREADS
from kernel.rpc.tokens import Issuer
from kernel.rpc.translate import to_date
from kernel.secrets import PEOPLE
from kernel.store.database import open_database
from kernel.store.statements import text
from ninehours.local.secrets import MachineSecrets
from ninehours.local.servers import LocalServers

CALLERS = 8
COMMANDS = 2000  # a round, of all callers together
LASTS = timedelta(hours=1)
SERVICE = "attendance"
OURS = "/ninehours.attendance.v1.AttendanceService/CredentialStaff"
BARE = "/benchmarks.Bare/Insert"
TWO_ROWS = text("INSERT INTO bare (body) VALUES (:body), (:body)")

Ask = Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class Round:
    """Of one round: commands a second, and the 99th percentile of an answer's milliseconds."""

    rate: float
    p99: float


def rows(servers: LocalServers, secrets: MachineSecrets, rounds: int) -> Iterator[Row]:
    """Of new streams and of existing ones, each the rate and the slowest hundredth."""
    place = StorePlace.made(SERVICE, servers, secrets)
    bare_url = servers.create_database("bare").migrations.url
    with open_database(bare_url).begin() as connection:
        connection.execute(
            text("CREATE TABLE bare (id bigint GENERATED ALWAYS AS IDENTITY, body bytea NOT NULL)")
        )
    issuer = Issuer(secrets.folder_of(PEOPLE), PEOPLE)
    tokens = [
        issuer.token(f"person/{number}", ["administrator"], ["*"], "OPERATIONS", LASTS)
        for number in range(CALLERS)  # one person may not ask so much at once
    ]
    with ExitStack() as opened:
        asked = {
            name: _people(opened.enter_context(in_a_process(*serve)).port, rpc, tokens, opened)
            for name, rpc, serve in (
                ("ours", OURS, (serve_api, place)),
                ("bare", BARE, (serve_bare, bare_url)),
            )
        }
        staff = _staff(asked["ours"][0])
        measure(asked["bare"], _requests([""] * COMMANDS))  # as warm
        for streams, of in (("new", [""] * COMMANDS), ("existing", staff)):
            ways = {name: partial(_round, people, of) for name, people in asked.items()}
            found = measured(rounds, ways)
            yield from _told(f"commands, {CALLERS} callers, {streams} streams", found)


def _round(people: Sequence[Ask], of: Sequence[str]) -> Round:
    return measure(people, _requests(of))


def measure(people: Sequence[Ask], requests: Sequence[bytes]) -> Round:
    """All of them, shared out among people who ask one at a time."""

    def asking(number: int) -> list[float]:
        seconds = []
        for request in requests[number :: len(people)]:
            began = time.perf_counter()
            people[number](request)
            seconds.append(time.perf_counter() - began)
        return seconds

    with ThreadPoolExecutor(len(people)) as callers:
        began = time.perf_counter()
        each = [second for of_one in callers.map(asking, range(len(people))) for second in of_one]
        took = time.perf_counter() - began
    return Round(len(requests) / took, statistics.quantiles(each, n=100)[-1] * 1000)


def serve_bare(url: str, told: Connection) -> None:
    """A handler that inserts what it is sent."""
    engine = open_database(url, pool=CONNECTIONS)

    def insert(body: bytes, _: grpc.ServicerContext) -> bytes:
        with engine.begin() as connection:
            connection.execute(TWO_ROWS, {"body": body})
        return b""

    server = grpc.server(ThreadPoolExecutor(THREADS), options=OPTIONS)
    service, method = BARE[1:].split("/")
    server.add_generic_rpc_handlers(
        [
            grpc.method_handlers_generic_handler(
                service, {method: grpc.unary_unary_rpc_method_handler(insert)}
            )
        ]
    )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    told.send(port)
    told.recv()
    server.stop(0).wait()
    engine.dispose()


def _people(port: int, rpc: str, tokens: Sequence[str], opened: ExitStack) -> list[Ask]:
    channel = opened.enter_context(grpc.insecure_channel(f"127.0.0.1:{port}"))
    send: Any = channel.unary_unary(rpc, None, None)
    return [
        partial(send, metadata=((AUTHORIZATION, f"{BEARER}{token}"),), timeout=60)
        for token in tokens
    ]


def _staff(ask: Ask) -> list[str]:
    """As many as are asked of in a round, each credentialed once."""
    answers = (ask(request) for request in _requests([""] * COMMANDS))
    return [attendance.CredentialStaffResponse.FromString(answer).staff_id for answer in answers]


def _requests(staff: Sequence[str]) -> list[bytes]:
    return [
        attendance.CredentialStaffRequest(
            meta=common.CommandMeta(command_id=str(uuid4())),
            credential="LCSW",
            type=attendance.CREDENTIAL_TYPE_LCSW,
            state="CO",
            npi="1999999984",
            effective_from=to_date(date(2026, 1, 5)),
            staff_id=staff_id,
        ).SerializeToString()
        for staff_id in staff
    ]


def _told(name: str, found: dict[str, list[Round]]) -> Iterator[Row]:
    ours, bare = found["ours"], found["bare"]
    rates = [[one.rate for one in of] for of in (ours, bare)]
    slowest = [[one.p99 for one in of] for of in (ours, bare)]
    yield Row(
        name=name,
        ours=statistics.median(rates[0]),
        against=statistics.median(rates[1]),
        unit="/s",
        ratio=median_ratio(*rates),
        at_least=0.6,
    )
    yield Row(
        name=f"{name}, p99",
        ours=statistics.median(slowest[0]),
        against=statistics.median(slowest[1]),
        unit="ms",
        ratio=median_ratio(*slowest),
        at_most=3.0,
    )
