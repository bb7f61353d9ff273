"""The system that the story is played on, asked patiently, and by whose tokens."""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self, TypeVar
from uuid import NAMESPACE_URL, UUID, uuid5

import grpc
from google.protobuf.message import Message

from kernel.rpc.channel import Channel
from kernel.rpc.connections import Connections
from kernel.rpc.remote_refusal import RemoteRefusal
from kernel.rpc.tokens import Actor, Issuer, renewed_tokens
from kernel.secrets import PEOPLE
from kernel.sites import EVERY_SITE
from ninehours.story.catching_up import wait_until_caught_up

T = TypeVar("T")
LIFETIME = timedelta(hours=1)
DEADLINE, PATIENCE = 60.0, 180.0  # seconds: of one attempt, and of all
PAUSE = 0.1  # seconds before a command is repeated; the client's own pauses come before it
# A repeated command is the same command: asking again after these harms nothing.
AGAIN = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.ABORTED,
        grpc.StatusCode.UNKNOWN,
    }
)


def actor(role: str, subject: str, purpose: str, sites: Iterable[str] = (EVERY_SITE,)) -> Actor:
    """Somebody in one role; for the whole network, unless sites are named."""
    return Actor(id=subject, roles=frozenset({role}), sites=frozenset(sites), purpose=purpose)


MANAGER = actor("administrator", "person/administrator", "OPERATIONS")
BILLER = actor("biller", "person/biller-1", "PAYMENT")
SECOND_BILLER = actor("biller", "person/biller-2", "PAYMENT")
OPERATOR = actor("operator", "person/operator", "OPERATIONS")
# Sees scores and reasons, which an operator is not told.
AUDITOR = actor("clinician", "person/clinical-auditor", "TREATMENT")
PHYSICIAN = actor("clinician", "person/physician", "TREATMENT")


class BrokenOff(Exception):
    """The play was broken off: no more commands are given."""


def connect(channel_to: Callable[[str], Channel], people_dir: Path) -> Connections[Actor]:
    """The services, for whoever the keys of people let speak."""
    issuer = Issuer(people_dir, PEOPLE)
    return Connections(channel_to, lambda actor: renewed_tokens(issuer, actor, LIFETIME))


class Gateway:
    """Gives a story's commands and asks its questions, each for at most PATIENCE seconds.

    `on_command(count)` is called before each command, `count` beginning with 1 (with several
    workers from several threads, one at a time).
    """

    def __init__(
        self,
        services: Connections[Actor],
        *,
        seed: int,
        workers: int = 4,
        on_command: Callable[[int], None] = lambda _: None,
    ) -> None:
        self.seconds_catching_up = 0.0
        self._services = services
        self._seed = seed
        self._on_command = on_command
        self._commands = 0
        self._counting = threading.Lock()
        self._broken_off = threading.Event()
        self._pool = ThreadPoolExecutor(workers, "story") if workers > 1 else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Break off what is under way, and give connections and threads back."""
        self._broken_off.set()
        self._services.close()
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def give(self, actor: Actor, step: str, request: Any, now: datetime) -> Any:
        """The answer to a command at a business time; `step` names it once in the story."""
        request.meta.command_id = str(command_id(self._seed, step))
        with self._counting:
            if self._broken_off.is_set():
                raise BrokenOff
            self._commands += 1
            self._on_command(self._commands)
        return self.ask(actor, request, now=now)

    def ask(
        self,
        actor: Actor,
        request: Message,
        *,
        service: str = "",
        now: datetime | None = None,
        deadline: float = DEADLINE,
        patience: float = PATIENCE,
    ) -> Any:
        """The answer to a question; asked again while its service is away, for `patience` seconds.

        `service`: for what every service answers.
        """
        until = time.monotonic() + patience
        while True:
            try:
                return self._services.ask(
                    actor, request, service=service, now=now, deadline=deadline
                )
            except RemoteRefusal as refusal:
                if self._broken_off.is_set():
                    raise BrokenOff from None
                if refusal.code not in AGAIN or time.monotonic() >= until:
                    raise
                self._broken_off.wait(PAUSE)
            except ValueError:
                # What connections say that were closed meanwhile.
                if self._broken_off.is_set():
                    raise BrokenOff from None
                raise

    def ask_operator(self, service: str, request: Message, *, deadline: float = 0.0) -> Any:
        """What every service answers its operator; with a deadline it is asked but once."""
        if not deadline:
            return self.ask(OPERATOR, request, service=service)
        return self.ask(OPERATOR, request, service=service, deadline=deadline, patience=0.0)

    def together(self, tasks: Iterable[Callable[[], T]]) -> Sequence[T]:
        """Do what does not depend on one another; answers in the order of the tasks."""
        if self._pool is None:
            return [task() for task in tasks]
        begun = [self._pool.submit(task) for task in tasks]
        return [future.result() for future in begun]

    def catch_up(self) -> None:
        """Wait until every service heard the others, and projected what follows."""
        began = time.monotonic()
        wait_until_caught_up(self.ask_operator)
        self.seconds_catching_up += time.monotonic() - began


def command_id(seed: int, step: str) -> UUID:
    """The same step of the same seed is the same command: repeated, it is applied once."""
    return uuid5(NAMESPACE_URL, f"https://ninehours.invalid/story/{seed}/{step}")
