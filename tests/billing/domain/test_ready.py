"""A correction is READY only when nothing is awaited any more: else it says what it waits for."""

from dataclasses import replace
from typing import Any

from services.billing.domain import proposals
from services.billing.domain.derive import DRAFT_CLAIM, derive
from services.billing.domain.known import Adjudication, Known
from services.billing.domain.proposals import Proposal
from tests.billing.known import (
    billable,
    confirmed,
    corrected,
    day,
    days_of,
    issued,
    missed,
    session,
)

PAID = Adjudication(
    fact="answered",
    claim_id="claim 1",
    payer_control_number="PCN",
    status="PAID",
    adjudicated_on=day(9),
)
WEEK = (day(0), day(1), day(2), day(4))


def paid(*dates: Any, **changes: Any) -> Known:
    """A week that was issued and paid."""
    return billable(*dates, issued=(issued(*dates),), adjudications=(PAID,), **changes)


def proposed(known: Known) -> Proposal:
    [only] = proposals.propose(days_of(known), known)
    return only


def test_a_session_scheduled_late_in_a_paid_week_takes_nothing_back() -> None:
    whole_weeks = {"confirmed": (confirmed(complete_weeks_only=True),)}
    known = paid(*WEEK, **whole_weeks)
    assert proposals.propose(days_of(known), known) == []
    late = replace(known, sessions=(*known.sessions, session(day(3), "late")))
    found = proposed(late)
    assert (found.action, found.state) == ("VOID", "AWAITING_RELEASE")
    assert {(each.service_date, each.reason) for each in found.waits_for} == {
        (on, "WEEK_INCOMPLETE") for on in WEEK
    }
    missed_it = replace(late, attendances=(*late.attendances, missed(day(3), "late")))
    assert proposals.propose(days_of(missed_it), missed_it) == []


def test_a_date_that_fell_for_good_waits_for_one_that_may_come_back() -> None:
    known = paid(*WEEK)
    fell = replace(known, attendances=(*known.attendances, corrected(day(0), 1, 60)))
    assert proposed(fell).state == "READY"
    unsigned = replace(fell, notes=fell.notes[:-1])
    found = proposed(unsigned)
    assert (found.state, found.changed_dates) == ("AWAITING_RELEASE", (day(0), day(4)))
    assert [(each.service_date, each.gate, each.reason) for each in found.waits_for] == [
        (day(4), "NOTE", "NOTE_UNSIGNED")
    ]


def test_a_new_original_waits_for_the_voids_answer_where_the_payer_wants_that() -> None:
    void = issued(day(0), name="2", frequency="8", corrects_claim_id="claim 1")
    for wanted, awaited in (("VOID_ISSUED", []), ("VOID_PROCESSED", ["claim 2"])):
        known = billable(
            day(0),
            issued=(issued(day(0)), void),
            confirmed=(confirmed(new_claim_after=wanted),),
        )
        [draft] = [content for kind, _, content, *_ in derive(known) if kind == DRAFT_CLAIM]
        assert draft.get("awaits_voids", []) == awaited
    answered = replace(known, adjudications=(replace(PAID, claim_id="claim 2", status="REVERSED"),))
    [draft] = [content for kind, _, content, *_ in derive(answered) if kind == DRAFT_CLAIM]
    assert "awaits_voids" not in draft
