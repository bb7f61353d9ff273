"""A day at two sites, where services are billed one by one: one claim a site."""

from dataclasses import replace

import pytest

from services.billing.domain.authorizations.allocation import balances
from services.billing.domain.claims import drafts, proposals
from services.billing.domain.claims.drafts import Draft
from services.billing.domain.history.history import Adjudication, BillingHistory, Fee, IssuedClaim
from services.billing.domain.payers.rules import DiscreteService
from tests.harness.billing.history import (
    ENROLLMENT,
    FEE,
    attended,
    authorization,
    billable,
    confirmed,
    corrected,
    day,
    days_of,
    issued,
    line,
    session,
    signed,
)

SERVICES = (
    DiscreteService(service_kind="GROUP", code="90853"),
    DiscreteService(service_kind="INDIVIDUAL", code="90834"),
)


def fee(provider_id: str, code: str, charge_minor: int) -> Fee:
    return replace(
        FEE,
        fact=f"fee {provider_id} {code}",
        provider_id=provider_id,
        code=code,
        charge_minor=charge_minor,
    )


def at_two_sites(**changes: object) -> BillingHistory:
    """A group at the site, an individual session at the other one, billed by another provider."""
    on = day(0)
    history = billable(
        sessions=(
            session(on, "group", service_kind="GROUP"),
            session(on, "alone", service_kind="INDIVIDUAL", site_id="other"),
        ),
        attendances=(attended(on, 90, "group"), attended(on, 60, "alone", site_id="other")),
        notes=(signed(on, name="group"), signed(on, name="alone")),
        enrollments=(
            ENROLLMENT,
            replace(ENROLLMENT, fact="enrolled 2", site_id="other", provider_id="provider 2"),
        ),
        fees=(fee("provider", "90853", 4_000), fee("provider 2", "90834", 9_000)),
        confirmed=(confirmed(bill_by="DISCRETE", discrete=SERVICES),),
    )
    return replace(history, **changes)  # type: ignore[arg-type]


def said(drafts: list[Draft]) -> list[tuple[str, str, list[str], int, int]]:
    return [
        (
            draft.cut.site_id,
            draft.cut.provider_id,
            [line.code for line in draft.lines],
            draft.charge_minor,
            draft.authorized_units,
        )
        for draft in drafts
    ]


GROUP = ("site", "provider", ["90853"], 4_000, 1)
ALONE = ("other", "provider 2", ["90834"], 9_000, 0)


def test_each_site_has_a_claim_of_its_own() -> None:
    history = at_two_sites()
    [one] = days_of(history)
    assert (one.outcome, one.authorization_id) == ("DISCRETE", "a")
    assert said(drafts.draft([one], history)) == [GROUP, ALONE]


def test_an_authorization_for_one_site_does_not_pay_for_both() -> None:
    history = at_two_sites(authorizations=(authorization(9, site_id="site"),))
    [one] = days_of(history)
    assert one.reasons == ("OTHER_SITE_AUTHORIZED",)


OF_EACH = (
    authorization(9, name="a", site_id="site"),
    authorization(9, name="b", site_id="other"),
)


def under(drafts: list[Draft]) -> list[tuple[str, str, int]]:
    return [
        (draft.cut.site_id, draft.cut.authorization_id, draft.authorized_units) for draft in drafts
    ]


def test_where_authorizations_are_by_site_each_pays_for_its_own() -> None:
    history = at_two_sites(authorizations=OF_EACH)
    [one] = days_of(history)
    assert (one.outcome, one.reasons) == ("DISCRETE", ())
    assert {"authorization a", "authorization b"} <= one.rests_on
    assert under(drafts.draft([one], history)) == [("site", "a", 1), ("other", "b", 1)]
    assert [balance.allocated for balance in balances(history)] == [1, 1]


@pytest.mark.parametrize(("unit", "units"), [("SESSIONS", 1), ("HOURS", 1), ("UNITS", 1)])
def test_each_is_asked_for_what_was_given_at_its_site(unit: str, units: int) -> None:
    rules = confirmed(bill_by="DISCRETE", discrete=SERVICES, authorization_unit=unit)
    of_each = tuple(replace(own_rules, unit=unit) for own_rules in OF_EACH)
    history = at_two_sites(authorizations=of_each, confirmed=(rules,))
    assert under(drafts.draft(days_of(history), history)) == [
        ("site", "a", units),
        ("other", "b", units),
    ]


def test_one_for_all_sites_goes_first_and_those_of_each_when_it_is_used_up() -> None:
    for_all = authorization(1, name="c", end=50)
    history = at_two_sites(authorizations=(*OF_EACH, for_all))
    assert under(drafts.draft(days_of(history), history)) == [("site", "c", 1), ("other", "c", 0)]
    none_left = at_two_sites(authorizations=(*OF_EACH, replace(for_all, units=0)))
    assert under(drafts.draft(days_of(none_left), none_left)) == [
        ("site", "a", 1),
        ("other", "b", 1),
    ]


def test_a_day_that_one_site_can_not_pay_for_takes_nothing_of_the_other() -> None:
    used_up = (OF_EACH[0], replace(OF_EACH[1], units=0))
    history = at_two_sites(authorizations=used_up)
    [one] = days_of(history)
    assert one.reasons == ("AUTHORIZATION_USED_UP",)
    assert [balance.allocated for balance in balances(history)] == [0, 0]


