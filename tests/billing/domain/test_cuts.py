"""What else cuts a claim than period and place: form, who rendered, months, what stands aside."""

import json
from dataclasses import replace
from typing import Any

import pytest

from services.billing.adapters.rows import ROWS
from services.billing.domain.claims import drafts, proposals
from services.billing.domain.claims.drafts import Draft
from services.billing.domain.claims.proposals import Proposal
from services.billing.domain.claims.rows import draft_row
from services.billing.domain.days.service_day import ServiceDay
from services.billing.domain.history.history import (
    Adjudication,
    BillingHistory,
    ClaimLine,
    IssuedClaim,
)
from services.billing.domain.payers.rules import Institutional
from services.billing.domain.reasons import Reason
from tests.harness.billing.history import RULES, billable, confirmed, day, days_of, issued, line

ANCILLARY = line(day(0), code="90791", modifiers=(), charge_minor=9_000, ancillary=True)
FACILITATED: dict[str, Any] = {"rendering": "FACILITATOR"}
FACILITY: dict[str, Any] = {
    "claim_form": "INSTITUTIONAL",
    "institutional": Institutional(type_of_bill="13", revenue_code="0906", condition_code="92"),
}


def the_days(*lines: ClaimLine, units: int = 1, **rules: Any) -> list[ServiceDay]:
    """Billable days that come to these lines, whatever they came to before."""
    dates = sorted({of_line.service_date for of_line in lines})
    found = days_of(billable(*dates, confirmed=(confirmed(**rules),)))
    ruled = replace(RULES, **rules)
    return [
        replace(
            billed,
            rules=ruled,
            lines=tuple(one for one in lines if one.service_date == billed.service_date),
            authorized_units=units,
        )
        for billed in found
    ]


def drafts_of(days: list[ServiceDay], *sent: IssuedClaim) -> list[Draft]:
    return drafts.draft(days, replace(billable(day(0)), issued=sent))


def by(staff: str, number: int = 0, **changes: Any) -> ClaimLine:
    return line(day(number), rendering_staff_id=staff, **changes)


def said(drafts: list[Draft]) -> list[tuple[str, list[int], int]]:
    """Who is named, on which days of March, for how many units."""
    return [
        (draft.staff_id, [one.service_date.day for one in draft.lines], draft.authorized_units)
        for draft in drafts
    ]


def test_a_professional_claim_is_cut_by_who_rendered() -> None:
    days = the_days(by("eve"), by("ada", 1), by("eve", 2), **FACILITATED)
    assert said(drafts_of(days)) == [("eve", [2, 4], 2), ("ada", [3], 1)]


def test_a_day_of_two_who_rendered_takes_its_units_once() -> None:
    lines = by("eve", code="90853"), by("ada", code="90834")
    assert said(drafts_of(the_days(*lines, **FACILITATED))) == [("eve", [2], 1), ("ada", [2], 0)]
    units = the_days(*(replace(of_line, units=3) for of_line in lines), units=6, **FACILITATED)
    in_units = [
        replace(unit, rules=replace(unit.rules or RULES, authorization_unit="UNITS"))
        for unit in units
    ]
    assert said(drafts_of(in_units)) == [("eve", [2], 3), ("ada", [2], 3)]


def test_whom_the_payer_wants_unnamed_cuts_nothing() -> None:
    assert said(drafts_of(the_days(by("eve"), by("ada", 1)))) == [("", [2, 3], 2)]


@pytest.mark.parametrize(
    ("staff", "attending"),
    [(["eve", "ada", "eve"], "eve"), (["eve", "ada"], "ada"), (["eve", ""], "eve")],
)
def test_an_institutional_claim_names_who_led_most_of_it_and_is_not_cut_by_them(
    staff: list[str], attending: str
) -> None:
    days = the_days(
        *(by(staff_id, n) for n, staff_id in enumerate(staff)), **FACILITATED, **FACILITY
    )
    [one] = drafts_of(days)
    assert (one.cut.claim_form, one.staff_id, len(one.lines)) == (
        "INSTITUTIONAL",
        attending,
        len(staff),
    )
    row = draft_row("client", one)
    assert (row.type_of_bill, row.condition_code) == ("13", "92")
    assert (row.names_practitioner, row.rendering_staff_id) == (True, attending)


