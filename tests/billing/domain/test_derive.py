"""What is derived of a client depends on the set of facts: not on their order."""

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as some

from services.billing.domain.claims.rows import DraftRow, ProposalRow
from services.billing.domain.days.service_day import DayRow
from services.billing.domain.history.history import (
    Adjudication,
    Attestation,
    BillingHistory,
    Cancellation,
    IdentityAmended,
    IdentityPeriod,
    Level,
    MembershipAmended,
    Restriction,
    Revocation,
    Waiver,
)
from services.billing.domain.payers.rules import DiscreteService, TimedUnits
from services.billing.domain.projection import derive
from tests.harness.billing.history import (
    ADMISSION,
    CONSENT,
    COVERAGE,
    DIAGNOSIS,
    ENROLLMENT,
    FEE,
    PLAN,
    attended,
    authorization,
    billable,
    confirmed,
    corrected,
    day,
    issued,
    line,
    rows_of,
    session,
    signed,
)

GROUP = DiscreteService(service_kind="GROUP", code="H0015", minimum_minutes=45)
VISIT = DiscreteService(service_kind="PRESCRIBER_VISIT", code="99213")
TIMED = TimedUnits(code="H0015", modifiers=("HF",), unit_minutes=15, rounding="MIDPOINT")
DAYS = [day(n) for n in (0, 2, 4, 7, 9)]
IN_ORDER = billable(*DAYS, authorizations=(authorization(4, 0, 7), authorization(9, name="b")))
MORE: dict[str, list[Any]] = {
    "admissions": [replace(ADMISSION, fact="a2", episode_id="e2", admitted_on=day(7))],
    "diagnoses": [
        replace(DIAGNOSIS, fact="d2", code="F11.20", sequence=3),
        replace(DIAGNOSIS, fact="d3", code="F33.1", rank=2, sequence=4),
        replace(DIAGNOSIS, fact="d4", code="F33.1", effective_from=day(4), sequence=5),
    ],
    "coverages": [
        replace(COVERAGE, fact="c2", verified_to=day(4)),
        replace(COVERAGE, fact="c3", coverage_id="c3", payer_id="b"),
    ],
    "consents": [replace(CONSENT, fact="k2", given_on=day(4))],
    "plans": [replace(PLAN, fact="p2", plan_id="p2")],
    "sessions": [
        *(session(on, "pm") for on in DAYS),
        *(session(on, "pm", fact=f"z {on}", service_kind="PRESCRIBER_VISIT") for on in DAYS[:2]),
    ],
    "attendances": [
        *(attended(on, 90, "pm", site_id="other") for on in DAYS),
        *(attended(on, 0, "no", no_check_out=True) for on in DAYS[:2]),
        *(corrected(on, n, minutes) for on in DAYS for n, minutes in ((1, 0), (2, 180))),
    ],
    "notes": [
        *(replace(signed(on), fact=f"again {on}") for on in DAYS),
        *(signed(on, hours, "pm") for on in DAYS for hours in (1, 99)),
    ],
    "authorizations": [authorization(2, 0, 13, name="c"), authorization(1, 4, 7, name="d")],
    "enrollments": [
        replace(ENROLLMENT, fact="e2", site_id="other"),
        replace(ENROLLMENT, fact="e3", provider_id="q"),
    ],
    "fees": [
        replace(FEE, fact="f2", sequence=3, charge_minor=31_000),
        replace(FEE, fact="f3", sequence=4, provider_id="q"),
        replace(FEE, fact="f4", sequence=5, code="99213"),
    ],
    "confirmed": [
        confirmed(version=2, late_signature="DENY", late_day="REPLACE"),
        confirmed(payer_id="b", complete_weeks_only=True),
        confirmed(
            version=3,
            bill_by="TIMED_UNITS",
            timed_units=TIMED,
            ancillary=(VISIT,),
            units_return="VOID_PROCESSED",
        ),
        confirmed(
            version=4,
            bill_by="DISCRETE",
            discrete=(GROUP,),
            ancillary=(VISIT,),
            rendering="FACILITATOR",
            weekly_minimum_minutes=400,
            late_signature="ATTEST",
        ),
    ],
    "levels": [
        Level(
            fact=f"level {n}",
            episode_id="episode",
            level_of_care=to,
            effective_from=day(4),
            sequence=n,
        )
        for n, to in enumerate(["1", "2.1", "2.5"])
    ],
    "revocations": [Revocation(fact="rev", consent_id="consent", revoked_on=day(4))],
    "identities": [
        IdentityAmended(
            fact=f"i{version}",
            sequence=version,
            version=version,
            periods=(IdentityPeriod(name=name, birth_date=1, sex=1),),
        )
        for version, name in ((2, 2), (3, 1), (4, 4))
    ],
    "memberships": [
        MembershipAmended(
            fact=f"m{version}",
            sequence=version,
            coverage_id="coverage",
            version=version,
            member_number=version,
            group_number=1,
        )
        for version in (2, 3)
    ],
    "restrictions": [Restriction(fact="res", payer_id="payer", start=day(2), end=day(4))],
    "waivers": [
        Waiver(fact=f"waiver {n}", payer_id="payer", service_date=day(7)) for n in range(2)
    ],
    "cancelled": [Cancellation(fact="can", session_id=f"{day(4)} pm")],
    "attested": [Attestation(fact=f"att {on}", session_id=f"{on} pm") for on in DAYS],
    "adjudications": [
        Adjudication(
            fact=f"answer {n} {status}",
            claim_id=f"claim {n}",
            payer_control_number="",
            status=status,
            adjudicated_on=day(9),
        )
        for n in range(2)
        for status in ("PAID", "REVERSED")
    ],
}


