"""How claims are cut, and what is proposed when an issued one no longer says what is true."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.billing.domain.claims import drafts, proposals
from services.billing.domain.claims.drafts import Draft
from services.billing.domain.claims.proposals import Proposal
from services.billing.domain.history.history import BillingHistory
from tests.harness.billing.history import (
    COVERAGE,
    DIAGNOSIS,
    ENROLLMENT,
    FEE,
    MONDAY,
    PROGRAM,
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


def drafts_of(history: BillingHistory) -> list[Draft]:
    return drafts.draft(days_of(history), history)


def proposals_of(history: BillingHistory) -> list[Proposal]:
    return proposals.propose(days_of(history), history)


def dates_of(drafts: Sequence[Draft]) -> list[list[date]]:
    return [[of_line.service_date for of_line in draft.lines] for draft in drafts]


def after(history: BillingHistory, *corrections: tuple[date, int, int]) -> BillingHistory:
    """What is known after these corrections: of a date, its number, the minutes."""
    said = tuple(corrected(on, number, minutes) for on, number, minutes in corrections)
    return replace(history, attendances=(*history.attendances, *said))


# Drafts


def test_the_billable_days_of_a_week_make_one_claim() -> None:
    history = billable(MONDAY, day(2), day(4), day(7))
    short = replace(history, attendances=(*history.attendances, attended(day(3), 60)))
    first, second = drafts_of(short)
    assert dates_of([first, second]) == [[MONDAY, day(2), day(4)], [day(7)]]
    assert (first.cut.period_start, first.cut.period_end) == (MONDAY, day(6))
    assert first.charge_minor == 90_000
    assert first.programs == {PROGRAM}
    assert {"diagnosis", "fee", "attended 2026-03-02 s", "attended 2026-03-06 s"} <= first.rests_on
    assert "attended 2026-03-09 s" not in first.rests_on


def test_a_payer_of_months_gets_one_claim_a_month() -> None:
    rules = (confirmed(claim_period="MONTH"),)
    history = billable(MONDAY, day(7), day(29), day(30), confirmed=rules)
    assert dates_of(drafts_of(history)) == [[MONDAY, day(7), day(29)], [day(30)]]


def test_a_claim_is_cut_by_site_provider_coverage_and_authorization() -> None:
    other_site = {
        "sessions": (session(MONDAY), session(day(1), site_id="other")),
        "attendances": (attended(MONDAY), attended(day(1), site_id="other")),
        "enrollments": (
            ENROLLMENT,
            replace(ENROLLMENT, fact="e2", site_id="other"),
        ),
    }
    other_provider = {
        "enrollments": (
            ENROLLMENT,
            replace(ENROLLMENT, fact="e2", provider_id="p2", effective_from=day(1)),
        ),
        "fees": (FEE, replace(FEE, fact="f2", provider_id="p2")),
    }
    other_coverage = {
        "coverages": (
            replace(COVERAGE, verified_to=MONDAY),
            replace(COVERAGE, fact="c2", coverage_id="c2", verified_from=day(1)),
        )
    }
    other_authorization = {"authorizations": (authorization(1), authorization(5, name="b"))}
    for changes in (other_site, other_provider, other_coverage, other_authorization):
        history = billable(MONDAY, day(1), **changes)
        assert dates_of(drafts_of(history)) == [[MONDAY], [day(1)]]


def test_two_periods_that_begin_on_one_day_are_two_claims_with_keys_of_their_own() -> None:
    """A payer changes from weeks to months in a week that begins on the first."""
    weeks = confirmed()
    months = confirmed(version=2, effective_from=date(2026, 6, 3), claim_period="MONTH")
    history = billable(
        date(2026, 6, 1),
        date(2026, 6, 3),
        confirmed=(weeks, months),
        authorizations=(authorization(9, 0, 200),),
    )
    assert dates_of(drafts_of(history)) == [[date(2026, 6, 1)], [date(2026, 6, 3)]]
    from services.billing.domain.projection import derive  # noqa: PLC0415 - of this test alone

    keys = [(type(row.content), row.content.key) for row in derive(history)]
    assert len(keys) == len(set(keys)) == 4


@pytest.mark.parametrize(("count", "parts"), [(49, [49]), (50, [50]), (51, [50, 1])])
def test_a_claim_of_more_than_fifty_lines_is_split(count: int, parts: list[int]) -> None:
    """More lines than days take several services a day; the cut doesn't care."""
    history = billable(MONDAY)
    [one] = days_of(history)
    found = drafts.draft([one] * count, history)
    assert [len(draft.lines) for draft in found] == parts
    assert [draft.part for draft in found] == list(range(1, len(parts) + 1))


