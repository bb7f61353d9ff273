"""Words stand in one place, and each of them is shown somewhere."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ninehours.attendance.v1 import attendance_service_pb2 as attendance
from ninehours.billing.v1 import billing_events_pb2 as events
from ninehours.billing.v1 import rules_pb2 as rules

from kernel.roles import Role
from kernel.services import SERVICES
from ninehours.console.texts import words, written
from ninehours.told.why.answer import Mark
from tests.harness.console.declared import fields_put_right, fields_within

ROOT = Path(__file__).resolve().parents[3]
CONSOLE = ROOT / "ninehours" / "console"
TEMPLATES = sorted((CONSOLE / "templates").glob("*.html"))

MARKUP = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}|<[^>]*>", re.DOTALL)


def keys(found: dict[str, Any]) -> Iterator[str]:
    for name, each in found.items():
        yield name
        if isinstance(each, dict):
            yield from keys(each)


def texts(found: dict[str, Any]) -> Iterator[str]:
    for each in found.values():
        if isinstance(each, dict):
            yield from texts(each)
        else:
            yield str(each)


def test_nobody_is_told_to_give_a_command_by_the_name_that_programs_have_for_it() -> None:
    declared = "".join(path.read_text() for path in (ROOT / "protos").rglob("*.proto"))
    commands = re.findall(r"^  rpc ([A-Z][a-z]+[A-Z]\w*)\(", declared, re.MULTILINE)
    assert len(commands) > 100
    told = " ".join(texts(written()))
    assert [name for name in commands if re.search(rf"\b{name}\b", told)] == []
    assert "bin/ninehours" not in told


def test_templates_have_no_words_of_their_own() -> None:
    for path in TEMPLATES:
        bare = re.sub(
            r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}|<[^>]*>", " ", path.read_text(), flags=re.DOTALL
        )
        assert re.findall(r"[A-Za-z]{2,}", bare) == [], path.name


def test_every_word_is_shown_somewhere() -> None:
    read = "".join(path.read_text() for path in [*TEMPLATES, *CONSOLE.rglob("*.py")])
    fields = {field.name for service in SERVICES for field in fields_put_right(service)}
    fields |= {field.name for field in fields_within(rules.RuleSet.DESCRIPTOR)}
    by_name = {*Role, *SERVICES, *Mark, *fields}
    unread = [
        name
        for name in keys(written())
        if name not in by_name and not name.isupper() and not re.search(rf"\b{name}\b", read)
    ]
    assert unread == []


def test_what_is_told_by_a_code_has_words_for_codes_that_there_are() -> None:
    today = written()["today"]
    assert today["kinds"].keys() == set(attendance.ServiceKind.keys())
    refusals = today["refusals"]
    sources = [*(ROOT / "services" / "attendance").rglob("*.py"), *(ROOT / "kernel").rglob("*.py")]
    given = "".join(path.read_text() for path in sources)
    assert [code for code in refusals if f'"{code}"' not in given] == []


def test_a_worklist_has_words_for_all_that_a_row_can_be() -> None:
    worklist = written()["worklist"]
    for kind, of in ((events.ProposalState, "states"), (rules.CorrectionAction, "actions")):
        begin = kind.Name(0).removesuffix("UNSPECIFIED")
        assert {begin + name for name in worklist[of]} == {*kind.keys()} - {kind.Name(0)}


def test_roles_and_services_have_names() -> None:
    for role in Role:
        assert words().roles[role]
        assert words().sign_in.works[role]
    for service in SERVICES:
        assert words().services[service]
