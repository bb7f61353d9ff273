"""What stands in the way comes first, and what only who checks reads is folded."""

import pytest
from ninehours.billing.v1 import billing_events_pb2 as events
from ninehours.billing.v1 import billing_service_pb2 as billing
from ninehours.billing.v1 import explanation_service_pb2 as pb

from ninehours.told.why.answer import Mark, NamedFacts, Point, Section
from ninehours.told.why.of_billing import explain_claim, gates_section

NOTHING = NamedFacts()


def day(*reasons: str) -> pb.ExplainedDay:
    """With a gate that is open, and one for each reason."""
    closed = [
        pb.ExplainedVerdict(gate=reason, reason=reason, verdict=pb.GATE_VERDICT_HOLD)
        for reason in reasons
    ]
    passed = pb.ExplainedVerdict(gate="CONSENT", verdict=pb.GATE_VERDICT_PASS)
    return pb.ExplainedDay(
        outcome=events.OUTCOME_HOLD if reasons else events.OUTCOME_PER_DIEM,
        verdicts=[passed, *closed],
    )


def test_the_gates_that_are_not_open_are_told_apart_from_the_others() -> None:
    section = gates_section(day("NOTE_UNSIGNED", "NO_COVERAGE"), NOTHING)
    assert [point.code for point in section.closed] == ["NOTE_UNSIGNED", "NO_COVERAGE"]
    assert [point.kind for point in section.others] == [Mark.PASS]


def test_what_opens_a_gate_is_told_without_a_commands_name_to_who_gives_none_by_it() -> None:
    release = pb.Release(says="signs the note", rpc="a.Service/SignNote", roles=["clinician"])
    held = day("NOTE_UNSIGNED")
    held.verdicts[1].releases.append(release)
    told = [
        gates_section(held, NamedFacts(commands=commands)).closed[0].points[-1].says
        for commands in (True, False)
    ]
    assert told == ["a clinician signs the note [SignNote]", "a clinician signs the note"]


def test_what_is_no_gate_is_left_in_its_order() -> None:
    section = Section(title="How it came to this", points=(Point(Mark.REFUSE, "overridden"),))
    assert (section.closed, section.others) == ((), section.points)


@pytest.mark.parametrize("reasons", [(), ("NOTE_UNSIGNED",)], ids=["open", "closed"])
def test_days_of_a_claim_are_folded_where_all_is_open(reasons: tuple[str, ...]) -> None:
    claim = pb.ExplainedClaim(state=billing.CLAIM_STATE_DRAFTED, claim_form=1, days=[day(*reasons)])
    [section] = explain_claim(claim, NOTHING, "").sections
    assert section.folds == (not reasons)
    assert section.about[0] == ("claimed", "nothing any more")
