"""`clients`: who is registered, by id, with the newest episode of each."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from ninehours.intake.v1 import clients_service_pb2 as intake

from ninehours.cli.connection import Services
from ninehours.cli.dates import day_in
from ninehours.cli.output import plural, screen, table
from ninehours.cli.sites import Sites, kind_of

ROLE = "front_desk"
PAGE = 1000


def find_clients(
    services: Services, *, site: str, program: str, active: bool
) -> list[intake.ListedClient]:
    """To the last page, in order of registration."""
    request = intake.ListClientsRequest(
        site_id=site, program_id=program, active_only=active, page_size=PAGE
    )
    return list(_all(services, request))


def _all(services: Services, request: intake.ListClientsRequest) -> Iterator[intake.ListedClient]:
    while True:
        page = services.ask(ROLE, request)
        yield from page.clients
        if not page.next_page_token:
            return
        request.page_token = page.next_page_token


def show_clients(clients: Iterable[intake.ListedClient], sites: Sites) -> None:
    """By site; those without an admission last."""
    console = screen()
    found = sorted(clients, key=lambda each: _place(each, sites))
    for (_, site_id), group in groupby(found, key=lambda each: _place(each, sites)):
        here = list(group)
        console.print(sites.heading(site_id) if site_id else "never admitted")
        rows = [
            (
                each.client_id,
                kind_of(each.newest_episode.program) if site_id else "",
                day_in(each.newest_episode, "admitted_on"),
                day_in(each.newest_episode, "closed_on"),
            )
            for each in here
        ]
        console.print(table(("client", "program", "admitted", "closed"), rows))
        console.print()
    active = sum(_is_active(each) for each in found)
    console.print(f"{plural(len(found), 'client')}, {active} in care")


def _place(client: intake.ListedClient, sites: Sites) -> tuple[str, str]:
    if not client.HasField("newest_episode"):
        return "\uffff", ""
    site_id = client.newest_episode.site_id
    return sites.name(site_id), site_id


def _is_active(client: intake.ListedClient) -> bool:
    return client.HasField("newest_episode") and not client.newest_episode.HasField("closed_on")
