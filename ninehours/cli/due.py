"""`due`: what the four services know to be due by a day, by site and person."""

from collections.abc import Sequence
from datetime import date
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
from ninehours.cli.connection import Services
from ninehours.cli.dates import day_in, iso
from ninehours.cli.output import screen
from ninehours.cli.sites import Sites

ASKED = (
    ("intake", "clinician", intake.ListDueRequest),
    ("attendance", "clinician", attendance.ListDueRequest),
    ("plans", "clinician", plans.ListDueRequest),
    ("billing", "biller", billing.ListDueRequest),
)
NOBODY = "anybody"


def find_due(
    services: Services, on: date, *, ahead: int, site: str, person: str
) -> tuple[list[DueItem], list[str]]:
    """What is due by then, and the services that may not tell this token's role."""
    found: list[DueItem] = []
    withheld: list[str] = []
    for name, role, request in ASKED:
        asked: Any = request(on=to_date(on), ahead_days=ahead, site_id=site, person=person)
        try:
            found += services.ask(role, asked).items
        except RemoteRefusal as refusal:
            if refusal.code is not grpc.StatusCode.PERMISSION_DENIED:
                raise
            withheld.append(name)
    if len(withheld) == len(ASKED):
        raise RemoteRefusal(
            grpc.StatusCode.PERMISSION_DENIED,
            "ROLE_NOT_ALLOWED",
            "no service tells your token's role what is due",
            {},
        )
    return found, withheld


def show_due(found: Sequence[DueItem], withheld: Sequence[str], sites: Sites, on: date) -> None:
    """By site, then by person; what is late says so."""
    console = screen()
    ordered = sorted(found, key=lambda each: _key(each, sites))
    for site_id, of_site in groupby(ordered, key=lambda each: each.site_id):
        console.print(sites.heading(site_id))
        for who, items in groupby(of_site, key=_who):
            console.print(f"  {who}")
            for each in items:
                console.print(_line(each))
        console.print()
    late = sum(each.overdue for each in found)
    console.print(f"{len(found)} due on {on}, {late} late")
    if withheld:
        console.print(f"not for this token's role: {', '.join(withheld)}")


def _line(due: DueItem) -> str:
    """What, by when, and of whom: the client; else the session, plan or claim itself."""
    what = due.kind.lower().replace("_", " ")
    when = ("late" if due.overdue else "by") if due.HasField("until") else "since"
    day = day_in(due, "until") or iso(due.since)
    if due.HasField("due_at"):
        day = f"{due.due_at.ToDatetime():%Y-%m-%d %H:%MZ}"
    return f"    {what:<20} {when:<5} {day} {due.client_id or due.about_id}  {due.detail}".rstrip()


def _key(due: DueItem, sites: Sites) -> tuple[str, ...]:
    first = day_in(due, "until") or iso(due.since)
    return (sites.name(due.site_id), due.site_id, _who(due), first, due.kind, due.about_id)


def _who(due: DueItem) -> str:
    roles = " or ".join(due.roles)
    return f"{due.person} ({roles})" if due.person else f"{NOBODY} ({roles})"
