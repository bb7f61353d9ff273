"""The stories of README's table, each asserted of what the API said while the system ran."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, timedelta
from itertools import chain
from pathlib import Path

import pytest
from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from ninehours.attendance.v1 import attendance_service_pb2 as attendance_service
from ninehours.billing.v1 import billing_events_pb2 as events
from ninehours.billing.v1 import billing_service_pb2 as billing
from ninehours.common.v1 import common_pb2 as common
from ninehours.common.v1.persons_pb2 import ClientMerged
from ninehours.common.v1.statements_pb2 import StatementAmended
from ninehours.intake.v1 import intake_events_pb2 as intake
from ninehours.intake.v1 import intake_service_pb2 as intake_service
from ninehours.plans.v1 import plans_events_pb2 as plans
from ninehours.plans.v1 import plans_service_pb2 as plans_service

from kernel.rpc.translate import date_of, to_date
from ninehours.story import days
from ninehours.story.courses import StoryName
from ninehours.story.network import STEP_DOWN_LEVEL, STEP_UP_LEVEL, TREATED_MINUTES, group_of
from ninehours.story.requests import ClaimFrequency
from ninehours.story.summary import outcome_name
from tests.system.evidence import Evidence, closed_by
from tests.system.played import Played

README = Path(__file__).resolve().parents[2] / "README.md"
A_WEEK = 3 * TREATED_MINUTES
BLOCK_DAYS = 3 * days.WEEKS_OF_A_BLOCK
DAY_CHARGE = 28_500  # cents, of the payers that pay by the day
WEEK_CHARGE = 93_000  # of the one that pays for nine hours on the institutional form
AT_HOME = "10"  # place of service: telehealth in the patient's home


def full_course(evidence: Evidence) -> None:
    """Eight weeks, every objective met, completed, cared for afterwards, called."""
    weeks = [*days.weeks_of(1), *days.weeks_of(2)]
    for week in weeks:
        measured = evidence.week(week)
        assert measured
        delivered = (measured.delivered_minutes, measured.reaches_band, measured.complete)
        assert delivered == (A_WEEK, True, True)
    _decided(evidence, weeks[-1], plans_service.RECOMMENDATION_KIND_COMPLETE)
    assert len(evidence.of(plans.ProgramCompleted)) == 1
    reasons = [discharged.reason for discharged in evidence.of(plans.ClientDischarged)]
    assert reasons == [plans_service.DISCHARGE_REASON_COMPLETED]
    assert len(evidence.of(intake.EpisodeClosed)) == 1
    kinds = {aftercare.kind for aftercare in evidence.of(plans.AftercareArranged)}
    outpatient = plans_service.AFTERCARE_KIND_OUTPATIENT
    assert kinds == {outpatient, plans_service.AFTERCARE_KIND_ALUMNI}
    assert [call.reached for call in evidence.of(plans.FollowedUp)] == [True]
    assert len(evidence.issued()) == len(weeks)  # a claim a week
    assert len(evidence.claimed()) == 3 * len(weeks)


def short_of_nine_hours(evidence: Evidence) -> None:
    """Every Wednesday the client leaves after a hundred minutes: no week makes nine hours."""
    for week in days.weeks_of(1):
        measured = evidence.week(week)
        assert measured
        assert not measured.reaches_band
        assert measured.attended == 3
    for on in days.SHORT_DAYS:
        assert evidence.outcome(on) == "NOT_BILLABLE"
        assert evidence.reasons(on) == {"SHORT_OF_MINUTES"}
    assert len(evidence.claimed()) == 2 * len(days.SHORT_DAYS)


def step_down(evidence: Evidence) -> None:
    """After four weeks a step down is recommended and accepted; the per diem stops that day."""
    _decided(evidence, days.weeks_of(1)[-1], plans_service.RECOMMENDATION_KIND_STEP_DOWN)
    _level(evidence, STEP_DOWN_LEVEL, days.STEPPED_DOWN)
    assert len(evidence.claimed()) == 3 * days.WEEKS_OF_A_BLOCK
    assert [on for on in evidence.claimed() if on >= days.STEPPED_DOWN] == []
    for on in days.OUTPATIENT_VISITS:
        assert evidence.day(on)
        assert "OTHER_LEVEL" in evidence.reasons(on)


def step_up(evidence: Evidence) -> None:
    """The score is reliably worse, a safety flag is raised and closed; a step up is accepted."""
    week = days.weeks_of(2)[-1]
    measured = evidence.week(week)
    assert measured
    assert measured.phq9.change == plans_service.SCORE_CHANGE_RELIABLY_DETERIORATED
    [task] = evidence.safety_tasks
    assert task.action == intake_service.SAFETY_ACTION_SAFETY_PLAN_MADE
    assert task.closed_at.ToDatetime() <= task.due_at.ToDatetime()
    assert len(evidence.of(intake.SafetyTaskOpened)) == 1
    assert len(evidence.of(intake.SafetyTaskClosed)) == 1
    recommended = _decided(evidence, week, plans_service.RECOMMENDATION_KIND_STEP_UP)
    assert any("RELIABLY_DETERIORATED" in reason for reason in recommended.reasons)
    _level(evidence, STEP_UP_LEVEL, days.STEPPED_UP)


def no_show_week(evidence: Evidence) -> None:
    """A whole week missed: three days without a claim, and nobody says otherwise."""
    week = days.NO_SHOW_WEEK
    measured = evidence.week(week)
    assert measured
    assert (measured.attended, measured.missed) == (0, 3)
    assert measured.consecutive_missed == 3
    missed = [
        evidence.outcome(on) for on in sorted(days.days_of(week)) if evidence.day(on) is not None
    ]
    assert missed == ["NOT_BILLABLE"] * 3
    assert days.days_of(week) & set(evidence.claimed()) == set()
    assert len(evidence.issued()) == 2 * days.WEEKS_OF_A_BLOCK - 1


def screened_out(evidence: Evidence) -> None:
    """Withdrawal comes first: declined, with a referral, and never admitted."""
    [declined] = evidence.of(intake.AdmissionDeclined)
    assert list(declined.reasons) == ["NEEDS_DETOX"]
    assert declined.referred_to == intake_service.REFERRAL_TARGET_WITHDRAWAL_MANAGEMENT
    afterwards = chain(
        evidence.of(intake.ClientAdmitted),
        evidence.of(attendance.SessionScheduled),
        evidence.claims,
    )
    assert list(afterwards) == []


def readmitted(evidence: Evidence) -> None:
    """Left against advice, back four weeks later: a second episode that names the first."""
    admitted = evidence.of(intake.ClientAdmitted)
    assert len(admitted) == 2
    assert admitted[1].previous_episode_id == admitted[0].episode_id
    closed = [episode.episode_id for episode in evidence.of(intake.EpisodeClosed)]
    assert closed == [admitted[0].episode_id]
    reasons = [discharged.reason for discharged in evidence.of(plans.ClientDischarged)]
    assert reasons == [plans_service.DISCHARGE_REASON_LEFT_AGAINST_ADVICE]
    assert len(evidence.authorizations) == 2
    assert len(evidence.claimed()) == 2 * 3 * days.WEEKS_OF_A_BLOCK
    assert len({week.episode_id for week in evidence.progress}) == 2


def telehealth(evidence: Evidence) -> None:
    """Twelve weeks from home: every line says so."""
    modalities = {session.modality for session in evidence.of(attendance.SessionScheduled)}
    assert modalities == {attendance_service.MODALITY_TELEHEALTH}
    assert len(evidence.claimed()) == 3 * BLOCK_DAYS
    places = {line.place_of_service for claim in evidence.issued() for line in claim.lines}
    assert places == {AT_HOME}


def two_sites(evidence: Evidence) -> None:
    """Groups at two sites, on Mondays at both: one per diem a day, whoever was there more."""
    assert len({claim.site_id for claim in evidence.issued()}) == 2
    dates = Counter(evidence.claimed())
    assert set(dates.values()) == {1}
    for week in days.weeks_of(1):
        monday = evidence.day(days.day_of(week))
        assert monday
        assert monday.minutes == 2 * TREATED_MINUTES
        assert outcome_name(monday) == "PER_DIEM"
    five_a_week, three_a_week = 5 * len(days.weeks_of(1)), 3 * len(days.weeks_of(2))
    assert len(dates) == five_a_week + three_a_week


def authorization_used_up(evidence: Evidence) -> None:
    """Nine days are authorized: of the last three one is billed without, by name; two wait."""
    [balance] = evidence.authorizations
    authorized = days.AUTHORIZED_DAYS_USED_UP
    assert (balance.units, balance.issued, balance.allocated) == (authorized, authorized, 0)
    [waived] = evidence.of(events.AuthorizationWaived)
    assert waived.service_date == to_date(days.WAIVED)
    assert len(evidence.claimed()) == authorized + 1
    assert days.WAIVED in evidence.claimed()
    for weekday in (days.WEDNESDAY, days.FRIDAY):
        on = days.day_of(days.weeks_of(1)[-1], weekday)
        assert evidence.outcome(on) == "HOLD"
        assert evidence.reasons(on) == {"AUTHORIZATION_USED_UP"}


def consent_revoked(evidence: Evidence) -> None:
    """From the day of the revocation on nothing leaves the house, of earlier days neither."""
    [revoked] = evidence.of(intake.ConsentRevoked)
    assert revoked.revoked_on == to_date(days.REVOKED)
    assert len(evidence.claimed()) == BLOCK_DAYS
    assert [on for on in evidence.claimed() if on > days.last_day(1)] == []
    assert [settled.disclose for settled in evidence.of(events.RevocationSettled)] == [False]
    assert len(evidence.of(events.Disclosed)) == len(evidence.issued())
    assert evidence.outcome(days.REVOKED) == "HOLD"
    assert "CONSENT_REVOKED" in evidence.reasons(days.REVOKED)


def paid_in_full(evidence: Evidence) -> None:
    """A week the client paid for: no claim to the payer has a day of it."""
    assert len(evidence.of(intake.DisclosureRestricted)) == 1
    week = days.days_of(days.PAID_IN_FULL_WEEK)
    assert week & set(evidence.claimed()) == set()
    assert len(evidence.claimed()) == 2 * BLOCK_DAYS - 3
    for weekday in (days.MONDAY, days.WEDNESDAY, days.FRIDAY):
        on = days.day_of(days.PAID_IN_FULL_WEEK, weekday)
        day = evidence.day(on)
        assert day
        assert day.minutes == TREATED_MINUTES
        assert evidence.outcome(on) == "NOT_BILLABLE"


def corrected_replaced(evidence: Evidence) -> None:
    """A day of an issued claim was shorter than told: replaced, under the payer's number."""
    [replacement] = evidence.issued(ClaimFrequency.REPLACEMENT)
    original = _corrected(evidence, replacement, days.CORRECTED)
    before, after = set(_dates(original.lines)), set(_dates(replacement.lines))
    assert before - after == {days.CORRECTED}
    assert after <= before
    assert original.payer_control_number
    assert original.adjudication == events.ADJUDICATION_STATUS_PAID
    assert evidence.outcome(days.CORRECTED) == "NOT_BILLABLE"
    assert list(evidence.proposals) == []
    [replaced] = evidence.of(events.ClaimReplaced)
    assert replaced.replaced_by_claim_id == replacement.claim_id


