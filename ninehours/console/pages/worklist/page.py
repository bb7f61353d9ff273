"""The page, and the same as a file of CSV: what the address filters, in its order."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

import grpc
from ninehours.billing.v1 import billing_work_service_pb2 as work
from ninehours.exchange.v1 import views_service_pb2 as views

from kernel.roles import Role
from kernel.rpc.remote_refusal import RemoteRefusal
from ninehours.console.directories import by_name, clients_named, payers_named, sites_named
from ninehours.console.pages.worklist.filters import (
    DOLLARS,
    KINDS,
    NAMES,
    Filters,
    NoDate,
    wrong_fields,
)
from ninehours.console.pages.worklist.rows import row_of
from ninehours.console.texts import words
from ninehours.console.visit import Download, Screen, Visit
from ninehours.told.amounts import dollars
from ninehours.told.fields import iso, name_in

ROWS = 50
ROWS_OF_A_FILE = 1000
MOST_OF_A_FILE = 100_000
VIEWS = "worklist"  # the page's name, by which its views are kept
FILE = "worklist.csv"
# What begins so, a spreadsheet would run.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
COLUMNS = (
    *("kind", "client_id", "claim_id", "payer_id", "payer", "site_id", "site"),
    *("first", "last", "age_days", "at_stake", "reasons"),
    *("action", "state", "issued_charge", "corrected_charge"),
)


def worklist(visit: Visit) -> Screen:
    """A page of it, with who they are, what it comes to, and views to choose from."""
    return screen_of(visit, Filters.of(visit.query))


def screen_of(visit: Visit, filters: Filters, unsaved: Mapping[str, str] | None = None) -> Screen:
    """The worklist as it is now; `unsaved`: a view as it was named, and why it isn't kept."""
    wrong: Mapping[str, str] = {}
    answer = work.ListWorkResponse()
    try:
        answer = visit.ask(filters.request(ROWS))
    except NoDate as none:
        wrong = {none.field: words().worklist.no_date}
    except RemoteRefusal as refusal:
        if refusal.code is not grpc.StatusCode.INVALID_ARGUMENT or not refusal.details:
            raise
        wrong = wrong_fields(refusal)
    payers, sites = payers_named(visit), sites_named(visit)
    clients = clients_named(visit, (item.client_id for item in answer.items))
    shown = {
        "filters": filters,
        "wrong": wrong,
        "unsaved": unsaved or {},
        "kinds": list(KINDS),
        "payers": by_name(payers),
        "sites": by_name(sites),
        "by_dollars": filters.order == DOLLARS,
        "totals": [_total(total, filters) for total in answer.totals],
        "rows": [row_of(item, clients, payers, sites) for item in answer.items],
        "may_act": visit.person.role is Role.BILLER,
        "names_known": clients.known,
        "next": filters.address(after=answer.next_page_token) if answer.next_page_token else "",
        "views": [*_views(visit)],
    }
    refused = bool(wrong or unsaved)
    return Screen("worklist.html", shown, HTTPStatus.UNPROCESSABLE_ENTITY if refused else 200)


def worklist_file(visit: Visit) -> Download | Screen:
    """All that the address filters, by ids and codes; nobody's name."""
    filters = Filters.of(visit.query)
    try:
        items = [*_all(visit, filters)]
    except NoDate:
        return screen_of(visit, filters)
    payers, sites = payers_named(visit), sites_named(visit)
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows(_cells(item, payers, sites) for item in items)
    return Download(FILE, "text/csv; charset=utf-8", text.getvalue().encode())


def _total(total: work.WorkTotal, filters: Filters) -> tuple[str, str]:
    """What it comes to, and the address of the rows that it is the sum of."""
    kind = NAMES[total.kind]
    says = words().worklist.totals[kind]
    amount = dollars(total.at_stake.minor_units)
    return says.format(items=total.items, dollars=amount), filters.address(kind=kind)


def _views(visit: Visit) -> Iterator[tuple[str, str, str]]:
    """Id, name and address of each."""
    listed = visit.ask(views.ListViewsRequest(page=VIEWS), service="billing").views
    for view in (each.view for each in listed):
        filters = Filters.of(dict(parse_qsl(view.filters.decode())))
        yield view.view_id, view.name, filters.address()


def _all(visit: Visit, filters: Filters) -> Iterator[work.WorkItem]:
    request = filters.request(ROWS_OF_A_FILE)
    request.page_token = ""
    for _ in range(MOST_OF_A_FILE // ROWS_OF_A_FILE):
        answer = visit.ask(request)
        yield from answer.items
        request.page_token = answer.next_page_token
        if not request.page_token:
            break


def _cells(
    item: work.WorkItem, payers: Mapping[str, str], sites: Mapping[str, str]
) -> Sequence[Any]:
    return [
        NAMES[item.kind].upper(),
        item.client_id,
        item.claim_id,
        item.payer_id,
        _harmless(payers.get(item.payer_id, "")),
        item.site_id,
        _harmless(sites.get(item.site_id, "")),
        iso(item.first),
        iso(item.last),
        item.age_days,
        _amount(item, "at_stake"),
        " ".join(reason.reason for reason in item.reasons),
        name_in(item, "action"),
        name_in(item, "state"),
        _amount(item, "issued_charge"),
        _amount(item, "corrected_charge"),
    ]


def _amount(item: work.WorkItem, field: str) -> str:
    """Dollars with two decimals; empty where it isn't said."""
    return f"{getattr(item, field).minor_units / 100:.2f}" if item.HasField(field) else ""


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA) else text
