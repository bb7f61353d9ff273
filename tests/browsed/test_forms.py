"""What is sent from any page: refused to whom it isn't for, and never lost."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from google.protobuf.message import Message
from starlette.routing import compile_path

from kernel.roles import Role
from ninehours.console.pages.routes import PAGES
from ninehours.console.services import AskedServices, ServiceAway
from ninehours.local.system import LocalSystem
from tests.harness.console.altered import altered
from tests.harness.console.pages import LOOKED_AT, LookedAt
from tests.harness.console.reader import Form, Reader
from tests.harness.console.story import PlayedStory

SHAPES = {path: compile_path(path)[0] for method, path in PAGES if method == "POST"}
TOKEN = "form_token"
SOUGHT = "zz"  # who looks for nobody is told so before anybody is asked
NOT_ON_STORY = {
    "/issue": "of that payer nothing would leave",
    "/my-day/notes/draft": "its script sends it",
    "/my-day/notes/sign": "that group's notes are signed",
    "/my-day/notes/attest": "no note is late",
    "/today/cancel/take-back": "no group is cancelled",
    "/system/parked/give-up": "nothing is parked",
    "/system/parked/release": "nothing is parked",
    "/today/record": "that day's groups are closed",
    "/today/cancel": "that day's groups are closed",
    "/worklist/views/drop": "no view is kept",
}

SignIn = Callable[[str], Reader]


class NoServices(AskedServices):
    """`gone`: none of them answers any more."""

    gone = False

    def ask(self, request: Message, **how: Any) -> Any:
        if NoServices.gone:
            raise ServiceAway("attendance")
        return super().ask(request, **how)


@contextmanager
def nothing_answers() -> Iterator[None]:
    NoServices.gone = True
    try:
        yield
    finally:
        NoServices.gone = False


@pytest.fixture(scope="module")
def sign_in(browsed: LocalSystem) -> Iterator[SignIn]:
    with altered(browsed, services=NoServices) as sign_in:
        yield sign_in


@pytest.fixture(scope="module")
def forms(sign_in: SignIn, story: PlayedStory) -> Sequence[tuple[LookedAt, Form]]:
    """Of each page on the story one of each kind that it has, with what its first button says."""
    found = []
    readers = {role: sign_in(role) for role in Role}
    for row in LOOKED_AT:
        if row.page and not row.file:
            page = readers[row.role].get(row.at(story))
            for form in {shape_of(each): each for each in page.forms if shape_of(each)}.values():
                pressed = {name: value for name, value in form.buttons[:1] if name}
                typed = {name: SOUGHT for name in form.fields if name in ("text", "sought")}
                found.append((row, Form(form.action, {**form.fields, **typed, **pressed})))
    return found


def shape_of(form: Form) -> str:
    """Of a page's own; empty: it is on every page, or asks by its address."""
    path = urlsplit(form.action).path
    return next(
        (
            shape
            for shape, pattern in SHAPES.items()
            if TOKEN in form.fields and pattern.match(path)
        ),
        "",
    )


def typed(form: Form) -> dict[str, str]:
    return {name: value for name, value in form.fields.items() if name != TOKEN}


def test_forms_of_all_pages_are_there(forms: Sequence[tuple[LookedAt, Form]]) -> None:
    found = {shape_of(form) for _, form in forms}
    assert {*SHAPES} - found <= {*NOT_ON_STORY}


def test_whoever_may_not_is_refused_what_they_send(
    sign_in: SignIn, story: PlayedStory, forms: Sequence[tuple[LookedAt, Form]]
) -> None:
    readers = {role: sign_in(role) for role in Role}
    tokens = {role: own_token(reader) for role, reader in readers.items()}
    for row, form in forms:
        for role in row.others:
            answer = readers[role].post(form.action, {**typed(form), TOKEN: tokens[role]})
            assert answer.status == 403, (form.action, role)
            sent = " ".join(form.fields.values())  # comes back to who typed it
            told = [name for name in story.names if name in answer.body and name not in sent]
            assert told == []


def own_token(reader: Reader) -> str:
    return reader.get("/").form("/sign-out").fields[TOKEN]


def test_a_form_of_no_session_is_refused(
    sign_in: SignIn, forms: Sequence[tuple[LookedAt, Form]]
) -> None:
    for row, form in forms:
        reader = sign_in(row.role)
        for token in ("", "AAAA"):
            assert reader.post(form.action, {**typed(form), TOKEN: token}).status == 403


def test_what_is_sent_while_nothing_answers_comes_back_as_it_was_typed(
    sign_in: SignIn, forms: Sequence[tuple[LookedAt, Form]]
) -> None:
    for row, form in forms:
        reader = sign_in(row.role)
        token = own_token(reader)
        with nothing_answers():
            answer = reader.post(form.action, {**typed(form), TOKEN: token})
        assert answer.status == 503, form.action
        assert "no answer at this moment" in answer.text
        assert typed(answer.form(urlsplit(form.action).path)) == typed(form)


def test_what_is_sent_after_the_session_ended_is_kept_until_one_is_signed_in_again(
    sign_in: SignIn, forms: Sequence[tuple[LookedAt, Form]]
) -> None:
    for row, form in forms:
        reader = sign_in(row.role)
        reader.cookies.pop("ninehours")
        over = reader.send(form)
        assert over.status == 401, form.action
        assert json.loads(over.form("/sign-in").fields["kept"]) == typed(form)
