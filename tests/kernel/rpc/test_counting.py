"""Calls are counted, each once, by how they ended; of what nobody declared nothing is told."""

from uuid import uuid4

import grpc
import pytest
from ninehours.exchange.v1 import published_log_service_pb2 as log_pb2

from kernel.refusal import NotAllowed, Stale
from kernel.rpc.remote_refusal import RemoteRefusal
from kernel.watching.metrics import METRICS
from tests.harness.kernel.health import assert_counts
from tests.harness.kernel.rpc import LOG, Ask, Log, Serve, raw_read

READ = {"grpc_type": "unary", "grpc_service": LOG.full_name, "grpc_method": "Read"}


def test_a_call_is_counted_once_by_its_code_and_its_seconds(serve: Serve, ask: Ask) -> None:
    server = serve({LOG: Log()})
    client = ask(server, LOG)
    with assert_counts(
        ("grpc_server_started_total", READ, 3),
        ("grpc_server_handled_total", {**READ, "grpc_code": "OK"}, 2),
        ("grpc_server_handled_total", {**READ, "grpc_code": "Unauthenticated"}, 1),
        ("grpc_server_handling_seconds_count", READ, 3),
    ):
        client.Read(log_pb2.ReadRequest())
        client.Read(log_pb2.ReadRequest())
        with pytest.raises(grpc.RpcError):
            raw_read(server, authorization="Bearer nobody's")


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (NotAllowed("NO", "no"), "PermissionDenied"),
        (Stale("VERSION_CONFLICT", "no"), "Aborted"),
        (RuntimeError("nobody foresaw it"), "Internal"),
    ],
)
def test_a_refusal_is_counted_by_its_code(
    serve: Serve, ask: Ask, raised: Exception, code: str
) -> None:
    client = ask(serve({LOG: Log(raised)}), LOG)
    with (
        assert_counts(("grpc_server_handled_total", {**READ, "grpc_code": code}, 1)),
        pytest.raises(RemoteRefusal),
    ):
        client.Read(log_pb2.ReadRequest())


def test_declared_rpcs_are_told_before_they_are_called_and_others_never(serve: Serve) -> None:
    server = serve({LOG: Log()})
    heads = {**READ, "grpc_method": "Heads"}
    assert METRICS.get_sample_value("grpc_server_started_total", heads) is not None
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        for method in (f"{LOG.full_name}/{uuid4()}", f"{uuid4()}/Read"):
            with pytest.raises(grpc.RpcError):
                channel.unary_unary(f"/{method}", None, None)(b"")
    told = {
        sample.labels["grpc_method"]
        for metric in METRICS.collect()
        for sample in metric.samples
        if sample.labels.get("grpc_service") == LOG.full_name
    }
    assert told == {"Read", "Heads"}
