"""The checks of the stories prove that they looked: none is content with nothing."""

import re
from pathlib import Path

import pytest
from ninehours.billing.v1 import billing_events_pb2 as events
from ninehours.billing.v1 import billing_service_pb2 as billing

from kernel.rpc.translate import to_date
from ninehours.story import days
from ninehours.story.evidence import ORIGINAL, VOID, Evidence
from ninehours.story.stage import StoryFailed
from ninehours.story.stories import STORIES, check

README = Path(__file__).resolve().parents[2] / "README.md"


@pytest.mark.parametrize("name", STORIES)
def test_no_story_is_told_by_nothing(name: str) -> None:
    with pytest.raises(StoryFailed, match=f"^{re.escape(name)}: expected "):
        check(name, Evidence(client_id="nobody"))


def test_readmes_table_names_every_story() -> None:
    rows = re.findall(r"^\| \*\*(.+?)\*\* \|", README.read_text(encoding="utf-8"), re.MULTILINE)
    assert rows == list(STORIES)


def test_evidence_tells_a_day_by_its_date_and_claims_by_their_frequency() -> None:
    on = days.day_of(1)
    evidence = Evidence(
        client_id="somebody",
        days=(
            events.ServiceDayResolved(
                service_date=to_date(on),
                outcome=events.OUTCOME_HOLD,
                verdicts=[
                    events.Verdict(gate="NOTE", reason="NOTE_UNSIGNED"),
                    events.Verdict(gate="PLAN", open=True),
                ],
            ),
        ),
        claims=tuple(
            billing.Claim(
                state=state,
                frequency=frequency,
                lines=[events.ClaimLine(service_date=to_date(on))],
            )
            for state, frequency in (
                ("CLAIM_STATE_ISSUED", ORIGINAL),
                ("CLAIM_STATE_ISSUED", VOID),
                ("CLAIM_STATE_DRAFTED", ORIGINAL),
            )
        ),
    )
    assert (evidence.outcome(on), evidence.reasons(on)) == ("HOLD", {"NOTE_UNSIGNED"})
    assert (evidence.outcome(days.day_of(2)), evidence.reasons(days.day_of(2))) == ("", set())
    assert evidence.claimed() == evidence.claimed(VOID) == [on]
