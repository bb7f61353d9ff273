"""The story played on nothing: how many commands it has, which, by whom and when."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID, uuid5

from google.protobuf.descriptor_pool import Default
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from ninehours.story.cast import Cast
from ninehours.story.plot import play
from ninehours.story.stage import Person, command_id, service_of

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


@dataclass(slots=True)
class Rehearsal:
    """A stage that answers every command with made-up ids, and looks at nothing."""

    seed: int
    told: list[Told] = field(default_factory=list)
    scenes: list[str] = field(default_factory=list)
    people: dict[str, Person] = field(default_factory=dict)

    def enter(self, who: str, person: Person) -> None:
        self.people[who] = person

    def scene(self, title: str) -> None:
        self.scenes.append(title)

    def tell(self, who: str, step: str, request: Any, now: datetime) -> Any:
        service, rpc = service_of(request)
        self.told.append(
            Told(
                step=step,
                person=self.people[who],
                service=service,
                rpc=rpc,
                request=request,
                now=now,
            )
        )
        return _made_up(request, command_id(self.seed, step))

    def together(self, tasks: Iterable[Callable[[], T]]) -> Sequence[T]:
        return [task() for task in tasks]

    def settle(self) -> None:
        """Nothing is ever on its way."""

    def check(self, _: Callable[[Any], None]) -> None:
        """There is nothing to look at."""


def rehearse(cast: Cast) -> Rehearsal:
    """The whole story, command by command, in the order of a play by one worker."""
    stage = Rehearsal(cast.seed)
    play(stage, cast)
    return stage


def _made_up(request: Message, command: UUID) -> Any:
    """The response's message, every id in it derived from the command's."""
    name = request.DESCRIPTOR.full_name.removesuffix("Request") + "Response"
    response = GetMessageClass(Default().FindMessageTypeByName(name))()
    for each in response.DESCRIPTOR.fields:
        if each.name.endswith("_id"):
            setattr(response, each.name, str(uuid5(command, each.name)))
    return response
