"""Why a day or a claim doesn't leave: every gate and every reason, in one catalogue.

A gate is one question; a reason why it is closed is one object: its code, which is stored and on
the wire, its words, whether it lasts, and what opens it. Who may give the command that does is that
command's policy.
"""

from dataclasses import dataclass
from enum import Enum, StrEnum

ATTENDANCE = "ninehours.attendance.v1.AttendanceService"
INTAKE = "ninehours.intake.v1.IntakeService"
PLANS = "ninehours.plans.v1.PlansService"
BILLING = "ninehours.billing.v1.BillingService"


class Gate(StrEnum):
    """One question that a day or a claim must pass.

    `asks`: what it asks, in words. `fields`: of a rule set, those that it asks; none where it asks
    no payer, but the form or the law, or more than one field by how a day is billed
    (why/explain.py).
    """

    asks: str
    fields: tuple[str, ...]

    def __new__(cls, name: str, asks: str, *fields: str) -> "Gate":
        gate = str.__new__(cls, name)
        gate._value_, gate.asks, gate.fields = name, asks, fields
        return gate

    ATTENDANCE = "ATTENDANCE", "was the client there, with every minute known"
    COVERAGE = "COVERAGE", "was a coverage verified for the date"
    RESTRICTION = "RESTRICTION", "did the client keep the date from the payer"
    RULES = "RULES", "were rules of the payer in effect", "version", "effective_from"
    MINUTES = "MINUTES", "were enough minutes attended"
    SERVICES = "SERVICES", "were they services the payer pays for, enough of them, at one site"
    LEVEL = "LEVEL", "was the clinical level the one the payer pays for", "billed_level"
    PLAN = "PLAN", "was a treatment plan in force, or not due yet", "plan_due_days"
    DIAGNOSIS = "DIAGNOSIS", "was a principal diagnosis in effect"
    CONSENT = "CONSENT", "had the client consented, where the program needs it"
    NOTE = (
        "NOTE",
        "is every attended session's note signed, and in time",
        "late_signature",
        "sign_within_hours",
    )
    WEEK = (
        "WEEK",
        "is the week complete and long enough, where the payer looks at weeks",
        "complete_weeks_only",
        "weekly_minimum_minutes",
        "week_start",
        "week_consequence",
    )
    ENROLLMENT = "ENROLLMENT", "was a provider enrolled for the site", "enrollment_required"
    FEE = "FEE", "does the provider have a charge for every code"
    AUTHORIZATION = (
        "AUTHORIZATION",
        "do units of an authorization pay for it",
        "authorization_required",
        "authorization_unit",
        "billed_level",
    )
    CLAIM = "CLAIM", "has the payer answered what was claimed of the date before"


