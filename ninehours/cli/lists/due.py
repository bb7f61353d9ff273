"""`due`: what the four services know to be due by a day, by site and person."""

from collections.abc import Sequence
from datetime import date, datetime
from itertools import groupby
from typing import Any

import grpc
from ninehours.attendance.v1 import calendar_service_pb2 as attendance
from ninehours.billing.v1 import deadlines_service_pb2 as billing
from ninehours.common.v1.due_pb2 import DueItem
from ninehours.intake.v1 import clients_service_pb2 as intake
from ninehours.plans.v1 import courses_service_pb2 as plans

from kernel.rpc.remote_refusal import RemoteRefusal
from kernel.rpc.translate import to_date
from ninehours.cli.connection import Services, on_system
from ninehours.cli.directories import Sites, sites_of
from ninehours.cli.fields import day_or_today, id_in
from ninehours.cli.output import as_dict, print_json, screen
from ninehours.cli.roles import BILLER, CLINICIAN
from ninehours.told.fields import iso

ASKED = (
    ("intake", CLINICIAN, intake.ListDueRequest),
    ("attendance", CLINICIAN, attendance.ListDueRequest),
    ("plans", CLINICIAN, plans.ListDueRequest),
    ("billing", BILLER, billing.ListDueRequest),
)
NOBODY = "anybody"


@on_system
def run_due(
    services: Services, on: datetime | None, *, ahead: int, site: str, person: str, as_json: bool
) -> None:
    """What is due by then; says which services may not tell it to this token's role."""
    day = day_or_today(on)
    site_id = id_in(site, "site's id")
    found: list[DueItem] = []
    withheld: list[str] = []
    for name, role, kind in ASKED:
        request: Any = kind(on=to_date(day), ahead_days=ahead, site_id=site_id, person=person)
        answer = services.ask_if_allowed(role, request)
        if answer is None:
            withheld.append(name)
        else:
            found += answer.items
    if len(withheld) == len(ASKED):
        raise RemoteRefusal(
            grpc.StatusCode.PERMISSION_DENIED,
            "ROLE_NOT_ALLOWED",
            "no service tells your token's role what is due",
            {},
        )
    if as_json:
        due = [as_dict(item) for item in found]
        print_json({"on": str(day), "due": due, "withheld": withheld})
    else:
        _show(found, withheld, sites_of(services, CLINICIAN), day)


def _show(found: Sequence[DueItem], withheld: Sequence[str], sites: Sites, on: date) -> None:
    """By site, then by person; what is late says so."""
    console = screen()
    ordered = sorted(found, key=lambda item: _key(item, sites))
    for site_id, of_site in groupby(ordered, key=lambda item: item.site_id):
        console.print(sites.heading(site_id))
        for who, items in groupby(of_site, key=_who):
            console.print(f"  {who}")
            for item in items:
                console.print(_line(item))
        console.print()
    late = sum(item.overdue for item in found)
    console.print(f"{len(found)} due on {on}, {late} late")
    if withheld:
        console.print(f"not for this token's role: {', '.join(withheld)}")


def _line(due: DueItem) -> str:
    """What, by when, and of whom: the client; else the session, plan or claim itself."""
    what = due.kind.lower().replace("_", " ")
    when = ("late" if due.overdue else "by") if due.HasField("until") else "since"
    day = iso(due.until) or iso(due.since)
    if due.HasField("due_at"):
        day = f"{due.due_at.ToDatetime():%Y-%m-%d %H:%MZ}"
    return f"    {what:<20} {when:<5} {day} {due.client_id or due.about_id}  {due.detail}".rstrip()


def _key(due: DueItem, sites: Sites) -> tuple[str, ...]:
    first = iso(due.until) or iso(due.since)
    return (sites.name(due.site_id), due.site_id, _who(due), first, due.kind, due.about_id)


def _who(due: DueItem) -> str:
    roles = " or ".join(due.roles)
    return f"{due.person} ({roles})" if due.person else f"{NOBODY} ({roles})"
