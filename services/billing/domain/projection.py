"""From all that is known of a client to the rows billing answers for: days, drafts, proposals."""

from collections.abc import Collection
from datetime import date
from typing import Any

from services.billing.domain.authorizations.allocation import allocate
from services.billing.domain.claims import drafts as claims
from services.billing.domain.claims import proposals
from services.billing.domain.claims import rows as claim_rows
from services.billing.domain.claims.drafts import Draft
from services.billing.domain.claims.proposals import Proposal
from services.billing.domain.days.service_day import NOT_BILLABLE, ServiceDay, resolve
from services.billing.domain.history.history import BillingHistory, ClaimLine
from services.billing.domain.payers.rules import RuleSet

SERVICE_DAY, DRAFT_CLAIM, PROPOSAL = "service_day", "draft_claim", "proposal"
"""The kinds of rows."""

Derived = tuple[str, str, dict[str, Any], frozenset[str], RuleSet | None]
"""Kind, key within the kind, content as JSON, the facts it rests on, the rules."""


def derive(history: BillingHistory) -> list[Derived]:
    """Every row of one client: a function of the set of facts, not of their order or the clock."""
    days = allocate(resolve(history), history)
    return [
        *(_day_row(history.client_id, day) for day in days),
        *(_draft_row(history.client_id, draft) for draft in claims.draft(days, history)),
        *(
            _proposal_row(history.client_id, proposal)
            for proposal in proposals.propose(days, history)
        ),
    ]


def drafts_without(history: BillingHistory, dates: Collection[date]) -> list[Derived]:
    """Rows of drafts as if these dates claimed nothing; units are allocated as ever."""
    days = [day for day in allocate(resolve(history), history) if day.service_date not in dates]
    return [_draft_row(history.client_id, draft) for draft in claims.draft(days, history)]


def _day_row(client_id: str, day: ServiceDay) -> Derived:
    content = {
        "client_id": client_id,
        "service_date": day.service_date.isoformat(),
        "payer_id": day.payer_id,
        "outcome": day.outcome,
        "minutes": day.minutes,
        "verdicts": [
            {"gate": each.gate, "open": each.open, "reason": each.reason}
            for each in (*day.verdicts, *day.ancillary_verdicts)
        ],
        "authorization_id": day.authorization_id,
        "rules": day.rules.name if day.rules else "",
        "site_id": day.site_id,
        "lines": [claim_rows.line_content(line) for line in _claimable(day)],
        "authorized_units": day.authorized_units,
        "clinical_level": day.level_of_care,
        "authorized_level": day.authorized_level,
        "billed_level": day.rules.billed_level if day.rules else "",
    }
    return SERVICE_DAY, f"{client_id}|{day.service_date}", content, day.rests_on, day.rules


def _claimable(day: ServiceDay) -> tuple[ClaimLine, ...]:
    """What a claim would carry of the day, now or when what it waits for is there."""
    return day.ancillary_lines if day.outcome == NOT_BILLABLE else day.lines


def _draft_row(client_id: str, draft: Draft) -> Derived:
    key = claim_rows.draft_key(client_id, draft)
    content = claim_rows.draft_content(client_id, draft)
    return DRAFT_CLAIM, key, content, draft.rests_on, draft.rules


def _proposal_row(client_id: str, proposal: Proposal) -> Derived:
    key = f"{client_id}|{proposal.claim.claim_id}"
    content = claim_rows.proposal_content(client_id, proposal)
    return PROPOSAL, key, content, proposal.rests_on, proposal.rules
