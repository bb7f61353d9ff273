"""The gates of a service date: each answers open or why not, and names the facts it rests on."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import KW_ONLY, dataclass
from datetime import date, datetime, timedelta

from services.billing.domain.history.attended import (
    AttendedService,
    countable,
    minutes_of,
    services_of,
)
from services.billing.domain.history.diagnoses import diagnoses_on
from services.billing.domain.history.history import (
    Admission,
    Attendance,
    BillingHistory,
    Consent,
    Discharge,
    Enrollment,
    Fee,
    Level,
    Note,
    Program,
    Revocation,
    facts_of,
)
from services.billing.domain.payers.rules import (
    LateSignature,
    PaperPlan,
    RuleSet,
    WeekConsequence,
    week_of,
)
from services.billing.domain.reasons import Gate, Reason


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a gate says; `reason` None: it is open.

    `service_kind`: of a gate beside the day, which asks about one service. `for_good`: whether it
    stays closed; None: as its reason does.
    """

    gate: Gate
    reason: Reason | None = None
    _: KW_ONLY
    rests_on: frozenset[str] = frozenset()
    for_good: bool | None = None
    service_kind: str = ""

    @property
    def name(self) -> str:
        """The gate's, as rows have it: `<gate>`, or `<service kind>.<gate>`."""
        return f"{self.service_kind}.{self.gate}" if self.service_kind else self.gate

    @property
    def open(self) -> bool:
        return self.reason is None

    @property
    def final(self) -> bool:
        """Closed for good."""
        if self.reason is None:
            return False
        return self.reason.final if self.for_good is None else self.for_good


def admission_on(
    history: BillingHistory, on: date, programs: Collection[Program]
) -> Admission | None:
    """The latest admission on or before that date, to a program of the day's sessions if any.

    Of several, one that wasn't over by then; of one that was transferred, where it was.
    """
    given_by = {program.program_id for program in programs if program.program_id}
    before = [admission for admission in history.admissions if admission.covers(on)]
    return max(
        before,
        key=lambda admission: (
            admission.program_id in given_by,
            not discharged_before(history, admission, on),
            admission.admitted_on,
            admission.episode_id,
        ),
        default=None,
    )


def discharged_before(
    history: BillingHistory, admission: Admission | None, on: date
) -> Discharge | None:
    """What ended the episode on an earlier day; the day of the discharge is still its own."""
    found = [
        discharge
        for discharge in history.discharges
        if admission
        and discharge.episode_id == admission.episode_id
        and discharge.discharged_on < on
    ]
    return min(found, key=lambda discharge: (discharge.discharged_on, discharge.fact), default=None)


def admissions_at(history: BillingHistory, site_id: str, on: date) -> list[Admission]:
    """The client's admissions at a site that had begun by then, and weren't over."""
    return [
        admission
        for admission in history.admissions
        if admission.site_id == site_id
        and admission.covers(on)
        and not discharged_before(history, admission, on)
    ]


def _admissions_taken_back(history: BillingHistory, site_id: str, on: date) -> list[Admission]:
    """Admissions that covered the date as they were said first, and say otherwise now."""
    return [
        admission
        for admission in history.admissions_put_right
        if admission.site_id == site_id
        and admission.covers(on)
        and not discharged_before(history, admission, on)
    ]


def level_on(
    history: BillingHistory, admission: Admission | None, on: date
) -> Admission | Level | None:
    """What says the clinical level: the episode's latest change by then, else its admission."""
    if admission is None:
        return None
    changes = [
        level
        for level in history.levels
        if level.episode_id == admission.episode_id and level.effective_from <= on
    ]
    latest = max(changes, key=lambda change: (change.effective_from, change.sequence), default=None)
    return latest or admission


def at_billed_level(
    history: BillingHistory, services: Sequence[AttendedService], rules: RuleSet, on: date
) -> list[AttendedService]:
    """Those that make up the day, or its week: of episodes at the level the payer pays for then.

    Of two open episodes the other's sessions say nothing; where none is at the level, all make a
    day that waits for that. A session is the episode's whose program gave it.
    """
    levels = [(service, _level_of(history, service, on)) for service in services]
    found = [
        service
        for service, clinical in levels
        if clinical is None or clinical.level_of_care == rules.billed_level
    ]
    return found or list(services)


