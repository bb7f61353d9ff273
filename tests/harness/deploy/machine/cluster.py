"""A cluster of one machine: pods of a cell's workloads, rolled out as their strategies say."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import count

from ninehours.local.process import tail
from tests.harness.deploy.cell import Cell, Workload
from tests.harness.deploy.dockerfile import Stage
from tests.harness.deploy.machine.container import Engine
from tests.harness.deploy.machine.pod import Pod, PodFailed, Secrets

MOST_REPLICAS = 2
PROGRESS_WITHIN = 600  # seconds, where a manifest says none
AVAILABLE, SURGE = "25%", "25%"  # of a Deployment that says none


class Cluster:
    """`tell` is told what becomes of pods."""

    def __init__(
        self,
        engine: Engine,
        image: Stage,
        cell: Cell,
        secrets: Secrets,
        tell: Callable[[str], None],
    ) -> None:
        self.pods: list[Pod] = []
        self.ended: list[Pod] = []
        self._engine, self._image, self._cell, self._secrets = engine, image, cell, secrets
        self._tell = tell
        self._addresses = (f"127.1.{number // 250}.{number % 250 + 1}" for number in count())
        self._numbers = count()
        self._changed = threading.Condition()

    def run(self, job: Workload) -> None:
        """Until it has ended well."""
        pod = self._pod(job, job.name)
        if status := pod.run():
            raise PodFailed(f"{pod.name} ended with {status}:\n{tail(pod.log, 30)}")
        self._tell(f"{job.name} is done")

    def start(self, workload: Workload) -> None:
        """All of its pods, until they are available."""
        pods = [self._started(workload, name) for name in self._names(workload)]
        self._await(workload, pods)
        self._tell(f"{workload.name} is available")

    def roll_out(self, workload: Workload) -> None:
        """Each of its pods is replaced, as many at once as its strategy lets."""
        if workload.kind == "StatefulSet":
            self._replace_by_number(workload)
        else:
            self._replace_by_surge(workload)
        self._tell(f"{workload.name} is rolled out")

    def stop(self, workload: Workload) -> None:
        """All of its pods."""
        self._engine.together(partial(self._stopped, pod) for pod in self.of(workload))

    def of(self, workload: Workload) -> list[Pod]:
        """Its pods that aren't told to end."""
        with self._changed:
            return [
                pod for pod in self.pods if pod.workload.name == workload.name and not pod.ending
            ]

    def check(self) -> None:
        """PodFailed where any isn't as it should be."""
        for pod in (*self.pods, *self.ended):
            pod.check()

    def _replace_by_number(self, workload: Workload) -> None:
        """From the last to the first, each ready before the next one ends."""
        strategy = workload.spec.get("updateStrategy", {})
        assert strategy.get("type", "RollingUpdate") == "RollingUpdate", strategy
        assert not strategy.get("rollingUpdate"), strategy
        for pod in sorted(self.of(workload), key=lambda pod: pod.name, reverse=True):
            self._stopped(pod)
            self._await(workload, [self._started(workload, pod.name)])

    def _replace_by_surge(self, workload: Workload) -> None:
        """As many more, and as many less, as it says; who ends does so meanwhile."""
        strategy = workload.spec.get("strategy", {})
        assert strategy.get("type", "RollingUpdate") == "RollingUpdate", strategy
        told, wanted = strategy.get("rollingUpdate", {}), self._replicas(workload)
        surge = _share(told.get("maxSurge", SURGE), wanted, up=True)
        fewer = _share(told.get("maxUnavailable", AVAILABLE), wanted, up=False)
        before, ending = self.of(workload), []
        after: list[Pod] = []
        while before or len(after) < wanted:
            while before and len(before) + len(after) > wanted - fewer:
                ending.append(self._engine.soon(self._stopped, before.pop(0)))
            names = self._names(workload)
            more = min(wanted - len(after), wanted + surge - len(before) - len(after))
            fresh = [
                self._started(workload, name) for name, _ in zip(names, range(more), strict=False)
            ]
            self._await(workload, fresh)
            after += fresh
        for each in ending:
            each.result()

    def _started(self, workload: Workload, name: str) -> Pod:
        pod = self._pod(workload, name)
        with self._changed:
            self.pods.append(pod)
        pod.start()
        return pod

    def _stopped(self, pod: Pod) -> None:
        pod.stop()
        with self._changed:
            self.pods.remove(pod)
            self.ended.append(pod)
        pod.check()

    def _pod(self, workload: Workload, name: str) -> Pod:
        with self._changed:
            address = next(self._addresses)
        return Pod(
            self._engine,
            self._image,
            self._cell,
            self._secrets,
            workload,
            name=name,
            address=address,
            changed=self._publish,
        )

    def _await(self, workload: Workload, pods: Sequence[Pod]) -> None:
        """Until all are available; within what the manifest gives them to start and to get on."""
        until = time.monotonic() + workload.spec.get("progressDeadlineSeconds", PROGRESS_WITHIN)
        steady = workload.spec.get("minReadySeconds", 0)
        with self._changed:
            while True:
                for pod in pods:
                    pod.check()
                missing = [pod.name for pod in pods if not pod.available_for(steady)]
                if not missing:
                    return
                if time.monotonic() > until:
                    raise PodFailed(f"{', '.join(missing)}: not available in time")
                self._changed.wait(1.0)

    def _publish(self) -> None:
        """Names of Services stand for the pods that are ready and stay."""
        with self._changed:
            self._engine.names.put(
                {
                    service["metadata"]["name"]: [
                        pod.address
                        for pod in self.pods
                        if pod.ready
                        and not pod.ending
                        and service["spec"]["selector"].items() <= pod.workload.labels.items()
                    ]
                    for service in self._cell.all("Service")
                }
            )
            self._changed.notify_all()

    def _replicas(self, workload: Workload) -> int:
        """As many as it says, or whoever scales it, and no more than there is room for."""
        scaled = {
            each["spec"]["scaleTargetRef"]["name"]: each["spec"]["minReplicaCount"]
            for each in self._cell.all("ScaledObject")
        }
        return min(int(workload.spec.get("replicas", scaled.get(workload.name, 1))), MOST_REPLICAS)

    def _names(self, workload: Workload) -> Iterator[str]:
        """As whoever makes its pods calls them."""
        wanted = self._replicas(workload)
        if workload.kind == "StatefulSet":
            assert workload.spec["podManagementPolicy"] == "Parallel"
            return (f"{workload.name}-{number}" for number in range(wanted))
        return (f"{workload.name}-{next(self._numbers):05x}" for _ in range(wanted))


def _share(told: int | str, of: int, *, up: bool) -> int:
    """A number, or a percentage of so many."""
    if isinstance(told, int):
        return told
    hundredths = int(told.removesuffix("%")) * of
    return -(-hundredths // 100) if up else hundredths // 100