def corrected_voided(evidence: Evidence) -> None:
    """The only day of a claim never was: voided, and the authorization has its day back."""
    [void] = evidence.issued(ClaimFrequency.VOID)
    original = _corrected(evidence, void, days.NEVER_THERE)
    assert _dates(original.lines) == [days.NEVER_THERE]
    assert _dates(void.lines) == [days.NEVER_THERE]
    assert len(evidence.of(events.ClaimVoided)) == 1
    assert evidence.outcome(days.NEVER_THERE) == "NOT_BILLABLE"
    [balance] = evidence.authorizations
    assert balance.issued == BLOCK_DAYS - 3
    assert list(evidence.proposals) == []


def corrected_waiting(evidence: Evidence) -> None:
    """Corrected before the payer answered: proposed, and not sent until its number is known."""
    [proposal] = evidence.proposals
    on = days.CORRECTED_LAST
    assert list(proposal.changed_dates) == [to_date(on)]
    assert proposal.state == events.PROPOSAL_STATE_AWAITING_CONTROL_NUMBER
    [original] = [claim for claim in evidence.issued() if claim.claim_id == proposal.claim_id]
    assert len(_dates(original.lines)) == 3
    assert on in _dates(original.lines)
    assert original.adjudication == events.ADJUDICATION_STATUS_UNSPECIFIED
    assert [original.followed_by_claim_id, *evidence.issued(ClaimFrequency.REPLACEMENT)] == [""]
    assert evidence.outcome(on) == "NOT_BILLABLE"