def other_level(history: BillingHistory, service: AttendedService, on: date) -> Verdict:
    """Of a session that the day leaves out, as it is of an episode at another level."""
    kind = service.kind or "UNSCHEDULED"
    clinical = _level_of(history, service, on)
    rests_on = service.facts | ({clinical.fact} if clinical else set())
    return Verdict(
        Gate.LEVEL,
        service_kind=kind,
        reason=Reason.OTHER_LEVEL,
        for_good=True,
        rests_on=rests_on,
    )


def level_gate(
    history: BillingHistory,
    services: Iterable[AttendedService],
    admission: Admission | None,
    rules: RuleSet,
    on: date,
) -> Verdict:
    """The clinical level must be the one the payer pays for, in an episode that isn't over.

    At every site that was attended the client must be admitted: said by admissions, not by the flag
    of the attendance, which may have been recorded before an admission was heard. Who was never
    admitted may be yet; where an admission was put right since, so that it doesn't cover the date
    any more, somebody has decided, and nobody is awaited.

    The authorized level is another thing: the gate AUTHORIZATION compares it with the billed one.
    """
    clinical = level_on(history, admission, on)
    ended = discharged_before(history, admission, on)
    sites = sorted({service.site_id for service in services})
    here = {site_id: admissions_at(history, site_id, on) for site_id in sites}
    rests_on = facts_of([said for said in (clinical, ended) if said], *here.values())
    lacking = [site_id for site_id in sites if not here[site_id]]
    taken_back = facts_of(*(_admissions_taken_back(history, site_id, on) for site_id in lacking))
    if taken_back:
        return Verdict(Gate.LEVEL, Reason.ADMISSION_TAKEN_BACK, rests_on=rests_on | taken_back)
    if clinical is None:
        return Verdict(Gate.LEVEL, Reason.NOT_ADMITTED)
    if ended is not None:
        return Verdict(Gate.LEVEL, Reason.DISCHARGED, rests_on=facts_of([clinical, ended]))
    reason = None if clinical.level_of_care == rules.billed_level else Reason.OTHER_LEVEL
    if lacking:
        reason = Reason.NOT_ADMITTED_HERE
    return Verdict(Gate.LEVEL, reason, rests_on=rests_on)


def plan_gate(
    history: BillingHistory, admission: Admission | None, rules: RuleSet, on: date
) -> Verdict:
    """In force on the date, or the date is within the payer's plan-due days of admission.

    A later signature never reaches back (domain guide, section 12). What one on paper is worth
    before it was entered is the payer's rule.
    """
    episode_id = admission.episode_id if admission else ""
    of_episode = [plan for plan in history.plans if plan.episode_id == episode_id]
    signed = [plan for plan in of_episode if plan.in_force_from <= on]
    paper = rules.paper_plan
    known = [
        plan
        for plan in signed
        if paper == PaperPlan.FROM_SIGNATURE or plan.entered_on is None or plan.entered_on <= on
    ]
    if known:
        plan = max(known, key=lambda signed: (signed.in_force_from, signed.plan_id))
        return Verdict(Gate.PLAN, rests_on=frozenset({plan.fact}))
    if admission is None:
        return Verdict(Gate.PLAN, Reason.NO_PLAN_IN_FORCE)
    if on < admission.admitted_on + timedelta(days=rules.plan_due_days):
        return Verdict(Gate.PLAN, rests_on=frozenset({admission.fact}))
    if signed and paper == PaperPlan.HOLD:
        return Verdict(Gate.PLAN, Reason.PLAN_ON_PAPER, rests_on=facts_of(signed, [admission]))
    return Verdict(Gate.PLAN, Reason.NO_PLAN_IN_FORCE, rests_on=facts_of(of_episode, [admission]))


def diagnosis_gate(history: BillingHistory, on: date) -> Verdict:
    """A principal diagnosis must be in effect."""
    found = [d for d in history.diagnoses if d.effective_from <= on and d.rank == 1]
    principal = any(diagnosis.rank == 1 for diagnosis in diagnoses_on(history, on))
    return Verdict(
        Gate.DIAGNOSIS,
        None if principal else Reason.NO_DIAGNOSIS,
        rests_on=facts_of(found, history.diagnosis_ends),
    )


