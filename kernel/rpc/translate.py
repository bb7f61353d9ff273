"""From a request's fields to the values decisions take, and back; what can't be read is Malformed.

`required_text(request, "meta.command_id")` reads one field. `reading(request)` reads many, and
tells all that is wrong with them at once.
"""

import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial
from types import TracebackType
from typing import Any, Self, TypeVar, cast
from uuid import UUID

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from ninehours.common.v1 import common_pb2

from kernel.levels import LEVELS, PLAIN
from kernel.refusal import Malformed
from kernel.states import STATES

FIRST_YEAR, LAST_YEAR = 1900, 2200
UNSPECIFIED = "UNSPECIFIED"
LINE_BREAKS = "\n\r\t"
T = TypeVar("T")


def required_uuid(request: Message, field: str) -> UUID:
    """A UUID in its usual form, 36 characters."""
    text = _text(request, field)
    try:
        value = UUID(text)
    except ValueError:
        value = None
    if value is None or str(value) != text.lower():
        raise _malformed(field, "is not a UUID")
    return value


def required_text(request: Message, field: str, *, max_length: int = 200) -> str:
    """Text that says something, and that every part of the system can store."""
    text = _text(request, field)
    if not text.strip():
        raise _malformed(field, "is required")
    if len(text) > max_length:
        raise _malformed(field, f"is longer than {max_length} characters")
    if any(
        unicodedata.category(character) == "Cc" and character not in LINE_BREAKS
        for character in text
    ):
        raise _malformed(field, "holds a control character")
    return text


def required_digits(request: Message, field: str, *, count: int) -> str:
    """Exactly so many digits; whether they are somebody's is another question."""
    text = _text(request, field)
    if not (len(text) == count and text.isascii() and text.isdigit()):
        raise _malformed(field, f"is not {count} digits")
    return text


def required_state(request: Message, field: str) -> str:
    """A state as the post writes it: two capitals of its list."""
    text = _text(request, field)
    if text not in STATES:
        raise _malformed(field, "is no state, territory or military post: two capital letters")
    return text


def required_enum(request: Message, field: str) -> str:
    """The value's name without its enum's prefix: `PROGRAM_KIND_DUAL` is DUAL."""
    holder, name = _holder(request, field)
    kind = holder.DESCRIPTOR.fields_by_name[name].enum_type
    if kind is None:
        raise TypeError(f"{field} is no enum")
    value = kind.values_by_number.get(getattr(holder, name))
    if value is None:
        raise _malformed(field, "has a value that this release does not know")
    if value.number == 0:
        raise _malformed(field, "is required")
    prefix: str = kind.values_by_number[0].name.removesuffix(UNSPECIFIED)
    return str(value.name).removeprefix(prefix)


def required_level(request: Message, field: str, edition: str = "") -> str:
    """A level of care that the edition has or, where none is said, any."""
    text = _text(request, field)
    if text not in LEVELS.get(edition, PLAIN):
        raise _malformed(field, "is no level of care that an edition has, such as 2.1")
    return text


def required_int(request: Message, field: str, *, low: int, high: int) -> int:
    """A whole number within both bounds."""
    holder, name = _holder(request, field)
    value: int = getattr(holder, name)
    if not low <= value <= high:
        raise _malformed(field, f"is not between {low} and {high}")
    return value


def required_said(request: Message, field: str) -> Any:
    """The value of a field with presence: a no and a zero are said too, what is left out isn't."""
    holder, name = _holder(request, field)
    if not holder.HasField(name):
        raise _malformed(field, "is required, be it a no or a zero")
    return getattr(holder, name)


def date_of(request: Message, field: str) -> date:
    """The civil date in a field of `ninehours.common.v1.Date`."""
    given = _message(request, field)
    try:
        value = date(given.year, given.month, given.day)
    except (ValueError, OverflowError):
        raise _malformed(field, "is not a date") from None
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise _malformed(field, f"is not between {FIRST_YEAR} and {LAST_YEAR}")
    return value


