"""Where a page of a list ended, as text that nobody needs to read."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Any

from google.protobuf.message import Message

from kernel.refusal import Malformed


def page_token(*place: str) -> str:
    """The token of a place in a list's order."""
    return urlsafe_b64encode("|".join(place).encode()).decode()


def place_of(request: Message, field: str, *parts: Callable[[str], Any]) -> tuple[Any, ...]:
    """The place that a token in this field is of, each part read; refuses (Malformed) any other."""
    try:
        place = urlsafe_b64decode(getattr(request, field)).decode().split("|")
        return tuple(read(part) for read, part in zip(parts, place, strict=True))
    except (ValueError, KeyError):
        raise Malformed(**{field: "is not one of ours"}) from None
