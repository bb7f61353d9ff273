"""What is said of a client, anew or otherwise: each a form, looked at, then recorded."""

from ninehours.intake.v1 import statements_service_pb2 as statements

from ninehours.console.forms import putting_right
from ninehours.console.forms import saying as forms
from ninehours.console.forms.putting_right import ToPutRight, statement_named
from ninehours.console.forms.request_form import RequestForm
from ninehours.console.forms.saying import Saying
from ninehours.console.pages.clients.client import (
    CLIENT_ID,
    SAYABLE,
    WhoTheyAre,
    choices_of,
    request_of,
    who_of,
)
from ninehours.console.pages.clients.names import sites
from ninehours.console.policies import require
from ninehours.console.texts import words
from ninehours.console.visit import GoTo, NoSuchPage, Screen, Visit

ALL = frozenset(kind for kinds in SAYABLE.values() for kind in kinds)
# Whose client they are is for an admission to say, and a registration is of one site.
KEPT = ("site_id",)


def ask_anew(visit: Visit) -> Screen:
    """The form of a kind."""
    saying, form = _anew(visit)
    return forms.ask(visit, saying, form)


def say_anew(visit: Visit) -> Screen | GoTo:
    """What was pressed in it."""
    saying, form = _anew(visit)
    return forms.say(visit, saying, form)


def ask_otherwise(visit: Visit) -> Screen:
    """The form of a statement that is to be put right."""
    saying, wrong_one = _otherwise(visit)
    return putting_right.ask(visit, saying, wrong_one)


def say_otherwise(visit: Visit) -> Screen | GoTo:
    """What was pressed in it."""
    saying, wrong_one = _otherwise(visit)
    return putting_right.say(visit, saying, wrong_one)


def _anew(visit: Visit) -> tuple[Saying, RequestForm]:
    kind = visit.place["kind"]
    if kind not in ALL:
        raise NoSuchPage
    require(visit, request_of(kind)())
    who = who_of(visit)
    request = request_of(kind)(client_id=who.client_id)
    if kind == "change_of_person":  # said whole: what doesn't change is there already
        request.identity.CopyFrom(who.identity)
        request.contacts.CopyFrom(who.contacts)
    choices = choices_of(visit, who.client_id, sites(visit))
    for declared in request.DESCRIPTOR.fields:
        of_client = choices.get(declared.name, ()) if declared.name in OF_CLIENT else ()
        if len(of_client) == 1:
            setattr(request, declared.name, of_client[0].value)
    told = words().clients
    saying = Saying(
        path=f"{who.address}/say/{kind}",
        title=told.say[kind],
        about=who.about,
        says=told.says.get(kind, ""),
        back=_back(who, kind),
        refusals=told.refusals,
    )
    return saying, RequestForm(request=request, choices=choices)


OF_CLIENT = ("coverage_id", "consent_id")


def _otherwise(visit: Visit) -> tuple[Saying, ToPutRight]:
    who, mode = who_of(visit), visit.place["mode"]
    if mode not in putting_right.MODES:
        raise NoSuchPage
    statement = statement_named(
        visit, statements, visit.place["statement_id"], **{CLIENT_ID: who.client_id}
    )
    kind = statement.revisions[-1].recording.WhichOneof("said")
    told = words().clients
    saying = Saying(
        path=f"{who.address}/statements/{statement.statement_id}/{mode}",
        title=told.put_right[mode].format(what=words().fields[kind]),
        about=who.about,
        says=told.put_right_says[mode],
        back=_back(who, kind),
        refusals=told.refusals,
    )
    choices = choices_of(visit, who.client_id, sites(visit))
    return saying, ToPutRight(
        of=statements, statement=statement, mode=mode, choices=choices, without=KEPT
    )


def _back(who: WhoTheyAre, kind: str) -> str:
    """Where it is read."""
    section = next((name for name, kinds in SAYABLE.items() if kind in kinds), "person")
    return f"{who.address}#{section}"
