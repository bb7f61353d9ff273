"""What plans once stored can be read by today's code: a file for each shape, never edited.

A file is named as the fact is; one with fields that were added since has one more word.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from services.plans.adapters.stored import FACTS

GOLDEN = Path(__file__).parents[1] / "golden"
FILES = sorted(path.stem for path in GOLDEN.iterdir())


def name_of(stem: str) -> str:
    """`plans.plan_drafted.v1` of `plans.plan_drafted.v1.with_problems`."""
    return ".".join(stem.split(".")[:3])


def within(stored: Any, written: Any) -> bool:
    """Whether all that was stored is written again; fields added since may join it."""
    if isinstance(stored, dict):
        return all(key in written and within(stored[key], written[key]) for key in stored)
    if isinstance(stored, list):
        return len(stored) == len(written) and all(map(within, stored, written))
    return bool(stored == written)


def test_there_is_a_golden_fact_for_each_stored_name_and_no_other() -> None:
    assert len(FACTS.names) >= 15
    assert {name_of(stem) for stem in FILES} == FACTS.names.keys()


@pytest.mark.parametrize("stem", FILES)
def test_a_golden_fact_is_read_and_written_back_whole(stem: str) -> None:
    stored = json.loads((GOLDEN / f"{stem}.json").read_text())
    fact = FACTS.decode(name_of(stem), stored)
    assert isinstance(fact, FACTS.names[name_of(stem)])
    written, body = FACTS.encode(fact)
    assert written == name_of(stem)
    assert within(stored, json.loads(body))


@pytest.mark.parametrize("name", sorted(FACTS.names))
def test_the_newest_shape_of_each_is_golden_whole(name: str) -> None:
    shapes = [
        json.loads((GOLDEN / f"{stem}.json").read_text()) for stem in FILES if name_of(stem) == name
    ]
    assert any(json.loads(FACTS.encode(FACTS.decode(name, s))[1]) == s for s in shapes)
