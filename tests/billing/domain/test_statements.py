"""What an institutional bill says of its place in the course: frequency and patient status."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.billing.domain import claims, proposals
from services.billing.domain.derive import PROPOSAL, derive
from services.billing.domain.heard import Discharge
from services.billing.domain.known import IssuedClaim, Known
from services.billing.domain.rules import Institutional
from tests.billing.known import RULES, billable, confirmed, day, days_of, issued, line

BILL = Institutional(type_of_bill="13", revenue_code="0906", condition_code="92")


def known(*days: date, interim: bool = False, sent: tuple[IssuedClaim, ...] = ()) -> Known:
    rules = confirmed(
        claim_form="INSTITUTIONAL",
        rendering="FACILITATOR",
        institutional=replace(BILL, interim_bills=interim),
    )
    return billable(*days, confirmed=(rules,), issued=sent)


def discharged(on: date, reason: str = "COMPLETED") -> dict[str, Any]:
    ended = Discharge(fact="d", episode_id="episode", discharged_on=on, reason=reason)
    return {"discharges": (ended,)}


def said(of: Known) -> list[tuple[str, str]]:
    drafts = sorted(claims.draft(days_of(of), of), key=lambda each: each.cut.period_start)
    return [(each.frequency, each.patient_status) for each in drafts]


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
    assert said(known(*WEEKS)) == [("1", "01")] * 3


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
    course = replace(known(*WEEKS), **discharged(day(14), reason))
    assert said(course) == [("1", "01"), ("1", "01"), ("1", status)]


def test_interim_bills_are_first_continuing_and_last() -> None:
    course = known(*WEEKS, interim=True)
    assert said(course) == [("2", "30"), ("3", "30"), ("3", "30")]
    ended = replace(course, **discharged(day(16), "LEFT_AGAINST_ADVICE"))
    assert said(ended) == [("2", "30"), ("3", "30"), ("4", "07")]


def test_a_course_of_one_bill_is_admit_through_discharge() -> None:
    course = replace(known(day(0), interim=True), **discharged(day(2)))
    assert said(course) == [("1", "01")]


def test_what_was_sent_is_the_first_even_when_a_day_comes_late() -> None:
    assert said(known(*WEEKS, interim=True, sent=(sent(1),))) == [("3", "30"), ("3", "30")]


def test_a_discharge_told_after_its_bill_corrects_where_the_client_is() -> None:
    bill = replace(sent(0), patient_status="30")
    course = known(day(0), interim=True, sent=(bill,))
    assert proposals.propose(days_of(course), course) == []
    for last_day, reason, corrected in (
        (day(0), "COMPLETED", ["01"]),
        (day(6), "TRANSFERRED", ["70"]),
        (day(7), "COMPLETED", []),  # the next bill's, if there is one
    ):
        ended = replace(course, **discharged(last_day, reason))
        found = proposals.propose(days_of(ended), ended)
        assert [each.patient_status for each in found] == corrected
        assert all((each.action, each.changed_dates) == ("REPLACE", (day(0),)) for each in found)
        assert all("d" in each.rests_on for each in found)


@pytest.mark.parametrize(
    ("was", "reason", "proposed"),
    [("01", "COMPLETED", 0), ("01", "DEATH", 1), ("07", "DEATH", 1), ("", "DEATH", 0)],
)
def test_a_bill_that_says_what_is_true_stays_and_one_of_before_says_nothing(
    was: str, reason: str, proposed: int
) -> None:
    bill = replace(sent(0), frequency="7", patient_status=was)
    course = replace(known(day(0), sent=(bill,)), **discharged(day(1), reason))
    assert len(proposals.propose(days_of(course), course)) == proposed


def test_a_payer_that_takes_no_replacements_is_sent_a_void_and_the_bill_anew() -> None:
    rules = confirmed(claim_form="INSTITUTIONAL", institutional=BILL, changed_claim="VOID")
    bill = replace(sent(0), patient_status="01")
    course = replace(known(day(0), sent=(bill,)), confirmed=(rules,), **discharged(day(1), "DEATH"))
    [row] = [content for kind, _, content, *_ in derive(course) if kind == PROPOSAL]
    assert row["action"] == "VOID"
    void = issued(
        day(0), name="v", claim_form="INSTITUTIONAL", frequency="8", corrects_claim_id="claim w0"
    )
    voided = replace(course, issued=(bill, void))
    assert said(voided) == [("1", "20")]


def test_professional_claims_are_originals() -> None:
    of = billable(day(0))
    [draft] = claims.draft(days_of(of), of)
    assert (draft.frequency, draft.patient_status) == ("1", "")
    assert RULES.institutional is None