def timestamp_of(request: Message, field: str) -> datetime:
    """The moment in a Timestamp field, aware, in UTC, to the microsecond."""
    given = _message(request, field)
    try:
        value: datetime = given.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise _malformed(field, "is not a time") from None
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise _malformed(field, f"is not between {FIRST_YEAR} and {LAST_YEAR}")
    return value


def optional(read: Callable[..., T], request: Message, field: str, **limits: int) -> T | None:
    """What `read` reads; None when the field was left out (a message not set, else empty)."""
    holder = request
    *outer, name = field.split(".")
    for step in outer:
        if not holder.HasField(step):
            return None
        holder = getattr(holder, step)
    declared = holder.DESCRIPTOR.fields_by_name[name]
    given = holder.HasField(name) if declared.has_presence else bool(getattr(holder, name))
    return read(request, field, **limits) if given else None


def to_date(value: date) -> common_pb2.Date:
    """A civil date for a response or a fact."""
    return common_pb2.Date(year=value.year, month=value.month, day=value.day)


def to_timestamp(value: datetime) -> Timestamp:
    """A moment for a response or a fact; it must be aware."""
    if value.tzinfo is None:
        raise ValueError("a moment without a time zone")
    stamp = Timestamp()
    stamp.FromDatetime(value)
    return stamp


class reading:
    """Reads several fields; at the end of the block, one Malformed with everything that is wrong.

    Until then what can't be read gives a stand-in of its type, which never leaves the block.
    """

    def __init__(self, request: Message, at: str = "") -> None:
        self._request = request
        self._at = at
        self._violations: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        # Even over another error: with stand-ins, what follows may fail for no reason of its own.
        if self._violations:
            raise Malformed(**self._violations) from None

    def uuid(self, field: str) -> UUID:
        return self.value(required_uuid, field, UUID(int=0))

    def text(self, field: str, *, max_length: int = 200) -> str:
        return self.value(required_text, field, "", max_length=max_length)

    def enum(self, field: str) -> str:
        return self.value(required_enum, field, UNSPECIFIED)

    def integer(self, field: str, *, low: int, high: int) -> int:
        return self.value(required_int, field, low, low=low, high=high)

    def answer(self, field: str) -> bool:
        return bool(self.value(required_said, field, False))

    def date(self, field: str) -> date:
        return self.value(date_of, field, date(FIRST_YEAR, 1, 1))

    def timestamp(self, field: str) -> datetime:
        return self.value(timestamp_of, field, datetime(FIRST_YEAR, 1, 1, tzinfo=UTC))

    def optional(self, read: Callable[..., T], field: str, **limits: Any) -> T | None:
        return self.value(partial(optional, read), field, None, **limits)

    def whole(self, reader: Callable[..., T], **given: Any) -> T:
        """The dataclass that a reader (kernel.mapping) makes of the request."""
        found: Any = self.value(lambda request, field: reader(request, **given), "", None)  # noqa: ARG005
        return cast(T, found)

    def value(self, read: Callable[..., T], field: str, stand_in: T, **limits: Any) -> T:
        """What `read(request, field)` gives; a service's own readers fit too."""
        try:
            return read(self._request, field, **limits)
        except Malformed as malformed:
            self._violations.update(
                {f"{self._at}{name}": what for name, what in malformed.details.items()}
            )
            return stand_in


def _text(request: Message, field: str) -> str:
    holder, name = _holder(request, field)
    text = getattr(holder, name)
    if not isinstance(text, str):
        raise TypeError(f"{field} is no text")
    if not text:
        raise _malformed(field, "is required")
    return text


def _message(request: Message, field: str) -> Any:
    holder, name = _holder(request, field)
    if not holder.HasField(name):
        raise _malformed(field, "is required")
    return getattr(holder, name)


def _holder(request: Message, field: str) -> tuple[Message, str]:
    """The message that holds the last name of the path."""
    *outer, name = field.split(".")
    for step in outer:
        request = getattr(request, step)
    return request, name


def _malformed(field: str, what: str) -> Malformed:
    return Malformed(**{field: what})