def test_issued_each_site_keeps_its_authorization() -> None:
    history = at_two_sites(authorizations=OF_EACH)
    sent = tuple(
        issued(
            name=draft.cut.site_id,
            lines=draft.lines,
            site_id=draft.cut.site_id,
            provider_id=draft.cut.provider_id,
            authorization_id=draft.cut.authorization_id,
            authorized_units=draft.authorized_units,
        )
        for draft in drafts.draft(days_of(history), history)
    )
    assert len(sent) == 2
    for_all = authorization(9, name="c", end=50)
    for later in ((), (for_all,)):
        out = replace(history, issued=sent, authorizations=(*OF_EACH, *later))
        assert (drafts.draft(days_of(out), out), proposals.propose(days_of(out), out)) == ([], [])
        assert [balance.issued for balance in balances(out)][:2] == [1, 1]
    fell = replace(corrected(day(0), 1, 0, "alone"), site_id="other")
    gone = replace(history, issued=sent, attendances=(*history.attendances, fell))
    [found] = proposals.propose(days_of(gone), gone)
    assert (found.claim.claim_id, found.action) == ("claim other", "VOID")


@pytest.mark.parametrize("codes", [["90853"], ["90853", "90834"]], ids=["late", "moved"])
def test_a_service_at_a_site_no_claim_of_the_day_names_is_not_lost(codes: list[str]) -> None:
    """As with a clinician whom none names: the claim is voided, and the day claimed anew."""
    history = at_two_sites()
    group = _issued_group(history)
    sent = replace(group, lines=tuple(replace(group.lines[0], code=code) for code in codes))
    told = replace(history, issued=(sent,), adjudications=(_answered(sent),))
    assert drafts.draft(days_of(told), told) == []
    [found] = proposals.propose(days_of(told), told)
    assert (found.action, found.state, found.changed_dates) == ("VOID", "READY", (day(0),))
    void = replace(sent, fact="void", claim_id="v", frequency="8", corrects_claim_id="claim 1")
    voided = replace(told, issued=(sent, void))
    assert said(drafts.draft(days_of(voided), voided)) == [GROUP, ALONE]


def test_one_site_is_corrected_without_the_other() -> None:
    history = at_two_sites()
    group = _issued_group(history)
    alone = replace(
        group,
        fact="issued 2",
        claim_id="claim 2",
        site_id="other",
        provider_id="provider 2",
        lines=(replace(group.lines[0], code="90834", charge_minor=9_000),),
        authorized_units=0,
    )
    sent = replace(history, issued=(group, alone))
    assert proposals.propose(days_of(sent), sent) == []
    assert drafts.draft(days_of(sent), sent) == []
    fell = corrected(day(0), 1, 0, "alone")
    gone = replace(sent, attendances=(*sent.attendances, replace(fell, site_id="other")))
    [found] = proposals.propose(days_of(gone), gone)
    assert (found.claim.claim_id, found.action) == ("claim 2", "VOID")


def test_a_visit_at_another_site_is_billed_there() -> None:
    visits = (DiscreteService(service_kind="INDIVIDUAL", code="90834"),)
    history = at_two_sites(
        attendances=(
            attended(day(0), 180, "group"),
            attended(day(0), 60, "alone", site_id="other"),
        ),
        fees=(fee("provider", "H0015", 30_000), fee("provider 2", "90834", 9_000)),
        confirmed=(confirmed(ancillary=visits),),
    )
    own, aside = drafts.draft(days_of(history), history)
    assert (own.cut.site_id, aside.cut.site_id) == ("site", "other")
    assert (aside.cut.provider_id, aside.charge_minor) == ("provider 2", 9_000)


def _issued_group(history: BillingHistory) -> IssuedClaim:
    [one] = [
        draft for draft in drafts.draft(days_of(history), history) if draft.cut.site_id == "site"
    ]
    return issued(lines=one.lines, authorized_units=1)


def _answered(claim: IssuedClaim) -> Adjudication:
    return Adjudication(
        fact="answered",
        claim_id=claim.claim_id,
        payer_control_number="PCN",
        status="PAID",
        adjudicated_on=day(9),
    )


def test_what_a_voided_claim_had_joins_another_once_the_void_is_answered() -> None:
    """The individual session turned out to have been given where the group was."""
    group, alone = (
        line(day(0), code=code, modifiers=(), charge_minor=charge)
        for code, charge in (("90853", 4_000), ("90834", 9_000))
    )
    sent = (
        issued(lines=[group]),
        issued(name="2", lines=[alone], site_id="other", provider_id="provider 2"),
        issued(name="v", lines=[alone], frequency="8", corrects_claim_id="claim 2"),
    )
    paid, reversed_ = (
        Adjudication(
            fact=claim_id,
            claim_id=claim_id,
            payer_control_number="PCN",
            status=status,
            adjudicated_on=day(9),
        )
        for claim_id, status in (("claim 1", "PAID"), ("claim v", "REVERSED"))
    )
    history = at_two_sites(issued=sent, adjudications=(paid,))
    history = replace(
        history,
        attendances=(*history.attendances, corrected(day(0), 1, 60, "alone")),
        fees=(*history.fees, fee("provider", "90834", 9_000)),
    )
    for wanted, answered, state, reasons in (
        ("VOID_PROCESSED", (), "AWAITING_RELEASE", ["VOID_NOT_ANSWERED"]),
        ("VOID_PROCESSED", (reversed_,), "READY", []),
        ("VOID_ISSUED", (), "READY", []),
    ):
        rules = confirmed(bill_by="DISCRETE", discrete=SERVICES, new_claim_after=wanted)
        told = replace(history, confirmed=(rules,), adjudications=(paid, *answered))
        [found] = proposals.propose(days_of(told), told)
        assert {of_line.code for of_line in found.lines} == {"90853", "90834"}
        assert (found.state, [wait.reason for wait in found.waits_for]) == (state, reasons)
