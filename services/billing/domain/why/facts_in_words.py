"""What each fact says in a question about a day: a line beside its id, without any name."""

from collections.abc import Callable
from datetime import UTC, date
from typing import Any

from services.billing.domain.history import history as k

Saying = Callable[[Any], str]


def sayings(history: k.BillingHistory) -> dict[str, str]:
    """Fact → what it says, of every fact known of the client and of what they refer to."""
    return {
        item.fact: say(item) for field, say in SAYINGS.items() for item in getattr(history, field)
    }


def _admission(fact: k.Admission) -> str:
    moved = f", transferred {fact.first}" if fact.first else ""
    return f"admitted {fact.admitted_on} at level {fact.level_of_care}{moved}"


def _coverage(fact: k.Coverage) -> str:
    return f"coverage {_between(fact.verified_from, fact.verified_to)} verified, {_rank(fact)}"


def _rank(fact: k.Coverage) -> str:
    return "primary" if fact.order == 1 else f"number {fact.order}"


def _consent(fact: k.Consent) -> str:
    expires = f", expires {fact.expires_on}" if fact.expires_on else ""
    return f"consent given {fact.given_on}{expires}"


def _session(fact: k.Session) -> str:
    how = fact.modality.replace("_", " ").lower() or "in person"
    ends = fact.ends_at.astimezone(UTC)
    under = "under" if fact.program.under_part2 else "not under"
    return (
        f"{fact.service_kind} session {fact.session_id}, {how}, to end {ends:%Y-%m-%d %H:%MZ},"
        f" program {under} 42 CFR Part 2"
    )


def _attendance(fact: k.Attendance) -> str:
    said = f"{fact.minutes} minutes attended" if fact.attended else "missed"
    if fact.no_check_out:
        said = "attended, nobody checked out"
    if fact.overlap:
        said += ", at two sessions at once"
    corrected = f" (correction {fact.correction})" if fact.correction else ""
    return f"{said} in session {fact.session_id}{corrected}"


def _authorization(fact: k.Authorization) -> str:
    when = _between(fact.effective_from, fact.effective_to)
    return f"{fact.units} {fact.unit} of level {fact.level_of_care} authorized {when}"


def _issued(fact: k.IssuedClaim) -> str:
    corrects = f", corrects {fact.corrects_claim_id}" if fact.corrects_claim_id else ""
    return f"claim {fact.claim_id} issued (frequency {fact.frequency}){corrects}"


def _settled(fact: k.SettledRevocation) -> str:
    if fact.revoked_on is None:
        return "a settlement of no revocation in particular, which settles nothing"
    return f"dates before {fact.revoked_on} are {'' if fact.disclose else 'not '}disclosed"


def _between(start: date, end: date | None) -> str:
    return f"{start} to {end}" if end else f"from {start}"


def _plan(plan: k.Plan) -> str:
    on_paper = f", on paper, entered {plan.entered_on}" if plan.entered_on else ""
    return f"plan {plan.plan_id} in force from {plan.in_force_from}{on_paper}"


SAYINGS: dict[str, Saying] = {
    "admissions_put_right": lambda f: f"{_admission(f)}, as was said first",
    "admissions": _admission,
    "transfers": lambda f: f"transferred {f.transferred_on} to site {f.site_id}",
    "discharges": lambda f: f"discharged {f.discharged_on}",
    "identities": lambda f: f"who the client is was put right: version {f.version} of it",
    "memberships": lambda f: f"numbers of a coverage put right: version {f.version} of them",
    "diagnoses": lambda f: f"diagnosis {f.code}, rank {f.rank}, in effect {f.effective_from}",
    "diagnosis_ends": lambda f: f"diagnosis {f.code} ended, its last day {f.last_day}",
    "coverages": _coverage,
    "coverage_ends": lambda f: f"coverage ended, its last day {f.last_day}",
    "consents": _consent,
    "revocations": lambda f: f"consent revoked {f.revoked_on}",
    "settled_revocations": _settled,
    "restrictions": lambda f: f"dates {_between(f.start, f.end)} paid in full and restricted",
    "plans": _plan,
    "sessions": _session,
    "attendances": _attendance,
    "cancelled": lambda f: f"session {f.session_id} cancelled",
    "notes": lambda f: (
        f"note of session {f.session_id} signed {f.signed_at.astimezone(UTC):%Y-%m-%d %H:%MZ}"
    ),
    "attested": lambda f: f"note of session {f.session_id} attested",
    "levels": lambda f: f"level {f.level_of_care} from {f.effective_from}",
    "authorizations": _authorization,
    "providers": lambda f: f"provider {f.provider_id} bills under NPI {f.npi}",
    "practitioners": lambda f: f"clinician {f.staff_id} is named by NPI {f.npi}",
    "enrollments": lambda f: f"provider {f.provider_id} enrolled from {f.effective_from}",
    "fees": lambda f: f"{f.code} is ${f.charge_minor / 100:,.2f} from {f.effective_from}",
    "confirmed": lambda f: (
        f"rules {f.rules.name} confirmed, in effect from {f.rules.effective_from}"
    ),
    "issued": _issued,
    "adjudications": lambda f: f"claim {f.claim_id}: {f.status} {f.adjudicated_on}",
    "waivers": lambda f: f"{f.service_date} is billed without authorization",
}
"""Field of `Known` → how one of its facts reads."""
