"""Who may sign in, and what they show to the services."""

import hmac
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Literal, Protocol, Self

from kernel.roles import Role, person_in
from kernel.rpc.tokens import Issuer, renewed_tokens
from kernel.secrets import PEOPLE

LIFETIME = timedelta(minutes=5)
Why = Literal["role", "refused", "over", "untold"]
LONGEST_CALLED = 12


@dataclass(frozen=True, slots=True)
class Person:
    """Who signed in, in one of their roles. `subject`: as services know them; empty: nobody in
    particular, as whoever is on one machine until they say who they are."""

    role: Role
    subject: str = ""

    @property
    def called(self) -> str:
        """Short enough for a heading."""
        kind, _, own = self.subject.rpartition("/")
        return f"{kind}/{own[:LONGEST_CALLED]}" if kind else own[:LONGEST_CALLED]

    def kept(self) -> bytes:
        """As a session keeps it."""
        return json.dumps({"role": self.role, "subject": self.subject}).encode()

    @classmethod
    def of_kept(cls, kept: bytes) -> Self:
        found = json.loads(kept)
        return cls(Role(found["role"]), found.get("subject", ""))


@dataclass(frozen=True, slots=True)
class Visitor:
    """A person, and what is shown to the services on their behalf."""

    person: Person
    token: Callable[[], str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """`kept`: what their session keeps."""

    person: Person
    kept: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """They sign in at `address`, and come back with `state`; `finish` takes what is kept."""

    address: str
    state: str = field(repr=False)
    kept: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Leaving:
    """What their browser sends where they are signed in, too, to be signed out there."""

    address: str
    fields: Mapping[str, str] = field(repr=False)


class NotSignedIn(Exception):
    """Nobody is, or not any more. `why` `role`: they have those of `roles`, and not that one."""

    def __init__(self, why: Why, roles: Sequence[Role] = (*Role,)) -> None:
        super().__init__(why)
        self.why = why
        self.roles = roles


class ProviderAway(Exception):
    """Who knows people can't be asked now, or does not say what it should."""


class People(Protocol):
    """Whom the console speaks for. `where` they are known, for the words of the page of roles."""

    @property
    def where(self) -> Literal["machine", "provider"]:
        """Here, or elsewhere."""
        ...

    def way_in(self, given: str) -> str | None:
        """What opens the page of roles to a browser that has this; None: it stays shut."""
        ...

    def begin(self, role: Role) -> SignedIn | Elsewhere:
        """Somebody wants to sign in, in that role. ProviderAway."""
        ...

    def finish(self, kept: Mapping[str, str], told: Mapping[str, str]) -> SignedIn:
        """They were elsewhere, which told this. NotSignedIn, ProviderAway."""
        ...

    def named(self, kept: bytes, subject: str) -> SignedIn | None:
        """As whom they say they are; None: who they are was said by others."""
        ...

    def visitor(self, kept: bytes) -> Visitor:
        """Whom a session is of."""
        ...

    def is_due(self, kept: bytes) -> bool:
        """Whether what a session keeps is to be renewed, by one of all who use it."""
        ...

    def is_good(self, kept: bytes) -> bool:
        """Whether it does until somebody renewed it."""
        ...

    def renewed(self, kept: bytes) -> bytes:
        """What it keeps from now on. NotSignedIn: it is over; ProviderAway."""
        ...

    def leaving(self, kept: bytes) -> Leaving | None:
        """Where else they are signed in; None: nowhere, or it takes no word of it."""
        ...


class PeopleOfOneMachine:
    """Anybody who was told the way in, in the role that they choose; the machine's keys sign."""

    where: Literal["machine"] = "machine"

    def __init__(self, people_dir: Path, way_in: str) -> None:
        self._issuer = Issuer(people_dir, PEOPLE)
        self._way_in = way_in
        self._tokens: dict[Person, Callable[[], str]] = {}
        self._lock = threading.Lock()

    def way_in(self, given: str) -> str | None:
        """The launcher told it."""
        return given if hmac.compare_digest(given.encode(), self._way_in.encode()) else None

    def begin(self, role: Role) -> SignedIn:
        person = Person(role)
        return SignedIn(person, person.kept())

    def finish(self, _kept: Mapping[str, str], _told: Mapping[str, str]) -> SignedIn:
        """Nobody was elsewhere."""
        raise NotSignedIn("over")

    def named(self, kept: bytes, subject: str) -> SignedIn:
        person = Person(Person.of_kept(kept).role, subject)
        return SignedIn(person, person.kept())

    def visitor(self, kept: bytes) -> Visitor:
        person = Person.of_kept(kept)
        return Visitor(person, self.token_of(person))

    def token_of(self, person: Person, /) -> Callable[[], str]:
        """What is shown on the person's behalf, whichever their session."""
        with self._lock:
            if person not in self._tokens:
                self._tokens[person] = renewed_tokens(
                    self._issuer, person_in(person.role, person.subject), LIFETIME
                )
            return self._tokens[person]

    def is_due(self, _: bytes) -> bool:
        return False

    def is_good(self, _: bytes) -> bool:
        return True

    def renewed(self, kept: bytes) -> bytes:
        return kept

    def leaving(self, _: bytes) -> None:
        return None
