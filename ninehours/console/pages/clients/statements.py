"""What was said of a client, as a page tells it: what holds, and what was said before, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from ninehours.common.v1 import statements_pb2

from ninehours.console.forms.fields import Choice, Fieldset
from ninehours.console.forms.putting_right import CORRECT, VOID
from ninehours.console.forms.request_form import in_words
from ninehours.console.pages.clients.names import Called, who
from ninehours.console.pages.today.times import on_the_wall
from ninehours.console.texts import words

Choices = Mapping[str, Sequence[Choice]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientPart:
    """A section of the page. `kinds`: of statements, as a recording calls them, in their order.
    `alone`: the one field of them that is told here, and put right by a form that asks nothing
    else; empty: all but what stands in a part of its own."""

    kinds: Sequence[str]
    alone: str = ""


PARTS: Mapping[str, ClientPart] = {
    "person": ClientPart(kinds=("registration", "change_of_person")),
    "contacts": ClientPart(kinds=("registration", "change_of_person"), alone="contacts"),
    "coverages": ClientPart(kinds=("membership", "coverage", "end_of_coverage")),
    "consents": ClientPart(kinds=("consent", "revocation", "restriction")),
    "admissions": ClientPart(kinds=("admission",)),
    "diagnoses": ClientPart(kinds=("diagnosis", "end_of_diagnosis")),
    "screenings": ClientPart(kinds=("screening",)),
    "referrals": ClientPart(kinds=("screening",), alone="referred_to"),
}
ONCE = "registration"  # never taken back: who should never have been registered is somebody else


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientTelling:
    """One revision. `why`: of a correction, its reason and words."""

    revision: int
    said: Sequence[Fieldset] = field(repr=False)
    at: str
    by: str
    why: str = field(repr=False, default="")
    voided: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidOfClient:
    """A statement: `kind` as its recording is called, newest telling first; the first one holds.
    `acts`: how it is put right, as addresses have it."""

    statement_id: str
    kind: str
    tellings: Sequence[ClientTelling]
    forgotten: bool
    acts: Sequence[str]

    @property
    def now(self) -> ClientTelling:
        return self.tellings[0]

    @property
    def before(self) -> Sequence[ClientTelling]:
        return self.tellings[1:]


def said_of(
    statements: Sequence[Any], choices: Choices, zone: ZoneInfo, called: Called = who
) -> Mapping[str, Sequence[SaidOfClient]]:
    """Of each part what the reader might say, too: by kind, in the order in which it was said, by
    whom as `called` tells it."""
    return {
        name: [
            _said(each, name, choices, zone, called)
            for kind in part.kinds
            for each in statements
            if kind_of(each) == kind and _is_told(each, part)
        ]
        for name, part in PARTS.items()
    }


def kind_of(statement: Any) -> str:
    """As its recording calls it."""
    return str(statement.revisions[-1].recording.WhichOneof("said"))


def said_in(revision: Any) -> Any:
    """The request that says it."""
    return getattr(revision.recording, revision.recording.WhichOneof("said"))


def _is_told(statement: Any, part: ClientPart) -> bool:
    """A part of one field begins where that is said."""
    return not part.alone or any(
        part.alone in {declared.name for declared, _ in said_in(revision).ListFields()}
        for revision in statement.revisions
    )


def _said(
    statement: Any, name: str, choices: Choices, zone: ZoneInfo, called: Called
) -> SaidOfClient:
    part, kind = PARTS[name], kind_of(statement)
    every = [_telling(revision, part, choices, zone, called) for revision in statement.revisions]
    told = [every[0], *(after for before, after in pairwise(every) if _differ(before, after))]
    tellings = [*map(_what_differs, told, told[1:]), told[-1]]
    if part.alone:
        acts = [] if tellings[-1].voided else [name]
    else:
        acts = [CORRECT] if kind == ONCE or tellings[-1].voided else [CORRECT, VOID]
    return SaidOfClient(
        statement_id=statement.statement_id,
        kind=kind,
        tellings=tellings[::-1],
        forgotten=statement.text_forgotten,
        acts=acts,
    )


def _telling(
    revision: Any, part: ClientPart, choices: Choices, zone: ZoneInfo, called: Called
) -> ClientTelling:
    at, reason = revision.said_at.ToDatetime(tzinfo=UTC).astimezone(zone), ""
    if revision.reason:
        reason = words().values[statements_pb2.CorrectionReason.Name(revision.reason)]
    content = said_in(revision)
    return ClientTelling(
        revision=revision.revision,
        said=in_words(content, choices, without=elsewhere(content, part)),
        at=f"{at:%Y-%m-%d}, {on_the_wall(at, zone)}",
        by=called(revision.said_by),
        why=": ".join(filter(None, (reason, revision.remark))),
        voided=revision.voided,
    )


def elsewhere(content: Any, part: ClientPart) -> Sequence[str]:
    """Fields of what was said that stand in other parts."""
    apart = {each.alone for each in PARTS.values() if each.alone}
    names = [declared.name for declared in content.DESCRIPTOR.fields]
    return [name for name in names if (name != part.alone if part.alone else name in apart)]


def _differ(before: ClientTelling, after: ClientTelling) -> bool:
    """Of this part, or that it was taken back."""
    return _values(before) != _values(after) or before.voided != after.voided


def _values(telling: ClientTelling) -> Mapping[str, str]:
    return {each.name: each.value for some in telling.said for each in some.fields}


def _what_differs(before: ClientTelling, after: ClientTelling) -> ClientTelling:
    """Of what was said before, what was said otherwise then."""
    said = _values(after)
    differs = (
        Fieldset(some.legend, [each for each in some.fields if said.get(each.name) != each.value])
        for some in before.said
    )
    return replace(before, said=[some for some in differs if some.fields] or before.said)
