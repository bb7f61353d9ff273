"""What plans once stored can be read by today's code: one file a stored name, never edited."""

import json
from pathlib import Path

import pytest

from services.plans.adapters.stored import FACTS

GOLDEN = Path(__file__).parent / "golden"


def test_there_is_one_golden_fact_for_each_stored_name_and_no_other() -> None:
    assert len(FACTS.names) >= 3
    assert {path.stem for path in GOLDEN.iterdir()} == FACTS.names.keys()


@pytest.mark.parametrize("name", sorted(FACTS.names))
def test_a_golden_fact_is_read_and_written_back_whole(name: str) -> None:
    stored = json.loads((GOLDEN / f"{name}.json").read_text())
    fact = FACTS.decode(name, stored)
    assert isinstance(fact, FACTS.names[name])
    written, body = FACTS.encode(fact)
    assert (written, json.loads(body)) == (name, stored)
