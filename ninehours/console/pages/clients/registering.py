"""Register somebody: who it is, beside whoever may be here already.

Of each who may be the same person a desk says why they are another one, or registers nobody. Who is
passed over without a word stays due to be judged.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ninehours.intake.v1 import intake_service_pb2 as intake
from ninehours.intake.v1 import search_service_pb2 as search

from kernel.rpc.remote_refusal import RemoteRefusal
from ninehours.console.forms import saying as forms
from ninehours.console.forms.request_form import Mistyped, RequestForm
from ninehours.console.forms.saying import CHANGE, LOOK, RECORD, Saying
from ninehours.console.pages.clients.finding import ClientFound, brief_of
from ninehours.console.pages.clients.names import SitesOfNetwork, sites
from ninehours.console.policies import require
from ninehours.console.texts import words
from ninehours.console.visit import GoTo, Screen, Visit

PATH = "/clients/new"
COMPARE = "compare"
DOUBLES = "doubles"  # what has the focus
OTHER = "other_people."  # of a field: and the client's id


@dataclass(frozen=True, slots=True)
class Double:
    """Who may be here already. `field`: of why they are another person; `typed`: what was said."""

    brief: ClientFound
    field: str
    typed: str


@dataclass(frozen=True, slots=True)
class Compared:
    """With who is here. `is_whole`: a name and a birth date were, so that nobody means nobody."""

    doubles: Sequence[Double] = ()
    is_whole: bool = False


def ask(visit: Visit) -> Screen:
    """The empty form."""
    require(visit, intake.RegisterClientRequest())
    form = _form(sites(visit), {})
    return _beside(forms.ask(visit, _saying({}), form), Compared(), is_focused=False)


def register(visit: Visit) -> Screen | GoTo:
    """What was pressed: compare, look at it, or record it."""
    here = sites(visit)
    compared = _compared(visit, here)
    judged = {each.field: each.typed for each in compared.doubles if each.typed}
    is_asked = visit.form.get("step") == COMPARE
    if is_asked:
        visit = replace(visit, form={**visit.form, "step": CHANGE})
    said = forms.say(
        visit,
        _saying(judged),
        _form(here, judged),
        done=lambda answer: f"/clients/{answer.client_id}",
    )
    if isinstance(said, GoTo):
        return said
    is_passed_over = len(judged) < len(compared.doubles) and said.told["step"] == RECORD
    is_answer = is_asked and (compared.is_whole or bool(compared.doubles))
    return _beside(said, compared, is_focused=is_answer or is_passed_over)


def _form(here: SitesOfNetwork, judged: Mapping[str, str]) -> RequestForm:
    request = intake.RegisterClientRequest()
    for name, reason in judged.items():
        request.other_people.add(other_client_id=name.removeprefix(OTHER), reason=reason)
    if len(here.choices) == 1:
        request.site_id = here.choices[0].value
    choices = {"site_id": here.choices}
    return RequestForm(request=request, choices=choices, without=["other_people"])


def _saying(judged: Mapping[str, str]) -> Saying:
    told = words().registering
    return Saying(path=PATH, title=told.title, says=told.says, back="/clients", hidden=judged)


def _compared(visit: Visit, here: SitesOfNetwork) -> Compared:
    """As far as it is typed; with nobody where it can't be read."""
    asked = search.LookForDoublesRequest()
    try:
        said = _form(here, {}).read(visit.form)
        asked.family_name, asked.given_name = said.identity.family_name, said.identity.given_name
        if said.identity.HasField("birth_date"):
            asked.birth_date.CopyFrom(said.identity.birth_date)
        asked.phone = said.contacts.phone
        likely = visit.ask(asked).doubles
    except (Mistyped, RemoteRefusal):
        return Compared()
    is_whole = bool(asked.family_name) and asked.HasField("birth_date")
    return Compared([_double(visit, each, here) for each in likely], is_whole)


def _double(visit: Visit, likely: Any, here: SitesOfNetwork) -> Double:
    by = words().registering.likely
    why = [by[search.LikelyBy.Name(each)] for each in likely.reasons]
    field = f"{OTHER}{likely.client.client_id}"
    return Double(brief_of(likely, why, here.choices), field, visit.form.get(field, "").strip())


def _beside(screen: Screen, compared: Compared, *, is_focused: bool) -> Screen:
    """Where they are typed, reasons are fields; where it is looked at, the form carries them.
    `is_focused`: whoever may be here is to be read before anything is pressed."""
    told = {
        **screen.told,
        "doubles": compared.doubles,
        "is_compared": compared.is_whole,
        "focus": DOUBLES if is_focused else screen.told["focus"],
    }
    if told["step"] == LOOK:
        told["saying"] = replace(told["saying"], hidden={})
    return Screen("registering.html", told, screen.status)
