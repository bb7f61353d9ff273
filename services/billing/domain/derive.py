"""From all that is known of a client to the rows billing answers for: days, drafts, proposals."""

from typing import Any

from services.billing.domain import claims
from services.billing.domain.allocation import allocate
from services.billing.domain.claims import Draft, Proposal
from services.billing.domain.known import Known, Line
from services.billing.domain.rules import RuleSet
from services.billing.domain.service_day import ServiceDay, resolve

SERVICE_DAY, DRAFT_CLAIM, PROPOSAL = "service_day", "draft_claim", "proposal"
"""The kinds of rows."""

Derived = tuple[str, str, dict[str, Any], frozenset[str], RuleSet | None]
"""Kind, key within the kind, content as JSON, the facts it rests on, the rules."""


def derive(known: Known) -> list[Derived]:
    """Every row of one client: a function of the set of facts, not of their order or the clock."""
    days = allocate(resolve(known), known)
    return [
        *(_day_row(known.client_id, day) for day in days),
        *(_draft_row(known.client_id, draft) for draft in claims.draft(days, known)),
        *(_proposal_row(known.client_id, proposal) for proposal in claims.propose(days, known)),
    ]


def _day_row(client_id: str, day: ServiceDay) -> Derived:
    content = {
        "client_id": client_id,
        "service_date": day.service_date.isoformat(),
        "payer_id": day.payer_id,
        "outcome": day.outcome,
        "minutes": day.minutes,
        "verdicts": [
            {"gate": each.gate, "open": each.open, "reason": each.reason} for each in day.verdicts
        ],
        "authorization_id": day.authorization_id,
        "rules": day.rules.name if day.rules else "",
    }
    return SERVICE_DAY, f"{client_id}|{day.service_date}", content, day.rests_on, day.rules


def _draft_row(client_id: str, draft: Draft) -> Derived:
    cut = draft.cut
    key = "|".join(
        [
            client_id,
            cut.payer_id,
            f"{cut.period_start}/{cut.period_end}",
            cut.provider_id,
            cut.site_id,
            cut.coverage_id,
            cut.authorization_id,
            str(draft.part),
        ]
    )
    content = {
        "client_id": client_id,
        "key": key,
        "payer_id": cut.payer_id,
        "provider_id": cut.provider_id,
        "site_id": cut.site_id,
        "coverage_id": cut.coverage_id,
        "authorization_id": cut.authorization_id,
        "period_start": cut.period_start.isoformat(),
        "period_end": cut.period_end.isoformat(),
        "claim_form": draft.rules.claim_form,
        "filing_limit_days": draft.rules.filing_limit_days,
        "lines": [_line(line) for line in draft.lines],
        "charge_minor": draft.charge_minor,
        "diagnoses": list(draft.diagnoses),
        "under_part2": draft.under_part2,
    }
    return DRAFT_CLAIM, key, content, draft.rests_on, draft.rules


def _proposal_row(client_id: str, proposal: Proposal) -> Derived:
    content = {
        "client_id": client_id,
        "claim_id": proposal.claim.claim_id,
        "payer_id": proposal.claim.payer_id,
        "action": proposal.action,
        # Until the payer's own number of the claim is recorded, nothing can be sent about it.
        "state": "AWAITING_CONTROL_NUMBER",
        "issued_charge_minor": sum(line.charge_minor for line in proposal.claim.lines),
        "corrected_charge_minor": sum(line.charge_minor for line in proposal.lines),
        "lines": [_line(line) for line in proposal.lines],
        "changed_dates": [on.isoformat() for on in proposal.changed_dates],
    }
    key = f"{client_id}|{proposal.claim.claim_id}"
    return PROPOSAL, key, content, proposal.rests_on, proposal.rules


def _line(line: Line) -> dict[str, Any]:
    return {
        "service_date": line.service_date.isoformat(),
        "code": line.code,
        "modifiers": list(line.modifiers),
        "units": line.units,
        "charge_minor": line.charge_minor,
        "place_of_service": line.place_of_service,
    }
