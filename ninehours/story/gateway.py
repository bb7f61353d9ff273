"""The live system as a stage: one client for each person and service, patient, and countable."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import grpc
from google.protobuf.message import Message

from kernel.rpc.connections import Connections
from kernel.rpc.rpcs import service_of
from kernel.rpc.status import RemoteRefusal
from kernel.rpc.tokens import Actor, Issuer, renewed_tokens
from kernel.secrets import PEOPLE
from ninehours.story.catching_up import settle
from ninehours.story.lists import AUDITOR, LOOKING, SEEING_SCORES
from ninehours.story.stage import Person, command_id

T = TypeVar("T")
OPERATOR = Person(role="operator", subject="person/operator", purpose="OPERATIONS")
LIFETIME = timedelta(hours=1)
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

PAUSE = 0.1  # seconds before a command is repeated; the client's own pauses come before it


class Left(Exception):
    """The play was broken off: nothing more is said."""


class Gateway:
    """Plays on services at these addresses.

    `on_step(index, step)` is called before each command, `index` counting from 1 (with several
    workers from several threads, one at a time). `acknowledged` has the service of every command
    id that was answered. A command is repeated for at most `patience` seconds.
    """

    def __init__(
        self,
        addresses: Mapping[str, str],
        secrets_dir: Path,
        *,
        seed: int,
        workers: int = 4,
        deadline: float = 60.0,
        patience: float = 180.0,
        on_step: Callable[[int, str], None] = lambda *_: None,
        on_scene: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.acknowledged: dict[str, str] = {}
        self.seconds_settling = 0.0
        self.steps = 0
        self._issuer = Issuer(secrets_dir, PEOPLE)
        self._seed = seed
        self._deadline = deadline
        self._patience = patience
        self._on_step = on_step
        self._on_scene = on_scene
        self._people = {LOOKING: OPERATOR, SEEING_SCORES: AUDITOR}
        self._connections = Connections(addresses.__getitem__, self._tokens)
        self._stepping = threading.Lock()
        self._left = threading.Event()
        self._pool = ThreadPoolExecutor(workers, "story") if workers > 1 else None

    def __enter__(self) -> "Gateway":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Break off what is under way, and give connections and threads back."""
        self._left.set()
        self._connections.close()
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def enter(self, who: str, person: Person) -> None:
        self._people[who] = person

    def scene(self, title: str) -> None:
        self._on_scene(title)

    def tell(self, who: str, step: str, request: Any, now: datetime) -> Any:
        request.meta.command_id = str(command_id(self._seed, step))
        with self._stepping:
            if self._left.is_set():
                raise Left
            self.steps += 1
            self._on_step(self.steps, step)
        service = service_of(request)
        answer = self._ask(who, service, request, now=now)
        self.acknowledged[request.meta.command_id] = service
        return answer

    def ask(self, who: str, request: Any) -> Any:
        """A question to the service whose request it is."""
        return self._ask(who, service_of(request), request)

    def ask_operator(
        self,
        service: str,
        request: Any,
        *,
        deadline: float | None = None,
        patience: float | None = None,
    ) -> Any:
        """What every service answers its operator: where it stands, what it published."""
        return self._ask(LOOKING, service, request, deadline=deadline, patience=patience)

    def together(self, tasks: Iterable[Callable[[], T]]) -> Sequence[T]:
        if self._pool is None:
            return [task() for task in tasks]
        begun = [self._pool.submit(task) for task in tasks]
        return [future.result() for future in begun]

    def settle(self) -> None:
        began = time.monotonic()
        settle(self.ask_operator)
        self.seconds_settling += time.monotonic() - began

    def _ask(
        self,
        who: str,
        service: str,
        request: Message,
        *,
        now: datetime | None = None,
        deadline: float | None = None,
        patience: float | None = None,
    ) -> Any:
        caller = self._people[who]
        deadline = deadline or self._deadline
        until = time.monotonic() + (self._patience if patience is None else patience)
        while True:
            try:
                return self._connections.ask(
                    caller, request, service=service, now=now, deadline=deadline
                )
            except RemoteRefusal as refusal:
                if self._left.is_set():
                    raise Left from None
                if refusal.code not in AGAIN or time.monotonic() >= until:
                    raise
                self._left.wait(PAUSE)
            except ValueError:
                # What connections say that were closed meanwhile.
                if self._left.is_set():
                    raise Left from None
                raise

    def _tokens(self, person: Person) -> Callable[[], str]:
        roles, sites = frozenset({person.role}), frozenset(person.sites)
        actor = Actor(id=person.subject, roles=roles, sites=sites, purpose=person.purpose)
        return renewed_tokens(self._issuer, actor, LIFETIME)