def consent_gate(
    history: BillingHistory, services: Sequence[AttendedService], payer_id: str, on: date
) -> Verdict:
    """A session of a program under 42 CFR Part 2 needs the client's consent to the payer, then.

    Sessions of other programs need none; where nobody knows which it was, it was under Part 2. A
    consent revoked after the date was in force on it: what may be disclosed now is issuing's
    question.
    """
    if services and not any(service.program.under_part2 for service in services):
        facts = frozenset[str]().union(*(service.facts for service in services))
        return Verdict(Gate.CONSENT, rests_on=facts)
    given = [
        consent
        for consent in history.consents
        if consent.payer_id == payer_id
        and consent.given_on <= on
        and (consent.expires_on is None or on <= consent.expires_on)
    ]
    revoked = {
        consent.consent_id: revocation.fact
        for revocation in history.revocations
        if revocation.revoked_on <= on
        for consent in given
        if _takes_back(history, revocation, consent)
    }
    in_force = frozenset(consent.fact for consent in given if consent.consent_id not in revoked)
    if in_force or not given:
        return Verdict(Gate.CONSENT, None if in_force else Reason.NO_CONSENT, rests_on=in_force)
    return Verdict(
        Gate.CONSENT,
        Reason.CONSENT_REVOKED,
        rests_on=facts_of(given) | {revoked[consent.consent_id] for consent in given},
    )


def _takes_back(history: BillingHistory, revocation: Revocation, consent: Consent) -> bool:
    """Of merged clients what the person revoked under one id, after it was given, is revoked under
    the others too."""
    return revocation.consent_id == consent.consent_id or any(
        other.consent_id == revocation.consent_id
        and other.client_id != consent.client_id
        and other.payer_id == consent.payer_id
        and revocation.revoked_on > consent.given_on
        for other in history.consents
    )


def restriction_gate(history: BillingHistory, payer_id: str, on: date) -> Verdict:
    """What the client paid in full and restricted never goes to the payer (45 CFR 164.522)."""
    found = frozenset(
        restriction.fact
        for restriction in history.restrictions
        if restriction.payer_id == payer_id and restriction.start <= on <= restriction.end
    )
    reason = Reason.RESTRICTED_BY_CLIENT if found else None
    return Verdict(Gate.RESTRICTION, reason, rests_on=found)


def note_gate(
    history: BillingHistory, services: Iterable[AttendedService], rules: RuleSet
) -> Verdict:
    """Every attended session needs a signed note; what a late one is worth is the payer's rule."""
    found = [_note_verdict(history, service, rules) for service in services]
    rests_on = frozenset[str]().union(*(verdict.rests_on for verdict in found))
    closed = [verdict for verdict in found if not verdict.open]
    denied = [verdict for verdict in closed if verdict.final]
    said = (denied or closed or [Verdict(Gate.NOTE)])[0]
    return Verdict(Gate.NOTE, said.reason, rests_on=rests_on)


def week_gate(
    history: BillingHistory,
    holding: Sequence[Attendance],
    rules: RuleSet,
    on: date,
    *,
    of_the_week: bool,
) -> Verdict:
    """Every session scheduled in the week was attended, missed or cancelled; and it is long enough.

    `holding`: of each session the latest word. `of_the_week`: whether what is billed asks for the
    week's minimum at all; a single service that a short day falls back to doesn't.
    """
    minimum = rules.weekly_minimum_minutes if of_the_week else 0
    if not rules.complete_weeks_only and not minimum:
        return Verdict(Gate.WEEK)
    start, end = week_of(on, rules.week_start)
    scheduled = [session for session in history.sessions if start <= session.service_date <= end]
    recorded = [attendance for attendance in holding if start <= attendance.service_date <= end]
    ids = {session.session_id for session in scheduled}
    cancelled = [
        cancellation for cancellation in history.cancelled if cancellation.session_id in ids
    ]
    rests_on = facts_of(scheduled, recorded, cancelled)
    closed = {attendance.session_id for attendance in holding} | {
        cancellation.session_id for cancellation in cancelled
    }
    if not ids <= closed:
        return Verdict(Gate.WEEK, Reason.WEEK_INCOMPLETE, rests_on=rests_on)
    services = countable(services_of(history, recorded), rules)
    services = at_billed_level(history, services, rules, on)
    if minutes_of(service for service in services if not service.attendance.overlap) >= minimum:
        return Verdict(Gate.WEEK, rests_on=rests_on)
    if any(service.in_doubt for service in services):
        # The minutes aren't known yet.
        return Verdict(Gate.WEEK, Reason.WEEK_INCOMPLETE, rests_on=rests_on)
    return Verdict(
        Gate.WEEK,
        Reason.WEEK_SHORT_OF_MINUTES,
        rests_on=rests_on,
        for_good=rules.week_consequence == WeekConsequence.NOT_BILLABLE,
    )