def late_note(evidence: Evidence) -> None:
    """Held for want of a note, released when it was signed: both are in the history."""
    history = [
        day
        for day in evidence.of(events.ServiceDayResolved)
        if day.service_date == to_date(days.UNSIGNED)
    ]
    outcomes = [outcome_name(day) for day in history]
    released = outcomes.index("PER_DIEM")
    # When its week was over, the note alone was missing; signed, nothing was any more.
    assert outcomes[released - 1 :] == ["HOLD"] + ["PER_DIEM"] * len(outcomes[released:])
    assert closed_by(history[released - 1]) == ["NOTE_UNSIGNED"]
    assert evidence.outcome(days.UNSIGNED) == "PER_DIEM"
    assert days.UNSIGNED in evidence.claimed()


def late_day(evidence: Evidence) -> None:
    """Missed, it was said; then not: a claim of its own, beside the one of its week."""
    [late] = [claim for claim in evidence.issued() if days.LATE_DAY in _dates(claim.lines)]
    assert _dates(late.lines) == [days.LATE_DAY]
    of_week = [claim for claim in evidence.issued() if claim.period_start == late.period_start]
    assert len(of_week) == 2
    dates = Counter(evidence.claimed())
    assert set(dates.values()) == {1}
    assert len(dates) == BLOCK_DAYS


