"""Drafts and proposals as their rows have them: all that issuing needs."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from kernel.decider import filled
from services.billing.domain.claims.awaited import Awaited
from services.billing.domain.claims.drafts import Draft
from services.billing.domain.claims.proposals import Proposal, ProposalState
from services.billing.domain.history.history import ClaimLine, Program
from services.billing.domain.payers.rules import ClaimForm, CorrectionAction, RenderingOnClaim
from services.billing.domain.x12.t837.claim import ClaimFrequency

NOBODY_KNOWS = ("",)
"""The programs of a row of before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftRow:
    """A draft claim; the charge in cents. `key` names what it is cut by, within its kind.

    By whose `programs`' rules it leaves: an empty id, as none in rows of before, is one that nobody
    knows. `awaits_voids`: claims that the payer wants processed before. `frequency` and
    `patient_status`: an institutional claim's. Rows of before say less, and are derived again soon.
    """

    client_id: str
    key: str
    payer_id: str
    provider_id: str
    site_id: str
    coverage_id: str
    authorization_id: str
    period_start: date
    period_end: date
    claim_form: ClaimForm
    filing_limit_days: int
    sequential: bool = False
    lines: tuple[ClaimLine, ...]
    charge_minor: int
    diagnoses: tuple[str, ...]
    under_part2: bool
    programs: tuple[str, ...] = NOBODY_KNOWS
    authorized_units: int = 0
    names_practitioner: bool = False
    rendering_staff_id: str = ""
    type_of_bill: str = ""
    condition_code: str = ""
    awaits_voids: tuple[str, ...] = ()
    frequency: ClaimFrequency | Literal[""] = ""
    patient_status: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalRow:
    """A proposal; charges in cents. What a replacement keeps of its claim is read there.

    `programs` as of DraftRow; rows of before say less.
    """

    client_id: str
    claim_id: str
    payer_id: str
    action: CorrectionAction
    state: ProposalState
    waits_for: tuple[Awaited, ...] = ()
    issued_charge_minor: int
    corrected_charge_minor: int
    lines: tuple[ClaimLine, ...]
    changed_dates: tuple[date, ...]
    diagnoses: tuple[str, ...]
    authorization_id: str = ""
    under_part2: bool
    programs: tuple[str, ...] = NOBODY_KNOWS
    authorized_units: int
    names_practitioner: bool
    rendering_staff_id: str
    type_of_bill: str
    condition_code: str
    patient_status: str = ""

    @property
    def key(self) -> str:
        """Which row of its kind it is."""
        return f"{self.client_id}|{self.claim_id}"


def draft_key(client_id: str, draft: Draft) -> str:
    """What it is cut by; what most claims have in common isn't said."""
    cut = draft.cut
    parts = [
        client_id,
        cut.payer_id,
        f"{cut.period_start}/{cut.period_end}",
        cut.provider_id,
        cut.site_id,
        cut.coverage_id,
        cut.authorization_id,
        str(draft.part),
    ]
    if cut.claim_form == ClaimForm.INSTITUTIONAL:
        parts.append(cut.claim_form)
    if cut.ancillary:
        parts.append("ANCILLARY")
    if cut.rendering_staff_id:
        parts.append(cut.rendering_staff_id)
    return "|".join(parts)


def draft_row(client_id: str, draft: Draft) -> DraftRow:
    """The draft's row."""
    cut, rules = draft.cut, draft.rules
    institutional = cut.claim_form == ClaimForm.INSTITUTIONAL
    return filled(
        DraftRow,
        draft,
        cut,
        rules,
        client_id=client_id,
        key=draft_key(client_id, draft),
        under_part2=_under_part2(draft.programs),
        programs=_ids_of(draft.programs),
        names_practitioner=rules.rendering == RenderingOnClaim.FACILITATOR,
        rendering_staff_id=draft.staff_id,
        type_of_bill=rules.institutional.type_of_bill if rules.institutional else "",
        condition_code=rules.institutional.condition_code if rules.institutional else "",
        frequency=draft.frequency if institutional else "",
        patient_status=draft.patient_status if institutional else "",
    )


def proposal_row(client_id: str, proposal: Proposal) -> ProposalRow:
    """The proposal's row."""
    rules = proposal.rules
    return filled(
        ProposalRow,
        proposal,
        proposal.claim,
        client_id=client_id,
        under_part2=_under_part2(proposal.programs),
        programs=_ids_of(proposal.programs),
        names_practitioner=rules.rendering == RenderingOnClaim.FACILITATOR,
        rendering_staff_id=proposal.staff_id,
        type_of_bill=rules.institutional.type_of_bill if rules.institutional else "",
        condition_code=rules.institutional.condition_code if rules.institutional else "",
    )


def _under_part2(programs: Iterable[Program]) -> bool:
    return any(program.under_part2 for program in programs)


def _ids_of(programs: Iterable[Program]) -> tuple[str, ...]:
    return tuple(sorted(program.program_id for program in programs))
