"""A list as CSV: RFC 4180, UTF-8, harmless in a spreadsheet; with what proves it whole.

A cell of text that a spreadsheet would run as a formula gets an apostrophe before it. Amounts are
dollars with two decimals, dates ISO 8601.
"""

import csv
import hashlib
import io
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from ninehours.cli.ending import USAGE, Failure, say
from ninehours.cli.lists.column import Column, ColumnKind, Names
from ninehours.local.folder import write_private

Row = TypeVar("Row")
STDOUT = "-"
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvReceipt:
    """What was written; `charge_total` in dollars, `sha256` of all bytes of the file."""

    file: str
    rows: int
    charge_total: str
    sha256: str


def check_csv(target: str | None, as_json: bool) -> None:
    """One thing on stdout, not two."""
    if target == STDOUT and as_json:
        raise Failure(USAGE, "--json and --csv - both want stdout: give --csv a file")


def write_csv(
    target: str, columns: Sequence[Column[Row]], rows: Sequence[Row], names: Names, charge: int
) -> CsvReceipt:
    """Write the rows to a file, or to stdout for `-`; says on stderr what proves it whole.

    `charge`: of all rows, in cents.
    """
    content = csv_bytes(columns, rows, names)
    if target == STDOUT:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    else:
        write_private(Path(target), content)
    receipt = CsvReceipt(
        file=target,
        rows=len(rows),
        charge_total=str(amount(charge)),
        sha256=hashlib.sha256(content).hexdigest(),
    )
    say(f"{receipt.rows} rows, charges ${receipt.charge_total}, sha256 {receipt.sha256}")
    return receipt


def csv_bytes(columns: Sequence[Column[Row]], rows: Iterable[Row], names: Names = str) -> bytes:
    """A header, then a line a row, each ended by CR LF."""
    shown = [column for column in columns if not column.on_screen_only]
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow([column.name for column in shown])
    writer.writerows([_cell(column, row, names) for column in shown] for row in rows)
    return file.getvalue().encode()


def harmless(text: str) -> str:
    """Text that no spreadsheet runs."""
    return f"'{text}" if text.startswith(FORMULA) else text


def amount(cents: int) -> Decimal:
    """Dollars of cents."""
    return Decimal(cents).scaleb(-2)


def _cell(column: Column[Row], row: Row, names: Names) -> str:
    """What isn't told is empty; numbers are as they are."""
    value: Any = column.of(row)
    if value is None:
        return ""
    match column.kind:
        case ColumnKind.MONEY:
            return str(amount(value))
        case ColumnKind.TEXTS:
            return harmless(" ".join(value))
        case ColumnKind.NAME:
            return harmless(names(value))
    return harmless(value) if isinstance(value, str) else str(value)
