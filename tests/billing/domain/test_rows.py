"""What billing stored of its rows can be read by today's code, and is stored by it as ever."""

import json
from pathlib import Path
from typing import Any

import pytest

from services.billing.adapters.rows import ROWS
from tests.harness.golden import assert_kept

GOLDEN = Path(__file__).parent.parent / "golden" / "rows"
FILES = sorted(path.name for path in GOLDEN.iterdir())
BEFORE = [name for name in FILES if name.endswith(".before.json")]
NOW = [name for name in FILES if name not in BEFORE]


def read(name: str) -> tuple[dict[str, Any], Any]:
    stored: dict[str, Any] = json.loads((GOLDEN / name).read_text())
    return stored, ROWS.decode(name.partition(".")[0], stored)


def test_each_kind_has_its_rows_of_today_and_of_before() -> None:
    assert {name.partition(".")[0] for name in NOW} == {*ROWS.names}
    assert {name.partition(".")[0] for name in BEFORE} == {*ROWS.names}
    assert len(FILES) == 7


@pytest.mark.parametrize("name", NOW)
def test_a_row_is_stored_byte_for_byte_as_it_was(name: str) -> None:
    stored, row = read(name)
    kind, written = ROWS.encode(row)
    assert kind == name.partition(".")[0]
    assert json.loads(written) == stored


@pytest.mark.parametrize("name", BEFORE)
def test_a_row_of_before_is_read_at_the_defaults_and_nothing_of_it_is_lost(name: str) -> None:
    stored, row = read(name)
    _, written = ROWS.encode(row)
    assert_kept(stored, json.loads(written))
    assert ROWS.decode(name.partition(".")[0], json.loads(written)) == row


def test_what_rows_of_before_did_not_say_is_nothing_or_what_nobody_knows() -> None:
    day, draft, proposal = (read(f"{kind}.before.json")[1] for kind in ROWS.names)
    assert (day.site_id, day.lines, day.clinical_level, day.authorized_units) == ("", (), "", 0)
    assert (draft.programs, draft.frequency, draft.awaits_voids) == (("",), "", ())
    assert (draft.lines[0].ancillary, draft.lines[0].diagnosis_pointers) == (False, ())
    assert (proposal.programs, proposal.waits_for, proposal.patient_status) == (("",), (), "")
