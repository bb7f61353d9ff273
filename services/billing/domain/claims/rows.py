"""Drafts and proposals as derived rows: all that issuing needs, as JSON."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from services.billing.domain.claims.drafts import FACILITATOR, INSTITUTIONAL, Draft
from services.billing.domain.claims.proposals import Proposal
from services.billing.domain.history.history import ClaimLine, Program
from services.billing.domain.payers.rules import RuleSet


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
    if cut.claim_form == INSTITUTIONAL:
        parts.append(cut.claim_form)
    if cut.ancillary:
        parts.append("ANCILLARY")
    if cut.rendering_staff_id:
        parts.append(cut.rendering_staff_id)
    return "|".join(parts)


def draft_content(client_id: str, draft: Draft) -> dict[str, Any]:
    """A draft's row."""
    cut = draft.cut
    awaits = {"awaits_voids": list(draft.awaits_voids)} if draft.awaits_voids else {}
    return {
        "client_id": client_id,
        "key": draft_key(client_id, draft),
        "payer_id": cut.payer_id,
        "provider_id": cut.provider_id,
        "site_id": cut.site_id,
        "coverage_id": cut.coverage_id,
        "authorization_id": cut.authorization_id,
        "period_start": cut.period_start.isoformat(),
        "period_end": cut.period_end.isoformat(),
        "claim_form": cut.claim_form,
        "filing_limit_days": draft.rules.filing_limit_days,
        "sequential": draft.rules.sequential,
        "lines": [line_content(line) for line in draft.lines],
        "charge_minor": draft.charge_minor,
        "diagnoses": list(draft.diagnoses),
        **_governed(draft.programs),
        "authorized_units": draft.authorized_units,
        **_named(draft.rules, draft.staff_id),
        **awaits,
        **_stated(draft),
    }


def proposal_content(client_id: str, proposal: Proposal) -> dict[str, Any]:
    """A proposal's row; what a replacement keeps of its claim is read there."""
    return {
        "client_id": client_id,
        "claim_id": proposal.claim.claim_id,
        "payer_id": proposal.claim.payer_id,
        "action": proposal.action,
        "state": proposal.state,
        "waits_for": [
            {
                "service_date": each.service_date.isoformat(),
                "gate": each.gate,
                "reason": each.reason,
            }
            for each in proposal.waits_for
        ],
        "issued_charge_minor": proposal.issued_minor,
        "corrected_charge_minor": proposal.corrected_minor,
        "lines": [line_content(line) for line in proposal.lines],
        "changed_dates": [on.isoformat() for on in proposal.changed_dates],
        "diagnoses": list(proposal.diagnoses),
        "authorization_id": proposal.authorization_id,
        **_governed(proposal.programs),
        "authorized_units": proposal.authorized_units,
        **_named(proposal.rules, proposal.staff_id),
        **({"patient_status": proposal.patient_status} if proposal.patient_status else {}),
    }


def line_content(line: ClaimLine) -> dict[str, Any]:
    """A line, as rows have it."""
    return {
        "service_date": line.service_date.isoformat(),
        "code": line.code,
        "modifiers": list(line.modifiers),
        "units": line.units,
        "charge_minor": line.charge_minor,
        "place_of_service": line.place_of_service,
        "revenue_code": line.revenue_code,
        "ancillary": line.ancillary,
        "rendering_staff_id": line.rendering_staff_id,
        **({"site_id": line.site_id} if line.site_id else {}),
        **({"provider_id": line.provider_id} if line.provider_id else {}),
        **(
            {"diagnosis_pointers": list(line.diagnosis_pointers)} if line.diagnosis_pointers else {}
        ),
    }


def line_of(row: Mapping[str, Any]) -> ClaimLine:
    """The line of a row; rows of an earlier release say less."""
    return ClaimLine(
        service_date=date.fromisoformat(row["service_date"]),
        code=row["code"],
        modifiers=tuple(row["modifiers"]),
        units=row["units"],
        charge_minor=row["charge_minor"],
        place_of_service=row["place_of_service"],
        revenue_code=row.get("revenue_code", ""),
        ancillary=row.get("ancillary", False),
        rendering_staff_id=row.get("rendering_staff_id", ""),
        site_id=row.get("site_id", ""),
        provider_id=row.get("provider_id", ""),
        diagnosis_pointers=tuple(row.get("diagnosis_pointers", ())),
    )


def lines_of(rows: Sequence[Mapping[str, Any]]) -> tuple[ClaimLine, ...]:
    return tuple(line_of(row) for row in rows)


def _stated(draft: Draft) -> dict[str, Any]:
    """What only an institutional draft says: rows of others stay as they are."""
    if draft.cut.claim_form != INSTITUTIONAL:
        return {}
    return {"frequency": draft.frequency, "patient_status": draft.patient_status}


def _governed(programs: Iterable[Program]) -> dict[str, Any]:
    """By whose programs' rules it leaves; an empty id: nobody knows which."""
    known = sorted(programs, key=lambda each: each.program_id)
    return {
        "under_part2": any(each.under_part2 for each in known),
        "programs": [each.program_id for each in known],
    }


def _named(rules: RuleSet, staff_id: str) -> dict[str, Any]:
    """Who is named, and what an institutional claim says beside its lines."""
    institutional = rules.institutional
    return {
        "names_practitioner": rules.rendering == FACILITATOR,
        "rendering_staff_id": staff_id,
        "type_of_bill": institutional.type_of_bill if institutional else "",
        "condition_code": institutional.condition_code if institutional else "",
    }
