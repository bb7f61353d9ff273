"""What the model's machine is tried with by hand (`planted.py`) is still written in the code."""

import pytest

from tests.model.planted import FAULTS, source_of


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_can_be_planted(fault: str) -> None:
    _, _, was, instead = FAULTS[fault]
    assert source_of(fault).replace(was, instead) != source_of(fault)
