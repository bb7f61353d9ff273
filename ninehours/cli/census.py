"""`census`: clients in care on a day, and who came and left in the 30 days to it."""

from collections import defaultdict
from datetime import date

from ninehours.plans.v1 import courses_service_pb2 as plans

from kernel.rpc.translate import to_date
from ninehours.cli.connection import Services
from ninehours.cli.output import screen, table
from ninehours.cli.sites import Sites, kind_of

ROLE = "front_desk"


def read_census(services: Services, on: date, site: str) -> plans.ReadCensusResponse:
    """Of a site or (empty) of all."""
    found: plans.ReadCensusResponse = services.ask(
        ROLE, plans.ReadCensusRequest(on=to_date(on), site_id=site)
    )
    return found


def show_census(census: plans.ReadCensusResponse, sites: Sites, on: date) -> None:
    """A line a program of a site, its clients by level."""
    levels: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    in_care: defaultdict[tuple[str, str], int] = defaultdict(int)
    for row in census.rows:
        where = (row.site_id, row.program.program_id)
        levels[where].append(f"{row.level_of_care}: {row.clients}")
        in_care[where] += row.clients
    rows = []
    for flow in sorted(
        census.flows, key=lambda each: (sites.name(each.site_id), kind_of(each.program))
    ):
        where = (flow.site_id, flow.program.program_id)
        seats = sites.seats(flow.program.program_id)
        rows.append(
            (
                sites.name(flow.site_id),
                kind_of(flow.program),
                in_care[where],
                ", ".join(levels[where]),
                seats or "",
                flow.admitted,
                flow.discharged,
            )
        )
    console = screen()
    numbers = ("in care", "seats", "came", "left")
    console.print(
        table(("site", "program", "in care", "by level", *numbers[1:]), rows, right=numbers)
    )
    total = sum(in_care.values())
    console.print(f"{total} in care at the end of {on}; came and left: in the 30 days to it")
