"""Who may sign in, and what they show to the services."""

import hmac
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Protocol, Self

from kernel.roles import Role, person_in
from kernel.rpc.tokens import Issuer, renewed_tokens
from kernel.secrets import PEOPLE

LIFETIME = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Person:
    """Who signed in; on one machine they are their role."""

    role: Role

    def kept(self) -> bytes:
        """As a session keeps it."""
        return json.dumps({"role": self.role}).encode()

    @classmethod
    def of_kept(cls, kept: bytes) -> Self:
        return cls(Role(json.loads(kept)["role"]))


class People(Protocol):
    """Whom the console speaks for."""

    def token_of(self, person: Person, /) -> Callable[[], str]:
        """What is shown to the services on the person's behalf."""
        ...


class PeopleOfOneMachine:
    """Anybody who was told the way in, in the role that they choose; the machine's keys sign."""

    def __init__(self, people_dir: Path, way_in: str) -> None:
        self._issuer = Issuer(people_dir, PEOPLE)
        self._way_in = way_in
        self._tokens: dict[Person, Callable[[], str]] = {}
        self._lock = threading.Lock()

    def admits(self, way_in: str) -> bool:
        """Whether somebody was told by the launcher how to get in."""
        return hmac.compare_digest(way_in.encode(), self._way_in.encode())

    def token_of(self, person: Person, /) -> Callable[[], str]:
        with self._lock:
            if person not in self._tokens:
                self._tokens[person] = renewed_tokens(
                    self._issuer, person_in(person.role), LIFETIME
                )
            return self._tokens[person]
