"""A page that says something to a service: asked, looked at with what would follow, then recorded.

A form counts once: its `command_id` is made with the page and stays through all three.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from uuid import UUID, uuid4

from google.protobuf.message import Message

from kernel.rpc.remote_refusal import RemoteRefusal
from ninehours.console.forms.consequences import foreseen
from ninehours.console.forms.fields import Fieldset
from ninehours.console.forms.refusals import WrongFields, at_fields
from ninehours.console.forms.request_form import Mistyped, RequestForm
from ninehours.console.policies import require
from ninehours.console.texts import words
from ninehours.console.visit import GoTo, NoSuchPage, Screen, Visit

LOOK, CHANGE, RECORD = "look", "change", "record"
NEW = "command_id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """`path`: where the form is sent. `back`: where one goes on, and back. `hidden`: what the form
    carries along. `refusals`: the page's own words for reasons. `about`: whom or what, in words.
    `whose`: by client, where several are meant, how each is called in what would follow."""

    path: str
    title: str
    back: str
    says: str = ""
    about: str = ""
    hidden: Mapping[str, str] = field(default_factory=dict)
    refusals: Any = ()
    whose: Mapping[str, str] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """Where on the page one goes on: `#coverages`; empty: at its head."""
        return "".join(self.back.partition("#")[1:])


@dataclass(frozen=True, slots=True)
class Beside:
    """A field that somebody else said otherwise meanwhile."""

    label: str
    theirs: str
    mine: str


def ask(visit: Visit, saying: Saying, form: RequestForm) -> Screen:  # noqa: ARG001 - as `say`
    """The form, with what holds."""
    return asking(saying, form.fieldsets(), str(uuid4()))


def say(
    visit: Visit,
    saying: Saying,
    form: RequestForm,
    *,
    refused: Callable[[RemoteRefusal], Screen | None] = lambda _: None,
    done: Callable[[Any], str | Screen] | None = None,
) -> Screen | GoTo:
    """What was pressed. `refused`: a screen of the page's own for a refusal. `done`: of the answer,
    where one goes on."""
    require(visit, form.request)
    typed, step = visit.form, visit.form.get("step", LOOK)
    command_id = _command_id(visit)
    if step == CHANGE:
        return asking(saying, form.fieldsets(typed), command_id)
    names = [each.name for each in form.fields(typed)]
    try:
        request = form.read(typed)
        request.meta.command_id = command_id
        if step == RECORD:
            answer = visit.ask(request)
            went = saying.back if done is None else done(answer)
            return GoTo(went) if isinstance(went, str) else went
        return _looked_at(visit, saying, form, request, command_id)
    except Mistyped as mistyped:
        wrong = WrongFields(mistyped.wrong)
    except RemoteRefusal as refusal:
        if (screen := refused(refusal)) is not None:
            return screen
        wrong = at_fields(refusal, names, saying.refusals, form.labels)
    return asking(saying, form.fieldsets(typed, wrong.at), command_id, wrong=wrong)


def asking(
    saying: Saying,
    fieldsets: Sequence[Fieldset],
    command_id: str,
    *,
    wrong: WrongFields | None = None,
    beside: Sequence[Beside] = (),
) -> Screen:
    """The form to be typed in; of what was refused, with what is wrong."""
    shown = {
        **_told(saying, fieldsets, command_id),
        "step": LOOK,
        "wrong": wrong.whole if wrong else "",
        "is_refused": wrong is not None,
        "beside": beside,
        "focus": _focus(fieldsets),
    }
    status = HTTPStatus.OK if wrong is None else HTTPStatus.UNPROCESSABLE_ENTITY
    return Screen("saying.html", shown, status)


def _looked_at(
    visit: Visit, saying: Saying, form: RequestForm, request: Any, command_id: str
) -> Screen:
    """What is about to be recorded, and what follows of it."""
    supposed: Message = type(request)()
    supposed.CopyFrom(request)
    supposed.meta.dry_run = True  # type: ignore[attr-defined]
    answer = visit.ask(supposed)
    shown = {
        **_told(saying, form.fieldsets(visit.form), command_id),
        "step": RECORD,
        "focus": RECORD,
        "held": {each.name: each.says for each in form.fields() if each.is_said},
        "consequences": foreseen(visit, answer.receipt, saying.whose),
        "recorded_before": bool(answer.receipt.published),
    }
    return Screen("saying.html", shown)


def _told(saying: Saying, fieldsets: Sequence[Fieldset], command_id: str) -> dict[str, Any]:
    return {"saying": saying, "fieldsets": fieldsets, "command_id": command_id}


def _focus(fieldsets: Sequence[Fieldset]) -> str:
    """The first field that is wrong, that nothing stands in, or at all; else what goes on."""
    fields = [each for some in fieldsets for each in some.fields]
    wrong = [each.name for each in fields if each.wrong]
    empty = [each.name for each in fields if not each.value]
    return [*wrong, *empty, *(each.name for each in fields), LOOK][0]


def _command_id(visit: Visit) -> str:
    try:
        return str(UUID(visit.form.get(NEW, "")))
    except ValueError:
        raise NoSuchPage from None


def beside(form: RequestForm, theirs: RequestForm, typed: Mapping[str, str]) -> list[Beside]:
    """Where what was typed isn't what holds by now."""
    held = {each.name: each for each in theirs.fields()}
    nothing = words().forms.nothing
    return [
        Beside(mine.label, held[mine.name].says or nothing, mine.says or nothing)
        for mine in form.fields(typed)
        if mine.name in held and mine.value.strip() != held[mine.name].value
    ]
