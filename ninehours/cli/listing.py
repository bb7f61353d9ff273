"""One list from asking to output: as JSON, as CSV, or as a screen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ninehours.cli.billing_lists import Found, Payers
from ninehours.cli.csv_export import STDOUT, Column, write_csv
from ninehours.cli.output import as_dict, print_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """How a list is told: its name in JSON, its columns, its screen, what a row charges."""

    name: str
    columns: Callable[[Payers], Sequence[Column]]
    show: Callable[[Found, Payers], None]
    charge: Callable[[Any], int]

    def tell(self, found: Found, payers: Payers, *, csv: str | None, as_json: bool) -> None:
        written = csv and write_csv(csv, self.columns(payers), found.rows, self.charge)
        if as_json:
            print_json(
                {
                    self.name: [as_dict(row) for row in found.rows],
                    "count": len(found.rows),
                    "charge_minor": sum(map(self.charge, found.rows)),
                    **({"cursor": found.cursor} if found.cursor else {}),
                    **({"csv": written.as_dict()} if written else {}),
                }
            )
        elif csv != STDOUT:
            self.show(found, payers)