def test_months_are_not_mixed_where_the_payer_says_so() -> None:
    dates = [line(day(28)), line(day(30))]  # March 30th and April 1st, of one week
    [whole] = drafts_of(the_days(*dates))
    assert (whole.cut.period_start, whole.cut.period_end) == (day(28), day(34))
    march, april = drafts_of(the_days(*dates, split_by_month=True))
    assert (march.cut.period_start, march.cut.period_end) == (day(28), day(29))
    assert (april.cut.period_start, april.cut.period_end) == (day(30), day(34))


def test_what_stands_outside_the_per_diem_goes_on_a_claim_of_its_own() -> None:
    own, aside = drafts_of(the_days(line(day(0)), ANCILLARY))
    assert (own.cut.authorization_id, own.authorized_units, own.cut.ancillary) == ("a", 1, False)
    assert (aside.cut.authorization_id, aside.authorized_units) == ("", 0)
    assert aside.lines == (ANCILLARY,)
    keys = {draft_row("client", cut).key for cut in (own, aside)}
    assert len(keys) == 2


def test_it_does_so_on_a_day_that_is_not_billable_itself() -> None:
    [one] = the_days(line(day(0)), ANCILLARY)
    held = replace(one, verdicts=(replace(one.verdicts[0], reason=Reason.NOTE_UNSIGNED),))
    assert not held.billable
    [aside] = drafts_of([held])
    assert aside.lines == (ANCILLARY,)


def test_an_issued_day_leaves_its_ancillary_line_to_be_issued_and_the_other_way_round() -> None:
    days = the_days(line(day(0)), ANCILLARY)
    aside = issued(lines=[ANCILLARY], name="2", authorization_id="")
    assert [draft.lines for draft in drafts_of(days, issued(day(0)))] == [(ANCILLARY,)]
    assert [draft.lines for draft in drafts_of(days, aside)] == [(line(day(0)),)]
    assert drafts_of(days, issued(day(0)), aside) == []
    another = replace(ANCILLARY, code="99213")
    more = the_days(line(day(0)), ANCILLARY, another)
    assert [draft.lines for draft in drafts_of(more, issued(day(0)), aside)] == [(another,)]


def test_an_issued_day_that_is_billed_otherwise_now_is_corrected_never_claimed_twice() -> None:
    days = the_days(line(day(0), code="90853"))
    assert drafts_of(days, issued(day(0))) == []


def test_of_a_claim_that_was_replaced_or_voided_nothing_stands() -> None:
    first = issued(day(0))
    void = issued(day(0), name="2", frequency="8", corrects_claim_id=first.claim_id)
    instead = issued(day(0), name="3", frequency="7", corrects_claim_id=first.claim_id)
    days = the_days(line(day(0)), line(day(1)))
    assert said(drafts_of(days, first, void)) == [("", [2, 3], 2)]
    assert said(drafts_of(days, first, instead)) == [("", [3], 1)]


# Proposals


def proposals_of(days: list[ServiceDay], *sent: IssuedClaim, **changes: Any) -> list[Proposal]:
    rules = days[0].rules if days else RULES
    history: BillingHistory = replace(
        billable(day(0)), issued=sent, confirmed=(confirmed(**_of(rules or RULES)),), **changes
    )
    return proposals.propose(days, history)


def _of(rules: Any) -> dict[str, Any]:
    return {name: getattr(rules, name) for name in ("rendering", "claim_form", "institutional")}


def test_a_proposal_rests_on_the_claim_that_stands() -> None:
    first = issued(day(0), day(1))
    instead = issued(day(1), name="2", frequency="7", corrects_claim_id=first.claim_id)
    assert proposals_of(the_days(line(day(1))), first, instead) == []
    [found] = proposals_of([], first, instead)
    assert (found.claim.claim_id, found.action) == ("claim 2", "VOID")
    gone = issued(day(1), name="3", frequency="8", corrects_claim_id="claim 2")
    assert proposals_of([], first, instead, gone) == []


def test_it_is_ready_once_the_payers_number_of_that_claim_is_known() -> None:
    first = issued(day(0))
    for of, number, state in (
        ("claim 1", "PCN", "READY"),
        ("claim 1", "", "AWAITING_CONTROL_NUMBER"),
        ("claim 2", "PCN", "AWAITING_CONTROL_NUMBER"),
    ):
        answer = Adjudication(
            fact="answered",
            claim_id=of,
            payer_control_number=number,
            status="PAID",
            adjudicated_on=day(9),
        )
        [found] = proposals_of([], first, adjudications=(answer,))
        assert found.state == state
        assert ("answered" in found.rests_on) == (of == "claim 1")


