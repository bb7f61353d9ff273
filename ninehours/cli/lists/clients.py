"""`clients` and `census`: who is registered, who is in care on a day, who came and left."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from ninehours.intake.v1 import clients_service_pb2 as intake
from ninehours.plans.v1 import courses_service_pb2 as plans

from kernel.rpc.translate import to_date
from ninehours.cli.connection import Services, on_system
from ninehours.cli.directories import Sites, kind_of, sites_of
from ninehours.cli.fields import day_or_today, id_in
from ninehours.cli.lists.column import Column, ColumnKind
from ninehours.cli.lists.listing import all_pages
from ninehours.cli.lists.screen_presenter import table_of
from ninehours.cli.output import as_dict, print_json, screen
from ninehours.cli.roles import FRONT_DESK
from ninehours.told.amounts import plural
from ninehours.told.fields import date_of

NEVER_ADMITTED = ("\uffff", "")  # the last of names


def _program(client: intake.ListedClient) -> str:
    return kind_of(client.newest_episode.program) if client.HasField("newest_episode") else ""


CLIENTS: Sequence[Column[intake.ListedClient]] = (
    Column("client", ColumnKind.ID, lambda client: client.client_id),
    Column("program", value=_program),
    Column("admitted", ColumnKind.DATE, lambda client: date_of(client.newest_episode.admitted_on)),
    Column("closed", ColumnKind.DATE, lambda client: date_of(client.newest_episode.closed_on)),
)


@on_system
def run_clients(
    services: Services, *, site: str, program: str, active: bool, as_json: bool
) -> None:
    """All of them to the last page, of a site or program, or (`active`) who is in care."""
    request = intake.ListClientsRequest(
        site_id=id_in(site, "site's id"),
        program_id=id_in(program, "program's id"),
        active_only=active,
    )
    clients, _ = all_pages(services, FRONT_DESK, request, "clients")
    if as_json:
        print_json({"clients": [as_dict(client) for client in clients], "count": len(clients)})
    else:
        _show(clients, sites_of(services, FRONT_DESK))


def _show(clients: Iterable[intake.ListedClient], sites: Sites) -> None:
    """By site; those without an admission last."""

    def site_of(client: intake.ListedClient) -> tuple[str, str]:
        if not client.HasField("newest_episode"):
            return NEVER_ADMITTED
        site_id = client.newest_episode.site_id
        return sites.name(site_id), site_id

    console = screen()
    found = sorted(clients, key=site_of)
    for (_, site_id), group in groupby(found, key=site_of):
        console.print(sites.heading(site_id) if site_id else "never admitted")
        console.print(table_of(CLIENTS, group))
        console.print()
    console.print(f"{plural(len(found), 'client')}, {sum(map(_is_active, found))} in care")


def _is_active(client: intake.ListedClient) -> bool:
    return client.HasField("newest_episode") and not client.newest_episode.HasField("closed_on")


@dataclass(frozen=True, slots=True)
class ProgramCensus:
    """A site's program: who came and left, its clients by level, its seats (0: not known)."""

    flow: plans.CensusFlow
    levels: Sequence[plans.CensusRow]
    seats: int


CENSUS: Sequence[Column[ProgramCensus]] = (
    Column("site", ColumnKind.NAME, lambda program: program.flow.site_id),
    Column("program", value=lambda program: kind_of(program.flow.program)),
    Column("in care", ColumnKind.COUNT, lambda program: sum(row.clients for row in program.levels)),
    Column(
        "by level",
        ColumnKind.TEXTS,
        lambda program: [f"{row.level_of_care}: {row.clients}" for row in program.levels],
    ),
    Column("seats", ColumnKind.COUNT, lambda program: program.seats or ""),
    Column("came", ColumnKind.COUNT, lambda program: program.flow.admitted),
    Column("left", ColumnKind.COUNT, lambda program: program.flow.discharged),
)


@on_system
def run_census(services: Services, on: datetime | None, site: str, *, as_json: bool) -> None:
    """Of a site or (empty) of all, today or on a day."""
    day = day_or_today(on)
    request = plans.ReadCensusRequest(on=to_date(day), site_id=id_in(site, "site's id"))
    census = services.ask(FRONT_DESK, request)
    if as_json:
        print_json({"on": str(day), **as_dict(census)})
        return
    sites = sites_of(services, FRONT_DESK)
    screen().print(table_of(CENSUS, _programs(census, sites), sites.name))
    total = sum(row.clients for row in census.rows)
    screen().print(f"{total} in care at the end of {day}; came and left: in the 30 days to it")


def _programs(census: plans.ReadCensusResponse, sites: Sites) -> Iterator[ProgramCensus]:
    def names(flow: plans.CensusFlow) -> tuple[str, str]:
        return sites.name(flow.site_id), kind_of(flow.program)

    for flow in sorted(census.flows, key=names):
        where = (flow.site_id, flow.program.program_id)
        levels = [row for row in census.rows if (row.site_id, row.program.program_id) == where]
        yield ProgramCensus(flow, levels, sites.seats(flow.program.program_id))
