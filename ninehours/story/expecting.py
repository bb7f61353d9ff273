"""How a story says what it expected, and what it found instead."""

from typing import TypeVar

from ninehours.story.stage import StoryFailed

T = TypeVar("T")


def expect(what: str, found: object, wanted: object) -> None:
    """Equal, or StoryFailed."""
    if found != wanted:
        raise StoryFailed(f"expected {what} to be {wanted}; found {found}")


def some(what: str, found: T | None) -> T:
    """There, or StoryFailed."""
    if not found:
        raise StoryFailed(f"expected {what}; there is none")
    return found