def test_a_days_lines_are_never_split_between_two_claims() -> None:
    """Else each of the two would be corrected to say all of the day."""
    dates = [day(n) for n in range(17)]
    history = billable(*dates, confirmed=(confirmed(claim_period="MONTH"),))
    codes = ("90853", "90834", "90846")
    days = [
        replace(billed, lines=tuple(line(billed.service_date, code=code) for code in codes))
        for billed in days_of(history)
    ]
    first, second = drafts.draft(days, history)
    assert (len(first.lines), len(second.lines)) == (48, 3)
    assert (first.authorized_units, second.authorized_units) == (16, 1)


def test_what_is_on_an_issued_claim_is_drafted_no_more() -> None:
    history = billable(MONDAY, day(1), issued=(issued(MONDAY),))
    assert dates_of(drafts_of(history)) == [[day(1)]]
    assert proposals_of(history) == []


@pytest.mark.parametrize(
    ("diagnoses", "codes"),
    [
        ([("F10.20", 1, 0, 1)], ("F10.20",)),
        ([("F33.1", 2, 0, 1), ("F10.20", 1, 0, 2)], ("F10.20", "F33.1")),
        ([("F10.20", 1, 0, 1), ("F11.20", 1, 2, 2)], ("F11.20",)),
        ([("F10.20", 1, 0, 1), ("F11.20", 1, 5, 2)], ("F10.20",)),
        # Of two from one day the later said holds, whatever its letters.
        ([("F19.20", 1, 0, 1), ("F10.20", 1, 0, 2)], ("F10.20",)),
        # What became the principal diagnosis isn't named again at its old rank.
        ([("F10.20", 1, 0, 1), ("F33.1", 2, 0, 2), ("F33.1", 1, 1, 3)], ("F33.1",)),
        (
            [(f"F{10 + n}.20", n, 0, n) for n in range(1, 15)],
            tuple(f"F{10 + n}.20" for n in range(1, 13)),
        ),
    ],
)
def test_diagnoses_are_those_in_effect_principal_first_each_once_at_most_twelve(
    diagnoses: list[tuple[str, int, int, int]], codes: tuple[str, ...]
) -> None:
    said = tuple(
        replace(
            DIAGNOSIS,
            fact=f"d{sequence}",
            code=code,
            rank=rank,
            effective_from=day(from_day),
            sequence=sequence,
        )
        for code, rank, from_day, sequence in diagnoses
    )
    for order in (said, said[::-1]):
        [found] = drafts_of(billable(day(3), diagnoses=order))
        assert found.diagnoses == codes
        code_of = {diagnosis.fact: diagnosis.code for diagnosis in said}
        assert {code_of[fact] for fact in found.rests_on & code_of.keys()} >= set(codes)


# Late days


def test_a_late_day_goes_on_a_new_claim_where_the_payer_says_so() -> None:
    history = billable(MONDAY, day(1), issued=(issued(MONDAY),))
    assert (dates_of(drafts_of(history)), proposals_of(history)) == ([[day(1)]], [])


def test_a_late_day_joins_a_replacement_where_the_payer_says_so() -> None:
    rules = (confirmed(late_day="REPLACE"),)
    history = billable(MONDAY, day(1), day(2), issued=(issued(day(1)),), confirmed=rules)
    assert drafts_of(history) == []
    [found] = proposals_of(history)
    assert (found.action, found.changed_dates) == ("REPLACE", (MONDAY, day(2)))
    assert [of_line.service_date for of_line in found.lines] == [MONDAY, day(1), day(2)]


def test_a_late_day_with_nothing_to_join_is_a_new_claim_after_all() -> None:
    rules = (confirmed(late_day="REPLACE"),)
    elsewhere = issued(MONDAY, authorization_id="b")
    history = billable(
        MONDAY,
        day(1),
        issued=(elsewhere,),
        confirmed=rules,
        authorizations=(authorization(9), authorization(1, name="b", end=0)),
    )
    assert dates_of(drafts_of(history)) == [[day(1)]]
    assert proposals_of(history) == []


# Proposals

SENT = billable(MONDAY, day(1), issued=(issued(MONDAY, day(1)),))


