"""What reads one field of a message: with limits that are said by hand, or by its type."""

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from typing import Any

from kernel.refusal import Malformed
from kernel.rpc import translate

Read = Callable[[Any, str], Any]
"""Of a message and the name of its field: what the field says; Malformed where it can't be read."""


def text(longest: int) -> Read:
    """A reader of text of at most so many characters."""
    return partial(translate.required_text, max_length=longest)


def digits(count: int) -> Read:
    """A reader of exactly so many digits."""
    return partial(translate.required_digits, count=count)


def bounded(low: int, high: int) -> Read:
    """A reader of a whole number within both bounds."""
    return partial(translate.required_int, low=low, high=high)


def word(*words: str) -> Read:
    """A reader of one of these words, in a field of text."""
    return one_of({known: known for known in words})


def left_out(read: Read, otherwise: Any = "") -> Read:
    """A reader that gives `otherwise` where the field was left out."""

    def read_if_said(message: Any, field: str) -> Any:
        found = translate.optional(read, message, field)
        return otherwise if found is None else found

    return read_if_said


def under(at: str, malformed: Malformed) -> dict[str, str]:
    return {f"{at}{field}": what for field, what in malformed.details.items()}


def inside(read: Read) -> Read:
    """A reader of a path, by that of its last name."""

    def read_inside(message: Any, path: str) -> Any:
        *outer, last = path.split(".")
        for step in outer:
            message = getattr(message, step)
        try:
            return read(message, last)
        except Malformed as malformed:
            raise Malformed(**under(path.removesuffix(last), malformed)) from None

    return read_inside


def if_said(read: Read, otherwise: Any, presence: bool) -> Read:
    def read_if_present(message: Any, field: str) -> Any:
        return read(message, field) if message.HasField(field) else otherwise

    def read_if_not_empty(message: Any, field: str) -> Any:
        return read(message, field) if getattr(message, field) else otherwise

    return read_if_present if presence else read_if_not_empty


def all_values(container: Callable[[Any], Any], values: Mapping[int, Any]) -> Read:
    def read_values(message: Any, field: str) -> Any:
        numbers = getattr(message, field)
        if not values.keys() >= set(numbers):
            raise Malformed(**{field: "has a value that this release does not know"})
        return container(values[number] for number in numbers)

    return read_values


def all_dates(container: Callable[[Any], Any]) -> Read:
    def read_dates(message: Any, field: str) -> Any:
        try:
            return container(date(on.year, on.month, on.day) for on in getattr(message, field))
        except (ValueError, OverflowError):
            raise Malformed(**{field: "holds what is not a date"}) from None

    return read_dates


def one_value(values: Mapping[int, Any]) -> Read:
    def read_value(message: Any, field: str) -> Any:
        number = getattr(message, field)
        if number not in values:
            translate.required_enum(message, field)  # says what is wrong with it
        return values[number]

    return read_value


def civil_date(message: Any, field: str) -> date:
    """As `date_of`, which says what is wrong, but in less time."""
    said = getattr(message, field)
    if translate.FIRST_YEAR <= said.year <= translate.LAST_YEAR:
        try:
            return date(said.year, said.month, said.day)
        except (ValueError, OverflowError):
            pass
    return translate.date_of(message, field)


def cents(message: Any, field: str) -> int:
    return int(getattr(message, field).minor_units)


def uuid_text(message: Any, field: str) -> str:
    return str(translate.required_uuid(message, field))


def one_of(closed: Mapping[str, Any]) -> Read:
    def read_word(message: Any, field: str) -> Any:
        word = getattr(message, field)
        if word not in closed:
            translate.required_text(message, field)
            raise Malformed(**{field: f"is none of {', '.join(filter(None, closed))}"})
        return closed[word]

    return read_word


ALL: Mapping[type, Read] = {
    tuple: lambda message, field: tuple(getattr(message, field)),
    frozenset: lambda message, field: frozenset(getattr(message, field)),
    dict: lambda message, field: dict(getattr(message, field)),
}
INLINE: Mapping[Any, str] = {
    getattr: "{}",
    cents: "{}.minor_units",
    **{read: f"{container.__name__}({{}})" for container, read in ALL.items()},
}
"""What is so short that calling it would cost more: the same as an expression."""
