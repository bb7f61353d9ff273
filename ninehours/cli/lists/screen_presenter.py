"""Lists on a screen: as one table, or by groups whose columns stand under each other."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from rich.table import Table

from ninehours.cli.lists.column import Column, ColumnKind, Names
from ninehours.cli.output import table
from ninehours.told.amounts import dollars

Row = TypeVar("Row")
UNKNOWN = "?"
SHOWN: Mapping[ColumnKind, Callable[[Any], str]] = {
    ColumnKind.MONEY: dollars,
    ColumnKind.DAYS: "{} days".format,
    ColumnKind.SECONDS: "{:.1f}".format,
    ColumnKind.TEXTS: ", ".join,
}


def table_of(columns: Sequence[Column[Row]], rows: Iterable[Row], names: Names = str) -> Table:
    """A table of these columns, each under its name."""
    kept = [*rows]
    shown = [column for column in columns if _is_shown(column, kept)]
    numbers = [column.name for column in shown if column.kind.is_number]
    return table([column.name for column in shown], _cells(shown, kept, names), right=numbers)


def lines_of(
    columns: Mapping[str, Column[Row]],
    groups: Sequence[tuple[str, Sequence[Row]]],
    names: Names = str,
) -> Iterator[str]:
    """Each group under its title, all in columns of the same widths. `columns`: by heading."""
    rows = [row for _, group in groups for row in group]
    shown = {heading: column for heading, column in columns.items() if _is_shown(column, rows)}
    cells = _cells([*shown.values()], rows, names)
    widths = [max(map(len, column)) for column in zip(shown, *cells, strict=True)]

    def line(given: Iterable[str]) -> str:
        aligned = (
            cell.rjust(width) if column.kind.is_number else cell.ljust(width)
            for column, cell, width in zip(shown.values(), given, widths, strict=True)
        )
        return f"  {'  '.join(aligned)}".rstrip()

    left = iter(cells)
    if cells:
        yield line(shown)
    for title, group in groups:
        yield title
        for _ in group:
            yield line(next(left))


def _is_shown(column: Column[Row], rows: Iterable[Row]) -> bool:
    return not column.optional or any(map(column.of, rows))


def _cells(columns: Sequence[Column[Row]], rows: Iterable[Row], names: Names) -> list[list[str]]:
    return [[_cell(column, row, names) for column in columns] for row in rows]


def _cell(column: Column[Row], row: Row, names: Names) -> str:
    """A number that nobody knows is `?`."""
    if column.words is not None:
        return column.words(row)
    value: Any = column.of(row)
    if value is None:
        return UNKNOWN if column.kind.is_number else ""
    if column.kind is ColumnKind.NAME:
        return names(value)
    return SHOWN.get(column.kind, str)(value)
