"""The reader of manifests on manifests of another application: what it runs, and what it finds.

Named by `make rehearsal` alone: it takes root, as the rehearsal does.
"""

import http.client
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from kernel.services import SERVICES
from tests.harness.deploy.cell import Cell, Object, Workload
from tests.harness.deploy.dockerfile import Stage
from tests.harness.deploy.machine import container
from tests.harness.deploy.machine.cluster import Cluster
from tests.harness.deploy.machine.container import Engine
from tests.harness.deploy.machine.pod import PodFailed

APPLICATION = """
import http.server, json, os, pathlib, signal, socket, sys, time

mode = os.environ.get("MODE", "")
asked = 0

def report():
    try:
        pathlib.Path("/opt/app/written").write_text("")
        writes = True
    except OSError:
        writes = False
    pathlib.Path("/tmp/written").write_text("")
    status = dict(
        line.split(":", 1) for line in pathlib.Path("/proc/self/status").read_text().splitlines()
    )
    return {
        "argv": sys.argv[1:],
        "env": dict(os.environ),
        "ids": [os.getuid(), os.getgid(), *os.getgroups()],
        "writes": writes,
        "may": [status[name].strip() for name in ("CapEff", "CapPrm", "NoNewPrivs")],
        "secret": pathlib.Path("/etc/app/secret/word").read_text(),
        "config": pathlib.Path("/etc/app/config/greeting").read_text(),
        "mode": oct(os.stat("/etc/app/secret/word").st_mode & 0o777),
        "knows": sorted({each[4][0] for each in socket.getaddrinfo("hello", 8080)}),
    }

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        global asked
        asked += self.path == "/livez"
        well = not (mode == "dies" and asked > 1)
        body = json.dumps(report()) if self.path == "/report" else ""
        self.send_response(200 if well else 500)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        pass

if mode == "ends":
    sys.exit(3)
if mode == "silent":
    time.sleep(60)
if mode == "stays":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
address, _, port = os.environ["LISTEN"].partition(":")
http.server.ThreadingHTTPServer((address, int(port)), Handler).serve_forever()
"""

MANIFESTS = """
apiVersion: v1
kind: ConfigMap
metadata: {name: words}
data: {greeting: good morning, NAME: Ada}
---
apiVersion: v1
kind: Service
metadata: {name: hello}
spec:
  clusterIP: None
  selector: {app: hello}
  ports: [{name: web, port: 8080, targetPort: web}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: hello}
spec:
  replicas: 2
  strategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}
  template:
    metadata: {labels: {app: hello}}
    spec:
      terminationGracePeriodSeconds: 2
      securityContext: {runAsUser: 12345, runAsGroup: 12345, fsGroup: 12346}
      containers:
        - name: process
          command: [python, /opt/app/hello.py, $(NAME), $(NOBODY)]
          args: [--at, $(LISTEN)]
          envFrom: [{configMapRef: {name: words}}]
          env:
            - {name: POD_IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
            - {name: LISTEN, value: "$(POD_IP):8080"}
            - {name: GREETING, valueFrom: {configMapKeyRef: {name: words, key: greeting}}}
          ports: [{name: web, containerPort: 8080}]
          securityContext: {readOnlyRootFilesystem: true}
          resources: {limits: {memory: 64Mi}}
          startupProbe: {httpGet: {path: /, port: web}, periodSeconds: 1, failureThreshold: 60}
          readinessProbe: {httpGet: {path: /, port: web}, periodSeconds: 1, failureThreshold: 2}
          livenessProbe: {httpGet: {path: /livez, port: web}, periodSeconds: 1, failureThreshold: 2}
          volumeMounts:
            - {name: secret, mountPath: /etc/app/secret, readOnly: true}
            - {name: config, mountPath: /etc/app/config, readOnly: true}
            - {name: tmp, mountPath: /tmp}
      volumes:
        - name: secret
          projected:
            defaultMode: 288
            sources: [{secret: {name: words, items: [{key: first, path: word}]}}]
        - {name: config, configMap: {name: words}}
        - {name: tmp, emptyDir: {sizeLimit: 1Mi}}
"""
SECRETS = {"words": {"first": b"sesame", "second": b"unseen"}}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with Engine(tmp_path / "engine") as engine:
        yield engine


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    root: Path = tmp_path_factory.mktemp("image")
    (root / "opt" / "app").mkdir(parents=True)
    (root / "opt" / "app" / "hello.py").write_text(APPLICATION)
    return Stage("", root, "/opt/app", variables={"OF_THE_IMAGE": "yes"})


Change = Callable[[Object], None]
Begin = Callable[..., tuple[Cluster, Workload]]


@pytest.fixture
def begin(engine: Engine, image: Stage) -> Begin:
    """A cluster of the manifests, with something in the one workload changed."""

    def of(change: Change = lambda _: None) -> tuple[Cluster, Workload]:
        cell = Cell.read(MANIFESTS)
        workload = cell.workload("hello")
        change(workload.whole)
        return Cluster(engine, image, cell, SECRETS, lambda _: None), workload

    return of


