"""From all that is known of a client to the rows billing answers for: days, drafts, proposals."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Generic, TypeVar

from services.billing.domain.authorizations.allocation import allocate
from services.billing.domain.claims import drafts, proposals
from services.billing.domain.claims.drafts import Draft
from services.billing.domain.claims.proposals import Proposal
from services.billing.domain.claims.rows import DraftRow, ProposalRow, draft_row, proposal_row
from services.billing.domain.days.service_day import DayRow, ServiceDay, day_row, resolve
from services.billing.domain.history.history import BillingHistory
from services.billing.domain.payers.rules import RuleSet

SERVICE_DAY, DRAFT_CLAIM, PROPOSAL = "service_day", "draft_claim", "proposal"
RowContent = DayRow | DraftRow | ProposalRow
KINDS: dict[str, type] = {SERVICE_DAY: DayRow, DRAFT_CLAIM: DraftRow, PROPOSAL: ProposalRow}
"""What each kind of row says."""

Content = TypeVar("Content", DayRow, DraftRow, ProposalRow)
Content_co = TypeVar("Content_co", bound=RowContent, covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Projected(Generic[Content_co]):
    """What a row says, the ids of the facts it rests on, and the rules."""

    content: Content_co
    rests_on: frozenset[str]
    rules: RuleSet | None


def derive(history: BillingHistory) -> list[Projected[RowContent]]:
    """Every row of one client: a function of the set of facts, not of their order or the clock."""
    client_id = history.client_id
    days = allocate(resolve(history), history)
    return [
        *(_projected(day_row(client_id, day), day) for day in days),
        *(_projected(draft_row(client_id, draft), draft) for draft in drafts.draft(days, history)),
        *(
            _projected(proposal_row(client_id, proposal), proposal)
            for proposal in proposals.propose(days, history)
        ),
    ]


def drafts_without(history: BillingHistory, dates: Collection[date]) -> list[Projected[DraftRow]]:
    """Rows of drafts as if these dates claimed nothing; units are allocated as ever."""
    days = [day for day in allocate(resolve(history), history) if day.service_date not in dates]
    return [
        _projected(draft_row(history.client_id, draft), draft)
        for draft in drafts.draft(days, history)
    ]


def _projected(content: Content, of: ServiceDay | Draft | Proposal) -> Projected[Content]:
    return Projected(content=content, rests_on=of.rests_on, rules=of.rules)
