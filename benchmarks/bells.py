"""What waking costs those who write: appends a second, as a ratio within one run.

`python -m benchmarks.bells [--writers 8] [--seconds 1] [--rounds 25]`, on an embedded PostgreSQL of
its own. Each round appends with a NOTIFY at every commit, with none, and as the kernel does, with
a relay that sends (to nobody) and sleeps when it can.
"""

import argparse
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from ninehours.attendance.v1.attendance_events_pb2 import SessionAttended

from kernel.codec import Codec
from kernel.facts import Publication
from kernel.keys.mounted import MountedMasterKeys
from kernel.keys.store import SqlKeyStore, migrate_keys
from kernel.messaging.relay import Relay
from kernel.messaging.signatures import FactSigner
from kernel.secrets import OF_FACTS
from kernel.signing_key import SigningKey
from kernel.store import store as record
from kernel.store.bells import PUBLISHED
from kernel.store.database import migrate, open_database
from kernel.store.statements import text
from kernel.store.store import Store
from kernel.vault import Vault
from ninehours.local.secrets import MachineSecrets
from ninehours.local.servers import LocalServers

WAYS = {
    "none": "SELECT '' WHERE false",
    "always": f"SELECT pg_notify('{PUBLISHED.channel}', '')",
    "bell": PUBLISHED.ring,
}


class Nobody:
    """A producer whose every record arrives."""

    def send(self, *_: Any, **__: Any) -> "Nobody":
        return self

    def get(self, timeout: float) -> None:
        pass


@contextmanager
def relaying(store: Store) -> Iterator[None]:
    relay = Relay(store, Nobody(), "benchmark", ready=lambda: None)
    thread = threading.Thread(target=relay.run)
    thread.start()
    try:
        yield
    finally:
        relay.stop()
        thread.join()


def append(store: Store, subject: str) -> None:
    publication = Publication(
        id=uuid4(), subject=subject, message=SessionAttended(), label="HIPAA", causation=""
    )
    with store.transaction() as tx:
        tx.publish([publication])


def rate(writers: int, seconds: float, write: Callable[[str], None]) -> float:
    """Appends a second, each writer on a subject of its own."""
    done = [0] * writers
    end = time.monotonic() + seconds

    def run(number: int) -> None:
        subject = f"client/{uuid4()}"
        while time.monotonic() < end:
            write(subject)
            done[number] += 1

    threads = [threading.Thread(target=run, args=(number,)) for number in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--writers", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=25)
    wanted = parser.parse_args()
    as_is = str(record.APPEND)
    with (
        tempfile.TemporaryDirectory() as folder,
        LocalServers(Path(folder) / "data", kafka=False) as servers,
    ):
        secrets = MachineSecrets(Path(folder) / "secrets")
        secrets.make()
        engine = open_database(
            servers.create_database("benchmark").migrations.url, pool=wanted.writers + 2
        )
        migrate(engine, [])
        keys = open_database(servers.create_database("benchmark_keys").migrations.url)
        migrate_keys(keys)
        vault = Vault(SqlKeyStore(keys, MountedMasterKeys(secrets.folder_of("intake"), "intake")))
        store = Store(
            engine,
            codec=Codec({}),
            topic="benchmark",
            network="local",
            vault=vault,
            signer=FactSigner(
                SigningKey(secrets.folder_of("intake"), "intake", keys=OF_FACTS).current
            ),
        )
        rates: dict[str, list[float]] = {way: [] for way in WAYS}
        with relaying(store):
            for _ in range(wanted.rounds):
                for way, ring in WAYS.items():
                    record.APPEND = text(as_is.replace(PUBLISHED.ring, ring))
                    rates[way].append(
                        rate(wanted.writers, wanted.seconds, lambda subject: append(store, subject))
                    )
        engine.dispose()
        keys.dispose()
    for way, measured in rates.items():
        of_none = [mine / none for mine, none in zip(measured, rates["none"], strict=True)]
        median, ratio = statistics.median(measured), statistics.median(of_none)
        print(f"{way:<8}{median:8.0f} appends a second  {ratio:5.2f} of none in the same round")


if __name__ == "__main__":
    main()
