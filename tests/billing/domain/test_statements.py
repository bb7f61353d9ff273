"""What an institutional bill says of its place in the course: frequency and patient status."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.billing.domain.claims import drafts, proposals
from services.billing.domain.claims.rows import ProposalRow
from services.billing.domain.history.history import BillingHistory, Discharge, IssuedClaim
from services.billing.domain.payers.rules import Institutional
from tests.harness.billing.history import (
    MENTAL_HEALTH,
    OUTPATIENT,
    RULES,
    attended,
    authorization,
    billable,
    confirmed,
    day,
    days_of,
    issued,
    line,
    rows_of,
    session,
)

BILL = Institutional(type_of_bill="13", revenue_code="0906", condition_code="92")


def history(
    *days: date, interim: bool = False, sent: tuple[IssuedClaim, ...] = ()
) -> BillingHistory:
    rules = confirmed(
        claim_form="INSTITUTIONAL",
        rendering="FACILITATOR",
        institutional=replace(BILL, interim_bills=interim),
    )
    return billable(*days, confirmed=(rules,), issued=sent)


def discharged(on: date, reason: str = "COMPLETED") -> dict[str, Any]:
    ended = Discharge(fact="d", episode_id="episode", discharged_on=on, reason=reason)
    return {"discharges": (ended,)}


def said(of: BillingHistory) -> list[tuple[str, str]]:
    found = sorted(drafts.draft(days_of(of), of), key=lambda one: one.cut.period_start)
    return [(draft.frequency, draft.patient_status) for draft in found]


def sent(number: int) -> IssuedClaim:
    """The bill of a week."""
    start = day(7 * number)
    return issued(
        name=f"w{number}", lines=(line(start, revenue_code=BILL.revenue_code),),
        claim_form="INSTITUTIONAL", period_start=start, period_end=day(7 * number + 6),
        frequency="2",
    )  # fmt: skip


WEEKS = (day(0), day(7), day(14))


def test_bills_that_stand_alone_end_with_the_client_at_home() -> None:
    assert said(history(*WEEKS)) == [("1", "01")] * 3


@pytest.mark.parametrize(
    ("reason", "status"),
    [
        ("COMPLETED", "01"),
        ("LEFT_AGAINST_ADVICE", "07"),
        ("TERMINATED_BY_FACILITY", "01"),
        ("TRANSFERRED", "70"),
        ("INCARCERATED", "21"),
        ("DEATH", "20"),
        ("OTHER", "01"),
    ],
)
def test_the_bill_of_the_discharge_says_where_to(reason: str, status: str) -> None:
    course = replace(history(*WEEKS), **discharged(day(14), reason))
    assert said(course) == [("1", "01"), ("1", "01"), ("1", status)]


def test_interim_bills_are_first_continuing_and_last() -> None:
    course = history(*WEEKS, interim=True)
    assert said(course) == [("2", "30"), ("3", "30"), ("3", "30")]
    ended = replace(course, **discharged(day(16), "LEFT_AGAINST_ADVICE"))
    assert said(ended) == [("2", "30"), ("3", "30"), ("4", "07")]


def test_a_bill_is_of_the_episode_whose_sessions_it_bills() -> None:
    """An hour of outpatient care, of an episode that goes on, is no part of its course."""
    outpatient = replace(OUTPATIENT, admitted_on=day(1))
    course = replace(history(*WEEKS, interim=True), **discharged(day(14)))
    hour = session(day(14), "hour", program=MENTAL_HEALTH, service_kind="INDIVIDUAL")
    both = replace(
        course,
        admissions=(*course.admissions, outpatient),
        sessions=(*course.sessions, hour),
        attendances=(*course.attendances, attended(day(14), 60, "hour")),
    )
    assert said(both) == [("2", "30"), ("3", "30"), ("4", "01")]


def test_a_course_of_one_bill_is_admit_through_discharge() -> None:
    course = replace(history(day(0), interim=True), **discharged(day(2)))
    assert said(course) == [("1", "01")]


def test_what_was_sent_is_the_first_even_when_a_day_comes_late() -> None:
    assert said(history(*WEEKS, interim=True, sent=(sent(1),))) == [("3", "30"), ("3", "30")]


def test_a_discharge_told_after_its_bill_corrects_where_the_client_is() -> None:
    bill = replace(sent(0), patient_status="30")
    course = history(day(0), interim=True, sent=(bill,))
    assert proposals.propose(days_of(course), course) == []
    for last_day, reason, corrected in (
        (day(0), "COMPLETED", ["01"]),
        (day(6), "TRANSFERRED", ["70"]),
    ):
        ended = replace(course, **discharged(last_day, reason))
        found = proposals.propose(days_of(ended), ended)
        assert [statement.patient_status for statement in found] == corrected
        assert all(
            (statement.action, statement.changed_dates) == ("REPLACE", (day(0),))
            for statement in found
        )
        assert all("d" in statement.rests_on for statement in found)


@pytest.mark.parametrize(
    ("was", "reason", "proposed"),
    [("01", "COMPLETED", 0), ("01", "DEATH", 1), ("07", "DEATH", 1), ("", "DEATH", 0)],
)
def test_a_bill_that_says_what_is_true_stays_and_one_of_before_says_nothing(
    was: str, reason: str, proposed: int
) -> None:
    bill = replace(sent(0), frequency="7", patient_status=was)
    course = replace(history(day(0), sent=(bill,)), **discharged(day(1), reason))
    assert len(proposals.propose(days_of(course), course)) == proposed


def test_a_payer_that_takes_no_replacements_is_sent_a_void_and_the_bill_anew() -> None:
    rules = confirmed(claim_form="INSTITUTIONAL", institutional=BILL, changed_claim="VOID")
    bill = replace(sent(0), patient_status="01")
    course = replace(
        history(day(0), sent=(bill,)), confirmed=(rules,), **discharged(day(1), "DEATH")
    )
    [row] = rows_of(course, ProposalRow)
    assert row.action == "VOID"
    void = issued(
        day(0), name="v", claim_form="INSTITUTIONAL", frequency="8", corrects_claim_id="claim w0"
    )
    voided = replace(course, issued=(bill, void))
    assert said(voided) == [("1", "20")]


CUT = {"authorizations": (authorization(2, end=1), authorization(9, start=2, name="b"))}


@pytest.mark.parametrize(
    ("interim", "first", "last"),
    [(True, ("2", "30"), ("4", "07")), (False, ("1", "01"), ("1", "07"))],
)
def test_of_two_bills_of_the_discharges_week_the_last_says_where_to(
    interim: bool, first: tuple[str, str], last: tuple[str, str]
) -> None:
    course = replace(history(day(0), day(1), day(3), day(4), interim=interim), **CUT)
    ended = replace(course, **discharged(day(4), "LEFT_AGAINST_ADVICE"))
    assert said(ended) == [first, last]


def test_of_two_issued_bills_of_the_week_the_discharge_corrects_the_last() -> None:
    bills = tuple(
        replace(
            sent(0),
            claim_id=f"claim {name}",
            authorization_id=name,
            lines=(line(on, revenue_code=BILL.revenue_code),),
            patient_status="30",
        )
        for name, on in (("a", day(0)), ("b", day(4)))
    )
    course = replace(history(day(0), day(4), interim=True, sent=bills), **CUT)
    assert proposals.propose(days_of(course), course) == []
    ended = replace(course, **discharged(day(4)))
    [found] = proposals.propose(days_of(ended), ended)
    assert (found.claim.claim_id, found.patient_status) == ("claim b", "01")


def test_a_discharge_in_a_week_without_services_ends_the_last_interim_bill() -> None:
    ended = discharged(day(20), "LEFT_AGAINST_ADVICE")
    weeks = (day(0), day(7))
    assert said(replace(history(*weeks, interim=True), **ended)) == [("2", "30"), ("4", "07")]
    bills = tuple(replace(sent(number), patient_status="30") for number in (0, 1))
    course = replace(history(*weeks, interim=True, sent=bills), **ended)
    [found] = proposals.propose(days_of(course), course)
    assert (found.claim.claim_id, found.patient_status) == ("claim w1", "07")


def test_a_bill_that_stands_alone_says_nothing_of_a_discharge_after_its_period() -> None:
    course = replace(history(day(0), day(7)), **discharged(day(20), "DEATH"))
    assert said(course) == [("1", "01"), ("1", "01")]


def test_a_date_that_may_still_be_billed_keeps_the_discharge_from_the_bill_before_it() -> None:
    """Else a paid bill would be corrected, and corrected back once a note is signed."""
    bill = replace(sent(0), patient_status="30")
    course = history(day(0), day(8), interim=True, sent=(bill,))
    ended = replace(course, **discharged(day(8)))
    unsigned = replace(ended, notes=ended.notes[:-1])
    not_closed = replace(ended, attendances=ended.attendances[:-1])
    for waiting in (ended, unsigned, not_closed):
        assert proposals.propose(days_of(waiting), waiting) == []
    assert [said(course) for course in (ended, unsigned, not_closed)] == [[("4", "01")], [], []]


@pytest.mark.parametrize("awaited", ["note", "closing"])
def test_a_draft_is_not_the_last_while_a_later_date_may_still_be_billed(awaited: str) -> None:
    course = replace(history(day(0), day(2), interim=True), **discharged(day(2)))
    waiting = (
        replace(course, notes=course.notes[:-1])
        if awaited == "note"
        else replace(course, attendances=course.attendances[:-1])
    )
    assert said(waiting) == [("2", "30")]
    assert said(course) == [("1", "01")]


def test_the_first_bill_voided_and_sent_anew_is_the_first_again() -> None:
    first, second = sent(0), replace(sent(1), frequency="3")
    void = replace(first, fact="v", claim_id="v", frequency="8", corrects_claim_id="claim w0")
    assert said(history(*WEEKS[:2], interim=True, sent=(first, second, void))) == [("2", "30")]
    replaced = replace(sent(1), fact="r", claim_id="r", frequency="7", corrects_claim_id="claim w1")
    stands = history(*WEEKS[:2], interim=True, sent=(sent(1), replaced))
    assert said(stands) == [("3", "30")]  # the payer has its first


def test_professional_claims_are_originals() -> None:
    of = billable(day(0))
    [draft] = drafts.draft(days_of(of), of)
    assert (draft.frequency, draft.patient_status) == ("1", "")
    assert RULES.institutional is None
