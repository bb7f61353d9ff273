"""What attendance once stored can be read by today's code: one file a stored name, never edited."""

from pathlib import Path
from uuid import UUID

import pytest

from kernel.facts import Recorded
from services.attendance.adapters.publication import publish
from services.attendance.adapters.stored import FACTS
from tests.harness.attendance.values import START
from tests.harness.golden import assert_one_file_a_name, read_golden

GOLDEN = Path(__file__).parents[1] / "golden"
PUBLISHED = {
    "attendance.site_opened.v1": ["SiteOpened"],
    "attendance.program_opened.v1": ["ProgramOpened"],
    "attendance.staff_credentialed.v1": ["StaffCredentialed"],
    "attendance.credential_ended.v1": ["CredentialEnded"],
    "attendance.session_scheduled.v1": ["SessionScheduled", "SessionScheduled"],
    "attendance.session_closed.v1": ["SessionAttended", "SessionMissed"],
    "attendance.checked_in.v1": [],
    "attendance.checked_out.v1": [],
    "attendance.note_signed.v1": ["SessionNoteSigned"],
    "attendance.attendance_corrected.v1": ["AttendanceCorrected"],
    "attendance.site_closed_for_day.v1": ["SiteClosedForDay"],
    "attendance.template_defined.v1": [],
    "attendance.grace_set.v1": [],
    "attendance.session_corrected.v1": ["StatementAmended"],
    "attendance.session_cancelled.v1": ["SessionCancelled"] * 2,
    "attendance.note_attested.v1": ["SessionNoteAttested"],
    "attendance.added_to_roster.v1": ["SessionScheduled"],
    "attendance.taken_from_roster.v1": ["StatementAmended"],
    "attendance.session_broken_off.v1": ["SessionAttended", *["SessionCancelled"] * 2],
    "attendance.client_absent.v1": [],
    "attendance.called_off.v1": ["SessionCancelled"],
    "attendance.addendum_added.v1": [],
    "attendance.statement_amended.v1": ["StatementAmended"],
}


def test_there_is_one_golden_fact_for_each_stored_name_and_no_other() -> None:
    assert_one_file_a_name(FACTS, GOLDEN, names=23)


@pytest.mark.parametrize("name", sorted(FACTS.names))
def test_a_golden_fact_is_read_and_written_back_whole(name: str) -> None:
    read_golden(FACTS, GOLDEN, name)


@pytest.mark.parametrize("name", sorted(FACTS.names))
def test_a_golden_fact_is_published_once_for_each_whom_it_concerns(name: str) -> None:
    recorded = Recorded(
        id=UUID(int=1),
        stream="stream",
        version=1,
        fact=read_golden(FACTS, GOLDEN, name),
        at=START,
        actor="staff/1",
    )
    published = list(publish(recorded))
    assert [fact.type.rpartition(".")[2] for fact in published] == PUBLISHED[name]
    assert len({fact.id for fact in published}) == len(published)
    for fact in published:
        kind, _, key = fact.subject.partition("/")
        assert getattr(fact.message, f"{kind}_id") == key
        assert fact.label == ("PART2" if kind == "client" else "HIPAA")
