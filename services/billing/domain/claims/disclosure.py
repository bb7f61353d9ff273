"""The gates of disclosure: why a claim can't leave the house today (design, section 3).

They are asked when a claim is issued, under the client's lock, and by its date.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from services.billing.domain.claims.issue import Basis, Candidate, ClaimIssued
from services.billing.domain.claims.members import Members
from services.billing.domain.payers.rules import ClaimForm
from services.billing.domain.reasons import StaysBecause
from services.billing.domain.x12.t837.claim import ClaimFrequency


@dataclass(frozen=True, slots=True, kw_only=True)
class Identified:
    """Of whom intake gave the identity: its version, under which consent, with which coverages.

    `memberships`: by coverage, the version of its numbers.

    `permit_id` is of this asking alone; it knew the client's log at intake up to `permit_sequence`,
    whose fact is `permit_fact_id` (empty: of a release before).
    `programs`: about whose lines the client may be named to the payer.
    """

    version: int
    consent_id: str
    coverages: Collection[str]
    permit_id: str
    permit_sequence: int
    programs: Collection[str]
    permit_fact_id: str = ""
    memberships: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What the gates look at beside the claim; by client, unless said otherwise.

    `reconciled`: the database was never restored, or a named person said what had left before.
    `unchecked`: ids of facts that no owner was asked about, or that their owner doesn't confirm.
    `unsettled`: something of them is parked, behind or due; `unheard`: intake knew more of another
    client who is the same person. `heard`: up to where intake's log was;
    `heard_at_permit`: the fact that was heard as the last one its permit knew, where it is kept.
    `withheld`: intake's reasons. `revoked`: the day of the last revocation of a consent to this
    payer; `ended`: by consent, its first day without it. `settled`: the day of the revocation that
    a named person settled so that dates before it may be disclosed.
    `unanswered`: first days of periods of claims that stand and were not adjudicated.
    `practitioners`: staff ids. `sites`: ids of those heard of. `forms`: those that can be written.
    `members`: whose dates stand on whose claims. `on`: the date in UTC; `today`: what it is at the
    sites heard of.
    """

    on: date
    reconciled: bool
    today: Mapping[str, date] = field(default_factory=dict)
    unchecked: Collection[str] = frozenset()
    unsettled: Collection[str] = ()
    unheard: Collection[str] = ()
    heard: Mapping[str, int] = field(default_factory=dict)
    heard_at_permit: Mapping[str, str] = field(default_factory=dict)
    withheld: Mapping[str, str] = field(default_factory=dict)
    identified: Mapping[str, Identified] = field(default_factory=dict)
    revoked: Mapping[str, date] = field(default_factory=dict)
    ended: Mapping[str, date] = field(default_factory=dict)
    settled: Mapping[str, date] = field(default_factory=dict)
    unanswered: Mapping[str, Sequence[date]] = field(default_factory=dict)
    practitioners: Collection[str] = ()
    sites: Collection[str] = ()
    forms: Collection[ClaimForm] = ()
    members: Members = field(default_factory=Members)


def gate(candidate: Candidate, others: Sequence[Candidate], now: Circumstances) -> str:
    """Why this claim can't leave the house today; empty when it can.

    `others` are what the same command would issue: with a payer who wants one bill answered
    before the next, an earlier one among them comes first, whether it passes or not.
    """
    if not now.reconciled:
        return StaysBecause.RESTORED_NOT_RECONCILED
    return next(_closed(candidate, others, now), "")


def identified(claim: ClaimIssued, batch_id: str, now: Circumstances) -> ClaimIssued:
    """The claim with the identity it discloses, and why it may; a void is of its claim's number."""
    person = now.identified[claim.client_id]
    membership_version = person.memberships.get(claim.coverage_id, 0)
    if claim.frequency == ClaimFrequency.VOID:
        membership_version = claim.membership_version
    return replace(
        claim,
        batch_id=batch_id,
        identity_version=person.version,
        membership_version=membership_version,
        consent_id=person.consent_id,
        basis=_basis(claim, now),
        permit_id=person.permit_id,
        permit_sequence=person.permit_sequence,
        permit_fact_id=person.permit_fact_id,
    )


def basis_of(claim: ClaimIssued) -> Basis:
    """On what the client was named; facts of before don't say, and named no other."""
    return claim.basis or (Basis.CONSENT if claim.consent_id else Basis.NO_CONSENT_NEEDED)


