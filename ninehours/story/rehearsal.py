"""The story played on nothing: how many commands it has, which, by whom and when."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from google.protobuf.message import Message

from kernel.rpc.rpcs import rpc_of, service_of
from ninehours.story.made_up import MadeUp
from ninehours.story.people import Cast
from ninehours.story.plot import play
from ninehours.story.stage import Person, command_id

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One command of the story."""

    step: str
    person: Person
    service: str
    rpc: str
    request: Message
    now: datetime
    scene: str


@dataclass(slots=True, kw_only=True)
class Rehearsal:
    """A stage that answers with what is made up, and looks at nothing."""

    seed: int
    told: list[Told] = field(default_factory=list)
    scenes: list[str] = field(default_factory=list)
    people: dict[str, Person] = field(default_factory=dict)
    _answers: MadeUp = field(default_factory=MadeUp)

    def enter(self, who: str, person: Person) -> None:
        self.people[who] = person

    def scene(self, title: str) -> None:
        self.scenes.append(title)

    def tell(self, who: str, step: str, request: Any, now: datetime) -> Any:
        service, rpc = service_of(request), rpc_of(request).name
        self.told.append(
            Told(
                step=step,
                person=self.people[who],
                service=service,
                rpc=rpc,
                request=request,
                now=now,
                scene=self.scenes[-1],
            )
        )
        return self._answers.to_command(request, command_id(self.seed, step))

    def ask(self, _: str, request: Any) -> Any:
        return self._answers.to_question(request)

    def together(self, tasks: Iterable[Callable[[], T]]) -> Sequence[T]:
        return [task() for task in tasks]

    def settle(self) -> None:
        """Nothing is ever on its way."""


def rehearse(cast: Cast) -> Rehearsal:
    """The whole story, command by command, in the order of a play by one worker."""
    stage = Rehearsal(seed=cast.seed)
    play(stage, cast)
    return stage
