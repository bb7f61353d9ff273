"""The whole start, with stand-ins for the services: what they are told, and how they are kept."""

import json
import os
import textwrap
from pathlib import Path

import psutil

from ninehours.local import leftovers
from ninehours.local.system import PROCESSES, LocalSystem, serves

# The settings end up in a file; an api says that it serves, the others touch their ready file.
STAND_IN = """
import json, os, pathlib, sys, time
from concurrent import futures
service, kind = sys.argv[0].split(os.sep)[-2], sys.argv[1]
told = {k: v for k, v in os.environ.items() if k.startswith("NINEHOURS_")}
seen = pathlib.Path(os.environ["NINEHOURS_DATA_DIR"]) / "seen"
seen.mkdir(exist_ok=True)
(seen / f"{service}-{kind}").write_text(json.dumps(told))
if kind in ("migrate", "seal"):
    sys.exit(0)
if kind == "api":
    import grpc
    from grpc_health.v1 import health, health_pb2_grpc
    server = grpc.server(futures.ThreadPoolExecutor(2))
    health_pb2_grpc.add_HealthServicer_to_server(health.HealthServicer(), server)
    assert server.add_insecure_port(os.environ["NINEHOURS_HEALTH_LISTEN"])
    server.start()
else:
    pathlib.Path(os.environ["NINEHOURS_READY_FILE"]).touch()
while True:
    time.sleep(60)
"""


def stand_ins(repository: Path) -> None:
    for service in PROCESSES:
        package = repository / "services" / service
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
        (package / "__main__.py").write_text(textwrap.dedent(STAND_IN))


def test_every_process_is_started_told_and_kept(tmp_path: Path) -> None:
    stand_ins(tmp_path / "repository")
    said: list[str] = []
    system = LocalSystem(
        tmp_path / "data",
        progress=said.append,
        clock="caller",
        repository=tmp_path / "repository",
    )
    with system:
        names = {f"{s}-{kind}" for s, kinds in PROCESSES.items() for kind in kinds}
        assert set(system.processes) == names | {"postgres", "kafka"}
        assert all(serves(address) for address in system.health_addresses.values())

        forked = [pid for name, pid in system.processes.items() if name in names]
        assert len({psutil.Process(pid).ppid() for pid in forked} - {os.getpid()}) == 1

        told = json.loads((tmp_path / "data" / "seen" / "billing-stream").read_text())
        assert (told["NINEHOURS_SERVICE"], told["NINEHOURS_NETWORK"]) == ("billing", "local")
        assert told["NINEHOURS_DATABASE_URL"] == system.database_urls["billing"]
        assert told["NINEHOURS_KAFKA"] == system.bootstrap
        assert f"intake={system.addresses['intake']}" in told["NINEHOURS_PEERS"]
        assert told["NINEHOURS_CLOCK"] == "caller" and "NINEHOURS_LISTEN" not in told
        for kind in ("migrate", "seal"):
            assert {path.name for path in (tmp_path / "data" / "seen").glob(f"*-{kind}")} == {
                f"{service}-{kind}" for service in PROCESSES
            }

        for name in ("plans-api", "billing-stream"):
            system.kill(name)
            system.await_back(name, 1)
        assert serves(system.health_addresses["plans"])
        assert 100 < system.memory_mib() < 3000
        assert system.seconds_to_start > 0
    assert leftovers.of_run(str(tmp_path / "data"), run=lambda _: True) == []
    assert said[-1] == "stopping"
