"""What signatures cost those who append and those who hear, as a ratio within one run.

`python -m benchmarks.signatures [--facts 4000] [--rounds 7]`, on an embedded PostgreSQL of its own.
Each round appends facts, one a transaction, and hears them in batches as a stream does: with
signatures, with the same calls that make none and believe all, and in turns.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

from ninehours.attendance.v1.attendance_events_pb2 import SessionAttended

from kernel.codec import Codec
from kernel.facts import Publication
from kernel.keys.mounted import MountedMasterKeys
from kernel.keys.store import SqlKeyStore, migrate_keys
from kernel.messaging.consumer import BATCH
from kernel.messaging.envelope import Envelope, Record, read_envelope
from kernel.messaging.inbox import Inbox
from kernel.messaging.signatures import FactSigner, Signatures, Signer
from kernel.messaging.subscriptions import Subscription, Subscriptions
from kernel.secrets import OF_FACTS, published_keys
from kernel.services import topic_of
from kernel.signing_key import SigningKey
from kernel.store.database import migrate, open_database
from kernel.store.published import envelope_of
from kernel.store.store import Store
from kernel.vault import Vault
from ninehours.local.secrets import MachineSecrets
from ninehours.local.servers import LocalServers

HEARD = Subscriptions([Subscription(SessionAttended)])
CLIENTS = 200


@dataclass(frozen=True, slots=True)
class SignsNothing:
    """What stands in a signature's place, at no cost."""

    signature: str

    def sign(self, *_: Any) -> str:
        return self.signature


@dataclass(frozen=True, slots=True)
class BelievesAll:
    """Looks at nothing."""

    def check(self, record: Record, envelope: Envelope, sealed_to: int | None) -> None:
        pass


def main() -> None:
    reading = argparse.ArgumentParser(description=__doc__)
    reading.add_argument("--facts", type=int, default=4000)
    reading.add_argument("--rounds", type=int, default=7)
    wanted = reading.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        LocalServers(Path(folder) / "data", kafka=False) as servers,
    ):
        secrets = MachineSecrets(Path(folder) / "secrets")
        secrets.make()
        signer = FactSigner(
            SigningKey(secrets.folder_of("attendance"), "attendance", keys=OF_FACTS).current
        )
        believed = Signatures.of(published_keys(secrets.folder_of("attendance"), keys=OF_FACTS))
        nothing = SignsNothing("1 attendance " + "A" * 86 + "==")
        seconds: dict[str, list[float]] = {
            name: [] for name in ("append", "append signed", "hear", "hear checked", "check alone")
        }
        for number in range(wanted.rounds):
            new = _new_store(servers, secrets, number)
            for name, signs in (("append", nothing), ("append signed", signer))[:: _way(number)]:
                store = new("attendance", signs)
                seconds[name].append(_timed(partial(append, store, wanted.facts)))
            records = sent(new("attendance", signer), wanted.facts)
            checks: Sequence[tuple[str, Any]] = (
                ("hear", BelievesAll()),
                ("hear checked", believed),
            )
            for name, signatures in checks[:: _way(number)]:
                inbox = Inbox(new("billing", signer), HEARD, signatures)
                inbox.begin([topic_of("attendance")])
                seconds[name].append(_timed(partial(hear, inbox, records)))
            envelopes = [(record, read_envelope(record.headers)) for record in records]
            seconds["check alone"].append(_timed(partial(check, believed, envelopes)))
    _tell(seconds, wanted.facts)


def append(store: Store, facts: int) -> None:
    """Each in a transaction of its own, as a small command's."""
    for number in range(facts):
        with store.transaction() as tx:
            tx.publish([publication(number)])


def sent(store: Store, facts: int) -> list[Record]:
    """As Kafka would carry them."""
    with store.transaction() as tx:
        tx.publish([publication(number) for number in range(facts)])
        rows = tx.execute("SELECT * FROM published ORDER BY position").all()
    return [
        Record(
            topic=store.topic,
            partition=0,
            offset=row.position,
            headers=envelope_of(row, source="/services/attendance", epoch=1).headers(),
            body=bytes(row.body),
        )
        for row in rows
    ]


def hear(inbox: Inbox, records: Sequence[Record]) -> None:
    """In batches as large as a stream takes."""
    for start in range(0, len(records), BATCH):
        inbox.hear(records[start : start + BATCH])


def check(signatures: Signatures, envelopes: Sequence[tuple[Record, Envelope]]) -> None:
    for record, envelope in envelopes:
        signatures.check(record, envelope, 0)


def publication(number: int) -> Publication:
    """Of one of so many clients, by turns."""
    client = f"00000000-0000-4000-8000-{number % CLIENTS:012}"
    message = SessionAttended(client_id=client, session_id=str(uuid4()), minutes=180)
    return Publication(
        id=uuid4(), subject=f"client/{client}", message=message, label="PART2", causation=""
    )


def _new_store(
    servers: LocalServers, secrets: MachineSecrets, number: int
) -> Callable[[str, Signer], Store]:
    made: list[Store] = []

    def make(service: str, signer: Signer) -> Store:
        name = f"signatures_{number}_{len(made)}"
        engine = open_database(servers.create_database(name).migrations.url)
        migrate(engine, [])
        keys = open_database(servers.create_database(f"{name}_keys").migrations.url)
        migrate_keys(keys)
        store = Store(
            engine,
            codec=Codec({}),
            topic=topic_of(service),
            network="local",
            vault=Vault(SqlKeyStore(keys, MountedMasterKeys(secrets.folder_of(service), service))),
            signer=signer,
        )
        made.append(store)
        return store

    return make


def _way(number: int) -> int:
    """By turns, so that neither always comes first."""
    return -1 if number % 2 else 1


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _tell(seconds: Mapping[str, Sequence[float]], facts: int) -> None:
    each = {name: statistics.median(found) / facts * 1000 for name, found in seconds.items()}
    for name, milliseconds in each.items():
        print(f"{name:14} {milliseconds:6.3f} ms a fact")
    for name, with_signatures in (("append", "append signed"), ("hear", "hear checked")):
        ratios = [b / a for a, b in zip(seconds[name], seconds[with_signatures], strict=True)]
        print(f"{with_signatures} / {name}: {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()
