"""Every process commits a heartbeat, and status says where none can be. (Slow: 5 s.)"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import psycopg
import pytest
from kafka import KafkaProducer
from ninehours.exchange.v1 import operating_service_pb2 as pb

from kernel.messaging.relay import ACTIVE, Relay
from kernel.messaging.subscriptions import Subscriptions
from kernel.process import Opened
from kernel.store.statements import text
from kernel.store.store import Store
from ninehours.local.servers import LocalServers
from ninehours.told.status import problems_of
from operations.serving import OperatingServicer
from operations.verifying.examination import ServiceChecks
from tests.harness.kernel.counters import ADA, PATIENCE, attended, published, until
from tests.harness.kernel.databases import send_away
from tests.harness.kernel.owner import as_owner
from tests.harness.signing import signatures_of
from tests.harness.small_disk import SmallDisk, small_disk
from tests.kernel.test_relay import running


@pytest.fixture
def disk(counting: Store, postgres: LocalServers, tmp_path: Path) -> Iterator[SmallDisk]:
    """The counting service's database on a file system of its own, of 48 MiB."""
    name = str(counting.engine.url.database)
    with small_disk(tmp_path / "small", 48) as disk:
        place = disk.folder / "tablespace"
        place.mkdir(mode=0o700)
        owner = (postgres.folder.path / "postgres").stat()
        os.chown(place, owner.st_uid, owner.st_gid)
        counting.close()
        with psycopg.connect(postgres.admin_url, autocommit=True) as admin:
            send_away(admin, name)
            admin.execute(f"CREATE TABLESPACE small LOCATION '{place}'")
            admin.execute(f"ALTER DATABASE {name} SET TABLESPACE small")
            yield disk
            disk.free()
            counting.close()
            send_away(admin, name)
            admin.execute(f"ALTER DATABASE {name} SET TABLESPACE pg_default")
            admin.execute("DROP TABLESPACE small")


Problems = Callable[[], list[str]]


@contextmanager
def at_work(store: Store, broker: LocalServers) -> Iterator[Problems]:
    """A service with its relay at work: what status says is wrong with it."""
    store.topic = "ninehours.beating.v1"
    broker.declare_topics(store.topic)
    servicer = OperatingServicer(
        Opened(
            name="counting",
            store=store,
            subscriptions=Subscriptions(()),
            signatures=signatures_of(),
            owners={},
            brokers=broker.brokers,
        ),
        ServiceChecks(publish=lambda _: ()),
    )

    def problems() -> list[str]:
        return list(problems_of(servicer.GetStatus(pb.GetStatusRequest(), cast(Any, None))))

    producer = KafkaProducer(bootstrap_servers=broker.bootstrap)
    with running(Relay(store, producer, "counting", ready=lambda: None)):
        yield problems
    producer.close(timeout=PATIENCE)


def test_a_full_disk_is_told_and_all_is_well_when_there_is_room_again(
    counting: Store, disk: SmallDisk, broker: LocalServers
) -> None:
    with at_work(counting, broker) as problems:
        with counting.transaction() as tx:
            tx.publish([published(ADA, attended("s", 1))])
        until(lambda: problems() == [])
        disk.fill()
        [told] = problems()
        assert told.startswith("counting's database takes no write (DiskFull)")
        disk.free()
        until(lambda: problems() == [])


def test_a_process_whose_heartbeat_is_old_is_told(counting: Store, broker: LocalServers) -> None:
    """Its relay holds the lock, and hangs."""
    with at_work(counting, broker) as problems:
        until(lambda: problems() == [])
    with counting.engine.connect() as hanging:
        hanging.execute(text("SELECT pg_advisory_lock(:key)"), {"key": ACTIVE})
        hanging.execute(
            text("UPDATE heartbeat SET at = at - interval '1 hour' WHERE process = 'relay'")
        )
        hanging.commit()
        [told] = problems()
        assert told.startswith("counting-relay's last heartbeat is 360")
        with as_owner(counting) as tx:
            tx.execute("DELETE FROM heartbeat")
        assert problems() == ["counting-relay committed no heartbeat yet: look at its log"]
