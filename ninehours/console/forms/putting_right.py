"""What was said wrong, said otherwise or taken back, of whichever service's statements.

A service's module of statements (`ninehours.intake.v1.statements_service_pb2`) says all there is to
know of it: each has the same requests.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, tzinfo
from types import ModuleType
from typing import Any
from uuid import uuid4

from google.protobuf.message import Message
from ninehours.common.v1 import statements_pb2 as common

from kernel.rpc.remote_refusal import RemoteRefusal
from ninehours.console.forms import saying as forms
from ninehours.console.forms.fields import Choice
from ninehours.console.forms.refusals import WrongFields
from ninehours.console.forms.request_form import RequestForm
from ninehours.console.forms.saying import Saying
from ninehours.console.texts import words
from ninehours.console.visit import GoTo, NoSuchPage, Screen, Visit

CHANGED = "STATEMENT_CHANGED"
CORRECT, VOID = "correct", "void"
MODES = (CORRECT, VOID)
NO_CHOICES: Mapping[str, Sequence[Choice]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class ToPutRight:
    """`of`: the service's module of statements. `statement`: as ListStatements tells it.
    `mode`: `correct`, or `void`. `choices`, `without`, `zone`: as of a RequestForm."""

    of: ModuleType
    statement: Any = field(repr=False)
    mode: str
    choices: Mapping[str, Sequence[Choice]] = field(default_factory=lambda: NO_CHOICES)
    without: Sequence[str] = ()
    zone: tzinfo = UTC

    @property
    def last(self) -> int:
        return int(self.statement.revisions[-1].revision)

    def form(self, revision: int) -> RequestForm:
        """As it stood at that revision; NoSuchPage where there is none, or no such mode."""
        found = [each for each in self.statement.revisions if each.revision == revision]
        if not found or self.mode not in MODES:
            raise NoSuchPage
        rests_on = common.StatementRevision(
            statement_id=self.statement.statement_id, revision=revision
        )
        request: Message
        if self.mode == VOID:
            request = self.of.VoidStatementRequest(statement=rests_on)
        else:
            request = self.of.CorrectStatementRequest(
                statement=rests_on, recording=found[0].recording
            )
        return RequestForm(
            request=request, choices=self.choices, without=self.without, zone=self.zone
        )


def statement_named(visit: Visit, of: ModuleType, statement_id: str, **asked: str) -> Any:
    """One statement, with every revision; `asked`: of whom (`client_id`). NoSuchPage."""
    found = visit.ask(of.ListStatementsRequest(**asked)).statements
    for statement in found:
        if statement.statement_id == statement_id:
            return statement
    raise NoSuchPage


def ask(visit: Visit, saying: Saying, wrong_one: ToPutRight) -> Screen:
    """The form, as the statement stands."""
    last = wrong_one.last
    return forms.ask(visit, _resting_on(saying, last), wrong_one.form(last))


def say(visit: Visit, saying: Saying, wrong_one: ToPutRight) -> Screen | GoTo:
    """What was pressed; of a statement that was put right meanwhile, theirs beside mine."""
    try:
        revision = int(visit.form.get("revision", ""))
    except ValueError:
        raise NoSuchPage from None
    form = wrong_one.form(revision)

    def refused(refusal: RemoteRefusal) -> Screen | None:
        if refusal.reason != CHANGED:
            return None
        now = wrong_one.form(wrong_one.last)
        return forms.asking(
            _resting_on(saying, wrong_one.last),
            now.fieldsets(visit.form),
            str(uuid4()),
            wrong=WrongFields(whole=words().forms.changed_meanwhile),
            beside=forms.beside(form, now, visit.form),
        )

    return forms.say(visit, _resting_on(saying, revision), form, refused=refused)


def _resting_on(saying: Saying, revision: int) -> Saying:
    return replace(saying, hidden={**saying.hidden, "revision": str(revision)})
