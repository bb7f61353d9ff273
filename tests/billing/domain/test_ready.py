"""A correction is READY only when nothing is awaited any more: else it says what it waits for."""

from dataclasses import replace
from typing import Any

import pytest

from services.billing.domain.claims import drafts, proposals
from services.billing.domain.claims.proposals import Proposal
from services.billing.domain.claims.rows import DraftRow
from services.billing.domain.history.history import (
    Adjudication,
    Attendance,
    BillingHistory,
    Cancellation,
    CoverageEnd,
)
from services.billing.domain.payers.rules import DiscreteService, TimedUnits
from tests.harness.billing.history import (
    COVERAGE,
    FEE,
    attended,
    billable,
    confirmed,
    corrected,
    day,
    days_of,
    issued,
    line,
    missed,
    rows_of,
    session,
    signed,
)

PAID = Adjudication(
    fact="answered",
    claim_id="claim 1",
    payer_control_number="PCN",
    status="PAID",
    adjudicated_on=day(9),
)
WEEK = (day(0), day(1), day(2), day(4))


def paid(*dates: Any, **changes: Any) -> BillingHistory:
    """A week that was issued and paid."""
    return billable(*dates, issued=(issued(*dates),), adjudications=(PAID,), **changes)


def proposed(history: BillingHistory) -> Proposal:
    [only] = proposals.propose(days_of(history), history)
    return only


def test_a_session_scheduled_late_in_a_paid_week_takes_nothing_back() -> None:
    whole_weeks = {"confirmed": (confirmed(complete_weeks_only=True),)}
    history = paid(*WEEK, **whole_weeks)
    assert proposals.propose(days_of(history), history) == []
    late = replace(history, sessions=(*history.sessions, session(day(3), "late")))
    found = proposed(late)
    assert (found.action, found.state) == ("VOID", "AWAITING_RELEASE")
    assert {(wait.service_date, wait.reason) for wait in found.waits_for} == {
        (on, "WEEK_INCOMPLETE") for on in WEEK
    }
    missed_it = replace(late, attendances=(*late.attendances, missed(day(3), "late")))
    assert proposals.propose(days_of(missed_it), missed_it) == []


def test_a_date_that_fell_for_good_waits_for_one_that_may_come_back() -> None:
    history = paid(*WEEK)
    fell = replace(history, attendances=(*history.attendances, corrected(day(0), 1, 60)))
    assert proposed(fell).state == "READY"
    unsigned = replace(fell, notes=fell.notes[:-1])
    found = proposed(unsigned)
    assert (found.state, found.changed_dates) == ("AWAITING_RELEASE", (day(0), day(4)))
    assert [(wait.service_date, wait.gate, wait.reason) for wait in found.waits_for] == [
        (day(4), "NOTE", "NOTE_UNSIGNED")
    ]


EVENING = session(day(0), "evening")
GROUP = DiscreteService(service_kind="GROUP", code="H0005", minimum_minutes=60)
VISIT = DiscreteService(service_kind="PRESCRIBER_VISIT", code="99213", minimum_minutes=15)
FEES = (FEE, replace(FEE, fact="fee H0005", code="H0005"), replace(FEE, fact="f", code="99213"))


def morning_is(said: Attendance, **rules: Any) -> BillingHistory:
    """Of a paid day, corrected: its evening session is still scheduled."""
    history = paid(day(0), confirmed=(confirmed(**rules),), fees=FEES)
    return replace(
        history,
        sessions=(*history.sessions, EVENING),
        attendances=(*history.attendances, said),
    )


@pytest.mark.parametrize(
    ("minutes", "rules", "reason"),
    [
        (0, {}, "MISSED"),
        (90, {}, "SHORT_OF_MINUTES"),
        (180, {"minimum_services": 2}, "SHORT_OF_SERVICES"),
        (180, {"bill_by": "DISCRETE", "discrete": ()}, "NO_LISTED_SERVICE"),
    ],
)
@pytest.mark.parametrize("whole_weeks", [False, True])
def test_a_date_waits_for_a_session_of_its_own_that_nobody_closed(
    minutes: int, rules: dict[str, Any], reason: str, whole_weeks: bool
) -> None:
    """Not at A in the morning but at B in the evening, told one after the other."""
    told = morning_is(corrected(day(0), 1, minutes), complete_weeks_only=whole_weeks, **rules)
    [day_] = days_of(told)
    assert (day_.outcome, day_.reasons[0]) == ("HOLD", reason)
    assert EVENING.fact in day_.rests_on
    found = proposed(told)
    assert (found.action, found.state) == ("VOID", "AWAITING_RELEASE")
    assert reason in {wait.reason for wait in found.waits_for}
    cancelled = Cancellation(fact="c", session_id=EVENING.session_id)
    for closed in (
        replace(told, attendances=(*told.attendances, missed(day(0), "evening"))),
        replace(told, cancelled=(cancelled,)),
    ):
        assert [billed.outcome for billed in days_of(closed)] == ["NOT_BILLABLE"]
        assert proposed(closed).state == "READY"


