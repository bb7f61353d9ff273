"""What TLS costs those who command and those who hear, as a ratio within one run.

`python -m benchmarks.tls [--commands 800] [--rounds 5]`: two whole systems side by side, one in
plain text, one as `up --tls`, on servers of the same builds. Each round and system in turn: clients
are registered by one caller and by eight while nobody hears; then attendance alone hears.
"""

import argparse
import os
import signal
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
from ninehours.attendance.v1 import attendance_service_pb2 as attendance
from ninehours.common.v1 import common_pb2 as common
from sqlalchemy import Engine

from kernel.store.database import open_database
from kernel.store.statements import text
from ninehours.local.authority import Wire
from ninehours.local.postgres import ADMISSION
from ninehours.local.servers import LocalServers
from ninehours.local.system import LocalSystem
from ninehours.story.gateway import MANAGER, Gateway, actor, connect
from ninehours.story.network import SITES
from ninehours.story.people import invent_people
from ninehours.story.requests import register

CALLERS = 8
HEARS = "attendance"
LISTENERS = ("attendance-stream", "billing-stream")
PAUSED_AT_MOST = 90  # seconds: whoever does not listen meanwhile is still a member
WAYS = ("plain", "tls")


class Measured:
    """A system at work, and its one site."""

    def __init__(self, system: LocalSystem, gateway: Gateway, listener: Engine) -> None:
        self._system = system
        self._gateway = gateway
        self._listener = listener
        self._people = invent_people(7).clients
        self._numbers = count()
        opening = attendance.OpenSiteRequest(
            name=SITES[0].name,
            time_zone=SITES[0].time_zone,
            address=SITES[0].address,
            npi=invent_people(7).npis[SITES[0].key],
            meta=common.CommandMeta(command_id=str(uuid4())),
        )
        opened = gateway.ask(MANAGER, opening, now=_now())
        self._site, self._after = opened.site_id, opened.receipt.published
        self._front_desk = actor("front_desk", "person/desk", "OPERATIONS", [self._site])
        self.give(20, callers=1)  # everything was imported, every connection is open
        gateway.catch_up()

    def give(self, commands: int, *, callers: int) -> float:
        """Commands a second."""
        with ThreadPoolExecutor(callers) as pool:
            began = time.perf_counter()
            for _ in pool.map(self._register, range(commands)):
                pass
            return commands / (time.perf_counter() - began)

    def hear(self, facts: int) -> float:
        """Facts a second, by one service, from when it listens to when it has them."""
        heard = self._heard() + facts
        began = time.perf_counter()
        self._system.kill(f"{HEARS}-stream", signal.SIGCONT)
        while self._heard() < heard:
            time.sleep(0.02)
        return facts / (time.perf_counter() - began)

    @contextmanager
    def unheard(self) -> Iterator[None]:
        """Inside nobody hears; afterwards everybody has heard everything."""
        for listener in LISTENERS:
            self._system.kill(listener, signal.SIGSTOP)
        yield
        for listener in LISTENERS:
            self._system.kill(listener, signal.SIGCONT)
        self._gateway.catch_up()

    def _register(self, _: int) -> None:
        request = register(self._people[next(self._numbers) % len(self._people)], self._site)
        request.meta.command_id = str(uuid4())
        request.meta.after.extend(self._after)
        self._gateway.ask(self._front_desk, request, now=_now())

    def _heard(self) -> int:
        with self._listener.connect() as connection:
            return int(connection.execute(text("SELECT count(*) FROM heard_fact")).scalar_one())


def main() -> None:
    reading = argparse.ArgumentParser(description=__doc__)
    reading.add_argument("--commands", type=int, default=800)
    reading.add_argument("--rounds", type=int, default=5)
    wanted = reading.parse_args()
    figures: dict[str, dict[str, list[float]]] = {}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as opened:
        systems = {way: opened.enter_context(measured(Path(folder), way)) for way in WAYS}
        for number in range(wanted.rounds):
            for way in WAYS if number % 2 else reversed(WAYS):
                system = systems[way]
                with system.unheard():
                    round_of = {
                        "commands/s, one caller": system.give(wanted.commands // 4, callers=1),
                        f"commands/s, {CALLERS} callers": system.give(
                            wanted.commands, callers=CALLERS
                        ),
                    }
                    round_of["facts heard/s"] = system.hear(wanted.commands + wanted.commands // 4)
                for name, figure in round_of.items():
                    figures.setdefault(name, {}).setdefault(way, []).append(figure)
    _tell(figures)


@contextmanager
def measured(folder: Path, way: str) -> Iterator[Measured]:
    with ExitStack() as opened:
        if way == "plain":
            # The build that TLS needs, told to speak plain text too: what is compared is the wire.
            given = opened.enter_context(
                LocalServers(folder / "postgres", kafka=False, tls=True, progress=print)
            )
            os.environ["NINEHOURS_POSTGRES_URL"] = admitting_plain(given)
        system = opened.enter_context(
            LocalSystem(
                folder / way,
                progress=print,
                clock="caller",
                tls=way == "tls",
                session_timeout_s=PAUSED_AT_MOST,
            )
        )
        os.environ.pop("NINEHOURS_POSTGRES_URL", None)  # the other system starts its own
        gateway = opened.enter_context(
            Gateway(connect(system.channel_to, system.people_dir), seed=7)
        )
        authority = system.servers.authority
        listener = open_database(
            system.databases[HEARS].processes.url,
            identity=authority.identity(HEARS, Wire.DATABASE) if authority else None,
        )
        opened.callback(listener.dispose)
        yield Measured(system, gateway, listener)


def admitting_plain(servers: LocalServers) -> str:
    with (servers.folder.path / "postgres" / "pg_hba.conf").open("a") as admission:
        admission.write(ADMISSION)
    with psycopg.connect(servers.admin_url, autocommit=True) as admin:
        admin.execute("select pg_reload_conf()")
    return urlsplit(servers.admin_url)._replace(query="sslmode=disable").geturl()


def _now() -> datetime:
    return datetime.now(UTC)


def _tell(figures: Mapping[str, Mapping[str, Sequence[float]]]) -> None:
    for name, by_way in figures.items():
        without, within = (statistics.median(by_way[way]) for way in WAYS)
        ratios = [b / a for a, b in zip(by_way["plain"], by_way["tls"], strict=True)]
        print(
            f"{name:24} plain {without:7.0f}   TLS {within:7.0f}   "
            f"ratio {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        )


if __name__ == "__main__":
    main()
