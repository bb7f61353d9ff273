"""The questions that begin with why: of a claim, of a day; now, or as billing had heard it by then.

Nothing here is kept for them: a day is what its facts make it, so it is derived again from those
signed by then. Revisions alone are read from the derived rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import Protocol

from kernel.facts import Recorded, derived_id
from kernel.messaging.caught_up import clients_not_caught_up
from kernel.refusal import Unknown
from kernel.statements import standing
from kernel.store.store import Store, Transaction
from operations.explaining import Revision
from services.billing.app.draft_id import draft_id
from services.billing.domain import projection as derive
from services.billing.domain.authorizations.allocation import Balance
from services.billing.domain.claims import drafts, proposals
from services.billing.domain.claims.claim import ClaimAdjudicated, ClaimReplaced, ClaimVoided
from services.billing.domain.claims.drafts import Draft
from services.billing.domain.claims.issue import BatchIssued, ClaimIssued
from services.billing.domain.claims.proposals import Proposal
from services.billing.domain.claims.rows import draft_key
from services.billing.domain.days.service_day import DayRow, ServiceDay
from services.billing.domain.history.history import BillingHistory
from services.billing.domain.why import explain
from services.billing.domain.why.explain import Case, ExplainedDay, FieldChange

DERIVATION = "claims"


class HistoryAsOf(Protocol):
    """What was known by a moment."""

    def history(
        self, tx: Transaction, client_id: str, until: datetime | None, *, issuing: bool = False
    ) -> BillingHistory:
        """Of a client, by then; `issuing`: without the claims issued at that very moment."""
        ...

    def histories(self, tx: Transaction, client_ids: Sequence[str]) -> Sequence[BillingHistory]:
        """Of several clients until now, in their order; of one person once."""
        ...

    def revisions(
        self, tx: Transaction, row_id: str, until: datetime | None
    ) -> Sequence[tuple[Revision, DayRow]]:
        """Of a day's row, oldest first, those signed by then, each with what it says."""
        ...

    def client_of_draft(self, tx: Transaction, draft_id: str) -> str | None:
        """Whose draft it is, or was."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedRevision:
    """A revision, what it says, and what changed from the one before."""

    revision: Revision
    row: DayRow
    changes: Sequence[FieldChange] = ()
    facts_added: Sequence[str] = ()
    facts_removed: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisedDay:
    """A day with its row's revisions, oldest first."""

    explained: ExplainedDay
    row_id: str
    revisions: Sequence[ExplainedRevision]
    stale: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyClaim:
    """`issued` None: a draft. `days` as they stood at issue; `changed`: what they are by now."""

    claim: ClaimIssued | Draft
    claim_id: str
    client_id: str
    days: Sequence[RevisedDay]
    changed: Sequence[RevisedDay]
    authorization: Balance | None
    issued: Recorded | None = None
    batch: BatchIssued | None = None
    followed: Recorded | None = None
    answered: Recorded | None = None
    proposal: Proposal | None = None

    @property
    def proposal_row_id(self) -> str:
        key = f"{self.client_id}|{self.claim_id}"
        return str(derived_id(DERIVATION, derive.PROPOSAL, key))


def why_day(
    store: Store, past: HistoryAsOf, client_id: str, on: date, until: datetime | None
) -> RevisedDay:
    """The day; refuses one on which no session of the client was closed by then (Unknown)."""
    with store.transaction() as tx:
        case = Case(past.history(tx, client_id, until))
        if on not in case.days:
            raise Unknown("service day", f"{client_id}|{on}")
        return _revised(tx, past, case, on, until)


def why_claim(store: Store, past: HistoryAsOf, claim_id: str, until: datetime | None) -> WhyClaim:
    """The claim, issued by then or drafted; refuses any other (Unknown)."""
    with store.transaction() as tx:
        recorded = [
            recorded
            for recorded in tx.load(f"claim/{claim_id}")
            if until is None or recorded.at <= until
        ]
        if recorded:
            return _issued(tx, past, recorded, until)
        return _drafted(tx, past, claim_id, until)


