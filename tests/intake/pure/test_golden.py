"""An old fact can always be read: one golden file a stored name, never edited."""

import json
from pathlib import Path
from uuid import UUID

import pytest

from kernel.facts import Recorded
from kernel.statements import content_of
from services.intake.adapters.publication import publish
from services.intake.adapters.stored import FACTS
from tests.harness.intake.strategies import NOW

GOLDEN = Path(__file__).parents[1] / "golden"
UNPUBLISHED = {
    "intake.coverage_added.v1",
    "intake.disclosure_permitted.v1",
    "intake.forgetting_asked.v1",
    "intake.forgetting_withdrawn.v1",
    "intake.person_changed.v1",
    "intake.safety_task_handed_on.v1",
}
OF_TWO = {
    "intake.doubles_judged.v1": ("client_id", "other_client_id"),
    "intake.client_merged.v1": ("survivor_client_id", "absorbed_client_id"),
    "intake.client_unmerged.v1": ("survivor_client_id", "absorbed_client_id"),
}
OF_ALL = {"StatementAmended", "ClientMerged", "ClientUnmerged"}


def test_every_stored_name_has_a_golden_file_and_no_file_is_left_over() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == set(FACTS.names)
    assert len(FACTS.names) == 32


@pytest.mark.parametrize("name", sorted(FACTS.names))
def test_todays_code_reads_and_writes_the_golden_fact(name: str) -> None:
    body = json.loads((GOLDEN / f"{name}.json").read_text())
    fact = FACTS.decode(name, body)
    assert type(fact) is FACTS.names[name]
    written_name, written = FACTS.encode(fact)
    again = json.loads(written)
    assert written_name == name
    # What was stored is kept; a field added since has its default.
    assert {field: again[field] for field in body} == body
    assert FACTS.decode(name, again) == fact


@pytest.mark.parametrize("name", sorted(FACTS.names))
def test_what_is_published_of_a_golden_fact_is_about_its_client(name: str) -> None:
    fact = FACTS.decode(name, json.loads((GOLDEN / f"{name}.json").read_text()))
    recorded = Recorded(
        id=UUID(int=1), stream="stream", version=1, fact=fact, at=NOW, actor="staff/1"
    )
    published = list(publish(recorded))
    about = content_of(recorded)
    named = () if name in UNPUBLISHED else OF_TWO.get(name, ("client_id",))
    subjects = [f"client/{getattr(about, field)}" for field in named]
    assert [publication.subject for publication in published] == subjects
    # A release that doesn't know it stops at it: what merges or puts right is never gone past.
    assert [publication for publication in published if publication.may_ignore] == []
    for publication in published:
        assert publication.label in {"PART2", "HIPAA"}
        # The private and the public fact have the same noun.
        noun = type(fact).__name__
        package = "common" if noun in OF_ALL else "intake"
        assert publication.type == f"ninehours.{package}.v1.{noun}"