def dual_diagnosis(evidence: Evidence) -> None:
    """Substance use and mental health, in a program for both: every claim names both."""
    codes = {diagnosis.code for diagnosis in evidence.of(intake.DiagnosisRecorded)}
    assert {code[:2] for code in codes} <= {"F1", "F3", "F4"}
    assert len(codes) == 2
    programs = {admitted.program.kind for admitted in evidence.of(intake.ClientAdmitted)}
    assert programs == {common.PROGRAM_KIND_DUAL}
    issued = evidence.of(events.ClaimIssued)
    assert issued
    for claim in issued:
        assert set(claim.diagnoses) == codes


def daylight_saving(evidence: Evidence) -> None:
    """Half past eleven to half past three on the wall, three hours in truth, and one date."""
    [session] = [
        session
        for session in evidence.of(attendance.SessionScheduled)
        if session.service_date == to_date(days.DAYLIGHT_SAVING)
    ]
    begins, ends = session.starts_at.ToDatetime(UTC), session.ends_at.ToDatetime(UTC)
    assert ends - begins == timedelta(minutes=TREATED_MINUTES)
    minute = dict(group_of("weekend").meets)[days.SATURDAY]
    assert begins == days.at(days.DAYLIGHT_SAVING, *divmod(minute, 60))
    day = evidence.day(days.DAYLIGHT_SAVING)
    assert day
    assert day.minutes == TREATED_MINUTES
    assert days.DAYLIGHT_SAVING in evidence.claimed()


def member_number_mistyped(evidence: Evidence) -> None:
    """Four weeks were billed of somebody whom the payer doesn't know: voided, and billed anew."""
    void = evidence.issued(ClaimFrequency.VOID)
    assert sum(claim.charge.minor_units for claim in void) == BLOCK_DAYS * DAY_CHARGE
    standing = [claim for claim in evidence.issued() if not claim.followed_by_claim_id]
    again = Counter(on for claim in standing for on in _dates(claim.lines))
    assert again == Counter(on for claim in void for on in _dates(claim.lines))
    assert set(again.values()) == {1}
    assert len(again) == BLOCK_DAYS
    assert list(evidence.proposals) == []


def plan_on_paper(evidence: Evidence) -> None:
    """Signed at admission, entered when it was due: what the days between are worth, 855 dollars,
    the payer's rules don't say."""
    [activated] = evidence.of(plans.PlanActivated)
    assert activated.in_force_from == to_date(days.admission(3))
    assert activated.entered_on == to_date(days.PAPER_ENTERED)
    due, week = days.day_of(9, days.FRIDAY), 10
    held = [due, *(days.day_of(week, weekday) for weekday in (days.MONDAY, days.WEDNESDAY))]
    assert [evidence.outcome(on) for on in held] == ["HOLD"] * 3
    assert [evidence.reasons(on) for on in held] == [{"PLAN_ON_PAPER"}] * 3
    assert sorted({*evidence.claimed()} & set(held)) == []
    assert len(evidence.claimed()) == BLOCK_DAYS - len(held)


