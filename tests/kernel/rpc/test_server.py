"""A server from start to stop: health, reflection, its port, its process."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import grpc
import pytest
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from ninehours.exchange.v1 import published_log_service_pb2 as log_pb2

from kernel.rpc.call import Call
from kernel.rpc.channel import Channel
from kernel.watching.port import HealthPort
from ninehours.local.authority import Authority, Wire
from ninehours.local.probes import free_ports
from ninehours.local.system import serves
from tests.harness.certificates import authority, issued
from tests.harness.kernel.counters import PATIENCE, until
from tests.harness.kernel.health import assert_healthy, told
from tests.harness.kernel.rpc import LOG, Ask, Log, Serve, lines

__all__ = ["authority"]

Code = grpc.StatusCode


def test_a_server_is_ready_while_its_database_answers_and_alive_in_any_case(serve: Serve) -> None:
    states: list[bool] = [False]
    server = serve({LOG: Log()}, ready=lambda: states[0])
    with HealthPort("127.0.0.1:0", server.health) as health:

        def statuses() -> tuple[int, int]:
            return told(health.port, "/readyz")[0], told(health.port, "/livez")[0]

        assert statuses() == (503, 200)
        states[0] = True
        assert statuses() == (200, 200)
        states.clear()  # readiness itself fails
        assert statuses() == (503, 200)


def test_a_stopping_server_says_so_first_and_lets_calls_end(
    serve: Serve, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go = threading.Event(), threading.Event()

    def read(request: log_pb2.ReadRequest, call: Call) -> log_pb2.ReadResponse:
        begun.set()
        go.wait(PATIENCE)
        return log_pb2.ReadResponse(epoch=7)

    servicer = Log()
    monkeypatch.setattr(servicer, "Read", read)
    server = serve({LOG: servicer})
    client = ask(server, LOG)
    assert_healthy(server)
    with ThreadPoolExecutor(2) as pool:
        under_way = pool.submit(client.Read, log_pb2.ReadRequest())
        assert begun.wait(PATIENCE)
        stopping = pool.submit(server.stop, PATIENCE)
        until(lambda: not server.health.is_ready())
        assert not under_way.done()
        go.set()
        assert under_way.result().epoch == 7
        stopping.result()


@pytest.mark.parametrize("environment", ["local", "production"])
def test_reflection_is_for_whoever_holds_a_token_and_nobody_else(
    serve: Serve, environment: str, operator: Callable[[], str], authority: Authority
) -> None:
    server = serve({LOG: Log()}, environment=environment, rpc_tls_dir=issued(authority, "intake"))
    shown = authority.identity("intake", Wire.RPC)

    def reflected(*metadata: tuple[str, str]) -> set[str]:
        with closing(Channel(f"127.0.0.1:{server.port}", "intake", shown)) as channel:
            stub = reflection_pb2_grpc.ServerReflectionStub(channel.current())
            asked = reflection_pb2.ServerReflectionRequest(list_services="")
            [answer] = stub.ServerReflectionInfo(iter([asked]), timeout=PATIENCE, metadata=metadata)
            return {service.name for service in answer.list_services_response.service}

    assert LOG.full_name in reflected(("authorization", f"Bearer {operator()}"))
    for wrong in ((), (("authorization", "Bearer nobody's"),)):
        with pytest.raises(grpc.RpcError) as error:
            reflected(*wrong)
        assert error.value.code() is Code.UNAUTHENTICATED


def test_two_servers_do_not_share_a_port(serve: Serve) -> None:
    first = serve({LOG: Log()})
    with pytest.raises((OSError, RuntimeError)):
        serve({LOG: Log()}, listen=f"127.0.0.1:{first.port}")


PROCESS = """
from kernel import logs
from kernel.config import Settings
from kernel.rpc.server import Server
from kernel.rpc.verifier import Verifier
from kernel.watching.health import Health
from kernel.watching.port import HealthPort
from tests.harness.kernel.rpc import LOG, scope
class Servicer:
    def Read(self, request, call): ...
    def Heads(self, request, call): ...
logs.configure("intake", "api")
settings = Settings.from_environment()
server = Server(
    {LOG: Servicer()}, verifier=Verifier(settings.secrets_dir), scope=scope(), settings=settings,
    health=Health(lambda: True),
)
with HealthPort(settings.health_listen, server.health):
    server.run_until_signal()
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_process_tells_when_it_is_ready_and_ends_at_a_signal(
    secrets_dir: Path, number: signal.Signals
) -> None:
    [port] = free_ports(1)
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([".", "build/generated"]),
        "NINEHOURS_SERVICE": "intake",
        "NINEHOURS_DATABASE_URL": "postgresql://none/none",
        "NINEHOURS_SECRETS_DIR": str(secrets_dir),
        "NINEHOURS_HEALTH_LISTEN": f"127.0.0.1:{port}",
        "NINEHOURS_ENVIRONMENT": "test",
    }
    root = Path(__file__).parents[3]
    with subprocess.Popen(
        [sys.executable, "-c", PROCESS], cwd=root, env=environment, stderr=subprocess.PIPE
    ) as process:
        try:
            until(lambda: serves(f"127.0.0.1:{port}") or process.poll() is not None)
            process.send_signal(number)
            _, written = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
    assert process.returncode == 0, written
    events = [line["event"] for line in lines(written.decode())]
    assert events == ["serving", "stopping", "stopped"]
