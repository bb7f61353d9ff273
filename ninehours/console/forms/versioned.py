"""A form that rests on what was recorded last, by its version: who recorded anything of it
meanwhile is shown beside mine."""

from dataclasses import replace
from uuid import uuid4

from kernel.rpc.remote_refusal import RemoteRefusal
from ninehours.console.forms import saying as forms
from ninehours.console.forms.refusals import WrongFields
from ninehours.console.forms.request_form import RequestForm
from ninehours.console.forms.saying import Saying
from ninehours.console.texts import words
from ninehours.console.visit import GoTo, NoSuchPage, Screen, Visit

VERSION = "version"
CHANGED = "VERSION_CONFLICT"


def ask(visit: Visit, saying: Saying, form: RequestForm, version: int) -> Screen:
    """The form, with what holds at that version."""
    return forms.ask(visit, _resting_on(saying, version), form)


def say(visit: Visit, saying: Saying, form: RequestForm, version: int) -> Screen | GoTo:
    """What was pressed in a form of the version that it carries; `form`, `version`: as it stands
    now."""
    try:
        typed_at = int(visit.form.get(VERSION, ""))
    except ValueError:
        raise NoSuchPage from None

    def refused(refusal: RemoteRefusal) -> Screen | None:
        if refusal.reason != CHANGED:
            return None
        return forms.asking(
            _resting_on(saying, version),
            form.fieldsets(visit.form),
            str(uuid4()),
            wrong=WrongFields(whole=words().forms.changed_meanwhile),
            beside=forms.beside(form, form, visit.form),
        )

    mine = form.expecting(typed_at)
    return forms.say(visit, _resting_on(saying, typed_at), mine, refused=refused)


def _resting_on(saying: Saying, version: int) -> Saying:
    return replace(saying, hidden={**saying.hidden, VERSION: str(version)})
