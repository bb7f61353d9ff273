"""New stored names, and old facts that lack what was added since."""

import json
from pathlib import Path
from uuid import UUID

import pytest

from kernel.facts import Recorded
from services.attendance.adapters.publication import publish
from services.attendance.adapters.stored import FACTS
from services.attendance.domain.scheduling import SessionScheduled
from tests.harness.attendance.front_desk import MONDAY
from tests.harness.golden import assert_kept

GOLDEN = Path(__file__).parents[1] / "golden"
PUBLISHED = {
    "attendance.site_closed_for_day.v1": ["SiteClosedForDay"],
    "attendance.template_defined.v1": [],
    "attendance.session_cancelled.v1": ["SessionCancelled", "SessionCancelled"],
    "attendance.note_attested.v1": ["SessionNoteAttested"],
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_golden_fact_is_read_written_back_and_published(name: str) -> None:
    stored = json.loads((GOLDEN / f"{name}.json").read_text())
    fact = FACTS.decode(name, stored)
    written, body = FACTS.encode(fact)
    assert written == name
    assert_kept(stored, json.loads(body))
    recorded = Recorded(
        id=UUID(int=1), stream="s", version=1, fact=fact, at=MONDAY, actor="staff/1"
    )
    published = list(publish(recorded))
    assert [publication.type.rpartition(".")[2] for publication in published] == PUBLISHED[name]
    for publication in published:
        kind, _, key = publication.subject.partition("/")
        assert getattr(publication.message, f"{kind}_id") == key
        assert publication.label == ("PART2" if kind == "client" else "HIPAA")


def test_a_session_scheduled_before_there_were_breaks_has_none() -> None:
    fact = FACTS.decode(
        "attendance.session_scheduled.v1",
        {
            "session_id": "e0000000-0000-4000-8000-000000000005",
            "site_id": "5d6f1c1e-0a5b-4f0e-9a43-1f0c7a2e9b01",
            "program": {"program_id": "c0", "kind": "DUAL", "under_part2": True},
            "facilitator_id": "d0000000-0000-4000-8000-000000000004",
            "service_kind": "GROUP",
            "modality": "IN_PERSON",
            "service_date": "2026-03-02",
            "starts_at": "2026-03-02T15:00:00Z",
            "ends_at": "2026-03-02T18:00:00Z",
            "roster": ["a0000000-0000-4000-8000-000000000001"],
        },
    )
    assert isinstance(fact, SessionScheduled)
    assert (fact.capacity, fact.breaks, fact.makes_up_session_id, fact.slot) == (0, (), None, None)
