"""The faults that `make planted` plants can be planted, each where it is said to be."""

import ast
from pathlib import Path

import pytest

from tests.planted.faults import FAULTS, KINDS, Fault, Misplaced, functions_of

ROOT = Path(__file__).parents[3]
WHERE = [f"{fault.kind}, {fault.file}" for fault in FAULTS]


def test_there_is_a_fault_of_each_kind_and_none_twice() -> None:
    assert [*dict.fromkeys(fault.kind for fault in FAULTS)] == list(KINDS)
    assert len({(fault.file, fault.text, fault.becomes) for fault in FAULTS}) == len(FAULTS) >= 30


@pytest.mark.parametrize("fault", FAULTS, ids=WHERE)
def test_what_a_fault_stands_in_the_place_of_is_there_once(fault: Fault) -> None:
    source = (ROOT / fault.file).read_text(encoding="utf-8")
    planted = fault.planted(source)
    assert planted != source
    # What a test notices is the fault, and no misspelling.
    ast.parse(planted)


@pytest.mark.parametrize("fault", FAULTS, ids=WHERE)
def test_each_test_that_must_notice_a_fault_is_there(fault: Fault) -> None:
    assert fault.tests
    for test in fault.tests:
        path, _, function = test.partition("::")
        assert function in functions_of(ROOT / path), test


@pytest.mark.parametrize("source", ["", "x = 1\ny = 2\nx = 1\n"], ids=["gone", "there twice"])
def test_a_fault_without_its_one_place_is_named_with_its_file_and_text(source: str) -> None:
    fault = Fault("skip the duplicate check", "kernel/inbox.py", "x = 1", "x = 2", ())
    with pytest.raises(Misplaced, match=r"kernel/inbox\.py has its text [02] times") as misplaced:
        fault.planted(source)
    assert str(misplaced.value).endswith("x = 1")
