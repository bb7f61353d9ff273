"""A roll-out, there and back and there again, while the story's commands go on."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import partial

from ninehours.exchange.v1 import operating_service_pb2 as operating

from kernel.services import SERVICES
from ninehours.cli.connection import Services
from ninehours.local.probes import await_until, together
from ninehours.story.catching_up import Ask, parked, wait_until_caught_up
from ninehours.story.gateway import PATIENCE
from tests.harness.upgrade.fleet import Fleet, replicas
from tests.harness.upgrade.installation import Installation, Replica
from tests.harness.upgrade.release import Release
from tests.system.verified import checks_of

# As docs/operations.md has it: a service hears before it answers, and intake is before billing.
IN_ORDER = ("intake", "plans", "attendance", "billing")

RESTS = (
    LAST_ALONE := "the last release",
    MIGRATED := "the last release on today's schema",
    FORTH := "half-way: today's release is heard by the last one",
    TODAYS := "today's release",
    BACK := "rolled back half-way: the last release is heard by today's",
    TODAY_ALONE := "today's release, and nothing of the last",
)


Told = Mapping[tuple[str, tuple[str, ...]], int]
"""A service, and its projections' code → rows that they wrote, and facts published."""
TOLD = """
SELECT (SELECT coalesce(array_agg(code ORDER BY derivation), '{}') FROM derivation_code),
       (SELECT count(*) FROM derived) + (SELECT count(*) FROM published)
"""


@dataclass(kw_only=True)
class Rest:
    """What was found when commands stood still, everything heard and nothing pending."""

    runs: Mapping[Replica, Release]
    parked: Mapping[str, Sequence[str]]
    verified: Mapping[tuple[str, Release], int]
    """A service, asked of each release that answers for it → how many checks were made."""
    findings: Sequence[str]
    told: Told
    told_after_restart: Told
    """The same, once every consumer that started last was started again."""


@dataclass(frozen=True, slots=True)
class Step:
    """Something done to the fleet; commands go on beside it, unless it is a rest."""

    do: Callable[[], None]
    alone: bool = False


class Rollout:
    """Called before each command, it begins a step where its time has come.

    A step begins once the one before has ended, and as many commands go on beside it as beside any
    other: the next one's wait for it. `answered` tells how many commands were.
    """

    answered: Callable[[], int]

    def __init__(self, fleet: Fleet, commands: int, ask: Ask) -> None:
        self.rests: dict[str, Rest] = {}
        self.rebuilt: list[Told] = []
        """Each time that a release derived everything again."""
        self._fleet = fleet
        self._ask = ask
        steps = list(self._steps())
        # The first commands open the network and admit.
        first, last = commands * 3 // 10, commands * 9 // 10
        self._plan = {first + (last - first) * at // len(steps): s for at, s in enumerate(steps)}
        assert len(self._plan) == len(steps)
        self._steps_begun = ThreadPoolExecutor(1, "rollout")
        self._under_way: Future[None] | None = None

    def __call__(self, count: int) -> None:
        """Before the command of that count, counted from 1."""
        if (step := self._plan.get(count)) is None:
            return
        self._wait()
        if step.alone:
            # Each is given up by itself after its patience.
            await_until(lambda: self.answered() == count - 1, 2 * PATIENCE, "commands under way")
        self._under_way = self._steps_begun.submit(step.do)
        if step.alone:
            self._wait()

    def finish(self) -> None:
        """Until all that was begun has ended; raises what the last step failed with."""
        self._wait()
        self._steps_begun.shutdown()

    def _wait(self) -> None:
        if self._under_way is not None:
            self._under_way.result()

    def _steps(self) -> Iterator[Step]:
        fleet, last, today = self._fleet, self._fleet.last, self._fleet.today
        yield self._rest(LAST_ALONE)
        yield Step(last.make_way)
        yield Step(lambda: fleet.run_once("migrate", today))
        yield self._rest(MIGRATED)
        forth = replicas(IN_ORDER)
        middle = 2 * len(replicas(IN_ORDER[:1])) - 1
        yield from self._replacing(forth[:middle], today)
        yield self._rest(FORTH)
        yield from self._replacing(forth[middle:], today)
        yield Step(self._rebuild_with_each, alone=True)
        yield self._rest(TODAYS)
        back = replicas(IN_ORDER[:2])[1:]
        yield from self._replacing(back[::-1], last)
        yield self._rest(BACK)
        yield from self._replacing(back, today)
        yield Step(last.end)
        yield Step(lambda: fleet.run_once("seal", today))
        yield self._rest(TODAY_ALONE)

    def _replacing(self, those: Iterable[Replica], installed: Installation) -> Iterator[Step]:
        return (Step(partial(self._fleet.replace, each, installed)) for each in those)

    def _rest(self, name: str) -> Step:
        return Step(partial(self._take_rest, name), alone=True)

    def _take_rest(self, name: str) -> None:
        wait_until_caught_up(self._ask)
        told = self._told()
        together(*(partial(self._fleet.restart, each) for each in self._deriving()))
        wait_until_caught_up(self._ask)
        checks = {
            (service, release): self._verified(service, address)
            for (service, release), address in self._fleet.answering().items()
        }
        self.rests[name] = Rest(
            runs={replica: each.release for replica, each in self._fleet.runs.items()},
            parked={
                service: [each.id for each in them] for service, them in parked(self._ask).items()
            },
            verified={asked: len(said) for asked, said in checks.items()},
            findings=[
                f"{found.reason} {found.about}"
                for said in checks.values()
                for check in said
                for found in check.findings
            ],
            told=told,
            told_after_restart=self._told(),
        )

    def _deriving(self) -> list[Replica]:
        """Of each service the consumer that started last: where codes differ, it derives."""
        return [self._fleet.started_last(service, "stream") for service in SERVICES]

    def _verified(self, service: str, address: str) -> list[operating.VerifyResponse]:
        with closing(Services({service: address}, self._fleet.people_dir)) as services:
            return checks_of(services, service)

    def _told(self) -> Told:
        told = {}
        for service in SERVICES:
            with self._fleet.connect(service) as connection:
                [codes, revisions] = connection.execute(TOLD).fetchone() or ((), 0)
            told[service, tuple(codes)] = revisions
        return told

    def _rebuild_with_each(self) -> None:
        """Both releases derive everything again; today's last, as it stays."""
        wait_until_caught_up(self._ask)
        for installed in (self._fleet.today, self._fleet.last, self._fleet.today):
            self._fleet.run_once("rebuild", installed)
            self.rebuilt.append(self._told())
