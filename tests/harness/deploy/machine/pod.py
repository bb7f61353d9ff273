"""A pod on this machine, as kubelet runs it: what it mounts, its probes, its end."""

import http.client
import os
import signal
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

from ninehours.local.process import tail
from tests.harness.deploy.cell import Cell, Object, Workload
from tests.harness.deploy.dockerfile import Stage
from tests.harness.deploy.machine.container import PATH, Container, Engine

Secrets = Mapping[str, Mapping[str, bytes]]
"""What each Secret holds, by its keys."""
UNITS = {"Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30}
GRACE = 30  # seconds, where a manifest says none; likewise the defaults of probes below
UNVERIFIED = ssl.create_default_context()
UNVERIFIED.check_hostname = False
UNVERIFIED.verify_mode = ssl.CERT_NONE


class PodFailed(Exception):
    """A pod isn't as its manifest says; the text says which, how, and how its log ends."""


class Probe:
    """One probe, asked in its own time."""

    def __init__(self, spec: Object, port: int) -> None:
        self._get = spec["httpGet"]
        self._port = port
        self._period = spec.get("periodSeconds", 10)
        self._timeout = spec.get("timeoutSeconds", 1)
        self.threshold = spec.get("failureThreshold", 3)
        self.due = time.monotonic() + spec.get("initialDelaySeconds", 0)
        self.failures = 0

    @property
    def patience(self) -> int:
        """Seconds after which what never succeeded has failed."""
        return int(self._period * self.threshold)

    @property
    def failed(self) -> bool:
        return bool(self.failures >= self.threshold)

    def ask(self, address: str) -> bool:
        """Whether it says yes; who asks shows no certificate, and believes any."""
        self.due = max(self.due + self._period, time.monotonic())
        answered = self._answered(address)
        self.failures = 0 if answered else self.failures + 1
        return answered

    def _answered(self, address: str) -> bool:
        made: dict[str, Callable[[], http.client.HTTPConnection]] = {
            "HTTP": lambda: http.client.HTTPConnection(address, self._port, self._timeout),
            "HTTPS": lambda: http.client.HTTPSConnection(
                address, self._port, timeout=self._timeout, context=UNVERIFIED
            ),
        }
        with closing(made[self._get.get("scheme", "HTTP")]()) as asked:
            try:
                asked.request("GET", self._get["path"])
                return asked.getresponse().status in range(200, 400)
            except (OSError, http.client.HTTPException):
                return False


class Pod:
    """One pod; it is given its address, and tells `changed` whatever becomes of it."""

    def __init__(
        self,
        engine: Engine,
        image: Stage,
        cell: Cell,
        secrets: Secrets,
        workload: Workload,
        *,
        name: str,
        address: str,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self.workload, self.name, self.address = workload, name, address
        self.ending = False
        self.ready_since: float | None = None
        self.fault = ""
        self.took = 0.0
        """Seconds from when it was told to end until it had."""
        self.most_memory = 0
        """Bytes."""
        self._engine, self._image, self._cell, self._secrets = engine, image, cell, secrets
        self._changed = changed
        self._folder: Path = engine.folder / "pods" / f"{name}-{address}"
        self._process: subprocess.Popen[bytes] | None = None
        self._probing = threading.Event()

    @property
    def ready(self) -> bool:
        """By its own word."""
        return self.ready_since is not None

    def available_for(self, seconds: float) -> bool:
        """Whether it was ready so long."""
        since = self.ready_since
        return since is not None and time.monotonic() - since >= seconds

    @property
    def log(self) -> Path:
        return self._folder / "log"

    @property
    def grace(self) -> int:
        """Seconds."""
        return int(self.workload.pod.get("terminationGracePeriodSeconds", GRACE))

    @property
    def memory_limit(self) -> int:
        """Bytes."""
        return _bytes(self.workload.container["resources"]["limits"]["memory"])

    def port(self, named: str | int) -> int:
        """By its name in the manifest."""
        ports = {port["name"]: port["containerPort"] for port in self.workload.container["ports"]}
        return int(ports.get(named, named))

    def start(self) -> None:
        """Its process, and its probes."""
        self._process = self._engine.start(self.container(), self.log)
        self._engine.soon(self._probe)

    def run(self) -> int:
        """Until it ends by itself: its status."""
        self._process = self._engine.start(self.container(), self.log)
        return self._process.wait()

    def stop(self) -> None:
        """As kubelet does: preStop, SIGTERM, and what hasn't ended within its grace is killed."""
        process = self._process
        assert process is not None
        self.ending = True
        self._changed()
        began = time.monotonic()
        before = self.workload.container.get("lifecycle", {}).get("preStop", {})
        assert not set(before) - {"sleep"}, before
        time.sleep(before.get("sleep", {}).get("seconds", 0))
        self._probing.set()
        self._look_at_memory()
        process.send_signal(signal.SIGTERM)
        try:
            status = process.wait(max(self.grace - (time.monotonic() - began), 0))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            self._failed(f"didn't end within {self.grace} s")
        else:
            if status not in (0, -signal.SIGTERM):
                self._failed(f"ended with {status}")
        self.took = time.monotonic() - began
        self._changed()

    def check(self) -> None:
        """PodFailed where something isn't as it should be."""
        if self.fault:
            raise PodFailed(f"{self.name} {self.fault}; its log ends:\n{tail(self.log, 30)}")

    def container(self) -> Container:
        """All that its manifest says of it."""
        pod, spec = self.workload.pod, self.workload.container
        context = {**pod.get("securityContext", {}), **spec.get("securityContext", {})}
        assert context["readOnlyRootFilesystem"]
        group = context.get("fsGroup", context["runAsGroup"])
        volumes = {each["name"]: each for each in pod["volumes"]}
        binds = [(each, f"/{each.name}") for each in sorted(self._image.root.iterdir())]
        empty = []
        for mounted in spec["volumeMounts"]:
            volume, target = volumes[mounted["name"]], mounted["mountPath"]
            if "emptyDir" in volume:
                empty.append((target, _bytes(volume["emptyDir"].get("sizeLimit", "1Gi"))))
            else:
                assert mounted["readOnly"], f"{self.name} may write to {target}"
                binds.append((self._written(volume, group), target))
        return Container(
            argv=self._cell.command(self.workload, self.name, self.address),
            env={
                "PATH": PATH,
                "HOSTNAME": self.name,
                **self._image.variables,
                **self._cell.environment(self.workload, self.name, self.address),
            },
            user=context["runAsUser"],
            group=context["runAsGroup"],
            groups=[group],
            folder=self._image.folder,
            binds=binds,
            empty=empty,
        )

    def _written(self, volume: Object, group: int) -> Path:
        """A volume of files, as kubelet writes it: behind a link that could be swapped."""
        told = volume.get("secret") or volume.get("configMap") or volume["projected"]
        folder: Path = self._folder / "volumes" / volume["name"]
        files = folder / "..now"
        files.mkdir(parents=True)
        (folder / "..data").symlink_to(files.name)
        for name, content in self._files(volume):
            (files / name).write_bytes(content)
            os.chown(files / name, 0, group)
            (files / name).chmod(told.get("defaultMode", 0o644))
            (folder / name).symlink_to(Path("..data", name))
        return folder

    def _files(self, volume: Object) -> Iterator[tuple[str, bytes]]:
        for source in volume.get("projected", {}).get("sources", [volume]):
            if "secret" in source:
                told = source["secret"]
                found = self._secrets[told.get("secretName") or told["name"]]
            else:
                told = source["configMap"]
                data = self._cell.one("ConfigMap", told["name"])["data"]
                found = {name: text.encode() for name, text in data.items()}
            items = told.get("items") or [{"key": key, "path": key} for key in found]
            yield from ((item["path"], found[item["key"]]) for item in items)

    def _probe(self) -> None:
        """Startup until it succeeds; then both others, for as long as it isn't told to end."""
        try:
            if self._asked(startup := self._probe_of("startupProbe")):
                self._watch(self._probe_of("readinessProbe"), self._probe_of("livenessProbe"))
            elif not self._probing.is_set():
                self._failed(f"hasn't started within {startup.patience} s")
        except PodFailed as failed:
            self._failed(str(failed))
        except Exception as error:  # Nobody looks at this thread.
            self._failed(f"couldn't be asked: {error!r}")

    def _asked(self, startup: Probe) -> bool:
        while not startup.failed and not self._wait(startup):
            if startup.ask(self.address):
                return True
        return False

    def _watch(self, readiness: Probe, liveness: Probe) -> None:
        while not self._wait(probe := min(readiness, liveness, key=lambda each: each.due)):
            probe.ask(self.address)
            if probe is liveness and probe.failed:
                raise PodFailed(f"isn't alive any more, asked {probe.threshold} times")
            if probe is readiness:
                ready = not readiness.failures or (self.ready and not readiness.failed)
                if ready is not self.ready:
                    self.ready_since = time.monotonic() if ready else None
                    self._changed()

    def _wait(self, probe: Probe) -> bool:
        """Until it is due; true where there is nothing to ask any more."""
        process = self._process
        if self._probing.wait(max(probe.due - time.monotonic(), 0)):
            return True
        if process is not None and (status := process.poll()) is not None:
            raise PodFailed(f"ended by itself, with {status}")
        self._look_at_memory()
        return False

    def _probe_of(self, kind: str) -> Probe:
        spec = self.workload.container[kind]
        return Probe(spec, self.port(spec["httpGet"]["port"]))

    def _failed(self, how: str) -> None:
        self.fault = self.fault or how
        self.ready_since = None
        self._changed()

    def _look_at_memory(self) -> None:
        assert self._process is not None
        try:
            status = Path(f"/proc/{self._process.pid}/status").read_text()
        except OSError:
            return
        for line in status.splitlines():
            if line.startswith("VmHWM:"):
                self.most_memory = max(self.most_memory, int(line.split()[1]) << 10)


def _bytes(quantity: str) -> int:
    return int(quantity[:-2]) * UNITS[quantity[-2:]]
