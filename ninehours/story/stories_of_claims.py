"""Stories of claims: what is billed of a day, to whom it goes, and what becomes of it."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, timedelta

from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from ninehours.attendance.v1 import attendance_service_pb2 as attendance_service
from ninehours.billing.v1 import billing_events_pb2 as billing
from ninehours.common.v1 import common_pb2 as common
from ninehours.intake.v1 import intake_events_pb2 as intake

from ninehours.story import days, looks
from ninehours.story.evidence import ORIGINAL, REPLACEMENT, VOID, Evidence
from ninehours.story.expecting import expect, some
from ninehours.story.network import TREATED_MINUTES, group_of

BLOCK_DAYS = 3 * days.WEEKS_OF_A_BLOCK
AT_HOME = "10"  # place of service: telehealth in the patient's home


def telehealth(told: Evidence) -> None:
    """Twelve weeks from home: every line says so."""
    scheduled = told.of(attendance.SessionScheduled)
    kinds = {each.modality for each in scheduled}
    expect("sessions", kinds, {attendance_service.MODALITY_TELEHEALTH})
    expect("days on claims", len(told.claimed()), 3 * BLOCK_DAYS)
    places = {line.place_of_service for claim in told.issued() for line in claim.lines}
    expect("places of service", places, {AT_HOME})


def two_sites(told: Evidence) -> None:
    """Groups at two sites, on Mondays at both: one per diem a day, whoever was there more."""
    expect("sites on claims", len({claim.site_id for claim in told.issued()}), 2)
    dates = Counter(told.claimed())
    expect("days claimed twice", [on for on, times in dates.items() if times > 1], [])
    for week in days.weeks_of(1):
        monday = some("a Monday", told.day(days.day_of(week)))
        expect(f"minutes of {days.day_of(week)}", monday.minutes, 2 * TREATED_MINUTES)
        expect("its outcome", looks.outcome_name(monday), "PER_DIEM")
    five_a_week, three_a_week = 5 * len(days.weeks_of(1)), 3 * len(days.weeks_of(2))
    expect("days on claims", len(dates), five_a_week + three_a_week)


def authorization_used_up(told: Evidence) -> None:
    """Nine days are authorized: of the last three one is billed without, by name; two wait."""
    [balance] = some("an authorization", told.authorizations)
    authorized = days.AUTHORIZED_DAYS_USED_UP
    used = (balance.units, balance.issued, balance.allocated)
    expect("units, issued and allocated", used, (authorized, authorized, 0))
    waived = told.of(billing.AuthorizationWaived)
    expect("waivers", [looks.is_on(each.service_date, days.WAIVED) for each in waived], [True])
    expect("days on claims", len(told.claimed()), authorized + 1)
    some(f"{days.WAIVED} on a claim", days.WAIVED in told.claimed())
    for weekday in (days.WEDNESDAY, days.FRIDAY):
        on = days.day_of(days.weeks_of(1)[-1], weekday)
        expect(f"{on}", told.outcome(on), "HOLD")
        expect(f"reasons of {on}", told.reasons(on), {"AUTHORIZATION_USED_UP"})


def consent_revoked(told: Evidence) -> None:
    """From the day of the revocation on nothing leaves the house, of earlier days neither."""
    revoked = told.of(intake.ConsentRevoked)
    expect("revocations", [looks.is_on(each.revoked_on, days.REVOKED) for each in revoked], [True])
    expect("days on claims", len(told.claimed()), BLOCK_DAYS)
    expect("claimed since", [on for on in told.claimed() if on > days.last_day(1)], [])
    settled = told.of(billing.RevocationSettled)
    expect("what was settled", [each.disclose for each in settled], [False])
    expect("disclosures", len(told.of(billing.Disclosed)), len(told.issued()))
    expect(f"{days.REVOKED}", told.outcome(days.REVOKED), "HOLD")
    some("CONSENT_REVOKED among its reasons", "CONSENT_REVOKED" in told.reasons(days.REVOKED))


def paid_in_full(told: Evidence) -> None:
    """A week the client paid for: no claim to the payer has a day of it."""
    expect("restrictions", len(told.of(intake.DisclosureRestricted)), 1)
    week = days.days_of(days.PAID_IN_FULL_WEEK)
    expect("its days on claims", week & set(told.claimed()), set())
    expect("days on claims", len(told.claimed()), 2 * BLOCK_DAYS - 3)
    for weekday in (days.MONDAY, days.WEDNESDAY, days.FRIDAY):
        on = days.day_of(days.PAID_IN_FULL_WEEK, weekday)
        expect(f"minutes of {on}", some(f"{on}", told.day(on)).minutes, TREATED_MINUTES)
        expect(f"{on}", told.outcome(on), "NOT_BILLABLE")


def corrected_replaced(told: Evidence) -> None:
    """A day of an issued claim was shorter than told: replaced, under the payer's number."""
    [replacement] = some("a replacement", told.issued(REPLACEMENT))
    [original] = [c for c in told.issued() if c.followed_by_claim_id == replacement.claim_id]
    was, now = _dates(original.lines), _dates(replacement.lines)
    expect("what fell", set(was) - set(now), {days.CORRECTED})
    expect("what stayed", set(now) <= set(was), True)
    some("the payer's number of the original", original.payer_control_number)
    expect("the original's answer", original.adjudication, billing.ADJUDICATION_STATUS_PAID)
    expect("its outcome now", told.outcome(days.CORRECTED), "NOT_BILLABLE")
    expect("what is still proposed", list(told.proposals), [])
    replaced = [each.replaced_by_claim_id for each in told.of(billing.ClaimReplaced)]
    expect("facts of replacing", replaced, [replacement.claim_id])


