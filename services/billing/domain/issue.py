"""Issuing: the gates of disclosure, and the facts of what left the house (design, section 3)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from services.billing.domain.known import Line

ORIGINAL = "1"
# The only form a file is written of so far.
WRITTEN_FORM = "PROFESSIONAL"
# 42 CFR 2.32(a)(2): "42 CFR part 2 prohibits unauthorized use or disclosure of these records."
PART2_NOTICE = "42_CFR_2_32_SHORT_FORM"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Who can't be issued, and the reason's code."""

    client_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimIssued:
    """What left the house: one claim. `number` is CLM01, ours; `frequency` 1 original."""

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
    lines: tuple[Line, ...]
    diagnoses: tuple[str, ...]
    claim_form: str
    frequency: str
    identity_version: int
    consent_id: str
    under_part2: bool

    @property
    def charge_minor(self) -> int:
        return sum(line.charge_minor for line in self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchIssued:
    """One file to one payer, none when nothing was issued. `control_number`: the interchange's."""

    batch_id: str
    payer_id: str
    control_number: int
    claims: int
    charge_minor: int
    left_out: tuple[LeftOut, ...]
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A draft claim as it stands when it is issued."""

    key: str
    client_id: str
    content: Mapping[str, Any]

    @property
    def lines(self) -> tuple[Line, ...]:
        return tuple(
            Line(
                service_date=date.fromisoformat(line["service_date"]),
                code=line["code"],
                modifiers=tuple(line["modifiers"]),
                units=line["units"],
                charge_minor=line["charge_minor"],
                place_of_service=line["place_of_service"],
            )
            for line in self.content["lines"]
        )


def disclosure_gate(
    draft: Draft, *, on: date, unsettled: set[str], withheld: Mapping[str, str]
) -> str:
    """Why this draft can't leave the house today; empty when it can.

    `unsettled`: clients of whom something is parked, behind or due. `withheld`: intake's reasons.
    """
    if draft.client_id in unsettled:
        return "NOT_SETTLED"
    if draft.client_id in withheld:
        return withheld[draft.client_id]
    if draft.content["claim_form"] != WRITTEN_FORM:
        return "FORM_NOT_WRITTEN"
    limit = timedelta(days=draft.content["filing_limit_days"])
    if any(line.service_date + limit < on for line in draft.lines):
        return "FILING_LIMIT_PASSED"
    return ""


def claims_of(
    drafts: Sequence[Draft],
    *,
    batch_id: str,
    claim_ids: Mapping[str, str],
    identity_versions: Mapping[str, int],
    consents: Mapping[str, str],
) -> Iterator[ClaimIssued]:
    """The claims of drafts that may be issued, in the order of their keys."""
    for draft in sorted(drafts, key=lambda each: each.key):
        claim_id = claim_ids[draft.key]
        content = draft.content
        yield ClaimIssued(
            claim_id=claim_id,
            number=claim_number(claim_id),
            batch_id=batch_id,
            client_id=draft.client_id,
            payer_id=content["payer_id"],
            provider_id=content["provider_id"],
            site_id=content["site_id"],
            coverage_id=content["coverage_id"],
            authorization_id=content["authorization_id"],
            period_start=date.fromisoformat(content["period_start"]),
            period_end=date.fromisoformat(content["period_end"]),
            lines=draft.lines,
            diagnoses=tuple(content["diagnoses"]),
            claim_form=content["claim_form"],
            frequency=ORIGINAL,
            identity_version=identity_versions[draft.client_id],
            consent_id=consents.get(draft.client_id, ""),
            under_part2=content["under_part2"],
        )


def claim_number(claim_id: str) -> str:
    """CLM01: twenty characters of the claim's id, which payers give back in remittances."""
    return claim_id.replace("-", "").upper()[:20]
