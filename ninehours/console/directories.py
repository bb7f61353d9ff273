"""Names beside ids, of what a page shows: asked when it is shown, and kept nowhere."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ninehours.attendance.v1 import calendar_service_pb2 as calendar
from ninehours.billing.v1 import billing_work_service_pb2 as work
from ninehours.billing.v1 import ledger_service_pb2 as ledger
from ninehours.intake.v1 import chart_service_pb2 as intake

from kernel.rpc.remote_refusal import RemoteRefusal
from ninehours.console.services import ServiceAway
from ninehours.console.visit import Visit

MOST_NAMED = 200  # clients that one question names


@dataclass(frozen=True, slots=True)
class ClientsNamed:
    """`known`: intake answered, and may tell the caller."""

    names: Mapping[str, str]
    known: bool

    def name(self, client_id: str) -> str:
        """`Garcia, Robin (1990)`; the id of whose name isn't known."""
        return self.names.get(client_id, client_id)


def clients_named(visit: Visit, client_ids: Iterable[str]) -> ClientsNamed:
    """Those whom a page shows; it goes on without their names."""
    wanted = sorted({*client_ids} - {""})
    names: dict[str, str] = {}
    try:
        for some in _parts(wanted):
            for client in visit.ask_briefly(intake.NameClientsRequest(client_ids=some)).clients:
                names[client.client_id] = _name(client)
    except (ServiceAway, RemoteRefusal):
        return ClientsNamed({}, known=False)
    return ClientsNamed(names, known=True)


def payers_named(visit: Visit) -> Mapping[str, str]:
    """All of them, by id; none where billing doesn't answer."""
    try:
        found = visit.ask_briefly(work.NamePayersRequest()).payers
    except (ServiceAway, RemoteRefusal):
        return {}
    return {payer.payer_id: payer.name for payer in found}


def sites_named(visit: Visit) -> Mapping[str, str]:
    """All of them, by id; none where attendance doesn't answer: a page goes on with ids."""
    try:
        found = visit.ask_briefly(calendar.ListSitesRequest()).sites
    except (ServiceAway, RemoteRefusal):
        return {}
    return {site.site_id: site.name for site in found}


def sites_of(visit: Visit) -> Sequence[calendar.ListedSite]:
    """All of them with their clocks, by name; a page that rests on them isn't shown without."""
    found = visit.ask(calendar.ListSitesRequest()).sites
    return sorted(found, key=lambda site: (site.name.casefold(), site.site_id))


def staff_named(visit: Visit) -> Mapping[str, str]:
    """Those whom billing names on claims, by id: `Kim Ferro`; none where it doesn't answer."""
    try:
        found = visit.ask_briefly(work.NameStaffRequest()).staff
    except (ServiceAway, RemoteRefusal):
        return {}
    return {each.staff_id: f"{each.given_name} {each.family_name}" for each in found}


def everybody_named(visit: Visit) -> Mapping[str, str]:
    """Payers, sites, who bills and who renders, by their ids; as far as whoever asks is told."""
    return {**sites_named(visit), **_of_billing(visit)}


def _of_billing(visit: Visit) -> Mapping[str, str]:
    named = {**payers_named(visit), **staff_named(visit)}
    try:
        listed = visit.ask_briefly(ledger.ListProvidersRequest())
    except (ServiceAway, RemoteRefusal):
        return named
    return {**named, **{each.provider_id: each.name for each in listed.providers}}


def by_name(named: Mapping[str, str]) -> Sequence[tuple[str, str]]:
    """Id and name, as a choice lists them."""
    return sorted(named.items(), key=lambda item: (item[1].casefold(), item[0]))


def _name(client: intake.NamedClient) -> str:
    if client.text_forgotten:
        return client.client_id
    name = ", ".join(filter(None, (client.family_name, client.given_name)))
    return f"{name} ({client.birth_date.year})" if client.HasField("birth_date") else name


def _parts(client_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for first in range(0, len(client_ids), MOST_NAMED):
        yield client_ids[first : first + MOST_NAMED]