def coverage_ended_late(evidence: Evidence) -> None:
    """What left of days after the coverage's end was paid, and is taken back: 3,420 dollars."""
    void = evidence.issued(ClaimFrequency.VOID)
    taken_back = {on for claim in void for on in _dates(claim.lines)}
    assert taken_back == {on for on in evidence.claimed() if on > days.COVERED_LAST}
    assert sum(claim.charge.minor_units for claim in void) == BLOCK_DAYS * DAY_CHARGE
    standing = [claim for claim in evidence.issued() if not claim.followed_by_claim_id]
    assert {on for claim in standing for on in _dates(claim.lines)} == {
        on for on in evidence.claimed() if on <= days.COVERED_LAST
    }
    assert {evidence.outcome(on) for on in taken_back} == {"HOLD"}
    assert all("NO_COVERAGE" in evidence.reasons(on) for on in taken_back)
    assert list(evidence.proposals) == []


def discharge_withdrawn(evidence: Evidence) -> None:
    """Discharged for somebody else, and on the same day not: every day is billed."""
    assert len(evidence.of(plans.ClientDischarged)) == 1
    amended = evidence.of(StatementAmended)
    withdrawn = plans.ClientDischarged.DESCRIPTOR.full_name
    assert [said.voided for said in amended if said.type == withdrawn] == [True]
    assert len(evidence.claimed()) == 3 * BLOCK_DAYS
    assert list(evidence.proposals) == []


def registered_twice(evidence: Evidence) -> None:
    """A week left under both ids: 930 dollars are taken back. Two weeks were short of nine hours
    under either: together they aren't, and 1,860 dollars are billed."""
    [merged] = evidence.of(ClientMerged)
    assert merged.survivor_client_id == evidence.client_id
    void = evidence.issued(ClaimFrequency.VOID)
    assert {claim.client_id for claim in void} == {merged.absorbed_client_id}
    twice = [on for on, times in Counter(evidence.claimed()).items() if times > 1]
    assert {on for claim in void for on in _dates(claim.lines)} == set(twice)
    assert set(twice) < days.days_of(days.TICKED_TWICE_WEEK)
    assert sum(claim.charge.minor_units for claim in void) == WEEK_CHARGE
    standing = [claim for claim in evidence.issued() if not claim.followed_by_claim_id]
    assert {claim.client_id for claim in standing} == {evidence.client_id}
    assert sorted(on for claim in standing for on in _dates(claim.lines)) == sorted(
        days.day_of(week, weekday)
        for block in (2, 3)
        for week in days.weeks_of(block)
        for weekday in (days.MONDAY, days.WEDNESDAY, days.FRIDAY)
    )
    for week in days.SPLIT_WEEKS:
        history = [
            day
            for day in evidence.of(events.ServiceDayResolved)
            if day.service_date == to_date(days.day_of(week))
        ]
        assert any(closed_by(day) == ["WEEK_SHORT_OF_MINUTES"] for day in history)
        of_week = [claim for claim in standing if days.days_of(week) & {*_dates(claim.lines)}]
        assert sum(claim.charge.minor_units for claim in of_week) == WEEK_CHARGE
    assert list(evidence.proposals) == []


def _decided(
    evidence: Evidence, week: int, kind: plans_service.RecommendationKind
) -> plans_service.Recommendation:
    """What was recommended after a week, and that it was accepted."""
    recommended = evidence.recommended(week)
    assert recommended
    assert recommended.kind == kind
    assert recommended.decision == "ACCEPTED"
    return recommended


def _level(evidence: Evidence, level: str, on: date) -> None:
    changes = evidence.of(plans.LevelOfCareChanged)
    assert [change.level_of_care for change in changes] == [level]
    assert changes[0].effective_from == to_date(on)


def _dates(lines: Iterable[events.ClaimLine]) -> list[date]:
    return sorted(date_of(line, "service_date") for line in lines)


