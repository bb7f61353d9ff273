"""A list of billing's from asking to output: as JSON, as CSV, or as a screen."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from google.protobuf.message import Message
from rich.table import Table

from ninehours.cli.connection import Services, connected
from ninehours.cli.directories import Payers
from ninehours.cli.fields import Given, request_of
from ninehours.cli.lists.column import Column
from ninehours.cli.lists.csv_presenter import STDOUT, check_csv, write_csv
from ninehours.cli.lists.screen_presenter import lines_of
from ninehours.cli.output import as_dict, print_json, screen
from ninehours.cli.roles import BILLER
from ninehours.told.amounts import plural

PAGE = 1000
Row = TypeVar("Row", bound=Message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing(Generic[Row]):
    """What is asked, what its columns are, and what they come to.

    `name`: of the rows, in the answer and in JSON. `on_screen`: heading → name of the column.
    `order`: of the rows of one client and payer. `charge`: what a row adds to the sum, in cents.
    `total`: the last line. `weight`: groups that weigh most stand first. `summary`: stands above.
    """

    name: str
    request: type[Message]
    columns: Sequence[Column[Row]]
    on_screen: Mapping[str, str]
    order: Callable[[Row], str]
    charge: Callable[[Row], int]
    total: Callable[[Sequence[Row]], str]
    weight: Callable[[Sequence[Row]], int] = lambda _: 0
    summary: Callable[[Sequence[Row]], Table | None] = lambda _: None

    def find(self, services: Services, **given: Given) -> tuple[Sequence[Row], str]:
        """The whole list; with `changed_since`, what changed, and the cursor to go on from."""
        return all_pages(services, BILLER, request_of(self.request, given), self.name)

    def run(
        self, data: Path | None, *, payer: str, csv: str | None, as_json: bool, **given: Given
    ) -> None:
        """Asks for it and prints it. `given`: by the names of the request's fields."""
        with connected(data) as services:
            check_csv(csv, as_json)
            payers = Payers(services)
            rows, cursor = self.find(services, payer_id=payers.id_of(payer), **given)
            charge = sum(map(self.charge, rows))
            receipt = write_csv(csv, self.columns, rows, payers.name, charge) if csv else None
            if as_json:
                print_json(
                    {
                        self.name: [as_dict(row) for row in rows],
                        "count": len(rows),
                        "charge_minor": charge,
                        **({"cursor": cursor} if cursor else {}),
                        **({"csv": asdict(receipt)} if receipt else {}),
                    }
                )
            elif csv != STDOUT:
                self._show(rows, cursor, payers)

    def _show(self, rows: Sequence[Row], cursor: str, payers: Payers) -> None:
        """By client and payer. Changes are no sum: one claim may be among them several times."""
        if above := self.summary(rows):
            screen().print(above)
            print()
        by_name = {column.name: column for column in self.columns}
        columns = {heading: by_name[name] for heading, name in self.on_screen.items()}
        for line in lines_of(columns, self._grouped(rows, payers), payers.name):
            print(line)
        if cursor:
            print(plural(len(rows), "change"))
            print(f"changes from here on: --changed-since {cursor}")
        else:
            print(self.total(rows))

    def _grouped(self, rows: Sequence[Any], payers: Payers) -> list[tuple[str, list[Row]]]:
        groups: dict[tuple[str, str], list[Row]] = {}
        for row in sorted(rows, key=self.order):
            groups.setdefault((row.client_id, row.payer_id), []).append(row)
        by_weight = sorted(groups.items(), key=lambda item: (-self.weight(item[1]), item[0]))
        return [
            (f"client {client_id}, {payers.name(payer_id)}", group)
            for (client_id, payer_id), group in by_weight
        ]


def all_pages(
    services: Services, role: str, request: Any, name: str, *, service: str = ""
) -> tuple[Sequence[Any], str]:
    """The rows of every page, and the last cursor. The request is changed on the way.

    `service`: for what every service answers.
    """
    request.page_size = PAGE
    fields = request.DESCRIPTOR.fields_by_name
    by_cursor = "changed_since" in fields and request.HasField("changed_since")
    rows: list[Any] = []
    while True:
        page = services.ask(role, request, service=service)
        rows += getattr(page, name)
        if by_cursor:
            request.changed_since = page.cursor
            if not page.more:
                return rows, page.cursor
        elif page.next_page_token:
            request.page_token = page.next_page_token
        else:
            return rows, ""