def _issued(
    tx: Transaction, past: HistoryAsOf, history: Sequence[Recorded], until: datetime | None
) -> WhyClaim:
    issued, *later = history
    claim: ClaimIssued = issued.fact
    dates = _dates(tx, claim)
    then = Case(past.history(tx, claim.client_id, issued.at, issuing=True))
    now = Case(past.history(tx, claim.client_id, until))
    there = [on for on in dates if on in now.days]
    changed = [on for on in there if on not in then.days or _differ(then.days[on], now.days[on])]
    batches = [recorded.fact for recorded in tx.load(f"batch/{claim.batch_id}")]
    proposed = proposals.propose(list(now.days.values()), now.history)
    return WhyClaim(
        claim=claim,
        claim_id=claim.claim_id,
        client_id=claim.client_id,
        days=[_revised(tx, past, then, on, issued.at) for on in dates if on in then.days],
        changed=[_revised(tx, past, now, on, until) for on in changed],
        authorization=now.balance(claim.authorization_id),
        issued=issued,
        batch=next((batch for batch in batches if isinstance(batch, BatchIssued)), None),
        followed=_last(later, ClaimReplaced, ClaimVoided),
        answered=_last(standing(later), ClaimAdjudicated),
        proposal=next((p for p in proposed if p.claim.claim_id == claim.claim_id), None),
    )


def _drafted(tx: Transaction, past: HistoryAsOf, claim_id: str, until: datetime | None) -> WhyClaim:
    client_id = past.client_of_draft(tx, claim_id)
    if client_id is None:
        raise Unknown("claim", claim_id)
    case = Case(past.history(tx, client_id, until))
    for draft in drafts.draft(list(case.days.values()), case.history):
        if draft_id(draft_key(client_id, draft)) == claim_id:
            dates = sorted({line.service_date for line in draft.lines})
            return WhyClaim(
                claim=draft,
                claim_id=claim_id,
                client_id=client_id,
                days=[_revised(tx, past, case, on, until) for on in dates],
                changed=(),
                authorization=case.balance(draft.cut.authorization_id),
            )
    raise Unknown("claim", claim_id)


def _dates(tx: Transaction, claim: ClaimIssued) -> list[date]:
    """Of its lines; of a correction, those of the claim that it corrects too."""
    dates = {line.service_date for line in claim.lines}
    if claim.corrects_claim_id:
        corrected: ClaimIssued = tx.load(f"claim/{claim.corrects_claim_id}")[0].fact
        dates |= {line.service_date for line in corrected.lines}
    return sorted(dates)


def _differ(then: ServiceDay, now: ServiceDay) -> bool:
    """Whether a day says something else, but for the authorization that a claim holds by now."""

    def said(day: ServiceDay) -> tuple[object, ...]:
        return day.outcome, day.minutes, day.reasons, day.lines, day.site_id, day.payer_id

    return said(then) != said(now)


def _revised(
    tx: Transaction, past: HistoryAsOf, case: Case, on: date, until: datetime | None
) -> RevisedDay:
    client_id = case.history.client_id
    key = f"{client_id}|{on}"
    row_id = str(derived_id(DERIVATION, derive.SERVICE_DAY, key))
    revisions = past.revisions(tx, row_id, until)
    first = [ExplainedRevision(revision=revision, row=row) for revision, row in revisions[:1]]
    return RevisedDay(
        explained=case.explain(on),
        row_id=row_id,
        revisions=[*first, *(_changed(*pair) for pair in pairwise(revisions))],
        stale=bool(clients_not_caught_up(tx.connection, [f"client/{client_id}"])),
    )


def _changed(before: tuple[Revision, DayRow], after: tuple[Revision, DayRow]) -> ExplainedRevision:
    (was, row_before), (now, row) = before, after
    had, has = frozenset(was.facts), frozenset(now.facts)
    return ExplainedRevision(
        revision=now,
        row=row,
        changes=explain.changes(row_before, row),
        facts_added=sorted(has - had),
        facts_removed=sorted(had - has),
    )


def _last(history: Sequence[Recorded], *kinds: type) -> Recorded | None:
    return next(
        (recorded for recorded in reversed(history) if isinstance(recorded.fact, kinds)), None
    )