def test_the_session_that_was_awaited_brings_its_date_back() -> None:
    told = morning_is(corrected(day(0), 1, 0))
    came = replace(
        told,
        attendances=(*told.attendances, attended(day(0), 180, "evening")),
        notes=(*told.notes, signed(day(0), name="evening")),
    )
    assert proposals.propose(days_of(came), came) == []
    assert proposed(told).state == "AWAITING_RELEASE"


@pytest.mark.parametrize(
    ("minutes", "was", "rules"),
    [
        (60, {"code": "H0015"}, {"discrete_fallback": True, "discrete": (GROUP,)}),
        (
            150,
            {"units": 12, "charge_minor": 360_000},
            {
                "bill_by": "TIMED_UNITS",
                "timed_units": TimedUnits(
                    code="H0015", modifiers=("HF",), unit_minutes=15, rounding="DOWN"
                ),
            },
        ),
    ],
    ids=["falls back", "fewer units"],
)
def test_a_date_with_less_of_it_waits_for_its_open_session_too(
    minutes: int, was: dict[str, Any], rules: dict[str, Any]
) -> None:
    told = morning_is(corrected(day(0), 1, minutes), **rules)
    told = replace(told, issued=(issued(lines=(line(day(0), **was),)),))
    found = proposed(told)
    assert (found.action, found.state) == ("REPLACE", "AWAITING_RELEASE")
    assert [(wait.service_date, wait.gate, wait.reason) for wait in found.waits_for] == [
        (day(0), "ATTENDANCE", "SESSION_NOT_CLOSED")
    ]
    closed = replace(told, attendances=(*told.attendances, missed(day(0), "evening")))
    assert proposed(closed).state == "READY"


def test_what_stands_outside_the_per_diem_brings_no_day_back() -> None:
    told = morning_is(corrected(day(0), 1, 90), ancillary=(VISIT,))
    visit = replace(EVENING, service_kind="PRESCRIBER_VISIT")
    told = replace(told, sessions=(*told.sessions[:-1], visit))
    assert proposed(told).state == "READY"


def test_a_claim_of_a_visit_waits_for_another_visit_of_the_date() -> None:
    sent = issued(lines=(line(day(0), code="99213", modifiers=(), ancillary=True),))
    sent = replace(sent, authorization_id="")
    for kind, state in (("PRESCRIBER_VISIT", "AWAITING_RELEASE"), ("GROUP", "READY")):
        told = replace(
            morning_is(missed(day(0)), ancillary=(VISIT,)),
            sessions=(
                replace(session(day(0)), service_kind="PRESCRIBER_VISIT"),
                replace(EVENING, service_kind=kind),
            ),
            attendances=(missed(day(0)),),
            issued=(sent,),
        )
        assert proposed(told).state == state


def test_a_date_that_became_nobodys_waits_for_somebody_who_covers_it() -> None:
    history = paid(day(0))
    ended = CoverageEnd(fact="end", coverage_id="coverage", last_day=day(-1), sequence=5)
    found = proposed(replace(history, coverage_ends=(ended,)))
    assert (found.action, found.state) == ("VOID", "AWAITING_RELEASE")
    assert [wait.reason for wait in found.waits_for] == ["NO_COVERAGE"]
    other = replace(COVERAGE, fact="b", coverage_id="b", payer_id="another")
    anothers = replace(history, coverage_ends=(ended,), coverages=(COVERAGE, other))
    assert proposed(anothers).state == "READY"


def test_a_new_original_waits_for_the_voids_answer_where_the_payer_wants_that() -> None:
    void = issued(day(0), name="2", frequency="8", corrects_claim_id="claim 1")
    for wanted, awaited in (("VOID_ISSUED", ()), ("VOID_PROCESSED", ("claim 2",))):
        history = billable(
            day(0),
            issued=(issued(day(0)), void),
            confirmed=(confirmed(new_claim_after=wanted),),
        )
        [draft] = rows_of(history, DraftRow)
        assert draft.awaits_voids == awaited
    answered = replace(
        history, adjudications=(replace(PAID, claim_id="claim 2", status="REVERSED"),)
    )
    [draft] = rows_of(answered, DraftRow)
    assert draft.awaits_voids == ()


def test_a_late_day_joins_a_replacement_only_once_the_void_of_its_date_is_answered() -> None:
    """Monday stood under a mistyped member number, the other days under the right one."""
    right = replace(COVERAGE, fact="r", coverage_id="right", sequence=1)
    void = issued(day(0), name="void", frequency="8", corrects_claim_id="claim 1")
    history = billable(
        day(0),
        day(2),
        confirmed=(confirmed(late_day="REPLACE", new_claim_after="VOID_PROCESSED"),),
        coverages=(right,),
        issued=(issued(day(0)), void, issued(day(2), name="2", coverage_id="right")),
        adjudications=(PAID, replace(PAID, fact="answered 2", claim_id="claim 2")),
    )
    assert proposals.propose(days_of(history), history) == []
    [draft] = drafts.draft(days_of(history), history)
    assert (draft.lines[0].service_date, draft.awaits_voids) == (day(0), ("claim void",))
    reversed_ = replace(PAID, fact="reversed", claim_id="claim void", status="REVERSED")
    answered = replace(history, adjudications=(*history.adjudications, reversed_))
    assert drafts.draft(days_of(answered), answered) == []
    found = proposed(answered)
    assert (found.state, found.changed_dates) == ("READY", (day(0),))