def _note_verdict(history: BillingHistory, service: AttendedService, rules: RuleSet) -> Verdict:
    session_id = service.attendance.session_id
    attested = facts_of(
        attestation for attestation in history.attested if attestation.session_id == session_id
    )
    if attested and rules.late_signature == LateSignature.ATTEST:
        return Verdict(Gate.NOTE, rests_on=attested)
    notes = [note for note in history.notes if note.session_id == session_id]
    if not notes:
        return Verdict(Gate.NOTE, Reason.NOTE_UNSIGNED, rests_on=service.facts)
    note = min(notes, key=lambda note: (note.signed_at, note.fact))
    rests_on = frozenset({note.fact})
    if rules.sign_within_hours and service.session:
        rests_on |= {service.session.fact}  # it says when the session ended
    if not _late(note, service, rules) or rules.late_signature == LateSignature.ACCEPT:
        return Verdict(Gate.NOTE, rests_on=rests_on)
    denied = rules.late_signature == LateSignature.DENY
    return Verdict(
        Gate.NOTE,
        Reason.NOTE_LATE_DENIED if denied else Reason.NOTE_LATE,
        rests_on=rests_on,
    )


def sign_by(service: AttendedService, rules: RuleSet) -> datetime | None:
    """Until when the service's note is signed in time; None: it is never late."""
    end = service.session.ends_at if service.session else None
    if end is None or not rules.sign_within_hours:
        return None
    return end + timedelta(hours=rules.sign_within_hours)


def _late(note: Note, service: AttendedService, rules: RuleSet) -> bool:
    by = sign_by(service, rules)
    return by is not None and note.signed_at > by


def enrollment_on(
    history: BillingHistory, rules: RuleSet, site_id: str, on: date
) -> Enrollment | None:
    """Who bills this payer for this site on that date: who is enrolled with it.

    A payer that asks for no enrollment is billed by whoever is, or else by who bills another
    payer for the site: that says whose site it is.
    """
    enrolled = [
        enrollment
        for enrollment in history.enrollments
        if enrollment.site_id == site_id
        and _in_effect(enrollment, on)
        and (enrollment.payer_id == rules.payer_id or not rules.enrollment_required)
    ]
    return max(
        enrolled,
        key=lambda enrollment: (
            enrollment.payer_id == rules.payer_id,
            enrollment.effective_from,
            enrollment.provider_id,
            enrollment.fact,
        ),
        default=None,
    )


def enrollment_gate(*enrollments: Enrollment | None) -> Verdict:
    """Somebody must be enrolled for each site."""
    rests_on = frozenset(enrollment.fact for enrollment in enrollments if enrollment)
    return Verdict(
        Gate.ENROLLMENT,
        None if all(enrollments) else Reason.NOT_ENROLLED,
        rests_on=rests_on,
    )


def fee_on(history: BillingHistory, provider_id: str, code: str, on: date) -> Fee | None:
    """What the provider charges for one unit of the code on that date."""
    fees = [
        fee
        for fee in history.fees
        if (fee.provider_id, fee.code) == (provider_id, code) and _in_effect(fee, on)
    ]
    return max(fees, key=lambda fee: (fee.effective_from, fee.sequence), default=None)


def _in_effect(said: Enrollment | Fee, on: date) -> bool:
    return said.effective_from <= on and (said.effective_to is None or on <= said.effective_to)


def _level_of(
    history: BillingHistory, service: AttendedService, on: date
) -> Admission | Level | None:
    """What says the level, on that day, of the episode that the service is of."""
    admission = admission_on(history, service.attendance.service_date, [service.program])
    return level_on(history, admission, on)