def corrected_voided(told: Evidence) -> None:
    """The only day of a claim never was: voided, and the authorization has its day back."""
    [void] = some("a void", told.issued(VOID))
    [original] = [c for c in told.issued() if c.followed_by_claim_id == void.claim_id]
    expect("days of the original", _dates(original.lines), [days.NEVER_THERE])
    expect("days of the void", _dates(void.lines), [days.NEVER_THERE])
    expect("facts of voiding", len(told.of(billing.ClaimVoided)), 1)
    expect("its outcome now", told.outcome(days.NEVER_THERE), "NOT_BILLABLE")
    [balance] = some("an authorization", told.authorizations)
    expect("units on claims that stand", balance.issued, BLOCK_DAYS - 3)
    expect("what is still proposed", list(told.proposals), [])


def corrected_waiting(told: Evidence) -> None:
    """Corrected before the payer answered: proposed, and not sent until its number is known."""
    [proposal] = some("a proposal", told.proposals)
    on = days.CORRECTED_LAST
    expect("what changed", [looks.is_on(each, on) for each in proposal.changed_dates], [True])
    state = billing.ProposalState.Name(proposal.state).removeprefix("PROPOSAL_STATE_")
    expect("what it waits for", state, "AWAITING_CONTROL_NUMBER")
    [original] = [c for c in told.issued() if c.claim_id == proposal.claim_id]
    expect("days of the claim", len(_dates(original.lines)), 3)
    some(f"{on} among them", on in _dates(original.lines))
    expect("the payer's answer", original.adjudication, billing.ADJUDICATION_STATUS_UNSPECIFIED)
    expect("claims that follow", [original.followed_by_claim_id, *told.issued(REPLACEMENT)], [""])
    expect("its outcome now", told.outcome(on), "NOT_BILLABLE")


def late_note(told: Evidence) -> None:
    """Held for want of a note, released when it was signed: both are in the history."""
    of_day = [
        each
        for each in told.of(billing.ServiceDayResolved)
        if looks.is_on(each.service_date, days.UNSIGNED)
    ]
    outcomes = [looks.outcome_name(each) for each in of_day]
    some("a HOLD in the day's history", "HOLD" in outcomes)
    expect("its outcome now", told.outcome(days.UNSIGNED), "PER_DIEM")
    some(f"{days.UNSIGNED} on a claim", days.UNSIGNED in told.claimed())


def late_day(told: Evidence) -> None:
    """Missed, it was said; then not: a claim of its own, beside the one of its week."""
    carrying = [claim for claim in told.issued() if days.LATE_DAY in _dates(claim.lines)]
    expect("claims with the day", len(carrying), 1)
    expect("days beside it", _dates(carrying[0].lines), [days.LATE_DAY])
    of_week = [claim for claim in told.issued() if claim.period_start == carrying[0].period_start]
    expect("originals of that week", len(of_week), 2)
    dates = Counter(told.claimed(ORIGINAL))
    expect("days claimed twice", [on for on, times in dates.items() if times > 1], [])
    expect("days on claims", len(dates), BLOCK_DAYS)


def dual_diagnosis(told: Evidence) -> None:
    """Substance use and mental health, in a program for both: every claim names both."""
    codes = {each.code for each in told.of(intake.DiagnosisRecorded)}
    expect("chapters", {code[:2] for code in codes} <= {"F1", "F3", "F4"}, True)
    expect("diagnoses", len(codes), 2)
    programs = {each.program.kind for each in told.of(intake.ClientAdmitted)}
    expect("programs", programs, {common.PROGRAM_KIND_DUAL})
    issued = some("claims", told.of(billing.ClaimIssued))
    for claim in issued:
        expect("diagnoses of a claim", set(claim.diagnoses), codes)


def daylight_saving(told: Evidence) -> None:
    """Half past eleven to half past three on the wall, three hours in truth, and one date."""
    scheduled = [
        each
        for each in told.of(attendance.SessionScheduled)
        if looks.is_on(each.service_date, days.DAYLIGHT_SAVING)
    ]
    expect("sessions that evening", len(scheduled), 1)
    begins, ends = scheduled[0].starts_at.ToDatetime(), scheduled[0].ends_at.ToDatetime()
    expect("their length", ends - begins, timedelta(minutes=TREATED_MINUTES))
    [(_, minute)] = [m for m in group_of("weekend").meets if m[0] == days.SATURDAY]
    start = days.at(days.DAYLIGHT_SAVING, *divmod(minute, 60)).astimezone(UTC)
    expect("its start", begins, start.replace(tzinfo=None))
    day = some(f"{days.DAYLIGHT_SAVING}", told.day(days.DAYLIGHT_SAVING))
    expect("minutes", day.minutes, TREATED_MINUTES)
    some("it on a claim", days.DAYLIGHT_SAVING in told.claimed())


def _dates(lines: Iterable[billing.ClaimLine]) -> list[date]:
    told = (line.service_date for line in lines)
    return sorted(date(on.year, on.month, on.day) for on in told)
