"""Which coverage a date goes to: what payers said, in the order they said it."""

from dataclasses import replace
from datetime import date

from services.billing.domain.claims import drafts, proposals
from services.billing.domain.history.history import (
    Adjudication,
    BillingHistory,
    Coverage,
    CoverageEnd,
)
from tests.harness.billing.history import (
    CONSENT,
    COVERAGE,
    ENROLLMENT,
    billable,
    confirmed,
    day,
    days_of,
    issued,
)

JANUARY = date(2026, 1, 1)


def verified(
    name: str, first: date, last: date | None = None, sequence: int = 1, **changes: str
) -> Coverage:
    made = Coverage(
        fact=f"verified {name} {sequence}",
        coverage_id=name,
        payer_id=name,
        verified_from=first,
        verified_to=last,
        sequence=sequence,
    )
    return replace(made, **changes)


def two_payers(*coverages: Coverage, **changes: object) -> BillingHistory:
    """A client of payers a and b, with one day on March 6th, 2026."""
    payers = ("a", "b")
    history = billable(
        day(4),
        coverages=coverages,
        consents=tuple(replace(CONSENT, fact=f"consent {p}", payer_id=p) for p in payers),
        enrollments=tuple(replace(ENROLLMENT, fact=f"enrolled {p}", payer_id=p) for p in payers),
        confirmed=tuple(confirmed(payer_id=p, authorization_required=False) for p in payers),
    )
    return replace(history, **changes)  # type: ignore[arg-type]


def test_a_verification_from_the_same_first_day_replaces_the_earlier_one() -> None:
    a, shorter = verified("a", JANUARY), verified("a", JANUARY, day(2), sequence=2)
    b = verified("b", day(3), sequence=3)
    for order in ((a, shorter, b), (b, shorter, a)):
        [only] = days_of(two_payers(*order))
        assert (only.payer_id, only.coverage_id) == ("b", "b")


def test_verifications_of_other_first_days_stand_side_by_side() -> None:
    months = verified("a", JANUARY, date(2026, 1, 31)), verified("a", day(0), day(30), sequence=2)
    [only] = days_of(two_payers(*months))
    assert only.payer_id == "a"


def test_of_a_corrected_member_number_the_latest_word_counts() -> None:
    """Two coverages by the same payer: which one is no matter of their ids."""
    for wrong, right in (("1", "2"), ("2", "1")):
        first = verified(wrong, JANUARY, payer_id="a")
        again = verified(right, JANUARY, sequence=2, payer_id="a")
        later = verified(right, day(0), sequence=2, payer_id="a")
        for said in ((first, again), (again, first), (first, later)):
            [only] = days_of(two_payers(*said))
            assert only.coverage_id == right


def test_ended_backwards_it_is_voided_and_drafted_for_the_other_payer() -> None:
    answered = Adjudication(
        fact="answered",
        claim_id="claim 1",
        payer_control_number="PCN",
        status="PAID",
        adjudicated_on=day(9),
    )
    sent = issued(day(4), payer_id="a", coverage_id="a", authorization_id="")
    history = two_payers(
        verified("a", JANUARY),
        verified("b", day(3), sequence=2),
        issued=(sent,),
        adjudications=(answered,),
    )
    assert proposals.propose(days_of(history), history) == []
    end = CoverageEnd(fact="ended", coverage_id="a", last_day=day(2), sequence=3)
    ended = replace(history, coverage_ends=(end,))
    [only] = days_of(ended)
    assert only.payer_id == "b"
    [found] = proposals.propose([only], ended)
    assert (found.action, found.state) == ("VOID", "READY")
    void = issued(
        name="v",
        frequency="8",
        corrects_claim_id="claim 1",
        lines=sent.lines,
        payer_id="a",
        coverage_id="a",
        authorization_id="",
    )
    voided = replace(ended, issued=(sent, void))
    [draft] = drafts.draft(days_of(voided), voided)
    assert (draft.cut.payer_id, draft.cut.coverage_id) == ("b", "b")
    # Verified again since, from the same first day: that is the latest word.
    again = replace(ended, coverages=(*ended.coverages, verified("a", JANUARY, sequence=4)))
    assert days_of(again)[0].payer_id == "a"
    moved = replace(end, fact="ended later", last_day=day(5), sequence=4)
    assert days_of(replace(ended, coverage_ends=(end, moved)))[0].payer_id == "a"


def test_the_primary_goes_before_one_that_was_verified_earlier() -> None:
    second = replace(verified("a", JANUARY), order=2)
    [only] = days_of(two_payers(second, verified("b", day(3), sequence=2)))
    assert only.payer_id == "b"
    assert COVERAGE.order == 1
