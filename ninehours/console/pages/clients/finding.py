"""Find: one field for whatever somebody knows, and at most ten who may be meant.

What was typed is sent as a form, and answered by the page itself: it stands in no address.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from ninehours.intake.v1 import intake_service_pb2 as intake
from ninehours.intake.v1 import search_service_pb2 as search

from kernel.rpc.remote_refusal import RemoteRefusal
from ninehours.console.forms.fields import Choice
from ninehours.console.forms.refusals import says_of
from ninehours.console.pages.clients.names import name_of, sites
from ninehours.console.policies import may, require
from ninehours.console.texts import words
from ninehours.console.visit import Screen, Visit
from ninehours.told.fields import iso

FIELD = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientFound:
    """A client with what tells people apart; `why`: how they were found, or why they may be
    somebody."""

    client_id: str
    name: str
    born: str
    site: str
    care: str
    why: Sequence[str]
    also: Sequence[str]


def find(visit: Visit) -> Screen:
    """The empty field."""
    require(visit, search.FindClientsRequest())
    return _screen(visit, "")


def found(visit: Visit) -> Screen:
    """Who meets all that was typed."""
    require(visit, search.FindClientsRequest())
    typed = visit.form.get(FIELD, "").strip()
    if not typed:
        return _screen(visit, typed, wrong=words().clients.type_something)
    try:
        answer = visit.ask(search.FindClientsRequest(text=typed))
    except RemoteRefusal as refusal:
        says = "; ".join(refusal.details.values()) if refusal.reason == "MALFORMED" else ""
        return _screen(visit, typed, wrong=says or says_of(refusal))
    by = words().clients.matched
    named = sites(visit).choices
    briefs = [
        brief_of(one, [by[search.MatchedBy.Name(each)] for each in one.matched_by], named)
        for one in answer.clients
    ]
    return _screen(visit, typed, briefs, more=answer.more)


def brief_of(one: Any, why: Sequence[str], named: Sequence[Choice]) -> ClientFound:
    """Of a FoundClient, or a LikelyDouble."""
    client = one.client
    told = words().clients
    care = told.in_care if client.active else (told.discharged if client.admitted_level else "")
    level = level_of(client.admitted_level)
    return ClientFound(
        client_id=client.client_id,
        name=full_name(client),
        born=iso(client.birth_date) if client.HasField("birth_date") else "",
        site=name_of(named, client.site_id),
        care=", ".join(filter(None, (care or told.never_admitted, level))),
        why=why,
        also=[name for each in one.found_as if (name := full_name(each)) != full_name(client)],
    )


def level_of(code: str) -> str:
    """Of care, with what it is called where that is known."""
    told, name = words().clients.levels, f"LEVEL_{code.replace('.', '_')}"
    return str(told[name]) if name in told else code


def full_name(named: Any) -> str:
    """`Abbott, Robin`."""
    return ", ".join(filter(None, (named.family_name, named.given_name)))


def _screen(
    visit: Visit,
    typed: str,
    briefs: Sequence[ClientFound] | None = None,
    *,
    more: bool = False,
    wrong: str = "",
) -> Screen:
    shown = {
        "typed": typed,
        "briefs": briefs,
        "more": more,
        "wrong": wrong,
        "may_register": may(visit, intake.RegisterClientRequest()),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK
    return Screen("clients.html", shown, status)
