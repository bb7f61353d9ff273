"""Which page answers which address, and what of it each role finds in its menu."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kernel.roles import Role
from ninehours.console.pages.home import home
from ninehours.console.people import Person
from ninehours.console.texts import words
from ninehours.console.visit import Page

PAGES: Mapping[tuple[str, str], Page] = {
    ("GET", "/"): home,
}


@dataclass(frozen=True, slots=True)
class Place:
    """What stands in a menu."""

    path: str
    name: str


def places_of(person: Person) -> Sequence[Place]:
    """Those that a role works in."""
    _ = person, words, Role
    return ()
