"""A safety task, acted on: closed with what was done, or handed on to somebody else."""

from collections.abc import Callable, Mapping, Sequence

from google.protobuf.message import Message
from ninehours.intake.v1 import intake_service_pb2 as intake

from ninehours.console.forms import saying as forms
from ninehours.console.forms.fields import Choice
from ninehours.console.forms.request_form import RequestForm
from ninehours.console.forms.saying import Saying
from ninehours.console.pages.clients.person import WhoTheyAre, who_of
from ninehours.console.pages.staff import staff_of
from ninehours.console.policies import require
from ninehours.console.texts import words
from ninehours.console.visit import GoTo, NoSuchPage, Screen, Visit

BACK = "/my-day#safety"
ACTS: Mapping[str, Callable[..., Message]] = {
    "close": intake.CloseSafetyTaskRequest,
    "hand_on": intake.HandOnSafetyTaskRequest,
}


def ask_of_task(visit: Visit) -> Screen:
    """The form of an act."""
    return forms.ask(visit, *_of_task(visit))


def say_of_task(visit: Visit) -> Screen | GoTo:
    """What was pressed in it."""
    return forms.say(visit, *_of_task(visit))


def _of_task(visit: Visit) -> tuple[Saying, RequestForm]:
    act, task_id = visit.place["act"], visit.place["task_id"]
    if act not in ACTS:
        raise NoSuchPage
    require(visit, ACTS[act]())
    who = who_of(visit)
    listed = visit.ask(intake.ListSafetyTasksRequest(client_id=who.client_id)).tasks
    task = next((each for each in listed if each.task_id == task_id), None)
    if task is None:
        raise NoSuchPage
    told = words().my_day.safety
    saying = Saying(
        path=f"/my-day/safety/{who.client_id}/{task_id}/{act}",
        title=told.title_of[act],
        about=who.about,
        says=told.says[act],
        back=BACK,
        refusals=told.refusals,
    )
    request = ACTS[act](client_id=who.client_id, task_id=task_id)
    choices = {"owner": _others(visit, who, task.owner)} if act == "hand_on" else {}
    return saying, RequestForm(request=request, choices=choices)


def _others(visit: Visit, who: WhoTheyAre, owner: str) -> Sequence[Choice]:
    """To whom it may be handed on."""
    staff = staff_of(visit, who.site_id)
    return [Choice(each.subject, each.says) for each in staff if each.subject != owner]
