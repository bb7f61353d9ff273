"""How facts and rows are stored: whole, but for fields that came later and say nothing."""

import json
from dataclasses import dataclass
from typing import Literal

import pytest

from kernel.codec import Codec, UnknownFact, UnreadableFact


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    code: str
    site: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    lines: tuple[Line, ...]
    number: int = 0
    pointers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FormLine:
    form: Literal["PAPER", "FILE"]


FORMS = Codec({"line": FormLine})
BILLS = Codec({"bill": Bill}, left_out={Bill: {"pointers"}, Line: {"site"}})


@pytest.mark.parametrize(
    "bill, stored",
    [
        (Bill(lines=(Line(code="A"),)), {"lines": [{"code": "A"}], "number": 0}),
        (
            Bill(lines=(Line(code="A", site="s"), Line(code="B")), pointers=(1, 2)),
            {"lines": [{"code": "A", "site": "s"}, {"code": "B"}], "number": 0, "pointers": [1, 2]},
        ),
    ],
)
def test_a_field_that_is_left_out_is_stored_where_it_says_something(
    bill: Bill, stored: dict[str, object]
) -> None:
    name, written = BILLS.encode(bill)
    assert (name, json.loads(written)) == ("bill", stored)
    assert BILLS.decode(name, stored) == bill


def test_what_an_earlier_release_stored_is_read_at_the_defaults() -> None:
    assert BILLS.decode("bill", {"lines": []}) == Bill(lines=())


def test_what_no_release_stored_is_refused() -> None:
    with pytest.raises(UnreadableFact, match="bill: lines"):
        BILLS.decode("bill", {"number": 1})
    with pytest.raises(UnknownFact):
        BILLS.decode("invoice", {"lines": []})


def test_a_word_of_a_newer_release_is_unreadable_and_not_repeated() -> None:
    with pytest.raises(UnreadableFact, match=r"line: form$") as unreadable:
        FORMS.decode("line", {"form": "WILHELMINA"})
    assert "WILHELMINA" not in str(unreadable.value)