def _closed(candidate: Candidate, others: Sequence[Candidate], now: Circumstances) -> Iterator[str]:
    claim = candidate.claim
    if claim.client_id in {*now.unsettled, *now.unheard} or not _is_heard(claim, now):
        yield StaysBecause.NOT_SETTLED
    if not candidate.rests_on.isdisjoint(now.unchecked):
        yield StaysBecause.NOT_CHECKED
    if reason := _withheld(claim, now):
        yield reason
    if claim.claim_form not in now.forms:
        yield StaysBecause.FORM_NOT_WRITTEN
    if not claim.lines:
        yield StaysBecause.NO_LINES_LEFT
    is_registered = claim.rendering_staff_id in now.practitioners
    if not is_registered and (candidate.names_practitioner or claim.rendering_staff_id):
        yield StaysBecause.PRACTITIONER_UNKNOWN
    if claim.site_id not in now.sites:
        yield StaysBecause.SITE_UNKNOWN
    limit = candidate.filing_limit_days
    dates = [line.service_date for line in claim.lines] or [claim.period_end]
    today = now.today.get(claim.site_id, now.on)
    if limit is not None and filed_from(dates, claim.claim_form) + timedelta(days=limit) < today:
        yield StaysBecause.FILING_LIMIT_PASSED
    if candidate.sequential and _prior(claim, others, now):
        yield StaysBecause.PRIOR_NOT_ADJUDICATED
    if candidate.awaits_voids:
        yield StaysBecause.VOID_NOT_ANSWERED
    if claim.frequency != ClaimFrequency.VOID and not now.members.key_of(claim):
        yield StaysBecause.NOT_RECOGNISED
    if now.members.doubled(claim):
        yield StaysBecause.DUPLICATE_MEMBER


def filed_from(dates: Sequence[date], claim_form: ClaimForm) -> date:
    """Of a claim's dates, the one whose filing limit counts.

    An institutional claim's last one, a professional claim's first (domain guide 5.11; Medicare
    Claims Processing Manual, chapter 1, 70.4).
    """
    return max(dates) if claim_form == ClaimForm.INSTITUTIONAL else min(dates)


def _is_heard(claim: ClaimIssued, now: Circumstances) -> bool:
    """Whether all was heard that intake knew when it permitted.

    With nothing due, the claim then says what follows from all that: no date restricted, no
    coverage ended since. What was heard beyond it is later than the permit, and acted on too.
    A number alone may be of another history, that of an intake before it was restored.
    """
    person = now.identified.get(claim.client_id)
    if person is None:
        return True
    is_same = person.permit_fact_id in ("", now.heard_at_permit.get(claim.client_id))
    return is_same and person.permit_sequence <= now.heard.get(claim.client_id, 0)


def _withheld(claim: ClaimIssued, now: Circumstances) -> str:
    """Whether the client may be named to this payer, about these dates."""
    person = now.identified.get(claim.client_id)
    if person is None:
        reason = now.withheld.get(claim.client_id, StaysBecause.COVERAGE_CHANGED)
        return _unconsented(claim, now) if reason == StaysBecause.NO_CONSENT else reason
    if not person.permit_id:
        return StaysBecause.NO_PERMIT
    # The consent named may have been revoked after it was permitted, and heard of before it leaves.
    if person.consent_id in now.ended and now.ended[person.consent_id] <= now.on:
        return _unconsented(claim, now)
    if claim.under_part2 and not person.consent_id and not _is_settled(claim, now):
        return _unconsented(claim, now)
    if not set(claim.programs) <= set(person.programs):
        return _unconsented(claim, now)
    return "" if claim.coverage_id in person.coverages else StaysBecause.COVERAGE_CHANGED


def _basis(claim: ClaimIssued, now: Circumstances) -> Basis:
    if now.identified[claim.client_id].consent_id:
        return Basis.CONSENT
    return Basis.REVOCATION_SETTLED if claim.under_part2 else Basis.NO_CONSENT_NEEDED


def _is_settled(claim: ClaimIssued, now: Circumstances) -> bool:
    """Whether a named person let these dates go, and none is from after a revocation.

    Asked again here, under the client's lock: the word may have changed since intake was asked,
    and a consent may have been revoked from an earlier day.
    """
    settled, revoked_on = now.settled.get(claim.client_id), now.revoked.get(claim.client_id)
    if settled is None or revoked_on is None:
        return False
    return _is_before(min(settled, revoked_on), claim)


def _unconsented(claim: ClaimIssued, now: Circumstances) -> str:
    """Whether a consent was revoked since, which a named person may settle."""
    revoked_on = now.revoked.get(claim.client_id)
    before = revoked_on is not None and _is_before(revoked_on, claim)
    return StaysBecause.REVOKED_AFTER_SERVICE if before else StaysBecause.NO_CONSENT


def _is_before(revoked_on: date, claim: ClaimIssued) -> bool:
    """Whether all that the claim tells happened before that day."""
    return all(line.service_date < revoked_on for line in claim.lines)


def _prior(claim: ClaimIssued, others: Sequence[Candidate], now: Circumstances) -> bool:
    """Whether an earlier claim of the client awaits the payer's word, or wasn't issued yet."""
    starts = [
        *now.unanswered.get(claim.client_id, ()),
        *(other.claim.period_start for other in others if other.claim.client_id == claim.client_id),
    ]
    return any(start < claim.period_start for start in starts)
