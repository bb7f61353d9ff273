"""What was said of a client, as a page tells it: what holds, and what was said before, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

from ninehours.common.v1 import statements_pb2

from ninehours.console.forms.fields import Choice, Field
from ninehours.console.forms.request_form import in_words
from ninehours.console.pages.clients.names import who
from ninehours.console.pages.today.times import on_the_wall
from ninehours.console.texts import words

Choices = Mapping[str, Sequence[Choice]]
# In which section of the page each kind stands, in this order.
SECTIONS: Mapping[str, Sequence[str]] = {
    "person": ("registration", "change_of_person"),
    "coverages": ("membership", "coverage", "end_of_coverage"),
    "consents": ("consent", "revocation", "restriction"),
    "screenings": ("screening",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientTelling:
    """One revision. `why`: of a correction, its reason and words."""

    revision: int
    said: Sequence[Field] = field(repr=False)
    at: str
    by: str
    why: str = field(repr=False, default="")
    voided: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidOfClient:
    """A statement: `kind` as its recording is called, newest telling first; the first one holds."""

    statement_id: str
    kind: str
    tellings: Sequence[ClientTelling]
    forgotten: bool

    @property
    def now(self) -> ClientTelling:
        return self.tellings[0]

    @property
    def before(self) -> Sequence[ClientTelling]:
        return self.tellings[1:]


@dataclass(frozen=True, slots=True)
class ClientSection:
    """`name` as texts have it; what is said by kind, in the order in which it was said."""

    name: str
    said: Sequence[SaidOfClient]


def sections_of(statements: Sequence[Any], choices: Choices, zone: ZoneInfo) -> list[ClientSection]:
    """Those in which something was said that the reader might say, too."""
    told = [_said(statement, choices, zone) for statement in statements]
    found = (
        ClientSection(name, [each for kind in kinds for each in told if each.kind == kind])
        for name, kinds in SECTIONS.items()
    )
    return [section for section in found if section.said]


def _said(statement: Any, choices: Choices, zone: ZoneInfo) -> SaidOfClient:
    tellings = [_telling(revision, choices, zone) for revision in statement.revisions]
    tellings = [*map(_what_differs, tellings, tellings[1:]), tellings[-1]]
    return SaidOfClient(
        statement_id=statement.statement_id,
        kind=statement.revisions[-1].recording.WhichOneof("said"),
        tellings=tellings[::-1],
        forgotten=statement.text_forgotten,
    )


def _telling(revision: Any, choices: Choices, zone: ZoneInfo) -> ClientTelling:
    recording = revision.recording
    at, reason = revision.said_at.ToDatetime(tzinfo=UTC).astimezone(zone), ""
    if revision.reason:
        reason = words().values[statements_pb2.CorrectionReason.Name(revision.reason)]
    return ClientTelling(
        revision=revision.revision,
        said=in_words(getattr(recording, recording.WhichOneof("said")), choices),
        at=f"{at:%Y-%m-%d}, {on_the_wall(at, zone)}",
        by=who(revision.said_by),
        why=": ".join(filter(None, (reason, revision.remark))),
        voided=revision.voided,
    )


def _what_differs(before: ClientTelling, after: ClientTelling) -> ClientTelling:
    """Of what was said before, what was said otherwise then."""
    said = {each.name: each.value for each in after.said}
    differs = [each for each in before.said if said.get(each.name) != each.value]
    return replace(before, said=differs or before.said)