def in_container(name: str, value: Any) -> Change:
    def change(whole: Object) -> None:
        whole["spec"]["template"]["spec"]["containers"][0][name] = value

    return change


def mode(name: str) -> Change:
    def change(whole: Object) -> None:
        env = whole["spec"]["template"]["spec"]["containers"][0]["env"]
        env.append({"name": "MODE", "value": name})

    return change


def silent(whole: Object) -> None:
    """And nobody waits for long."""
    mode("silent")(whole)
    whole["spec"]["template"]["spec"]["containers"][0]["startupProbe"]["failureThreshold"] = 2


def reported(address: str) -> Any:
    with closing(http.client.HTTPConnection(address, 8080, timeout=10)) as asked:
        asked.request("GET", "/report")
        return json.loads(asked.getresponse().read())


def test_a_container_is_given_what_its_manifest_says_and_may_no_more(begin: Begin) -> None:
    cluster, hello = begin()
    cluster.start(hello)
    pod, other = cluster.of(hello)
    told = reported(pod.address)
    assert told["argv"] == ["Ada", "$(NOBODY)", "--at", f"{pod.address}:8080"]
    assert told["env"]["GREETING"] == "good morning"
    assert told["env"]["OF_THE_IMAGE"] == "yes"
    assert not [name for name in told["env"] if name.startswith(("PYTEST", "HOME", "VIRTUAL"))]
    assert told["ids"] == [12345, 12345, 12346]
    assert told["may"] == ["0000000000000000", "0000000000000000", "1"]
    assert not told["writes"]
    assert (told["secret"], told["mode"]) == ("sesame", "0o440")
    assert told["config"] == "good morning"
    assert told["knows"] == sorted([pod.address, other.address])
    cluster.stop(hello)
    assert [each.fault for each in cluster.ended] == ["", ""]


def test_a_roll_out_takes_as_many_more_as_it_may_and_leaves_enough(begin: Begin) -> None:
    cluster, hello = begin()
    cluster.start(hello)
    before = {pod.address for pod in cluster.of(hello)}
    over, counted = threading.Event(), set()

    def count() -> None:
        while not over.wait(0.01):
            there = cluster.of(hello)
            counted.add((len(there), sum(pod.ready for pod in there)))

    counting = threading.Thread(target=count)
    counting.start()
    cluster.roll_out(hello)
    over.set()
    counting.join()
    assert not before & {pod.address for pod in cluster.of(hello)}
    assert max(most for most, _ in counted) == 3
    assert min(ready for _, ready in counted) == 2


def test_a_stateful_set_is_replaced_from_its_last_number(begin: Begin) -> None:
    def stateful(whole: Object) -> None:
        whole["kind"] = "StatefulSet"
        whole["spec"] |= {"podManagementPolicy": "Parallel", "replicas": 5}
        del whole["spec"]["strategy"]

    cluster, hello = begin(stateful)
    cluster.start(hello)
    assert sorted(pod.name for pod in cluster.of(hello)) == ["hello-0", "hello-1"]
    cluster.roll_out(hello)
    assert [pod.name for pod in cluster.ended] == ["hello-1", "hello-0"]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (mode("ends"), "ended by itself, with 3"),
        (silent, "hasn't started within 2 s"),
        (mode("dies"), "isn't alive any more"),
    ],
)
def test_what_does_not_run_as_its_manifest_says_is_found(
    begin: Begin, wrong: Change, says: str
) -> None:
    cluster, hello = begin(wrong)
    with pytest.raises(PodFailed, match=says):
        cluster.start(hello)
        while not threading.Event().wait(0.1):
            cluster.check()


def test_what_does_not_end_within_its_grace_is_killed_and_found(begin: Begin) -> None:
    cluster, hello = begin(mode("stays"))
    cluster.start(hello)
    with pytest.raises(PodFailed, match="didn't end within 2 s"):
        cluster.stop(hello)


@pytest.mark.parametrize(
    "unknown",
    [
        in_container("lifecycle", {"preStop": {"exec": {"command": ["sleep", "5"]}}}),
        in_container("securityContext", {"readOnlyRootFilesystem": False}),
        in_container("startupProbe", {"tcpSocket": {"port": "web"}}),
    ],
)
def test_what_it_does_not_know_it_refuses(begin: Begin, unknown: Change) -> None:
    cluster, hello = begin(unknown)
    with pytest.raises((AssertionError, KeyError, PodFailed)):
        cluster.start(hello)
        cluster.stop(hello)


def test_it_names_no_service_setting_or_path_of_ours() -> None:
    sources = sorted(Path(container.__file__).parent.glob("*.py"))
    assert len(sources) > 8
    for source in sources:
        lines = source.read_text().splitlines()
        said = "\n".join(line for line in lines if not line.startswith("from "))
        assert not re.search("|".join(["ninehours", *SERVICES]), said, re.IGNORECASE)
