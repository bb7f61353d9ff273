"""Rows of tables: as dataclasses that say the same under the same names, and on their way in."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields
from datetime import datetime
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


def as_json(rows: Iterable[Mapping[str, Any]]) -> str:
    """Rows by their columns, for `json_to_recordset`; bytes in hexadecimal digits.

    One text, however many rows: of arrays each element would be written by itself.
    """
    return json.dumps(list(rows), default=_as_text)


def _as_text(value: object) -> str:
    match value:
        case bytes():
            return value.hex()
        case UUID() | datetime():
            return str(value)
    raise TypeError(f"no column is of {type(value).__name__}")
