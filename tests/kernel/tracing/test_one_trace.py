"""One trace from a command through Kafka to the derived row: real processes, and an OTLP receiver.

(Slow: 20 s.)
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import grpc
import pytest

from kernel.rpc.call import AUTHORIZATION, BEARER, TRACEPARENT
from kernel.rpc.tokens import Issuer
from kernel.secrets import PEOPLE
from kernel.store.published import envelope_of
from kernel.store.store import Store
from ninehours.local.probes import LOOPBACK, free_ports
from ninehours.local.servers import LocalServers
from ninehours.local.system import serves
from tests.harness.kernel import counting_service
from tests.harness.kernel.consumers import TOPIC, consumer, process_of
from tests.harness.kernel.counters import ADA, PATIENCE, ask, until
from tests.harness.kernel.counting_service import COUNTING, count_request
from tests.harness.kernel.sending import declare_empty
from tests.harness.kernel.tracing import Collector, collector, trace_of, traceparent

COUNT = f"{COUNTING.full_name}/Count"
STEPS = {
    ("api", COUNT),
    ("api", "append"),
    ("relay", "send"),
    ("stream", "hear"),
    ("stream", "derive"),
}
SAID = {"grpc", COUNTING.full_name, "Count", "OK", "kafka", TOPIC, "tally"}


class System:
    """A service that counts, with api and relay, one that tallies, and where traces are sent."""

    def __init__(self, api: str, counting: Store, tallying: Store, taking: Collector) -> None:
        self.counting = counting
        self.tallying = tallying
        self.taking = taking
        self._api = api

    def count(self, token: str, traceparent: str) -> None:
        """One command."""
        command = count_request(str(uuid4()))
        metadata = ((AUTHORIZATION, f"{BEARER}{token}"), (TRACEPARENT, traceparent))
        with grpc.insecure_channel(self._api) as channel:
            send = channel.unary_unary(
                f"/{COUNTING.full_name}/Count", type(command).SerializeToString
            )
            send(command, metadata=metadata, timeout=PATIENCE)

    def steps(self, trace: str) -> set[tuple[str, str]]:
        """What was told of a trace: process and name."""
        return {(span.process, span.name) for span in self.taking.spans(trace)}


@pytest.fixture
def system(
    new_of_kernel: Callable[[str], Store],
    tallying: Store,
    broker: LocalServers,
    secrets_dir: Path,
    tmp_path: Path,
) -> Iterator[System]:
    declare_empty(broker, TOPIC)
    counting = new_of_kernel("attendance")
    listen, *ports = free_ports(4)
    api, health = f"{LOOPBACK}:{listen}", [f"{LOOPBACK}:{port}" for port in ports]
    with ExitStack() as opened:
        taking, traced = opened.enter_context(collector())
        processes = [
            process_of(
                counting,
                secrets_dir,
                tmp_path,
                ["-m", counting_service.__name__, kind],
                service="attendance",
                kafka=broker.bootstrap,
                told={"NINEHOURS_LISTEN": api, "NINEHOURS_HEALTH_LISTEN": watched, **traced},
            )
            for kind, watched in zip(("api", "relay"), health, strict=False)
        ]
        kafka = {"kafka": broker.bootstrap, "peer": api, "health": health[-1]}
        processes.append(consumer(tallying, secrets_dir, tmp_path, beside=traced, **kafka))
        running = [opened.enter_context(process) for process in processes]

        def all_serve() -> bool:
            assert [each.poll() for each in running] == [None] * 3, (tmp_path / "log").read_text()
            return all(map(serves, health))

        until(all_serve)
        yield System(api, counting, tallying, taking)


def last_published(store: Store) -> str:
    """The `traceparent` of what was published last."""
    [*_, row] = ask(store, "SELECT * FROM published ORDER BY position")
    return envelope_of(row, source="/services/x", epoch=1).traceparent


def test_one_trace_leads_from_a_command_through_kafka_to_the_derived_row(
    system: System, secrets_dir: Path
) -> None:
    life = timedelta(minutes=30)
    token = Issuer(secrets_dir, PEOPLE).token("staff/ada", ["operator"], ["*"], "OPERATIONS", life)
    asked = traceparent()
    system.count(token, asked)
    until(lambda: len(system.taking.spans(trace_of(asked))) >= len(STEPS))
    told = system.taking.spans(trace_of(asked))
    assert sorted((span.process, span.name) for span in told) == sorted(STEPS)
    by_name = {span.name: span for span in told}
    call, append = by_name[COUNT], by_name["append"]
    assert call.parent == asked.split("-")[2]
    assert append.parent == call.id
    assert {by_name[name].parent for name in ("send", "hear", "derive")} == {append.id}

    # The row is there, and what is told of it goes on from there.
    assert ask(system.tallying, "SELECT kind FROM derived") == [("tally",)]
    derived = last_published(system.tallying)
    assert trace_of(derived) == trace_of(asked)
    assert derived.split("-")[2] == by_name["derive"].id

    # Nobody is named: what is said has the values of metrics' labels.
    assert {value for span in told for value in span.attributes.values()} == SAID
    sent = b"".join(request.SerializeToString() for request in system.taking.requests)
    assert b"attendance" in sent
    assert ADA.partition("/")[2].encode() not in sent

    # Nonsense is passed over: the command goes through, in a trace of its own.
    for nonsense in ("Jane Doe", f"00-{'0' * 32}-{'b' * 16}-01", f"{asked}-more"):
        system.count(token, nonsense)
        begun = trace_of(last_published(system.counting))
        assert begun not in (trace_of(asked), "0" * 32)
        until(lambda trace=begun: system.steps(trace) >= STEPS)  # type: ignore[misc]
    assert len(system.taking.spans(trace_of(asked))) == len(STEPS)
