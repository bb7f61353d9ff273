"""What plans once stored can be read by today's code: a file for each shape, never edited.

A file is named as the fact or the kind of row is; a shape beside the newest has one more word.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from kernel.codec import Codec
from services.plans.adapters.stored import FACTS, ROWS
from tests.harness.golden import assert_kept

HERE = Path(__file__).parents[1]
FACT_FILES = sorted((HERE / "golden").iterdir())
ROW_FILES = sorted((HERE / "golden_rows").iterdir())
READ = [(FACTS, path) for path in FACT_FILES] + [(ROWS, path) for path in ROW_FILES]


def name_of(codec: Codec, path: Path) -> str:
    """`plans.plan_drafted.v1` of `plans.plan_drafted.v1.with_problems`; `progress` of a row."""
    return ".".join(path.stem.split(".")[: 3 if codec is FACTS else 1])


def read(codec: Codec, path: Path) -> tuple[Any, Any]:
    """What the file holds, and what today's code writes of it."""
    stored = json.loads(path.read_text())
    name, body = codec.encode(codec.decode(name_of(codec, path), stored))
    assert name == name_of(codec, path)
    return stored, json.loads(body)


def test_there_is_a_golden_for_each_stored_name_and_no_other() -> None:
    assert len(FACTS.names) >= 15
    assert {name_of(FACTS, path) for path in FACT_FILES} == FACTS.names.keys()
    assert {name_of(ROWS, path) for path in ROW_FILES} == ROWS.names.keys()


@pytest.mark.parametrize("codec, path", READ, ids=lambda given: getattr(given, "stem", ""))
def test_a_golden_is_read_and_written_back_whole(codec: Codec, path: Path) -> None:
    stored, written = read(codec, path)
    assert_kept(stored, written)


@pytest.mark.parametrize("name", sorted(FACTS.names) + sorted(ROWS.names))
def test_the_newest_shape_of_each_is_golden_whole(name: str) -> None:
    shapes = [read(codec, path) for codec, path in READ if name_of(codec, path) == name]
    assert any(stored == written for stored, written in shapes)
