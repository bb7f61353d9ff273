"""What a story is played on: the live system (gateway.py), or nothing at all (rehearsal.py)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar
from uuid import NAMESPACE_URL, UUID, uuid5

EVERY_SITE = ("*",)
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who gives commands, by the token they would hold."""

    role: str
    subject: str
    purpose: str
    sites: tuple[str, ...] = EVERY_SITE


class StoryFailed(Exception):
    """The story can't go on: the message says what it needs, and what there is instead."""


class Stage(Protocol):
    """Where commands are given, questions asked, and what was said is awaited."""

    def enter(self, who: str, person: Person) -> None:
        """From here on `who` speaks as that person."""
        ...

    def scene(self, title: str) -> None:
        """What follows, for those who watch."""
        ...

    def tell(self, who: str, step: str, request: Any, now: datetime) -> Any:
        """Give a command at a business time; `step` names it once in the story. Its answer."""
        ...

    def ask(self, who: str, request: Any) -> Any:
        """A question whose answer later commands need."""
        ...

    def together(self, tasks: Iterable[Callable[[], T]]) -> Sequence[T]:
        """Do what does not depend on one another; answers in the order of the tasks."""
        ...

    def settle(self) -> None:
        """Wait until every service heard the others, and derived what follows."""
        ...


def command_id(seed: int, step: str) -> UUID:
    """The same step of the same seed is the same command: repeated, it is applied once."""
    return uuid5(NAMESPACE_URL, f"https://ninehours.invalid/story/{seed}/{step}")
