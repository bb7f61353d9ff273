"""Two records of one person: the other one merged into this one, or taken apart again."""

from collections.abc import Mapping
from typing import Any

from ninehours.intake.v1 import intake_service_pb2 as intake

from ninehours.console.forms.request_form import RequestForm
from ninehours.console.forms.saying import Saying, ask, say
from ninehours.console.pages.clients.doubles import OTHER
from ninehours.console.pages.clients.names import sites
from ninehours.console.pages.clients.person import who_of
from ninehours.console.policies import require
from ninehours.console.texts import words
from ninehours.console.visit import GoTo, NoSuchPage, Screen, Visit

ACTS: Mapping[str, Any] = {
    "merge": intake.MergeClientsRequest,
    "take_apart": intake.UnmergeClientsRequest,
}
# What differs of them an administrator settles, whose role reads no names.
NOT_ASKED = ("settled",)


def ask_of_merge(visit: Visit) -> Screen:
    """How one person came to be two clients; or why they are two after all."""
    return ask(visit, *_merging(visit))


def say_of_merge(visit: Visit) -> Screen | GoTo:
    """What was pressed in it."""
    return say(visit, *_merging(visit))


def _merging(visit: Visit) -> tuple[Saying, RequestForm]:
    act = visit.place["act"]
    if act not in ACTS:
        raise NoSuchPage
    require(visit, ACTS[act]())
    survivor, absorbed = who_of(visit), who_of(visit, OTHER)
    request = ACTS[act](
        survivor_client_id=survivor.client_id, absorbed_client_id=absorbed.client_id
    )
    told, here = words().clients.merging, sites(visit)
    one, other = (each.told_apart(here.zone_of(each.site_id)) for each in (survivor, absorbed))
    saying = Saying(
        path=f"{survivor.address}/doubles/{absorbed.client_id}/{act}",
        title=told.title[act],
        says=told.says[act],
        about=told.about[act].format(one=one, other=other),
        whose={each.client_id: each.record for each in (survivor, absorbed)},
        back=survivor.address,
        refusals=told.refusals,
    )
    return saying, RequestForm(request=request, without=NOT_ASKED)
