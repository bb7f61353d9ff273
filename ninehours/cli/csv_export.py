"""A list as CSV: RFC 4180, UTF-8, harmless in a spreadsheet; with what proves it whole.

A cell of text that a spreadsheet would run as a formula gets an apostrophe before it. Amounts are
dollars with two decimals, dates ISO 8601.
"""

import csv
import hashlib
import io
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from ninehours.cli.ending import USAGE, Failure, say
from ninehours.cli.export import write_whole

STDOUT = "-"
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
Column = tuple[str, Callable[[Any], object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What was written; `charge_total` in dollars, `sha256` of all bytes of the file."""

    file: str
    rows: int
    charge_total: str
    sha256: str

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


def check_csv(target: str | None, as_json: bool) -> None:
    """One thing on stdout, not two."""
    if target == STDOUT and as_json:
        raise Failure(USAGE, "--json and --csv - both want stdout: give --csv a file")


def write_csv(
    target: str, columns: Sequence[Column], rows: Iterable[Any], charge: Callable[[Any], int]
) -> Written:
    """Write the rows to a file, or to stdout for `-`; says on stderr what proves it whole."""
    kept = [*rows]
    content = csv_bytes(columns, kept)
    if target == STDOUT:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    else:
        write_whole(Path(target), content)
    written = Written(
        file=target,
        rows=len(kept),
        charge_total=str(amount(sum(map(charge, kept)))),
        sha256=hashlib.sha256(content).hexdigest(),
    )
    say(f"{written.rows} rows, charges ${written.charge_total}, sha256 {written.sha256}")
    return written


def csv_bytes(columns: Sequence[Column], rows: Iterable[Any]) -> bytes:
    """A header, then a line a row, each ended by CR LF."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow([name for name, _ in columns])
    writer.writerows([harmless(read(row)) for _, read in columns] for row in rows)
    return file.getvalue().encode()


def harmless(cell: object) -> str:
    """Text that no spreadsheet runs; numbers as they are."""
    text = str(cell)
    if isinstance(cell, str) and text.startswith(FORMULA):
        return f"'{text}"
    return text


def amount(minor: int) -> Decimal:
    """Dollars of cents."""
    return Decimal(minor).scaleb(-2)
