"""What a database and a process tell when somebody scrapes, and that a silent one hides nothing."""

import socket
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from prometheus_client.registry import Collector

from kernel.messaging.pending import mark_pending
from kernel.store.database import open_database
from kernel.store.store import Store
from kernel.tls.identity import ISSUED, Identity
from kernel.watching import asked
from kernel.watching.database_figures import FAILED_FOR, GAUGES, PARKED_FOR, DatabaseFigures
from kernel.watching.health import Health
from kernel.watching.metrics import METRICS
from kernel.watching.port import HealthPort
from kernel.watching.process_figures import ProcessFigures
from ninehours.local.authority import Authority
from tests.harness.certificates import authority, issued
from tests.harness.kernel.counters import (
    ADA,
    BOB,
    BROKEN,
    EVE,
    Listener,
    Log,
    ask,
    attended,
    published,
    until,
)
from tests.harness.kernel.health import assert_counts, scraped
from tests.harness.kernel.owner import as_owner

__all__ = ["authority"]


def told(collector: Collector) -> dict[tuple[str, ...], float]:
    """Values by name and values of labels; without labels, by the name alone."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for metric in collector.collect()
        for sample in metric.samples
    }


def test_what_waits_in_the_database_is_told(tallying: Store) -> None:
    log = Log()
    listener = Listener(tallying, log)
    figures = DatabaseFigures(tallying.engine)
    nothing = told(figures)
    assert nothing.pop(("ninehours_database_up",)) == 1
    assert set(nothing.values()) == {0}
    listener.hear(
        log.tell(ADA, attended("s", BROKEN)),
        log.tell(BOB, attended("s", 1, client=BOB), type="made.v1.Unheard"),
        log.tell(EVE, attended("s", 1, client=EVE)),
    )
    log.tell(EVE, attended("s", 2, client=EVE))
    listener.hear(log.tell(EVE, attended("s", 3, client=EVE)))  # behind a hole
    listener.pending_work.drain()
    with tallying.transaction() as tx:
        tx.publish([published(ADA)])
        mark_pending(tx, [("tally", BOB)])
    now = told(figures)
    assert now["ninehours_unsent_facts",] >= 1
    assert 0 < now["ninehours_unsent_oldest_seconds",] < 600
    assert (now["ninehours_due_keys",], now["ninehours_behind_subjects",]) == (1, 1)
    assert 0 < now["ninehours_due_oldest_seconds",] < 600
    assert now["ninehours_parked_records", "UnknownType"] == 1
    assert now["ninehours_failed_keys", "other"] == 1  # Broken has no name among the causes
    assert now["ninehours_stopped", "subject", "PARKED"] == 1
    assert now["ninehours_relay_active",] == now["ninehours_streams_active",] == 0


def test_a_cause_is_of_a_closed_set_whatever_class_an_error_has(tallying: Store) -> None:
    Listener(tallying)
    ask(
        tallying,
        "INSERT INTO due (derivation, key, error) SELECT 'tally', 'client/' || n, error"
        " FROM unnest(ARRAY['kernel.codec.UnreadableFact at a:1', 'kernel.x.TookTooLong at b:2',"
        " 'services.y.WilhelminaCanary at c:3', 'ValueError', '']) WITH ORDINALITY AS x(error, n)"
        " RETURNING key",
    )
    found = {
        key[1:]: n
        for key, n in told(DatabaseFigures(tallying.engine)).items()
        if key[0] == "ninehours_failed_keys"
    }
    assert found == {("UnreadableFact",): 1, ("TookTooLong",): 1, ("other",): 3}
    assert {cause for (cause,) in found} == set(FAILED_FOR)
    assert "other" in PARKED_FOR


@pytest.fixture
def silent() -> Iterator[int]:
    """Takes connections, and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


