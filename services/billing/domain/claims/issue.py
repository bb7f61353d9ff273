"""Issuing: the facts of what left the house, and the claims that drafts and proposals become.

Sources: design, section 3 ("Claims"); domain guide 5.9 and 5.10.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Literal

from kernel.decider import filled
from services.billing.domain.claims.rows import DraftRow, ProposalRow
from services.billing.domain.history.history import ClaimLine
from services.billing.domain.payers.rules import ClaimForm, CorrectionAction
from services.billing.domain.x12.t837.claim import ClaimFrequency
from services.billing.domain.x12.t837.scrub import ScrubFinding

FORMS = (ClaimForm.PROFESSIONAL, ClaimForm.INSTITUTIONAL)
"""In the order in which a command's files are numbered."""
# 42 CFR 2.32(a)(2): "42 CFR part 2 prohibits unauthorized use or disclosure of these records."
PART2_NOTICE = "42_CFR_2_32_SHORT_FORM"
CUT_BY = (
    *("client_id", "payer_id", "provider_id", "site_id", "coverage_id", "authorization_id"),
    *("period_start", "period_end", "claim_form"),
)
_LINE = re.compile(r"lines\[(\d+)\]")


class Basis(StrEnum):
    """On what a client is named to a payer."""

    CONSENT = "CONSENT"
    NO_CONSENT_NEEDED = "NO_CONSENT_NEEDED"
    REVOCATION_SETTLED = "REVOCATION_SETTLED"
    LEFT_BEFORE_RESTORE = "LEFT_BEFORE_RESTORE"


