"""What was once sealed is read by today's code, and written as ever: a file a form, never edited.

Texts have no form; the rest is here, as it is before it is sealed. Everybody in it is invented.
"""

import json
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict, ParseDict
from ninehours.intake.v1 import intake_service_pb2 as intake

from kernel.vault import Vault
from services.billing.app.batch_file import in_pieces, put_together
from services.intake.adapters import sealed
from services.plans.adapters.care import words_of
from tests.harness.kernel.keys import KeysInMemory

GOLDEN = Path(__file__).parents[1] / "golden"
Read = Callable[[bytes], Any]
Write = Callable[[Any], bytes]


def said_by(message: Any) -> Any:
    return MessageToDict(message, preserving_proto_field_name=True)


def plan_of(content: bytes) -> Any:
    """The words of goals and problems."""
    words = json.loads(content)
    return {what: words_of(words, what, len(words[what])) for what in ("goals", "problems")}


def file_of(content: bytes) -> Any:
    return put_together(Vault(KeysInMemory()), "batch", content).content.decode()


@dataclass(frozen=True, slots=True)
class Form:
    """`write` None: today it is written otherwise."""

    read: Read
    write: Write | None = None


FORMS = {
    "identity": Form(
        lambda content: said_by(sealed.identity_of(content)),
        lambda said: sealed.person_bytes(ParseDict(said, intake.Identity())),
    ),
    "contacts": Form(
        lambda content: said_by(sealed.contacts_of(content)),
        lambda said: sealed.person_bytes(ParseDict(said, intake.Contacts())),
    ),
    "narratives": Form(sealed.narratives_of, sealed.narratives_bytes),
    "membership": Form(
        lambda content: [*sealed.membership_of(content)],
        lambda said: sealed.membership_bytes(*said),
    ),
    "plan": Form(plan_of),
    "claim_file": Form(
        file_of, lambda said: in_pieces(Vault(KeysInMemory()), "batch", said.encode(), {})
    ),
    "claim_file.whole": Form(file_of),
}


def test_there_is_one_file_for_each_form_and_no_other() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == FORMS.keys()


@pytest.mark.parametrize("name", FORMS)
def test_what_was_sealed_says_today_what_it_said(name: str) -> None:
    kept = json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
    content, form = b64decode(kept["content"]), FORMS[name]
    assert form.read(content) == kept["says"]
    if form.write is not None:
        assert form.write(kept["says"]) == content
