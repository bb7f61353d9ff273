"""Real owners: attendance, intake and plans, each with a database and a gRPC server of its own."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from ninehours.intake.v1 import intake_events_pb2 as intake

from kernel.config import Settings
from kernel.facts import Publication
from kernel.messaging.envelope import Record
from kernel.process import Service
from kernel.rpc.channel import Channel
from kernel.rpc.policy import Scope
from kernel.rpc.published_log import SERVICE, PublishedLogServicer, RemoteOwner
from kernel.rpc.server import Server
from kernel.rpc.tokens import service_tokens
from kernel.rpc.translate import to_date
from kernel.rpc.verifier import Verifier
from kernel.store import published
from kernel.store.statements import text
from kernel.store.store import Store
from kernel.watching.health import Health
from services.attendance.__main__ import SERVICE as ATTENDANCE
from services.intake.__main__ import SERVICE as INTAKE
from services.plans.__main__ import SERVICE as PLANS
from tests.harness.attendance.front_desk import MONDAY, FrontDesk
from tests.harness.billing.facts import COVERAGE, admission
from tests.harness.billing.history import day

CLIENTS = tuple(f"0c11e700-0000-4000-8000-00000000000{n}" for n in (1, 2))
DAYS = (0, 2, 4, 7, 9)


@dataclass
class Owners:
    """What the other services say of two clients who come to two weeks of sessions."""

    desk: FrontDesk
    stores: Mapping[str, Store]
    remotes: Mapping[str, RemoteOwner]
    payer_id: str
    sessions: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.desk.now = MONDAY
        self.desk.open()
        for client_id in CLIENTS:
            for message in admission(client_id, self.payer_id, self.site_id):
                self._say(client_id, message)
            for message in self._ended_and_verified_again(client_id):
                self._say(client_id, message)
        for number in DAYS:
            self.hold(number)
        # Once one didn't come, and the other left after an hour.
        self.hold(3, {CLIENTS[0]: 0, CLIENTS[1]: 60})

    @property
    def site_id(self) -> str:
        return self.desk.site_id

    def hold(self, number: int, minutes: Mapping[str, int] | None = None) -> None:
        """A session on that day: three hours of everybody, unless said otherwise."""
        everybody = dict.fromkeys(CLIENTS, 180)
        self.sessions[number] = self.desk.held(self._starts(number), minutes or everybody)

    def correct(self, client_id: str, number: int, *minutes: int) -> None:
        """Of that day, one correction after the other; 0: the client was not there."""
        for there in minutes:
            self.desk.correct(self.sessions[number], client_id, self._starts(number), there)

    def records(self) -> list[Record]:
        """All that was published so far, as Kafka would carry it, each log in its order."""
        return [record for name in sorted(self.stores) for record in self._records(name)]

    def _records(self, name: str) -> Iterator[Record]:
        store = self.stores[name]
        with store.transaction() as tx:
            rows = tx.connection.execute(text("SELECT * FROM published ORDER BY position")).all()
        for row in rows:
            envelope = published.envelope_of(row, source=f"/services/{name}", epoch=1)
            yield Record(
                topic=store.topic,
                partition=0,
                offset=row.position,
                headers=envelope.headers(),
                body=bytes(row.body),
            )

    def _say(self, client_id: str, message: Any) -> None:
        name = message.DESCRIPTOR.full_name.split(".")[1]
        with self.stores[name].transaction() as tx:
            tx.publish(
                [
                    Publication(
                        id=uuid4(),
                        subject=f"client/{client_id}",
                        message=message,
                        label="PART2",
                        causation="",
                    )
                ]
            )

    def _ended_and_verified_again(self, client_id: str) -> Iterator[Any]:
        """Words that follow each other: heard in another order, they would mean something else."""
        of_coverage: dict[str, Any] = {
            "client_id": client_id,
            "coverage_id": COVERAGE,
            "payer_id": self.payer_id,
        }
        yield intake.CoverageEnded(**of_coverage, last_day=to_date(day(2)))
        first_day = to_date(date(2026, 1, 1))
        yield intake.CoverageVerified(
            **of_coverage, verified_from=first_day, verified_to=to_date(day(1))
        )
        yield intake.CoverageVerified(**of_coverage, verified_from=first_day)

    def _starts(self, number: int) -> datetime:
        return MONDAY + timedelta(days=number)


@contextmanager
def owners(
    new_store: Callable[[Service], Store], secrets_dir: Path, payer_id: str
) -> Iterator[Owners]:
    """Opened, speaking, and served until the end."""
    stores = {service.name: new_store(service) for service in (ATTENDANCE, INTAKE, PLANS)}
    servers = {name: _serve(name, store, secrets_dir) for name, store in stores.items()}
    token = service_tokens(secrets_dir, "billing")
    remotes = {
        stores[name].topic: RemoteOwner(
            stores[name].topic, Channel(f"127.0.0.1:{server.port}"), token
        )
        for name, server in servers.items()
    }
    try:
        yield Owners(FrontDesk(stores["attendance"]), stores, remotes, payer_id)
    finally:
        for remote in remotes.values():
            remote._client.close()
        for server in servers.values():
            server.stop(0)


def _serve(name: str, store: Store, secrets_dir: Path) -> Server:
    settings: dict[str, Any] = {
        "service": name,
        "database_url": "postgresql://elsewhere/none",
        "secrets_dir": secrets_dir,
        "environment": "test",
    }
    server = Server(
        {SERVICE: PublishedLogServicer(store, name)},
        verifier=Verifier(secrets_dir),
        scope=Scope(store, {}),
        settings=Settings(**settings),
        health=Health(lambda: True),
    )
    server.start()
    return server


def clients_of(records: Sequence[Record]) -> set[str]:
    """The subjects that are clients."""
    subjects = {record.headers["ce_subject"].decode() for record in records}
    return {subject for subject in subjects if subject.startswith("client/")}