class WaitOverride(StrEnum):
    """Why a claim is corrected though dates that fell from it may come back."""

    NEVER_COMES = "NEVER_COMES"
    PAYER_ASKED = "PAYER_ASKED"
    NETWORK_DECISION = "NETWORK_DECISION"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """What can't be issued, and the reason's code.

    `claim_id`: the draft's, or of the claim that was to be corrected. `field`: what of it the scrub
    found fault with; empty: nothing of its own. `service_date`: the line's, else the claim's first.
    `other_claim_id`: on which the date stands for the same member, where who issued may know it.
    Facts of before name the client alone.
    """

    client_id: str
    reason: str
    claim_id: str = ""
    field: str = ""
    service_date: date | None = None
    other_claim_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimIssued:
    """What left the house: one claim. `number` is CLM01, ours.

    `payer_control_number` is the payer's, of the claim this one corrects. `rendering_staff_id`
    is an institutional claim's attending. `basis` is empty in facts of before. `patient_status` is
    an institutional claim's; those of before said 30 without keeping it. `permit_id`: intake's
    permit, which knew the client's published log there up to `permit_sequence`, whose fact is
    `permit_fact_id`; none in facts of before. `programs`: those whose sessions it is about; an
    empty id, and none in facts of before: nobody knows which. `identity_version` and
    `membership_version`: of the sealed words and numbers that it named the client by.
    `provider_npi`, `rendering_npi`, and `renumbered` of its authorization, are the file's; facts of
    before name all as they were said first.
    """

    claim_id: str
    number: str
    batch_id: str
    client_id: str
    payer_id: str
    provider_id: str
    site_id: str
    coverage_id: str
    authorization_id: str
    period_start: date
    period_end: date
    lines: tuple[ClaimLine, ...]
    diagnoses: tuple[str, ...]
    claim_form: ClaimForm
    frequency: ClaimFrequency
    identity_version: int
    consent_id: str
    under_part2: bool
    corrects_claim_id: str = ""
    payer_control_number: str = ""
    authorized_units: int = 0
    rendering_staff_id: str = ""
    type_of_bill: str = ""
    condition_code: str = ""
    basis: Basis | Literal[""] = ""
    patient_status: str = ""
    permit_id: str = ""
    permit_sequence: int = 0
    permit_fact_id: str = ""
    programs: tuple[str, ...] = ()
    without_waiting: WaitOverride | Literal[""] = ""
    membership_version: int = 0
    provider_npi: str = ""
    renumbered: int = 0
    rendering_npi: str = ""

    @property
    def charge_minor(self) -> int:
        return sum(line.charge_minor for line in self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchIssued:
    """One file to one payer, none when nothing was issued. `control_number`: the interchange's.

    A command's batches say together who was left out: its first one does.
    """

    batch_id: str
    payer_id: str
    control_number: int
    claims: int
    charge_minor: int
    left_out: tuple[LeftOut, ...]
    digest: str
    claim_form: ClaimForm = ClaimForm.PROFESSIONAL


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftToIssue:
    """A draft claim's row as it stands when it is issued."""

    draft_id: str
    row: DraftRow
    rests_on: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalToIssue:
    """A correction proposal's row as it stands when it is issued, and the claim it is about."""

    row: ProposalRow
    original: ClaimIssued
    payer_control_number: str
    revision: int = 0
    rests_on: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedProposal:
    """A proposal as somebody looked at it; `without_waiting`: why it doesn't wait, if so."""

    revision: int
    without_waiting: WaitOverride | Literal[""] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A claim that may be issued, before the gates of disclosure: no identity was looked at yet.

    `filing_limit_days` None: corrections have clocks of their own (domain guide 5.11).
    `awaits_voids`: the payer wants these processed before it is sent their dates again.
    `names_practitioner`: the payer wants somebody named as rendering or attending. `about_id`: the
    draft it comes of, or the claim it corrects, by which it is named when it is left out.
    `rests_on`: the ids of the facts that it follows from.
    """

    claim: ClaimIssued
    about_id: str
    filing_limit_days: int | None = None
    sequential: bool = False
    names_practitioner: bool = False
    awaits_voids: tuple[str, ...] = ()
    rests_on: frozenset[str] = frozenset()


def original(draft: DraftToIssue, claim_id: str) -> Candidate:
    """The claim of a draft."""
    row = draft.row
    claim = ClaimIssued(
        claim_id=claim_id,
        number=claim_number(claim_id),
        batch_id="",
        client_id=row.client_id,
        payer_id=row.payer_id,
        provider_id=row.provider_id,
        site_id=row.site_id,
        coverage_id=row.coverage_id,
        authorization_id=row.authorization_id,
        period_start=row.period_start,
        period_end=row.period_end,
        lines=row.lines,
        diagnoses=row.diagnoses,
        claim_form=row.claim_form,
        frequency=row.frequency or ClaimFrequency.ORIGINAL,
        identity_version=0,
        consent_id="",
        under_part2=row.under_part2,
        programs=row.programs,
        authorized_units=row.authorized_units,
        rendering_staff_id=row.rendering_staff_id,
        type_of_bill=row.type_of_bill,
        condition_code=row.condition_code,
        patient_status=row.patient_status,
    )
    return filled(Candidate, row, draft, claim=claim, about_id=draft.draft_id)


def correction(
    proposed: ProposalToIssue, claim_id: str, *, without_waiting: WaitOverride | Literal[""] = ""
) -> Candidate:
    """The replacement, whole and corrected, or the void, which says what the original said.

    The file names the parties of both as they are known now. Either is cut as its original was: by
    whom, where, under which coverage and authorization, but for one that came since. It tells of
    the original's programs too: what was told of them is taken back.
    """
    was, row = proposed.original, proposed.row
    following = replace(
        was,
        claim_id=claim_id,
        number=claim_number(claim_id),
        batch_id="",
        frequency=ClaimFrequency.VOID,
        corrects_claim_id=was.claim_id,
        payer_control_number=proposed.payer_control_number,
        authorized_units=0,
        under_part2=row.under_part2 or was.under_part2,
        programs=tuple(sorted({*_programs_told(was), *row.programs})),
        without_waiting=without_waiting if row.waits_for else "",
    )
    if row.action == CorrectionAction.VOID:
        return Candidate(
            claim=following,
            about_id=was.claim_id,
            names_practitioner=bool(was.rendering_staff_id),
            rests_on=proposed.rests_on,
        )
    return Candidate(
        claim=replace(
            following,
            frequency=ClaimFrequency.REPLACEMENT,
            lines=row.lines,
            diagnoses=row.diagnoses,
            authorization_id=row.authorization_id or was.authorization_id,
            authorized_units=row.authorized_units,
            rendering_staff_id=row.rendering_staff_id,
            type_of_bill=row.type_of_bill,
            condition_code=row.condition_code,
            patient_status=row.patient_status or was.patient_status,
        ),
        about_id=was.claim_id,
        names_practitioner=row.names_practitioner,
        rests_on=proposed.rests_on,
    )


def _programs_told(claim: ClaimIssued) -> tuple[str, ...]:
    """The claim's; of one of before that was under Part 2, one that nobody knows."""
    return claim.programs or (("",) if claim.under_part2 else ())


def left_out(candidate: Candidate, reason: str, found: ScrubFinding | None = None) -> LeftOut:
    """That a claim stays in the house: for a closed gate, or for what the scrub found."""
    lines = candidate.claim.lines
    of_line = _LINE.match(found.path) if found else None
    first = min((line.service_date for line in lines), default=candidate.claim.period_start)
    return LeftOut(
        client_id=candidate.claim.client_id,
        reason=reason,
        claim_id=candidate.about_id,
        field=found.path if found else "",
        service_date=lines[int(of_line[1])].service_date if of_line else first,
    )


def services_of(lines: Iterable[ClaimLine]) -> list[tuple[date, str, int, int]]:
    """What is billed, for when, by how much: in order."""
    return sorted((line.service_date, line.code, line.units, line.charge_minor) for line in lines)


def cut_alike(one: ClaimIssued, other: ClaimIssued) -> bool:
    """Whether two claims are to one payer, by and for the same, under one authorization."""
    return all(getattr(one, field) == getattr(other, field) for field in CUT_BY)


def claim_number(claim_id: str) -> str:
    """CLM01: twenty characters of the claim's id, which payers give back in remittances."""
    return claim_id.replace("-", "").upper()[:20]