OF_ATTENDANCE = (Gate.ATTENDANCE, Gate.MINUTES, Gate.SERVICES)
"""Gates that ask how much was attended."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """What opens a gate, with `{on}` for the service date, and the command that does it.

    `rpc` empty: nobody can any more. `alternative`: any one of those that say so is enough.
    """

    says: str
    rpc: str = ""
    alternative: bool = False


class LookFor(Enum):
    """What opens a gate, where the client's history says of which session (days/release.py).

    `remedy`: as far as it is known without that history.
    """

    SESSIONS_OF_THE_DATE = (
        "closes its sessions, or says which minutes of them are right",
        f"{ATTENDANCE}/CloseSession",
    )
    MINUTES_OF_THE_DATE = (
        "says which minutes the client was there",
        f"{ATTENDANCE}/CorrectAttendance",
    )
    NOTES_OF_THE_DATE = "signs the notes of the date", f"{ATTENDANCE}/SignNote"
    SESSIONS_OF_THE_WEEK = "closes the week's sessions", f"{ATTENDANCE}/CloseSession"

    @property
    def remedy(self) -> Remedy:
        return Remedy(*self.value)


class Lasting(Enum):
    """Whether a closed gate stays closed, unless its verdict says otherwise."""

    FOR_GOOD = "nothing that is asked of this gate opens it again"


FOR_GOOD = Lasting.FOR_GOOD
SESSIONS, MINUTES = LookFor.SESSIONS_OF_THE_DATE, LookFor.MINUTES_OF_THE_DATE
NOTES, WEEK = LookFor.NOTES_OF_THE_DATE, LookFor.SESSIONS_OF_THE_WEEK
_CORRECT = f"{ATTENDANCE}/CorrectAttendance"
_AUTHORIZING = (
    Remedy(
        "records an authorization that covers {on}, with units left",
        f"{BILLING}/RecordAuthorization",
        alternative=True,
    ),
    Remedy(
        "bills the date without authorization, with a reason",
        f"{BILLING}/BillWithoutAuthorization",
        alternative=True,
    ),
)


class Reason(StrEnum):
    """Why a gate is closed.

    `final`: as a rule it stays so. `says`: in words. `opened_by`: what would open it; nothing,
    where that is no command's to do.
    """

    final: bool
    says: str
    opened_by: tuple[Remedy | LookFor, ...]

    def __new__(cls, code: str, says: str, *rest: Remedy | LookFor | Lasting) -> "Reason":
        reason = str.__new__(cls, code)
        reason._value_, reason.says, reason.final = code, says, FOR_GOOD in rest
        reason.opened_by = tuple(part for part in rest if not isinstance(part, Lasting))
        return reason

    # ATTENDANCE, MINUTES, SERVICES
    MISSED = ("MISSED", "every session of the day was missed", FOR_GOOD, SESSIONS)
    NOT_HELD = ("NOT_HELD", "the program did not hold the day's sessions", FOR_GOOD, SESSIONS)
    ONLY_ANCILLARY = (
        "ONLY_ANCILLARY",
        "only services outside the per diem were attended",
        FOR_GOOD,
        SESSIONS,
    )
    NO_CHECK_OUT = (
        "NO_CHECK_OUT",
        "a check-out is missing; an assumed one counts no minutes",
        MINUTES,
    )
    OVERLAP = (
        "OVERLAP",
        "the client was at two sessions at once; nobody said yet which minutes were where",
        MINUTES,
    )
    SESSION_NOT_CLOSED = ("SESSION_NOT_CLOSED", "a session of the date is not closed", SESSIONS)
    SHORT_OF_MINUTES = (
        "SHORT_OF_MINUTES",
        "fewer minutes were attended than the payer asks for",
        FOR_GOOD,
        SESSIONS,
    )
    SHORT_OF_SERVICES = (
        "SHORT_OF_SERVICES",
        "fewer services were attended than the payer asks for",
        FOR_GOOD,
        SESSIONS,
    )
    SERVICE_UNKNOWN = (
        "SERVICE_UNKNOWN",
        "nobody scheduled the client: nothing says which service it was",
        Remedy("corrects the attendance, if it was another session", _CORRECT),
    )
    NO_LISTED_SERVICE = (
        "NO_LISTED_SERVICE",
        "the payer lists none of the attended services",
        FOR_GOOD,
        SESSIONS,
    )

    # COVERAGE, RESTRICTION, RULES
    NO_COVERAGE = (
        "NO_COVERAGE",
        "no coverage was verified for the date",
        Remedy("verifies a coverage in force on {on}", f"{INTAKE}/VerifyCoverage"),
    )
    RESTRICTED_BY_CLIENT = (
        "RESTRICTED_BY_CLIENT",
        "the client paid in full and keeps it from this payer",
        FOR_GOOD,
    )
    NO_RULES_IN_EFFECT = (
        "NO_RULES_IN_EFFECT",
        "no confirmed rules of the payer were in effect",
        Remedy(
            "confirms rules of the payer that are in effect on {on}", f"{BILLING}/ConfirmRuleSet"
        ),
    )

    # LEVEL, PLAN, DIAGNOSIS
    NOT_ADMITTED = (
        "NOT_ADMITTED",
        "no admission by that date was heard of",
        Remedy("admits the client by {on}", f"{INTAKE}/AdmitClient"),
    )
    NOT_ADMITTED_HERE = (
        "NOT_ADMITTED_HERE",
        "the client wasn't admitted at a site that was attended",
        Remedy(
            "admits the client, by {on}, at the site that was attended", f"{INTAKE}/AdmitClient"
        ),
    )
    ADMISSION_TAKEN_BACK = (
        "ADMISSION_TAKEN_BACK",
        "the admission that was recorded for the date was taken back, or says another one now",
        FOR_GOOD,
    )
    DISCHARGED = (
        "DISCHARGED",
        "the episode was over by that date",
        Remedy(
            "admits the client again by {on}, if that was another episode's",
            f"{INTAKE}/AdmitClient",
        ),
    )
    OTHER_LEVEL = (
        "OTHER_LEVEL",
        "the clinical level was another than the one the payer pays for",
        Remedy(
            "changes the level of care from {on} or before, if it was recorded wrongly",
            f"{PLANS}/ChangeLevelOfCare",
        ),
    )
    NO_PLAN_IN_FORCE = (
        "NO_PLAN_IN_FORCE",
        "no plan was in force, and one was due",
        Remedy("a plan signed later doesn't reach back to {on}: it has to be written off"),
    )
    PLAN_ON_PAPER = (
        "PLAN_ON_PAPER",
        "the plan was signed on paper by then, and entered later: the rules do not say its worth",
        Remedy(
            "proposes rules that say what a plan on paper is worth (paper_plan), and another"
            " person confirms them",
            f"{BILLING}/ProposeRuleSet",
        ),
    )
    NO_DIAGNOSIS = (
        "NO_DIAGNOSIS",
        "no principal diagnosis was in effect",
        Remedy("records a principal diagnosis in effect by {on}", f"{INTAKE}/RecordDiagnosis"),
    )

    # CONSENT, NOTE, WEEK
    NO_CONSENT = (
        "NO_CONSENT",
        "no consent to this payer was in force",
        Remedy("records a consent to this payer given by {on}", f"{INTAKE}/GiveConsent"),
    )
    CONSENT_REVOKED = (
        "CONSENT_REVOKED",
        "the consent to this payer had been revoked",
        Remedy("records another consent to this payer given by {on}", f"{INTAKE}/GiveConsent"),
    )
    NOTE_UNSIGNED = ("NOTE_UNSIGNED", "a session's note is not signed", NOTES)
    NOTE_LATE = ("NOTE_LATE", "a session's note was signed late", NOTES)
    NOTE_LATE_DENIED = (
        "NOTE_LATE_DENIED",
        "a session's note was signed too late for this payer",
        FOR_GOOD,
    )
    WEEK_INCOMPLETE = (
        "WEEK_INCOMPLETE",
        "the week has a session that is not closed, or minutes nobody knows yet",
        WEEK,
    )
    WEEK_SHORT_OF_MINUTES = (
        "WEEK_SHORT_OF_MINUTES",
        "the week has fewer minutes than the payer asks for",
        Remedy("corrects an attendance of the week, if minutes are missing", _CORRECT),
    )

    # ENROLLMENT, FEE
    NOT_ENROLLED = (
        "NOT_ENROLLED",
        "no provider was enrolled with the payer for the site",
        Remedy(
            "enrolls a provider with the payer for the site, from {on} or before",
            f"{BILLING}/EnrollProvider",
        ),
    )
    NO_FEE = (
        "NO_FEE",
        "the provider has no charge for a code",
        Remedy("sets the provider's charge, from {on} or before", f"{BILLING}/SetFee"),
    )

    # AUTHORIZATION: from the farthest to the nearest miss
    NO_AUTHORIZATION = (
        "NO_AUTHORIZATION",
        "no authorization of the payer covers the date",
        *_AUTHORIZING,
    )
    OTHER_LEVEL_AUTHORIZED = (
        "OTHER_LEVEL_AUTHORIZED",
        "what is authorized is another level",
        *_AUTHORIZING,
    )
    OTHER_UNIT_AUTHORIZED = (
        "OTHER_UNIT_AUTHORIZED",
        "what is authorized is counted in another unit",
        *_AUTHORIZING,
    )
    OTHER_SITE_AUTHORIZED = (
        "OTHER_SITE_AUTHORIZED",
        "what is authorized is another site",
        *_AUTHORIZING,
    )
    AUTHORIZATION_USED_UP = (
        "AUTHORIZATION_USED_UP",
        "the units of every fitting authorization are taken",
        *_AUTHORIZING,
    )

    # CLAIM
    VOID_NOT_ANSWERED = (
        "VOID_NOT_ANSWERED",
        "the payer has not answered the void of a claim of the date",
    )


class StaysBecause(StrEnum):
    """Why a claim stays in the house when others are issued (claims/disclosure.py).

    Others are intake's, which gave no permit, or the scrub's (`INVALID_…`).
    docs/billing-teams.md says what becomes of each.
    """

    RESTORED_NOT_RECONCILED = "RESTORED_NOT_RECONCILED"
    NOT_SETTLED = "NOT_SETTLED"
    NOT_CHECKED = "NOT_CHECKED"
    COVERAGE_CHANGED = "COVERAGE_CHANGED"
    NO_PERMIT = "NO_PERMIT"
    NO_CONSENT = "NO_CONSENT"
    REVOKED_AFTER_SERVICE = "REVOKED_AFTER_SERVICE"
    FORM_NOT_WRITTEN = "FORM_NOT_WRITTEN"
    NO_LINES_LEFT = "NO_LINES_LEFT"
    PRACTITIONER_UNKNOWN = "PRACTITIONER_UNKNOWN"
    SITE_UNKNOWN = "SITE_UNKNOWN"
    FILING_LIMIT_PASSED = "FILING_LIMIT_PASSED"
    PRIOR_NOT_ADJUDICATED = "PRIOR_NOT_ADJUDICATED"
    VOID_NOT_ANSWERED = "VOID_NOT_ANSWERED"
    NOT_RECOGNISED = "NOT_RECOGNISED"
    DUPLICATE_MEMBER = "DUPLICATE_MEMBER"


REASONS = {str(reason): reason for reason in Reason}
"""By the code that is stored."""
