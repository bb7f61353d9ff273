"""An old fact can always be read: one golden file a stored name, never edited."""

from pathlib import Path
from uuid import UUID

import pytest

from kernel.facts import Recorded
from services.intake.adapters.publication import publish
from services.intake.adapters.stored import FACTS
from tests.golden import assert_one_file_a_name, read_golden
from tests.intake.made import NOW

GOLDEN = Path(__file__).parent / "golden"
UNPUBLISHED = {"intake.coverage_added.v1"}


def test_every_stored_name_has_a_golden_file_and_no_file_is_left_over() -> None:
    assert_one_file_a_name(FACTS, GOLDEN, names=7)


@pytest.mark.parametrize("name", sorted(FACTS.names))
def test_todays_code_reads_and_writes_the_golden_fact(name: str) -> None:
    read_golden(FACTS, GOLDEN, name)


@pytest.mark.parametrize("name", sorted(FACTS.names))
def test_what_is_published_of_a_golden_fact_is_about_its_client(name: str) -> None:
    fact = read_golden(FACTS, GOLDEN, name)
    recorded = Recorded(
        id=UUID(int=1), stream="stream", version=1, fact=fact, at=NOW, actor="staff/1"
    )
    published = list(publish(recorded))
    assert len(published) == (0 if name in UNPUBLISHED else 1)
    for publication in published:
        assert publication.subject == f"client/{fact.client_id}"
        assert publication.label in {"PART2", "HIPAA"}
        # The private and the public fact have the same noun.
        assert publication.type == f"ninehours.intake.v1.{type(fact).__name__}"
