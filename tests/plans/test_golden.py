"""What plans once stored can be read by today's code: one file a stored name, never edited."""

from pathlib import Path

import pytest

from services.plans.adapters.stored import FACTS
from tests.golden import assert_one_file_a_name, read_golden

GOLDEN = Path(__file__).parent / "golden"


def test_there_is_one_golden_fact_for_each_stored_name_and_no_other() -> None:
    assert_one_file_a_name(FACTS, GOLDEN, names=3)


@pytest.mark.parametrize("name", sorted(FACTS.names))
def test_a_golden_fact_is_read_and_written_back_whole(name: str) -> None:
    read_golden(FACTS, GOLDEN, name)
