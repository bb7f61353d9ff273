"""How long ListStanding takes of 15, 60 and 200 clients: a group, a site's day, the most.

`python -m benchmarks.standing [--weeks 8] [--rounds 10]`, on an embedded PostgreSQL of its own:
every client was there on three days of each week, at one site, with one payer. What answers the RPC
is asked in this process, with its audit: of all at once, and in turns of one after the other. What
both took is on stdout: milliseconds, and of this process's own time.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from ninehours.billing.v1 import explanation_service_pb2 as pb

from kernel.keys.mounted import MountedMasterKeys
from kernel.keys.store import SqlKeyStore, migrate_keys
from kernel.messaging.signatures import FactSigner
from kernel.rpc.audited import enter_reading
from kernel.rpc.translate import to_date
from kernel.secrets import OF_FACTS
from kernel.services import topic_of
from kernel.signing_key import SigningKey
from kernel.store.database import migrate, open_database
from kernel.store.read_audit import ANSWERED
from kernel.store.store import Store
from kernel.vault import Vault
from ninehours.local.secrets import MachineSecrets
from ninehours.local.servers import LocalServers
from services.billing.__main__ import SERVICE
from services.billing.adapters.as_of import SqlHistoryAsOf
from services.billing.api.explaining import ExplanationServicer
from tests.harness.billing.facts import SITE, Story
from tests.harness.billing.history import day
from tests.harness.billing.service import NOW, Office

CLIENTS = (15, 60, 200)
AHEAD = 14  # days
CALL: Any = SimpleNamespace(
    now=NOW,
    actor=SimpleNamespace(
        id="staff/ada", roles=frozenset({"biller"}), purpose="PAYMENT", sites=frozenset({"*"})
    ),
    correlation_id="benchmark",
)


def main() -> None:
    reading = argparse.ArgumentParser(description=__doc__)
    reading.add_argument("--weeks", type=int, default=8)
    reading.add_argument("--rounds", type=int, default=10)
    wanted = reading.parse_args()
    clients = [str(UUID(int=(0xC1 << 120) + number)) for number in range(max(CLIENTS))]
    with (
        tempfile.TemporaryDirectory() as folder,
        LocalServers(Path(folder) / "data", kafka=False) as servers,
    ):
        secrets = MachineSecrets(Path(folder) / "secrets")
        secrets.make()
        store = _store(servers, secrets)
        _tell(store, clients, wanted.weeks)
        print(f"{wanted.weeks} weeks of three days each, milliseconds: median")
        print(f"{'':12}{'at once':>10}{'of it own':>10}{'one by one':>12}{'of it own':>10}")
        for number in CLIENTS:
            some = clients[:number]
            at_once, by_one = [], []
            for _ in range(wanted.rounds + 1):  # the first warms up
                at_once.append(_timed(partial(_ask, store, some, wanted.weeks)))
                by_one.append(_timed(partial(_ask_in_turn, store, some, wanted.weeks)))
            print(f"{number:4} clients{_ms(at_once)}  {_ms(by_one)}")


def _timed(asking: Callable[[], object]) -> tuple[float, float]:
    """Seconds, and of this process's own time."""
    began, used = time.perf_counter(), time.process_time()
    asking()
    return time.perf_counter() - began, time.process_time() - used


def _ask(store: Store, clients: Sequence[str], weeks: int) -> None:
    request = pb.ListStandingRequest(
        client_ids=clients, on=to_date(day(7 * weeks + 2)), ahead_days=AHEAD
    )
    answer = ExplanationServicer(store, SqlHistoryAsOf()).ListStanding(request, CALL)
    enter_reading(store, "ListStanding", CALL, [request, answer], ANSWERED)
    assert len(answer.standings) == len(clients)


def _ask_in_turn(store: Store, clients: Sequence[str], weeks: int) -> None:
    for client_id in clients:
        _ask(store, [client_id], weeks)


def _tell(store: Store, clients: Sequence[str], weeks: int) -> None:
    office, story = Office(store), Story()
    office.set_up(SITE, clients, filing_limit_days=3650)
    days = [day(0) + timedelta(days=7 * week + on) for week in range(weeks) for on in (0, 2, 4)]
    for client_id in clients:
        office.inbox.hear(
            story.admitted(client_id, office.payer_id) + story.attended(client_id, days)
        )


def _ms(times: Sequence[tuple[float, float]]) -> str:
    return "".join(
        f"{statistics.median(each) * 1000:10.0f}" for each in zip(*times[1:], strict=True)
    )


def _store(servers: LocalServers, secrets: MachineSecrets) -> Store:
    engine = open_database(servers.create_database("standing").migrations.url)
    migrate(engine, [SERVICE.migrations])
    keys = open_database(servers.create_database("standing_keys").migrations.url)
    migrate_keys(keys)
    folder = secrets.folder_of("billing")
    return Store(
        engine,
        codec=SERVICE.codec,
        topic=topic_of("billing"),
        network="local",
        vault=Vault(SqlKeyStore(keys, MountedMasterKeys(folder, "billing"))),
        signer=FactSigner(SigningKey(folder, "billing", keys=OF_FACTS).current),
    )


if __name__ == "__main__":
    main()
