"""One thing that is typed: how it is called, what holds, and what is wrong with it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from ninehours.told.fields import clock_says

YES, NO = "yes", "no"
NINE_DIGITS, FOUR = 9, 4  # of a ZIP code, and those behind its hyphen


class FieldKind(StrEnum):
    """How it is typed."""

    LINE = "line"
    WORDS = "words"
    DATE = "date"
    MOMENT = "moment"
    NUMBER = "number"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class Choice:
    """What may be chosen, and how it is called."""

    value: str
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """`name`: where it stands in the request. `wrong`: why it was refused; empty: it wasn't."""

    name: str
    label: str
    kind: FieldKind
    value: str = field(repr=False)
    hint: str = ""
    choices: Sequence[Choice] = ()
    wrong: str = ""

    @property
    def is_said(self) -> bool:
        """What can only be yes or no, and is no, isn't."""
        can_be_unsaid = not self.choices or any(not choice.value for choice in self.choices)
        return bool(self.value) and (can_be_unsaid or self.value != NO)

    @property
    def says(self) -> str:
        """What holds, in words."""
        if self.kind is FieldKind.MOMENT:
            return _moment_says(self.value)
        if self.name.rpartition(".")[2] == "zip" and len(self.value) == NINE_DIGITS:
            return f"{self.value[:-FOUR]}-{self.value[-FOUR:]}"
        found = (choice.says for choice in self.choices if choice.value == self.value)
        return next(found, self.value)


def _moment_says(typed: str) -> str:
    """`2026-05-22, 10:00 am` of what browsers send; else as it was typed."""
    try:
        moment = datetime.fromisoformat(typed)
    except ValueError:
        return typed
    return f"{moment:%Y-%m-%d}, {clock_says(moment)}"


@dataclass(frozen=True, slots=True)
class Fieldset:
    """Fields that belong together; `legend` may be empty."""

    legend: str
    fields: Sequence[Field]
