"""What the model's machine is tried with by hand (`planted.py`) is still written in the code."""

import ast

import pytest

from tests.model.planted import FAULTS, planted


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_can_be_planted_and_is_code(fault: str) -> None:
    _, name, _, _ = FAULTS[fault]
    [function] = ast.parse(planted(fault)).body
    assert isinstance(function, ast.FunctionDef)
    assert function.name == name
