"""`find`: clients by what somebody knows of them, with names. The reading is audited."""

from collections.abc import Sequence

from ninehours.intake.v1 import search_service_pb2 as search

from ninehours.cli.connection import Services, on_system
from ninehours.cli.directories import sites_of
from ninehours.cli.fields import id_in
from ninehours.cli.lists.column import Column, ColumnKind
from ninehours.cli.lists.screen_presenter import table_of
from ninehours.cli.output import as_dict, print_json, screen
from ninehours.cli.roles import FRONT_DESK
from ninehours.told.amounts import plural
from ninehours.told.fields import date_of


def _by(found: search.FoundClient) -> list[str]:
    names = (search.MatchedBy.Name(by).removeprefix("MATCHED_BY_") for by in found.matched_by)
    return [
        *(name.lower().replace("_", " ") for name in names),
        *(f"as {each.given_name} {each.family_name}" for each in found.found_as),
    ]


FOUND: Sequence[Column[search.FoundClient]] = (
    Column("client", ColumnKind.ID, lambda found: found.client.client_id),
    Column("family name", value=lambda found: found.client.family_name),
    Column("given name", value=lambda found: found.client.given_name),
    Column("born", ColumnKind.DATE, lambda found: date_of(found.client.birth_date)),
    Column("site", ColumnKind.NAME, lambda found: found.client.site_id),
    Column("level", value=lambda found: found.client.admitted_level),
    Column("in care", value=lambda found: "yes" if found.client.active else ""),
    Column("by", ColumnKind.TEXTS, _by),
)


@on_system
def run_find(
    services: Services, *, words: list[str], site: str, most: int, subject: str, as_json: bool
) -> None:
    """The best first; that there are more is said, not shown."""
    request = search.FindClientsRequest(
        text=" ".join(words), site_id=id_in(site, "site's id"), page_size=most
    )
    services.speak_as(FRONT_DESK, subject)
    answer = services.ask(FRONT_DESK, request)
    if as_json:
        print_json(as_dict(answer))
        return
    screen().print(table_of(FOUND, answer.clients, sites_of(services, FRONT_DESK).name))
    more = ", and there are more: say more of who is meant" if answer.more else ""
    screen().print(f"{plural(len(answer.clients), 'client')}{more}")
