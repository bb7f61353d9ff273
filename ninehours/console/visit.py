"""One request of somebody who is signed in, and what a page answers it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from google.protobuf.message import Message

from ninehours.console.people import Person


class Asking(Protocol):
    """Asks a service as the person; RemoteRefusal, or ServiceAway."""

    def __call__(self, request: Message, /, *, service: str = "", deadline: float = ...) -> Any:
        """The answer. `service`: which, of what every service answers. `deadline`: in seconds."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """`ask_briefly` asks for what a page goes on without. `place`: what stands for the names in its
    address (`{client_id}`). `form`: what was typed. `site_id`: of which site the browser was told
    last; empty: of none."""

    person: Person
    ask: Asking
    ask_briefly: Asking
    query: Mapping[str, str]
    place: Mapping[str, str]
    form: Mapping[str, str] = field(repr=False, default_factory=dict)
    site_id: str = ""


@dataclass(frozen=True, slots=True)
class Screen:
    """A page to be shown: its template, and what the template is told. `site_id`: the site that
    the browser goes on with; empty: the one that it was at."""

    template: str
    told: Mapping[str, Any] = field(repr=False, default_factory=dict)
    status: int = 200
    site_id: str = ""


@dataclass(frozen=True, slots=True)
class GoTo:
    """Another page, which is read anew: what was sent isn't sent again by reading it again."""

    path: str


@dataclass(frozen=True, slots=True)
class Download:
    """A file for whoever is signed in; its name says nothing of anybody."""

    name: str
    media_type: str
    content: bytes = field(repr=False)


Page = Callable[[Visit], Screen | GoTo | Download]


class NoSuchPage(Exception):
    """There is nothing at that address."""


class NotYours(Exception):
    """Who asks doesn't work with that, whatever of it services would tell them."""