@pytest.mark.parametrize("database", ["silent", "gone", "held"])
def test_a_database_that_does_not_answer_is_not_up_and_hides_nothing_else(
    database: str, silent: int, counting: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asked, "WITHIN", 0.2)
    ports = {"silent": silent, "gone": 1}
    engine = counting.engine
    if database in ports:
        engine = open_database(f"postgresql+psycopg://nobody@127.0.0.1:{ports[database]}/none")
    health = Health(lambda: True, collectors=[DatabaseFigures(engine)])
    with HealthPort("127.0.0.1:0", health) as port, as_owner(counting) as other:
        if database == "held":
            other.execute("LOCK TABLE published IN ACCESS EXCLUSIVE MODE")
        samples = scraped(port.port)
        assert samples["ninehours_database_up", frozenset()] == 0
        names = {name for name, _ in samples}
        assert not names & set(GAUGES)
        assert "process_resident_memory_bytes" in names
    until(lambda: all(thread.name != "asking" for thread in threading.enumerate()))
    if engine is not counting.engine:
        engine.dispose()


def test_pools_and_certificates_are_told(counting: Store, authority: Authority) -> None:
    identity = Identity(issued(authority, "intake"), ISSUED)
    figures = ProcessFigures({"record": counting.engine}, {"rpc": identity})
    with counting.engine.connect(), counting.engine.connect():
        now = told(figures)
        assert now["ninehours_pool_in_use", "record"] == 2
    assert told(figures)["ninehours_pool_in_use", "record"] == 0
    material = identity.current()
    name = "ninehours_certificate_not_{}_timestamp_seconds"
    assert now[name.format("before"), "rpc"] == material.valid_from.timestamp()
    assert now[name.format("after"), "rpc"] == material.valid_until.timestamp()


def compared(topic: str) -> Mapping[str, float | None]:
    return {
        name: METRICS.get_sample_value(f"ninehours_{name}", {"topic": topic})
        for name in ("head_facts", "heard_facts", "behind_seconds")
    }


def test_a_comparison_tells_how_far_this_service_is_behind(tallying: Store) -> None:
    log = Log()
    listener = Listener(tallying, log)
    listener.hear(log.tell(ADA, attended("s", 1)))
    listener.gap_repair.compare()
    assert compared(log.topic) == {"head_facts": 1, "heard_facts": 1, "behind_seconds": 0}
    for n in (2, 3):
        log.tell(ADA, attended("s", n))
    listener.gap_repair.compare()
    behind = compared(log.topic)
    assert (behind["head_facts"], behind["heard_facts"]) == (3, 1)
    assert (behind["behind_seconds"] or 0) > 60  # the log's clock stands in March
    with assert_counts(("ninehours_repaired_facts_total", {"topic": log.topic}, 2)):
        listener.gap_repair.repair()
    listener.gap_repair.compare()
    assert compared(log.topic) == {"head_facts": 3, "heard_facts": 3, "behind_seconds": 0}


def test_what_was_repaired_is_told_from_the_beginning(tallying: Store) -> None:
    owner = Log("repaired.of.nobody.yet")
    Listener(tallying, owner)
    assert METRICS.get_sample_value("ninehours_repaired_facts_total", {"topic": owner.topic}) == 0


def test_projections_are_counted_by_whether_rows_changed(tallying: Store) -> None:
    log = Log()
    listener = Listener(tallying, log)
    of = {"projection": "tally"}
    with assert_counts(
        ("ninehours_projections_total", {**of, "outcome": "changed"}, 1),
        ("ninehours_projections_total", {**of, "outcome": "unchanged"}, 1),
        ("ninehours_projections_total", {**of, "outcome": "parked"}, 1),
        ("ninehours_projection_seconds_count", of, 2),
    ):
        listener.hear(log.tell(ADA, attended("s", 1)))
        listener.pending_work.drain()
        listener.hear(log.tell(ADA, attended("s", 1)))
        listener.pending_work.drain()
        listener.hear(log.tell(BOB, attended("s", BROKEN, client=BOB)))
        listener.pending_work.drain()


def test_no_metric_has_a_label_that_could_be_an_id(tallying: Store, tmp_path: Path) -> None:
    """Labels are these; each is of a closed set: of code, of declared RPCs, of topics heard."""
    allowed = {
        *("grpc_type", "grpc_service", "grpc_method", "grpc_code", "outcome", "topic"),
        *("projection", "reaction", "cause", "what", "wire", "pool", "le", "generation"),
        *("implementation", "major", "minor", "patchlevel", "version"),  # of Python
    }
    collectors = (METRICS, DatabaseFigures(tallying.engine), ProcessFigures({}, {}))
    labels = {
        label
        for collector in collectors
        for metric in collector.collect()
        for sample in metric.samples
        for label in sample.labels
    }
    assert labels <= allowed