def test_a_replacement_names_one_who_rendered_and_lines_of_others_fall_from_it() -> None:
    sent = issued(lines=[by("eve"), by("eve", 1)])
    [found] = proposals_of(the_days(by("eve"), by("ada", 1), **FACILITATED), sent)
    assert (found.action, found.staff_id, found.lines) == ("REPLACE", "eve", (by("eve"),))
    [other] = proposals_of(the_days(by("ada"), by("ada", 1), **FACILITATED), sent)
    assert (other.staff_id, other.lines) == ("ada", (by("ada"), by("ada", 1)))


def test_what_stands_on_another_claim_never_joins_one_whose_own_lines_fell() -> None:
    """Two clinicians on one day, two claims; then one of the sessions turns out to be missed."""
    group, single = by("ada", code="90853"), by("eve", code="90834")
    sent = issued(lines=[group]), issued(lines=[single], name="2")
    assert proposals_of(the_days(group, single, **FACILITATED), *sent) == []
    [found] = proposals_of(the_days(group, **FACILITATED), *sent)
    assert (found.claim.claim_id, found.action, found.lines) == ("claim 2", "VOID", ())
    another = by("zoe", code="90834")  # whom neither names: both are voided, and the day is new
    both = proposals_of(the_days(group, another, **FACILITATED), *sent)
    assert [proposal.action for proposal in both] == ["VOID", "VOID"]


def test_a_line_of_somebody_no_claim_of_the_day_names_is_not_lost() -> None:
    """Its date is issued, so it can't be drafted: the claim is voided, and the day claimed anew."""
    group, late = by("ada", code="90853"), by("eve", code="90834")
    sent = issued(lines=[group, by("ada", 1)])
    days = the_days(group, late, by("ada", 1), **FACILITATED)
    assert drafts_of(days, sent) == []
    [found] = proposals_of(days, sent)
    assert (found.action, found.changed_dates) == ("VOID", (day(0),))
    void = issued(name="v", frequency="8", corrects_claim_id=sent.claim_id, lines=sent.lines)
    assert said(drafts_of(days, sent, void)) == [("ada", [2, 3], 2), ("eve", [2], 0)]


def test_what_the_form_does_not_say_changes_no_claim() -> None:
    sent = issued(lines=[by("eve"), by("eve", 1)], claim_form="INSTITUTIONAL")
    elsewhere = by("eve", place_of_service="10")
    days = the_days(elsewhere, by("eve", 1), **FACILITATED, **FACILITY)
    assert proposals_of(days, sent) == []
    one_of_two = the_days(by("eve"), by("eve", 1), **FACILITATED, **FACILITY)
    three = issued(
        lines=[by("eve"), by("eve", 1), by("ada", 2)], claim_form="INSTITUTIONAL", name="2"
    )
    same_attending = the_days(by("eve"), by("ada", 1), by("eve", 2), **FACILITATED, **FACILITY)
    assert proposals_of(same_attending, three) == []
    assert proposals_of(one_of_two, sent) == []
    [found] = proposals_of(the_days(by("ada"), by("ada", 1), **FACILITATED, **FACILITY), sent)
    assert (found.staff_id, found.changed_dates) == ("ada", (day(0), day(1)))


def test_ancillary_claims_are_corrected_by_their_own_lines_alone() -> None:
    aside = issued(lines=[ANCILLARY], authorization_id="")
    assert proposals_of(the_days(line(day(0)), ANCILLARY), aside) == []
    assert proposals_of(the_days(ANCILLARY), aside) == []
    [gone] = proposals_of(the_days(line(day(0))), aside)
    assert (gone.action, gone.authorized_units) == ("VOID", 0)
    dearer = replace(ANCILLARY, charge_minor=9_900)
    [changed] = proposals_of(the_days(line(day(0)), dearer), aside)
    assert (changed.action, changed.lines) == ("REPLACE", (dearer,))


def test_lines_are_read_from_rows_as_they_were_and_from_rows_of_before() -> None:
    one = by("eve", revenue_code="0906", ancillary=True)
    [draft] = drafts_of(the_days(one, **FACILITATED))
    kind, stored = ROWS.encode(draft_row("client", draft))
    assert ROWS.decode(kind, json.loads(stored)).lines == (one,)
    old = json.loads(stored)
    old["lines"] = [{key: row[key] for key in list(row)[:6]} for row in old["lines"]]
    assert ROWS.decode(kind, old).lines == (line(day(0)),)
