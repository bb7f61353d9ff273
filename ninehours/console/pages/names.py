"""What clients and sites are called; asked for the rows that are shown alone."""

from collections.abc import Iterable, Mapping, Sequence

from ninehours.attendance.v1 import calendar_service_pb2 as calendar
from ninehours.intake.v1 import chart_service_pb2 as intake

from ninehours.console.visit import Visit

MOST_NAMED = 200  # clients that one question names


def names_of(visit: Visit, client_ids: Iterable[str]) -> Mapping[str, str]:
    """Client → `Ito, Robin (1990)`; of who was forgotten, or is told of to others, the id."""
    asked = [*dict.fromkeys(filter(None, client_ids))]
    names = dict(zip(asked, asked, strict=True))
    for first in range(0, len(asked), MOST_NAMED):
        some = asked[first : first + MOST_NAMED]
        for named in visit.ask(intake.NameClientsRequest(client_ids=some)).clients:
            names[named.client_id] = _name(named)
    return names


def sites_of(visit: Visit) -> Sequence[calendar.ListedSite]:
    """Those that there are, by name."""
    found = visit.ask(calendar.ListSitesRequest()).sites
    return sorted(found, key=lambda site: (site.name.casefold(), site.site_id))


def _name(named: intake.NamedClient) -> str:
    if named.text_forgotten:
        return str(named.client_id)
    name = ", ".join(filter(None, (named.family_name, named.given_name)))
    return f"{name} ({named.birth_date.year})" if named.HasField("birth_date") else name
