"""What is said of a client, anew or otherwise: each a form, looked at, then recorded."""

from collections.abc import Sequence
from datetime import datetime

from ninehours.intake.v1 import statements_service_pb2 as statements

from kernel.rpc.translate import to_date
from ninehours.console.forms import putting_right
from ninehours.console.forms import saying as forms
from ninehours.console.forms.putting_right import CORRECT, ToPutRight, statement_named
from ninehours.console.forms.request_form import RequestForm
from ninehours.console.forms.saying import Saying
from ninehours.console.pages.clients.client import (
    OF_KIND,
    SAYABLE,
    choices_of,
    request_of,
)
from ninehours.console.pages.clients.names import sites
from ninehours.console.pages.clients.person import CLIENT_ID, WhoTheyAre, who_of
from ninehours.console.pages.clients.statements import PARTS, elsewhere, kind_of, said_in
from ninehours.console.policies import require
from ninehours.console.texts import words
from ninehours.console.visit import GoTo, NoSuchPage, Screen, Visit

ALL = frozenset(each for sayable in SAYABLE.values() for each in sayable)
# Whose client they are is for an admission to say, and a registration is of one site. Another place
# is a transfer; who was admitted elsewhere all along is admitted anew.
KEPT = ("site_id", "program", "program_id")
# A program is chosen among those that there are, and attendance says what it is.
CHOSEN = ("program",)
MOST_COMMON = {"level_of_care": "2.1", "rank": 1}
BEGINS_TODAY = ("changed_from", "admitted_on")


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
    said = visit.place["kind"]
    if said not in ALL:
        raise NoSuchPage
    require(visit, request_of(said)())
    who, here = who_of(visit), sites(visit)
    request = request_of(said)(client_id=who.client_id)
    without: Sequence[str] = CHOSEN
    today = datetime.now(here.zone_of(who.site_id)).date()
    if OF_KIND.get(said, said) == "change_of_person":  # whole: what doesn't change stays
        request.identity.CopyFrom(who.identity)
        request.contacts.CopyFrom(who.contacts)
    if said in OF_KIND:
        without = ["identity"]
    for declared in request.DESCRIPTOR.fields:
        if declared.name in MOST_COMMON:
            setattr(request, declared.name, MOST_COMMON[declared.name])
        elif declared.name in BEGINS_TODAY:
            getattr(request, declared.name).CopyFrom(to_date(today))
        elif declared.name == "site_id":
            request.site_id = who.site_id
    choices = choices_of(visit, who.client_id, here)
    for declared in request.DESCRIPTOR.fields:
        of_client = choices.get(declared.name, ()) if declared.name in ALONE else ()
        if len(of_client) == 1:
            setattr(request, declared.name, of_client[0].value)
    told = words().clients
    saying = Saying(
        path=f"{who.address}/say/{said}",
        title=told.say[said],
        about=who.about,
        says=told.says.get(said, ""),
        back=_back(who, said),
        refusals=told.refusals,
    )
    return saying, RequestForm(request=request, choices=choices, without=without)


ALONE = ("coverage_id", "consent_id", "program_id")
"""Of which the only one that there is is chosen."""


def _otherwise(visit: Visit) -> tuple[Saying, ToPutRight]:
    """Of the whole statement; or of the part that the address names in place of a mode."""
    who, named = who_of(visit), visit.place["mode"]
    statement = statement_named(
        visit, statements, visit.place["statement_id"], **{CLIENT_ID: who.client_id}
    )
    kind, told = kind_of(statement), words().clients
    alone = {name: part for name, part in PARTS.items() if part.alone and kind in part.kinds}
    if named not in (*putting_right.MODES, *alone):
        raise NoSuchPage
    part = alone.get(named)
    mode = CORRECT if part else named
    saying = Saying(
        path=f"{who.address}/statements/{statement.statement_id}/{named}",
        title=told.put_right[mode].format(
            what=told.sections[named] if part else words().fields[kind]
        ),
        about=who.about,
        says=told.put_right_says[named],
        back=f"{who.address}#{named}" if part else _back(who, kind),
        refusals=told.refusals,
    )
    without = (*KEPT, *(elsewhere(said_in(statement.revisions[-1]), part) if part else ()))
    choices = choices_of(visit, who.client_id, sites(visit))
    return saying, ToPutRight(
        of=statements, statement=statement, mode=mode, choices=choices, without=without
    )


def _back(who: WhoTheyAre, said: str) -> str:
    """Where it is read."""
    parts = (name for name, part in PARTS.items() if said in (*SAYABLE[name], *part.kinds))
    return f"{who.address}#{next(parts)}"
