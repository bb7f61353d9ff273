"""The gates of a service date: each answers open or why not, and names the facts it rests on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from services.billing.domain.known import (
    Admission,
    Attendance,
    Authorization,
    Coverage,
    Enrollment,
    Fee,
    Known,
    Session,
)
from services.billing.domain.rules import RuleSet, week_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`reason` is a code, empty when the gate is open."""

    gate: str
    reason: str = ""
    rests_on: frozenset[str] = frozenset()

    @property
    def open(self) -> bool:
        return not self.reason


def coverage_on(known: Known, on: date) -> Coverage | None:
    """The coverage a payer verified for that date; of several the earliest verified."""
    in_force = [
        coverage
        for coverage in known.coverages
        if coverage.verified_from <= on
        and (coverage.verified_to is None or on <= coverage.verified_to)
    ]
    return min(
        in_force, key=lambda each: (each.verified_from, each.coverage_id, each.fact), default=None
    )


def admission_on(known: Known, on: date) -> Admission | None:
    """The latest admission on or before that date."""
    before = [admission for admission in known.admissions if admission.admitted_on <= on]
    return max(before, key=lambda each: (each.admitted_on, each.episode_id), default=None)


def level_gate(admission: Admission | None, rules: RuleSet) -> Verdict:
    """The clinical level must be the one the payer pays for."""
    if admission is None:
        return Verdict(gate="LEVEL", reason="NOT_ADMITTED")
    reason = "" if admission.level_of_care == rules.billed_level else "OTHER_LEVEL"
    return Verdict(gate="LEVEL", reason=reason, rests_on=frozenset({admission.fact}))


def plan_gate(known: Known, admission: Admission | None, rules: RuleSet, on: date) -> Verdict:
    """In force on the date, or the date is within the payer's plan-due days of admission.

    A later signature never reaches back (domain guide, section 12).
    """
    episode_id = admission.episode_id if admission else ""
    in_force = [
        plan for plan in known.plans if plan.episode_id == episode_id and plan.in_force_from <= on
    ]
    if in_force:
        plan = max(in_force, key=lambda each: (each.in_force_from, each.plan_id))
        return Verdict(gate="PLAN", rests_on=frozenset({plan.fact}))
    if admission and on < admission.admitted_on + timedelta(days=rules.plan_due_days):
        return Verdict(gate="PLAN", rests_on=frozenset({admission.fact}))
    return Verdict(gate="PLAN", reason="NO_PLAN_IN_FORCE")


def diagnosis_gate(known: Known, on: date) -> Verdict:
    """A principal diagnosis must be in effect."""
    found = {d.fact for d in known.diagnoses if d.effective_from <= on and d.rank == 1}
    return Verdict(
        gate="DIAGNOSIS", reason="" if found else "NO_DIAGNOSIS", rests_on=frozenset(found)
    )


def consent_gate(known: Known, admission: Admission | None, payer_id: str, on: date) -> Verdict:
    """A program under 42 CFR Part 2 needs the client's consent to the payer, then; another none."""
    if admission is not None and not admission.under_part2:
        return Verdict(gate="CONSENT", rests_on=frozenset({admission.fact}))
    found = {
        consent.fact
        for consent in known.consents
        if consent.payer_id == payer_id
        and consent.given_on <= on
        and (consent.expires_on is None or on <= consent.expires_on)
    }
    return Verdict(gate="CONSENT", reason="" if found else "NO_CONSENT", rests_on=frozenset(found))


def note_gate(
    known: Known, attended: Iterable[Attendance], sessions: Sequence[Session], rules: RuleSet
) -> Verdict:
    """Every attended session needs a signed note; what a late one is worth is the payer's rule."""
    signed = sorted(known.notes, key=lambda note: (note.signed_at, note.fact), reverse=True)
    notes = {note.session_id: note for note in signed}
    ends = {session.session_id: session.ends_at for session in sessions}
    rests_on: set[str] = set()
    reason = ""
    for attendance in attended:
        note = notes.get(attendance.session_id)
        if note is None:
            return Verdict(gate="NOTE", reason="NOTE_UNSIGNED", rests_on=frozenset(rests_on))
        rests_on.add(note.fact)
        end = ends.get(attendance.session_id)
        limit = timedelta(hours=rules.sign_within_hours)
        if rules.sign_within_hours and end and note.signed_at > end + limit:
            reason = {"ACCEPT": "", "HOLD": "NOTE_LATE", "DENY": "NOTE_LATE_DENIED"}[
                rules.late_signature
            ]
    return Verdict(gate="NOTE", reason=reason, rests_on=frozenset(rests_on))


def enrollment_on(known: Known, payer_id: str, site_id: str, on: date) -> Enrollment | None:
    """Who bills this payer for this site on that date."""
    enrolled = [
        each
        for each in known.enrollments
        if (each.payer_id, each.site_id) == (payer_id, site_id) and each.effective_from <= on
    ]
    return max(enrolled, key=lambda each: (each.effective_from, each.provider_id), default=None)


def fee_on(known: Known, provider_id: str, code: str, on: date) -> Fee | None:
    """What the provider charges for the code on that date."""
    fees = [
        fee
        for fee in known.fees
        if (fee.provider_id, fee.code) == (provider_id, code) and fee.effective_from <= on
    ]
    return max(fees, key=lambda fee: (fee.effective_from, fee.sequence), default=None)


def week_gate(known: Known, closed: set[str], rules: RuleSet, on: date) -> Verdict:
    """Where the payer looks at weeks: every session scheduled in it was closed."""
    if not rules.complete_weeks_only:
        return Verdict(gate="WEEK")
    start, end = week_of(on, rules.week_start)
    of_week = [session for session in known.sessions if start <= session.service_date <= end]
    complete = all(session.session_id in closed for session in of_week)
    return Verdict(
        gate="WEEK",
        reason="" if complete else "WEEK_INCOMPLETE",
        rests_on=frozenset(session.fact for session in of_week),
    )


def usable(authorization: Authorization, payer_id: str, level: str, on: date) -> bool:
    """Whether the authorization covers a day of this payer and level."""
    return (
        authorization.payer_id == payer_id
        and authorization.level_of_care == level
        and authorization.effective_from <= on <= authorization.effective_to
    )
