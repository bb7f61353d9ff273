"""Without Kafka what somebody waits for is fetched from its owner, and derived. (Slow: 10 s.)"""

from collections.abc import Callable
from pathlib import Path

import pytest

from kernel import patience
from kernel.facts import Position
from kernel.messaging.caught_up import wait_until_heard
from kernel.patience import Patience
from kernel.rpc.published_log import SERVICE, PublishedLogServicer
from kernel.store.store import Store
from tests.harness.kernel.consumers import TOPIC as HEARD
from tests.harness.kernel.consumers import consumer
from tests.harness.kernel.counters import (
    ADA,
    BOB,
    PATIENCE,
    TOPIC,
    Listener,
    Log,
    attended,
    published,
    until,
)
from tests.harness.kernel.rpc import Serve
from tests.kernel.rpc.conftest import operator, serve, settings_of

__all__ = ["operator", "serve", "settings_of"]


def test_what_is_waited_for_is_asked_of_its_owner_after_a_second(
    tallying: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "LONGEST", PATIENCE)
    log = Log()
    listener = Listener(tallying, log)
    missing = log.tell(ADA, attended("s", 1))
    looked: list[int] = []

    def still_waits() -> bool:
        """Between two looks: what the worker does meanwhile."""
        looked.append(listener.gap_repair.repair())
        listener.pending_work.drain()
        return True

    position = Position(TOPIC, ADA, 1)
    assert missing.headers["ce_subject"] == ADA.encode()
    wait_until_heard(tallying, [position], Patience.within(3.0, 0.0, still_waits))
    assert sum(looked) == 1
    assert len(listener.tallies()) == 1


def test_what_its_owner_does_not_have_leaves_nothing_behind(
    tallying: Store,
) -> None:
    listener = Listener(tallying, Log())
    with pytest.raises(Exception, match="not heard in time"):
        wait_until_heard(
            tallying,
            [Position(TOPIC, BOB, 900_000), Position("ninehours.unheard.v1", BOB, 1)],
            1.5,
        )
    [asked] = listener.ask("SELECT * FROM asked_for")
    assert (asked.subject, asked.sequence) == (BOB, 900_000)
    listener.gap_repair.repair()
    assert listener.ask("SELECT FROM asked_for") == []
    assert listener.ask("SELECT FROM heard_head") == []


def test_a_worker_goes_on_while_kafka_is_away(
    new_of_kernel: Callable[[str], Store],
    tallying: Store,
    serve: Serve,
    secrets_dir: Path,
    tmp_path: Path,
) -> None:
    attendance = new_of_kernel("attendance")
    attendance.topic = HEARD
    owner = serve({SERVICE: PublishedLogServicer(attendance, "attendance")}, service="attendance")
    peer = f"127.0.0.1:{owner.port}"
    with consumer(tallying, secrets_dir, tmp_path, peer=peer) as process:
        listener = Listener(tallying, Log(HEARD))

        def tallied(count: int) -> bool:
            assert process.poll() is None, (tmp_path / "log").read_text()
            return len(listener.tallies()) == count

        for number, client in enumerate((ADA, BOB), start=1):
            with attendance.transaction() as tx:
                tx.publish([published(client, attended("s", 5, client=client))])
            wait_until_heard(tallying, [Position(HEARD, client, 1)], PATIENCE)
            until(lambda number=number: tallied(number))  # type: ignore[misc]
