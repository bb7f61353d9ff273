"""Plan, consent, restriction, level and note: what opens each of these gates of a service date."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.billing.domain.days.notes import note_terms
from services.billing.domain.history.history import (
    NOT_KNOWN,
    Admission,
    Attestation,
    BillingHistory,
    Cancellation,
    Discharge,
    Level,
    Restriction,
    Revocation,
)
from services.billing.domain.payers.rules import PaperPlan
from services.billing.domain.why.facts_in_words import sayings
from tests.harness.billing.history import (
    ADMISSION,
    ADMISSION_ELSEWHERE,
    CONSENT,
    MENTAL_HEALTH,
    MONDAY,
    OUTPATIENT,
    PLAN,
    PROGRAM,
    attended,
    authorization,
    billable,
    confirmed,
    day,
    days_of,
    ends_at,
    missed,
    outcome,
    session,
    signed,
    the_day,
)

PER_DIEM = ("PER_DIEM", ())


def hold(*reasons: str) -> tuple[str, tuple[str, ...]]:
    return "HOLD", reasons


def not_billable(*reasons: str) -> tuple[str, tuple[str, ...]]:
    return "NOT_BILLABLE", reasons


# Plan


def with_plan(on: int, plan: int | None, due_days: int = 7) -> tuple[str, tuple[str, ...]]:
    """One day of a client admitted on Monday, with a plan in force from a day on."""
    plans = () if plan is None else (replace(PLAN, in_force_from=day(plan)),)
    return outcome(billable(day(on), plans=plans, confirmed=(confirmed(plan_due_days=due_days),)))


@pytest.mark.parametrize(
    ("on", "plan", "due_days", "expected"),
    [
        (0, None, 7, PER_DIEM),
        (6, None, 7, PER_DIEM),
        (7, None, 7, hold("NO_PLAN_IN_FORCE")),
        (0, None, 0, hold("NO_PLAN_IN_FORCE")),
        (7, 7, 7, PER_DIEM),
        # A signature on the ninth day doesn't reach back to the eighth …
        (7, 8, 7, hold("NO_PLAN_IN_FORCE")),
        # … and days within the payer's patience need none.
        (6, 8, 7, PER_DIEM),
    ],
)
def test_a_plan_is_in_force_or_not_due_yet_and_a_later_signature_never_reaches_back(
    on: int, plan: int | None, due_days: int, expected: tuple[str, tuple[str, ...]]
) -> None:
    assert with_plan(on, plan, due_days) == expected


def test_the_plan_of_an_earlier_episode_is_no_plan_of_this_one() -> None:
    earlier = replace(PLAN, episode_id="earlier", in_force_from=day(-90))
    assert outcome(billable(day(7), plans=(earlier,))) == hold("NO_PLAN_IN_FORCE")


@pytest.mark.parametrize(
    ("worth", "on", "expected"),
    [
        ("FROM_SIGNATURE", 9, PER_DIEM),
        ("FROM_ENTRY", 9, hold("NO_PLAN_IN_FORCE")),
        ("HOLD", 9, hold("PLAN_ON_PAPER")),
        # Before it was signed there was none, and where none is due yet none is asked for.
        ("FROM_SIGNATURE", 7, hold("NO_PLAN_IN_FORCE")),
        ("HOLD", 7, hold("NO_PLAN_IN_FORCE")),
        ("HOLD", 6, PER_DIEM),
        # From its entry on it is a plan as any.
        ("FROM_ENTRY", 14, PER_DIEM),
        ("HOLD", 14, PER_DIEM),
    ],
)
def test_what_a_plan_on_paper_is_worth_before_its_entry_the_payers_rules_say(
    worth: str, on: int, expected: tuple[str, tuple[str, ...]]
) -> None:
    paper = replace(PLAN, in_force_from=day(8), entered_on=day(14))
    rules = confirmed(plan_due_days=7, paper_plan=PaperPlan(worth))
    assert outcome(billable(day(on), plans=(paper,), confirmed=(rules,))) == expected


def test_a_plan_on_paper_is_told_with_both_its_days() -> None:
    paper = replace(PLAN, in_force_from=day(8), entered_on=day(14))
    says = sayings(billable(day(9), plans=(paper,)))["plan"]
    assert says == f"plan plan in force from {day(8)}, on paper, entered {day(14)}"


def test_rules_that_say_nothing_of_paper_hold_it() -> None:
    assert confirmed().rules.paper_plan == PaperPlan.HOLD


# Consent


@pytest.mark.parametrize(
    ("consents", "expected"),
    [
        ((), hold("NO_CONSENT")),
        ((replace(CONSENT, given_on=day(1)),), hold("NO_CONSENT")),
        ((replace(CONSENT, payer_id="other"),), hold("NO_CONSENT")),
        ((replace(CONSENT, given_on=day(-9), expires_on=day(-1)),), hold("NO_CONSENT")),
        ((replace(CONSENT, given_on=day(-9), expires_on=MONDAY),), PER_DIEM),
    ],
)
def test_a_program_under_part_2_needs_the_consent_of_the_day(
    consents: tuple[Any, ...], expected: tuple[str, tuple[str, ...]]
) -> None:
    assert outcome(billable(MONDAY, consents=consents)) == expected


def test_a_program_not_under_part_2_needs_none() -> None:
    history = billable(MONDAY, consents=(), sessions=(session(MONDAY, program=MENTAL_HEALTH),))
    assert outcome(history) == PER_DIEM
    assert the_day(history).programs == {MENTAL_HEALTH}


def test_a_session_of_which_nobody_knows_the_program_is_under_part_2() -> None:
    history = billable(MONDAY, consents=(), sessions=(session(MONDAY, program=NOT_KNOWN),))
    assert outcome(history) == hold("NO_CONSENT")
    came = attended(MONDAY, program=MENTAL_HEALTH)
    assert outcome(replace(history, attendances=(came,))) == PER_DIEM


def test_a_day_is_of_the_episode_whose_program_gave_its_session() -> None:
    other = replace(
        ADMISSION,
        fact="other admission",
        episode_id="other",
        program_id=MENTAL_HEALTH.program_id,
        level_of_care="1",
        admitted_on=day(0),
    )
    history = billable(MONDAY, admissions=(ADMISSION, other))
    assert outcome(history) == PER_DIEM
    of_other = replace(history, sessions=(session(MONDAY, program=MENTAL_HEALTH),))
    assert outcome(of_other) == hold("OTHER_LEVEL")


def of_two_episodes(outpatient_from: int, iop: int = 180, **changes: Any) -> BillingHistory:
    """On Wednesday so many minutes of the IOP, at 2.1, and an hour of outpatient care, at 1."""
    outpatient = replace(OUTPATIENT, admitted_on=day(outpatient_from))
    history = billable(
        admissions=(ADMISSION, outpatient),
        sessions=(
            session(day(2), "iop"),
            session(day(2), "hour", program=MENTAL_HEALTH, service_kind="INDIVIDUAL"),
        ),
        attendances=(attended(day(2), iop, "iop"), attended(day(2), 60, "hour")),
        notes=(signed(day(2), name="iop"),),
    )
    return replace(history, **changes)


@pytest.mark.parametrize("outpatient_from", [-5, 1])
def test_a_day_is_of_the_sessions_at_the_level_that_the_payer_pays_for(
    outpatient_from: int,
) -> None:
    history = of_two_episodes(outpatient_from)
    only = the_day(history)
    assert (only.outcome, only.reasons, only.minutes) == ("PER_DIEM", (), 180)
    assert (only.level_of_care, only.programs) == ("2.1", {PROGRAM})
    # What it leaves out is said, and is no matter of its own.
    [aside] = only.ancillary_verdicts
    assert (aside.name, aside.reason, aside.final) == ("INDIVIDUAL.LEVEL", "OTHER_LEVEL", True)
    assert {"outpatient", f"attended {day(2)} hour"} <= aside.rests_on
    assert outcome(of_two_episodes(outpatient_from, iop=120)) == not_billable("SHORT_OF_MINUTES")


def test_a_session_of_no_episodes_program_is_of_the_episode_admitted_last() -> None:
    unknown = session(day(2), "hour", program=NOT_KNOWN, service_kind="INDIVIDUAL")
    sessions = (session(day(2), "iop"), unknown)
    notes = (signed(day(2), name="iop"), signed(day(2), name="hour"))
    for outpatient_from, minutes in ((-5, 240), (1, 180)):
        history = of_two_episodes(outpatient_from, sessions=sessions, notes=notes)
        assert outcome(history) == PER_DIEM
        assert the_day(history).minutes == minutes


def test_two_episodes_at_the_level_the_payer_pays_for_make_one_day() -> None:
    both = tuple(
        replace(admission, level_of_care="2.1") for admission in of_two_episodes(-5).admissions
    )
    notes = (signed(day(2), name="iop"), signed(day(2), name="hour"))
    history = of_two_episodes(-5, iop=120, admissions=both, notes=notes)
    assert (outcome(history), the_day(history).minutes) == (PER_DIEM, 180)


@pytest.mark.parametrize(
    ("revoked", "expected"),
    [
        (-1, hold("CONSENT_REVOKED")),
        (0, hold("CONSENT_REVOKED")),
        # In force on the date: whether it may be disclosed still is issuing's question.
        (1, PER_DIEM),
    ],
)
def test_a_consent_revoked_by_the_day_is_none_and_one_revoked_later_was_in_force(
    revoked: int, expected: tuple[str, tuple[str, ...]]
) -> None:
    given = replace(CONSENT, given_on=day(-9))
    revocation = Revocation(fact="revoked", consent_id="consent", revoked_on=day(revoked))
    history = billable(MONDAY, consents=(given,), revocations=(revocation,))
    assert outcome(history) == expected
    assert ("revoked" in the_day(history).rests_on) == (expected != PER_DIEM)
    again = replace(CONSENT, fact="again", consent_id="again", given_on=day(-1))
    renewed = billable(MONDAY, consents=(given, again), revocations=(revocation,))
    assert outcome(renewed) == PER_DIEM


# Restrictions


@pytest.mark.parametrize(
    ("start", "end", "payer", "expected"),
    [
        (0, 0, "payer", not_billable("RESTRICTED_BY_CLIENT")),
        (-3, 0, "payer", not_billable("RESTRICTED_BY_CLIENT")),
        (0, 3, "payer", not_billable("RESTRICTED_BY_CLIENT")),
        (1, 3, "payer", PER_DIEM),
        (-3, -1, "payer", PER_DIEM),
        (0, 0, "other", PER_DIEM),
    ],
)
def test_what_the_client_paid_for_and_restricted_never_goes_to_that_payer(
    start: int, end: int, payer: str, expected: tuple[str, tuple[str, ...]]
) -> None:
    restriction = Restriction(fact="paid", payer_id=payer, start=day(start), end=day(end))
    history = billable(MONDAY, restrictions=(restriction,))
    assert outcome(history) == expected
    unsigned = replace(history, notes=())
    if expected != PER_DIEM:  # for good, whatever else is awaited
        assert outcome(unsigned)[0] == "NOT_BILLABLE"


# Levels


def level(to: str, on: int, sequence: int = 1, episode: str = "episode") -> Level:
    return Level(
        fact=f"level {to} {on}",
        episode_id=episode,
        level_of_care=to,
        effective_from=day(on),
        sequence=sequence,
    )


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ((level("1", 0),), hold("OTHER_LEVEL")),
        ((level("1", 1),), PER_DIEM),
        ((level("1", 0), level("2.1", 0, sequence=2)), PER_DIEM),
        ((level("2.1", 0), level("1", 0, sequence=2)), hold("OTHER_LEVEL")),
        ((level("1", -9, episode="earlier"),), PER_DIEM),
    ],
)
def test_the_clinical_level_is_the_latest_change_by_then_else_the_admissions(
    levels: tuple[Level, ...], expected: tuple[str, tuple[str, ...]]
) -> None:
    assert outcome(billable(MONDAY, levels=levels)) == expected
    assert outcome(billable(MONDAY, levels=levels[::-1])) == expected


@pytest.mark.parametrize(
    ("on", "episode", "expected"),
    [
        (-1, "episode", hold("DISCHARGED")),
        # The day of the discharge is the episode's last.
        (0, "episode", PER_DIEM),
        (1, "episode", PER_DIEM),
        (-1, "earlier", PER_DIEM),
    ],
)
def test_whoever_was_discharged_is_in_no_level_of_care(
    on: int, episode: str, expected: tuple[str, tuple[str, ...]]
) -> None:
    admitted = (replace(ADMISSION, admitted_on=day(-5)),)
    over = Discharge(fact="discharged", episode_id=episode, discharged_on=day(on))
    history = billable(MONDAY, admissions=admitted, discharges=(over,))
    assert outcome(history) == expected
    assert ("discharged" in the_day(history).rests_on) == (expected != PER_DIEM)


def test_of_two_episodes_the_one_that_is_not_over_says_the_level() -> None:
    first = replace(ADMISSION, admitted_on=day(-9))
    second = replace(first, fact="second", episode_id="second", admitted_on=day(-5))
    over = Discharge(fact="discharged", episode_id="second", discharged_on=day(-2))
    history = billable(MONDAY, admissions=(first, second), discharges=(over,))
    assert outcome(history) == PER_DIEM
    assert "second" not in the_day(history).rests_on
    again = replace(first, fact="again", episode_id="again", admitted_on=MONDAY)
    both_over = replace(over, fact="too", episode_id="episode")
    readmitted = replace(history, admissions=(first, again), discharges=(both_over,))
    assert outcome(readmitted) == PER_DIEM


def test_clinical_authorized_and_billed_level_are_three_things() -> None:
    higher = billable(MONDAY, levels=(level("2.5", 0),))
    found = the_day(higher)
    assert found.rules is not None
    assert (found.level_of_care, found.rules.billed_level) == ("2.5", "2.1")
    assert (found.outcome, found.reasons) == ("HOLD", ("OTHER_LEVEL",))
    lower = billable(MONDAY, authorizations=(authorization(5, level_of_care="1"),))
    assert outcome(lower) == hold("OTHER_LEVEL_AUTHORIZED")
    agreed = the_day(billable(MONDAY))
    assert (agreed.level_of_care, agreed.authorized_level) == ("2.1", "2.1")


# Notes


@pytest.mark.parametrize(
    ("rule", "hours", "expected"),
    [
        ("ACCEPT", None, hold("NOTE_UNSIGNED")),
        ("ACCEPT", 24, PER_DIEM),
        ("ACCEPT", 24.1, PER_DIEM),
        ("HOLD", None, hold("NOTE_UNSIGNED")),
        ("HOLD", 24, PER_DIEM),
        ("HOLD", 24.1, hold("NOTE_LATE")),
        ("DENY", None, hold("NOTE_UNSIGNED")),
        ("DENY", 24, PER_DIEM),
        ("DENY", 24.1, not_billable("NOTE_LATE_DENIED")),
        ("ATTEST", None, hold("NOTE_UNSIGNED")),
        ("ATTEST", 24, PER_DIEM),
        ("ATTEST", 24.1, hold("NOTE_LATE")),
    ],
)
def test_what_a_late_note_is_worth_is_the_payers_rule(
    rule: str, hours: float | None, expected: tuple[str, tuple[str, ...]]
) -> None:
    notes = () if hours is None else (signed(MONDAY, hours),)
    history = billable(MONDAY, notes=notes, confirmed=(confirmed(late_signature=rule),))
    assert outcome(history) == expected


@pytest.mark.parametrize("hours", [None, 1, 99])
def test_a_note_signed_late_or_never_counts_once_it_is_attested_where_the_payer_takes_that(
    hours: float | None,
) -> None:
    notes = () if hours is None else (signed(MONDAY, hours),)
    attested = (Attestation(fact="attested", session_id=f"{MONDAY} s"),)
    history = billable(MONDAY, notes=notes, attested=attested)
    takes_it = replace(history, confirmed=(confirmed(late_signature="ATTEST"),))
    assert outcome(takes_it) == PER_DIEM
    assert "attested" in the_day(takes_it).rests_on
    if hours != 1:
        assert outcome(history)[0] == "HOLD"


def test_a_late_note_releases_a_hold_where_the_payer_accepts_it() -> None:
    accepting = billable(MONDAY, notes=(), confirmed=(confirmed(late_signature="ACCEPT"),))
    assert outcome(accepting) == hold("NOTE_UNSIGNED")
    assert outcome(replace(accepting, notes=(signed(MONDAY, 500),))) == PER_DIEM


@pytest.mark.parametrize(
    ("hours", "rule", "attested", "late", "to_attest"),
    [
        (None, "ATTEST", False, True, False),
        (1, "ATTEST", False, False, False),
        (24.1, "ATTEST", False, True, True),
        (24.1, "ATTEST", True, True, False),
        (24.1, "HOLD", False, True, False),
        (24.1, "ACCEPT", False, True, False),
    ],
)
def test_who_writes_notes_is_told_until_when_and_that_a_late_one_is_to_be_attested(
    hours: float | None, rule: str, attested: bool, late: bool, to_attest: bool
) -> None:
    history = billable(
        MONDAY,
        notes=() if hours is None else (signed(MONDAY, hours),),
        confirmed=(confirmed(late_signature=rule),),
        attested=(Attestation(fact="attested", session_id=f"{MONDAY} s"),) if attested else (),
    )
    [terms] = note_terms(history, {MONDAY})
    assert terms.sign_by == ends_at(MONDAY) + timedelta(hours=24)
    in_a_week = ends_at(MONDAY) + timedelta(days=7)
    assert (terms.late(in_a_week), terms.to_attest) == (late, to_attest)
    assert not list(note_terms(history, {day(1)}))
    never = replace(history, confirmed=(confirmed(sign_within_hours=0),))
    assert [each.sign_by for each in note_terms(never, {MONDAY})] == [None]


@pytest.mark.parametrize("rule", ["HOLD", "DENY", "ATTEST"])
def test_a_late_note_s_verdict_rests_on_the_note_and_on_when_its_session_ended(rule: str) -> None:
    note = signed(MONDAY, 99)
    history = billable(MONDAY, notes=(note,), confirmed=(confirmed(late_signature=rule),))
    [verdict] = [verdict for verdict in days_of(history)[0].verdicts if verdict.gate == "NOTE"]
    assert not verdict.open
    assert verdict.rests_on == {note.fact, history.sessions[0].fact}


def test_one_note_denied_denies_the_day_even_while_another_is_awaited() -> None:
    history = billable(
        sessions=(session(MONDAY, "am"), session(MONDAY, "pm")),
        attendances=(attended(MONDAY, 90, "am"), attended(MONDAY, 90, "pm")),
        notes=(signed(MONDAY, 99, "pm"),),
        confirmed=(confirmed(late_signature="DENY"),),
    )
    assert outcome(history) == not_billable("NOTE_LATE_DENIED")


def test_without_a_limit_no_note_is_late() -> None:
    rules = confirmed(late_signature="DENY", sign_within_hours=0)
    assert outcome(billable(MONDAY, notes=(signed(MONDAY, 999),), confirmed=(rules,))) == PER_DIEM


def test_every_attended_session_needs_its_note_and_a_missed_one_needs_none() -> None:
    two = (attended(MONDAY, 90, "am"), attended(MONDAY, 90, "pm"))
    sessions = (session(MONDAY, "am"), session(MONDAY, "pm"))
    both = (signed(MONDAY, name="am"), signed(MONDAY, name="pm"))
    assert outcome(billable(attendances=two, sessions=sessions, notes=both)) == PER_DIEM
    one = billable(attendances=two, sessions=sessions, notes=both[:1])
    assert outcome(one) == hold("NOTE_UNSIGNED")
    only_one = (attended(MONDAY, 180, "am"), missed(MONDAY, "pm"))
    history = billable(attendances=only_one, sessions=sessions, notes=both[:1])
    assert outcome(history) == PER_DIEM


TAKEN_BACK = ("NOT_BILLABLE", ("ADMISSION_TAKEN_BACK",))


@pytest.mark.parametrize(
    ("stands", "was", "expected"),
    [
        ((), ADMISSION, ("NOT_BILLABLE", ("ADMISSION_TAKEN_BACK", "NO_PLAN_IN_FORCE"))),
        ((replace(ADMISSION, site_id="other"),), ADMISSION, TAKEN_BACK),
        ((), replace(ADMISSION, admitted_on=day(1)), hold("NOT_ADMITTED", "NO_PLAN_IN_FORCE")),
        ((), replace(ADMISSION, site_id="other"), hold("NOT_ADMITTED", "NO_PLAN_IN_FORCE")),
        ((), replace(ADMISSION, episode_id="over"), hold("NOT_ADMITTED", "NO_PLAN_IN_FORCE")),
        ((ADMISSION,), replace(ADMISSION, level_of_care="1"), PER_DIEM),
    ],
)
def test_who_was_never_admitted_waits_and_whose_admission_was_taken_back_does_not(
    stands: tuple[Admission, ...], was: Admission, expected: tuple[str, tuple[str, ...]]
) -> None:
    over = Discharge(fact="over", episode_id="over", discharged_on=day(-1))
    history = billable(MONDAY, admissions=stands, admissions_put_right=(was,), discharges=(over,))
    assert outcome(history) == expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, PER_DIEM),
        ({"site_id": "third"}, hold("NOT_ADMITTED_HERE")),
        ({"admitted_on": day(1)}, hold("NOT_ADMITTED_HERE")),
        ({"episode_id": "over"}, hold("NOT_ADMITTED_HERE")),
        ({"episode_id": "last day"}, PER_DIEM),
    ],
)
def test_a_day_waits_where_somebody_came_to_a_site_that_did_not_admit_them(
    change: dict[str, Any], expected: tuple[str, tuple[str, ...]]
) -> None:
    history = billable(
        MONDAY,
        admissions=(ADMISSION, replace(ADMISSION_ELSEWHERE, **change)),
        sessions=(session(MONDAY, "am", site_id="other"), session(MONDAY, "pm")),
        attendances=(attended(MONDAY, 60, "am", site_id="other"), attended(MONDAY, 120, "pm")),
        notes=(signed(MONDAY, name="am"), signed(MONDAY, name="pm")),
        discharges=tuple(
            Discharge(fact=name, episode_id=name, discharged_on=day(number))
            for name, number in (("over", -1), ("last day", 0))
        ),
    )
    assert outcome(history) == expected


@pytest.mark.parametrize(
    ("minutes", "worth"),
    [(180, ("PER_DIEM", ())), (70, not_billable("SHORT_OF_MINUTES"))],
)
def test_what_was_given_until_a_session_was_broken_off_is_worth_what_the_payers_rule_says(
    minutes: int, worth: tuple[str, tuple[str, ...]]
) -> None:
    """The rest was called off by the program, which attendance tells beside who attended."""
    rest = Cancellation(fact="rest", session_id=f"{MONDAY} s")
    history = billable(MONDAY, attendances=(attended(MONDAY, minutes),), cancelled=(rest,))
    assert outcome(history) == worth