def _corrected(evidence: Evidence, correction: billing.Claim, on: date) -> billing.Claim:
    """The claim that a correction follows: when it was proposed, the payer had not answered yet."""
    [original] = [
        claim for claim in evidence.issued() if claim.followed_by_claim_id == correction.claim_id
    ]
    awaiting = [
        proposal
        for proposal in evidence.of(events.CorrectionProposed)
        if proposal.state == events.PROPOSAL_STATE_AWAITING_CONTROL_NUMBER
    ]
    assert [proposal.claim_id for proposal in awaiting] == [original.claim_id]
    assert [list(proposal.changed_dates) for proposal in awaiting] == [[to_date(on)]]
    return original


STORIES: Mapping[StoryName, Callable[[Evidence], None]] = {
    StoryName.FULL_COURSE: full_course,
    StoryName.SHORT_OF_NINE_HOURS: short_of_nine_hours,
    StoryName.STEP_DOWN: step_down,
    StoryName.STEP_UP: step_up,
    StoryName.NO_SHOW_WEEK: no_show_week,
    StoryName.TELEHEALTH: telehealth,
    StoryName.TWO_SITES: two_sites,
    StoryName.SCREENED_OUT: screened_out,
    StoryName.AUTHORIZATION_USED_UP: authorization_used_up,
    StoryName.CONSENT_REVOKED: consent_revoked,
    StoryName.PAID_IN_FULL: paid_in_full,
    StoryName.CORRECTED_REPLACED: corrected_replaced,
    StoryName.CORRECTED_VOIDED: corrected_voided,
    StoryName.CORRECTED_WAITING: corrected_waiting,
    StoryName.LATE_NOTE: late_note,
    StoryName.LATE_DAY: late_day,
    StoryName.DUAL_DIAGNOSIS: dual_diagnosis,
    StoryName.DAYLIGHT_SAVING: daylight_saving,
    StoryName.READMITTED: readmitted,
    StoryName.MEMBER_NUMBER_MISTYPED: member_number_mistyped,
    StoryName.PLAN_ON_PAPER: plan_on_paper,
    StoryName.COVERAGE_ENDED_LATE: coverage_ended_late,
    StoryName.DISCHARGE_WITHDRAWN: discharge_withdrawn,
    StoryName.REGISTERED_TWICE: registered_twice,
}


@pytest.mark.parametrize("name", STORIES)
def test_the_story_is_as_it_is_told(calm: Played, name: StoryName) -> None:
    STORIES[name](calm.evidence[name])


@pytest.mark.parametrize("name", STORIES)
def test_no_story_is_told_by_nothing(name: StoryName) -> None:
    """The checks prove that they looked."""
    with pytest.raises((AssertionError, ValueError)):
        STORIES[name](Evidence(client_id="nobody"))


def test_every_story_is_looked_at_and_stands_in_readmes_table() -> None:
    rows = re.findall(r"^\| \*\*(.+?)\*\* \|", README.read_text(encoding="utf-8"), re.MULTILINE)
    assert rows == list(STORIES) == list(StoryName)


def test_evidence_tells_a_day_by_its_date_and_claims_by_their_frequency() -> None:
    on = days.day_of(1)
    evidence = Evidence(
        client_id="somebody",
        days=(
            events.ServiceDayResolved(
                service_date=to_date(on),
                outcome=events.OUTCOME_HOLD,
                verdicts=[
                    events.Verdict(gate="NOTE", reason="NOTE_UNSIGNED"),
                    events.Verdict(gate="PLAN", open=True),
                ],
            ),
        ),
        claims=tuple(
            billing.Claim(
                state=state,
                frequency=frequency,
                lines=[events.ClaimLine(service_date=to_date(on))],
            )
            for state, frequency in (
                ("CLAIM_STATE_ISSUED", ClaimFrequency.ORIGINAL),
                ("CLAIM_STATE_ISSUED", ClaimFrequency.VOID),
                ("CLAIM_STATE_DRAFTED", ClaimFrequency.ORIGINAL),
            )
        ),
    )
    assert (evidence.outcome(on), evidence.reasons(on)) == ("HOLD", {"NOTE_UNSIGNED"})
    assert (evidence.outcome(days.day_of(2)), evidence.reasons(days.day_of(2))) == ("", set())
    assert evidence.claimed() == evidence.claimed(ClaimFrequency.VOID) == [on]
