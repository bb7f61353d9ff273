"""Rows of tables as dataclasses that say the same under the same names."""

from dataclasses import MISSING, fields
from typing import Any, TypeVar
from uuid import UUID

T = TypeVar("T")


def from_row(kind: type[T], row: Any, /, **beside: Any) -> T:
    """What the row says by name, ids as text but in a field of UUIDs; `beside` says what differs.

    NULL is the field's default where it has one, else None. A column that is missing raises
    AttributeError.
    """
    for field in fields(kind):  # type: ignore[arg-type]  # of a dataclass
        if field.name in beside:
            continue
        value = getattr(row, field.name)
        if value is None and field.default is not MISSING:
            continue
        beside[field.name] = value if field.type is UUID else _plain(value)
    return kind(**beside)


def _plain(value: Any) -> Any:
    if isinstance(value, list):  # an array
        return tuple(map(_plain, value))
    return str(value) if isinstance(value, UUID) else value
