"""Every form carries whose session it is of, every command which one it is; what is refused is read
in both themes."""

import re
from collections.abc import Iterator
from pathlib import Path

TEMPLATES = sorted(
    (Path(__file__).resolve().parents[3] / "ninehours" / "console" / "templates").glob("*.html")
)
FORM = re.compile(r'<form method="post" action="([^"]*)".*?</form>', re.DOTALL)
MACRO = re.compile(r"\{% macro (\w+)\(\) %\}(.*?)\{% endmacro %\}", re.DOTALL)
WITHOUT_TOKEN = {
    "/sign-in": "nobody is signed in yet: the way in is compared with a cookie",
    "/theme": "how this browser shows pages is all that it changes",
    "signed_out.html: {{ leaving.address }}": "it is sent to the identity provider",
}
WITHOUT_COMMAND = {
    **WITHOUT_TOKEN,
    "/clients": "it asks",
    "/today/find": "it asks",
    "/what-if": "it asks",
    "/sign-in/as": "signed in twice is signed in",
    "/sign-out": "signed out twice is signed out",
    "/worklist/views/drop": "dropped twice is dropped",
    "parked.html: {{ path }}": "of what is parked, which is released or gone past once",
    "sending.html: {{ then }}": "it is a form that was sent before, with all that it carried",
}


def forms() -> Iterator[tuple[str, str]]:
    """Where each is sent, and its text with what macros of the same file say in it."""
    for path in TEMPLATES:
        text = path.read_text(encoding="utf-8")
        for name, says in MACRO.findall(text):
            text = text.replace(f"{{{{ {name}() }}}}", says)
        for found in FORM.finditer(text):
            sent_to = found[1] if found[1].startswith("/") else f"{path.name}: {found[1]}"
            yield sent_to, found[0]


def test_every_form_carries_the_token_of_its_session() -> None:
    found = [*forms()]
    assert len(found) > 15
    without = {action for action, text in found if 'name="form_token"' not in text}
    assert without == {*WITHOUT_TOKEN}


def test_every_command_carries_its_id() -> None:
    without = {action for action, text in forms() if 'name="command_id"' not in text}
    assert without == {*WITHOUT_COMMAND}


def test_what_is_refused_is_told_in_a_color_that_is_read_on_dark_too() -> None:
    """`text-danger` alone is the same red in both themes, too dark for one of them."""
    texts = {path.name: path.read_text(encoding="utf-8") for path in TEMPLATES}
    told = {name for name, text in texts.items() if "text-danger-emphasis" in text}
    faint = {name for name, text in texts.items() if re.search(r"text-danger(?!-)", text)}
    assert len(told) > 5
    assert faint == set()
