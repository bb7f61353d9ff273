"""A column of a list: what it holds, as structure. How a kind looks is for presenters to know."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Generic, TypeVar

from ninehours.told.fields import date_of, name_in

Row = TypeVar("Row")
Value = str | int | float | date | Sequence[str] | None
Names = Callable[[str], str]
"""Of an id the name that says more; the id itself where none is known."""


class ColumnKind(StrEnum):
    """What the values of a column are."""

    TEXT = "text"
    ID = "id"
    NAME = "name"
    """An id, shown by the name that goes with it."""
    ENUM = "enum"
    TEXTS = "texts"
    DATE = "date"
    COUNT = "count"
    DAYS = "days"
    SECONDS = "seconds"
    MONEY = "money"
    """Cents."""

    @property
    def is_number(self) -> bool:
        """Numbers stand under each other by their ends."""
        return self in (ColumnKind.COUNT, ColumnKind.DAYS, ColumnKind.SECONDS, ColumnKind.MONEY)


_READERS: Mapping[ColumnKind, Callable[[Any, str], Value]] = {
    ColumnKind.ENUM: name_in,
    ColumnKind.DATE: lambda row, field: date_of(getattr(row, field)),
    ColumnKind.MONEY: lambda row, field: getattr(row, field).minor_units,
}


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """`name`: in CSV, and where nothing else is said on a screen.

    `value`: without it, the row's field of that name. `words`: what a screen says instead.
    `on_screen_only`: it is made of others, which CSV has. `optional`: a screen leaves it out where
    it holds nothing of any row.
    """

    name: str
    kind: ColumnKind = ColumnKind.TEXT
    value: Callable[[Row], Value] | None = None
    words: Callable[[Row], str] | None = None
    on_screen_only: bool = False
    optional: bool = False

    def of(self, row: Row) -> Value:
        """What it holds of a row."""
        if self.value is not None:
            return self.value(row)
        read: Callable[[Any, str], Value] = _READERS.get(self.kind, getattr)
        return read(row, self.name)


WITHDRAWN = "WITHDRAWN"


def withdrawable(name: str, *, words: Callable[[Any], str] | None = None) -> Column[Any]:
    """An enum's column; a row that was withdrawn says that instead."""

    def value(row: Any) -> str:
        return WITHDRAWN if row.withdrawn else name_in(row, name)

    def in_lower_case(row: Any) -> str:
        return WITHDRAWN.lower() if row.withdrawn else name_in(row, name)

    return Column(name, ColumnKind.ENUM, value, words=words or in_lower_case)