def test_an_issued_claim_that_says_what_is_true_needs_nothing() -> None:
    assert (drafts_of(SENT), proposals_of(SENT)) == ([], [])


def test_a_fallen_line_is_a_claim_to_be_replaced() -> None:
    [found] = proposals_of(after(SENT, (MONDAY, 1, 0)))
    assert (found.action, found.changed_dates) == ("REPLACE", (MONDAY,))
    assert found.lines == (line(day(1)),)
    assert {"issued 1", "corrected 2026-03-02 s 1"} <= found.rests_on


def test_a_claim_of_which_every_line_fell_is_to_be_voided() -> None:
    [found] = proposals_of(after(SENT, (MONDAY, 1, 0), (day(1), 1, 60)))
    assert (found.action, found.lines) == ("VOID", ())
    assert found.changed_dates == (MONDAY, day(1))


@pytest.mark.parametrize(("changed", "fallen"), [("VOID", "REPLACE"), ("REPLACE", "REPLACE")])
def test_what_is_done_about_it_is_the_payers_rule(changed: str, fallen: str) -> None:
    rules = (confirmed(changed_claim=changed, fallen_claim=fallen),)
    history = replace(SENT, confirmed=rules)
    [one_fell] = proposals_of(after(history, (MONDAY, 1, 0)))
    [all_fell] = proposals_of(after(history, (MONDAY, 1, 0), (day(1), 1, 0)))
    assert (one_fell.action, all_fell.action) == (changed, fallen)


def test_corrected_back_nothing_is_proposed_and_corrected_again_it_is() -> None:
    back = after(SENT, (MONDAY, 1, 0), (MONDAY, 2, 180))
    assert (drafts_of(back), proposals_of(back)) == ([], [])
    [again] = proposals_of(after(back, (MONDAY, 3, 100)))
    assert again.changed_dates == (MONDAY,)


def test_a_corrected_day_is_never_drafted_a_second_time() -> None:
    history = after(SENT, (MONDAY, 1, 0), (MONDAY, 2, 240))
    assert drafts_of(history) == []


def test_a_changed_charge_is_proposed() -> None:
    dearer = replace(FEE, fact="fee 2", sequence=3, charge_minor=32_000)
    [found] = proposals_of(replace(SENT, fees=(FEE, dearer)))
    assert [of_line.charge_minor for of_line in found.lines] == [32_000, 32_000]
    assert found.changed_dates == (MONDAY, day(1))


def moved(history: BillingHistory, **changes: Any) -> BillingHistory:
    """Monday turns out to have been elsewhere, by a correction of where most minutes were."""
    there = attended(MONDAY, 180, "pm", site_id="other")
    return replace(
        after(history, (MONDAY, 1, 0)),
        sessions=(*history.sessions, session(MONDAY, "pm", site_id="other")),
        attendances=(*history.attendances, corrected(MONDAY, 1, 0), there),
        notes=(*history.notes, signed(MONDAY, name="pm")),
        **changes,
    )


def test_a_line_whose_day_belongs_to_another_provider_or_site_has_fallen() -> None:
    elsewhere = replace(ENROLLMENT, fact="e2", site_id="other", provider_id="p2")
    history = moved(
        SENT,
        enrollments=(ENROLLMENT, elsewhere),
        fees=(FEE, replace(FEE, fact="f2", provider_id="p2")),
    )
    assert [billed.outcome for billed in days_of(history)] == ["PER_DIEM", "PER_DIEM"]
    [found] = proposals_of(history)
    assert (found.action, found.changed_dates) == ("REPLACE", (MONDAY,))
    assert drafts_of(history) == []  # until the first claim is settled


def test_a_day_that_belongs_to_another_payer_is_corrected_by_the_rules_of_the_one_billed() -> None:
    other = replace(COVERAGE, fact="c2", coverage_id="c2", payer_id="b", verified_from=day(-400))
    theirs = confirmed(payer_id="b", version=9, fallen_claim="REPLACE")
    history = replace(SENT, coverages=(COVERAGE, other), confirmed=(*SENT.confirmed, theirs))
    assert {billed.payer_id for billed in days_of(history)} == {"b"}
    [found] = proposals_of(history)
    assert (found.action, found.rules.payer_id) == ("VOID", "payer")
    unruled = replace(history, confirmed=SENT.confirmed)  # no rules of the new payer yet
    assert [proposal.action for proposal in proposals_of(unruled)] == ["VOID"]
