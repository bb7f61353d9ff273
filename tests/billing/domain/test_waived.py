"""A date billed without authorization, and the authorization that came later."""

from dataclasses import replace

from services.billing.domain.claims import drafts, proposals
from services.billing.domain.claims.issue import ClaimIssued, ProposalToIssue, correction
from services.billing.domain.claims.rows import proposal_row
from services.billing.domain.history.history import Adjudication, BillingHistory, Waiver
from tests.billing.domain.test_histories import issued_of
from tests.harness.billing.history import authorization, billable, confirmed, day, days_of, issued

WAIVED = Waiver(fact="waived", payer_id="payer", service_date=day(0))
PAID = Adjudication(
    fact="answered",
    claim_id="claim 1",
    payer_control_number="PCN",
    status="PAID",
    adjudicated_on=day(9),
)


def authorized(history: BillingHistory) -> list[tuple[str, int, str]]:
    """Of each day: authorization, units and outcome."""
    return [
        (billed.authorization_id, billed.authorized_units, billed.outcome)
        for billed in days_of(history)
    ]


def test_an_authorization_that_came_before_issuing_goes_before_the_waiver() -> None:
    history = billable(day(0), waivers=(WAIVED,), authorizations=())
    assert authorized(history) == [("", 0, "PER_DIEM")]
    later = replace(history, authorizations=(authorization(1),))
    assert authorized(later) == [("a", 1, "PER_DIEM")]
    [draft] = drafts.draft(days_of(later), later)
    assert (draft.cut.authorization_id, draft.authorized_units) == ("a", 1)


def test_a_waived_date_leaves_units_to_dates_that_cannot_go_without() -> None:
    history = billable(day(0), day(1), waivers=(WAIVED,), authorizations=(authorization(1),))
    assert authorized(history) == [("", 0, "PER_DIEM"), ("a", 1, "PER_DIEM")]


def test_after_issue_it_is_replaced_under_the_authorization() -> None:
    sent = issued(day(0), authorization_id="")
    history = billable(
        day(0), waivers=(WAIVED,), authorizations=(), issued=(sent,), adjudications=(PAID,)
    )
    assert proposals.propose(days_of(history), history) == []
    later = replace(history, authorizations=(authorization(1),))
    [found] = proposals.propose(days_of(later), later)
    assert (found.action, found.state, found.changed_dates) == ("REPLACE", "READY", (day(0),))
    assert (found.authorization_id, found.authorized_units) == ("a", 1)
    assert found.issued_charge_minor == found.corrected_charge_minor

    replaced = correction(
        ProposalToIssue(
            row=proposal_row("client", found),
            original=_as_issued(),
            payer_control_number="PCN",
        ),
        "claim 2",
    ).claim
    assert (replaced.frequency, replaced.authorization_id) == ("7", "a")
    after = replace(later, issued=(sent, issued_of(replaced)))
    assert proposals.propose(days_of(after), after) == []
    assert authorized(after) == [("a", 1, "PER_DIEM")]


def test_what_one_authorization_does_not_cover_goes_on_a_claim_of_its_own() -> None:
    """A claim names one authorization: dates under another are claimed anew."""
    sent = issued(day(0), day(1), day(2), authorization_id="")
    both = authorization(1, end=0), authorization(1, start=2, name="b")
    history = billable(
        day(0), day(1), day(2), authorizations=both, issued=(sent,), adjudications=(PAID,)
    )
    [found] = proposals.propose(days_of(history), history)
    assert (found.authorization_id, found.changed_dates) == ("a", (day(0), day(1), day(2)))
    assert [line.service_date for line in found.lines] == [day(0)]


def test_a_day_that_asks_for_more_than_is_left_moves_to_another_authorization() -> None:
    hours = {"authorizations": (authorization(2, unit="HOURS"),)}
    sent = issued(day(0), authorized_units=2)
    history = billable(
        day(0),
        confirmed=(confirmed(authorization_unit="HOURS"),),
        issued=(sent,),
        adjudications=(PAID,),
        **hours,
    )
    assert authorized(history) == [("", 0, "HOLD")]
    more = replace(
        history, authorizations=(*history.authorizations, authorization(3, name="b", unit="HOURS"))
    )
    assert authorized(more) == [("b", 3, "PER_DIEM")]
    [found] = proposals.propose(days_of(more), more)
    assert (found.action, found.state, found.lines) == ("VOID", "READY", ())


def _as_issued() -> ClaimIssued:
    sent = issued(day(0), authorization_id="")
    return ClaimIssued(
        claim_id=sent.claim_id,
        number="1",
        batch_id="batch",
        client_id="client",
        payer_id=sent.payer_id,
        provider_id=sent.provider_id,
        site_id=sent.site_id,
        coverage_id=sent.coverage_id,
        authorization_id="",
        period_start=sent.period_start,
        period_end=sent.period_end,
        lines=sent.lines,
        diagnoses=("F10.20",),
        claim_form=sent.claim_form,
        frequency="1",
        identity_version=1,
        consent_id="consent",
        under_part2=True,
    )