@some.composite
def histories(draw: some.DrawFn) -> BillingHistory:
    """Two weeks in order, a little of which is missing, and more is said, often otherwise."""

    def facts(name: str) -> tuple[Any, ...]:
        usual: tuple[Any, ...] = getattr(IN_ORDER, name)
        missing = draw(some.sampled_from([-1] * 9 + list(range(len(usual)))))
        more = draw(some.lists(some.sampled_from(MORE[name]), unique=True))
        return (*(usual_fact for n, usual_fact in enumerate(usual) if n != missing), *more)

    sent = draw(some.lists(some.sampled_from(DAYS), unique=True, max_size=3))
    claims = tuple(
        issued(name=str(n), lines=[line(on)], authorization_id="ab"[n % 2])
        for n, on in enumerate(sent)
    )
    changes: dict[str, Any] = {name: facts(name) for name in MORE}
    return replace(IN_ORDER, issued=claims, **changes)


def shuffled(history: BillingHistory, random: Any) -> BillingHistory:
    """The same facts in another order."""
    changes: dict[str, Any] = {}
    for field in fields(history):
        facts = getattr(history, field.name)
        if isinstance(facts, tuple):
            changes[field.name] = tuple(random.sample(facts, len(facts)))
    return replace(history, **changes)


def by_key(history: BillingHistory) -> dict[tuple[str, str], Any]:
    rows = derive(history)
    found = {
        (type(row.content).__name__, row.content.key): (
            row.content,
            row.rests_on,
            row.rules and row.rules.name,
        )
        for row in rows
    }
    assert len(found) == len(rows)
    return found


@given(histories(), some.randoms(use_true_random=True))
def test_the_order_of_facts_changes_neither_rows_nor_what_they_rest_on(
    history: BillingHistory, random: Any
) -> None:
    assert by_key(shuffled(history, random)) == by_key(history)


@given(histories())
def test_no_date_is_on_two_drafts_nor_on_a_draft_and_an_issued_claim(
    history: BillingHistory,
) -> None:
    """Of one site; what stands outside the per diem is told apart by its code."""
    carried = {
        (of_line.service_date, of_line.ancillary and of_line.code)
        for claim in history.issued
        for of_line in claim.lines
    }
    drafts = rows_of(history, DraftRow)
    drafted = [
        {(line.service_date, line.ancillary and line.code) for line in draft.lines}
        for draft in drafts
    ]
    sites = [draft.site_id for draft in drafts]
    assert carried.isdisjoint(set().union(*drafted))
    for site_id in {*sites}:
        at = [
            drafted_claim
            for drafted_claim, place in zip(drafted, sites, strict=True)
            if place == site_id
        ]
        assert sum(map(len, at)) == len(set().union(*at))


@given(histories())
def test_every_closed_session_has_its_day_and_every_row_names_facts_that_exist(
    history: BillingHistory,
) -> None:
    dates = {row.service_date for row in rows_of(history, DayRow)}
    assert dates == {attendance.service_date for attendance in history.attendances}
    facts = {
        fact.fact
        for field in fields(history)
        if isinstance(getattr(history, field.name), tuple)
        for fact in getattr(history, field.name)
    }
    for row in derive(history):
        assert row.rests_on <= facts
        assert row.rests_on


@pytest.mark.parametrize("kind", [DayRow, DraftRow, ProposalRow])
def test_histories_of_every_kind_of_row_are_among_those_tried(kind: type) -> None:
    """The properties above look at days, drafts and proposals."""
    find(
        histories(),
        lambda history: bool(rows_of(history, kind)),
        settings=settings(phases=[Phase.generate]),
    )


def test_a_days_row_tells_levels_apart_keeps_every_verdict_and_has_the_lines() -> None:
    visit = session(day(0), "visit", service_kind="PRESCRIBER_VISIT")
    history = billable(
        day(0),
        confirmed=(confirmed(ancillary=(VISIT,)),),
        fees=(FEE, replace(FEE, fact="f4", code="99213")),
    )
    history = replace(
        history,
        sessions=(*history.sessions, visit),
        attendances=(*history.attendances, attended(day(0), 20, "visit")),
        notes=(*history.notes, signed(day(0), name="visit")),
    )
    row = content_of(history)
    assert (row.clinical_level, row.authorized_level, row.billed_level) == ("2.1", "2.1", "2.1")
    assert (row.site_id, row.authorization_id, row.authorized_units) == ("site", "a", 1)
    assert [(line.code, line.ancillary) for line in row.lines] == [
        ("H0015", False),
        ("99213", True),
    ]
    assert {verdict.gate for verdict in row.verdicts} >= {"NOTE", "PRESCRIBER_VISIT.NOTE"}
    denied = content_of(replace(history, restrictions=(MORE["restrictions"][0],)))
    assert [line.code for line in denied.lines] == ["H0015", "99213"]
    paid = replace(MORE["restrictions"][0], start=day(0))
    assert content_of(replace(history, restrictions=(paid,))).lines == ()
    waiting = content_of(replace(history, plans=(), admissions=()))
    assert waiting.outcome == "HOLD"
    assert [line.code for line in waiting.lines] == ["H0015", "99213"]


def content_of(history: BillingHistory) -> DayRow:
    """The row of the only day."""
    [row] = rows_of(history, DayRow)
    return row
