"""What billing must not miss: authorizations that end or run out, and filing limits."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Protocol

from kernel.due import Due, DueAsked, DueKind, at_each_site
from kernel.store.store import Store, Transaction
from services.billing.app.draft_id import draft_id
from services.billing.domain.authorizations.allocation import Balance, balances
from services.billing.domain.claims.disclosure import filed_from
from services.billing.domain.claims.rows import DraftRow
from services.billing.domain.history.history import BillingHistory

# How long before its last day each is told of: a payer takes its time to extend.
AUTHORIZATION_LEAD = timedelta(days=14)
FILING_LEAD = timedelta(days=30)
WEEK = timedelta(days=7)
BILLER = ("biller",)


class Deadlines(Protocol):
    """What was recorded and derived, as of this transaction."""

    def authorized(self, tx: Transaction, asked: DueAsked) -> Sequence[BillingHistory]:
        """Clients with an authorization that covers the day, as they were known at its end."""
        ...

    def unissued(self, tx: Transaction) -> Sequence[DraftRow]:
        """Current drafts, whenever they were derived."""
        ...

    def clocks(self, tx: Transaction) -> Mapping[str, str]:
        """Site → IANA time zone, as far as it was heard."""
        ...


def list_due(store: Store, deadlines: Deadlines, asked: DueAsked) -> list[Due]:
    """Authorizations of who is still expected, and claims not sent yet."""
    with store.transaction() as tx:

        def find(there: DueAsked) -> Iterator[Due]:
            for history in deadlines.authorized(tx, there):
                yield from ending(history, there.on)
            for draft in deadlines.unissued(tx):
                if (counts_from := _counts_from(draft)) <= there.on:
                    yield _filing(draft, counts_from)

        return at_each_site(asked, deadlines.clocks(tx), find)


def ending(history: BillingHistory, on: date) -> Iterable[Due]:
    """Authorizations that end soon, or whose units will not last a week at the pace they were
    given for: while the client is still expected after the day."""
    cancelled = {cancellation.session_id for cancellation in history.cancelled}
    expected = [
        session
        for session in history.sessions
        if session.service_date > on and session.session_id not in cancelled
    ]
    if not expected:
        return
    for balance in balances(history):
        authorization = balance.authorization
        if not authorization.effective_from <= on <= authorization.effective_to:
            continue
        left = authorization.units - balance.issued - balance.allocated
        lasts_to = authorization.effective_to
        since = on if _is_short(balance, left) else lasts_to - AUTHORIZATION_LEAD
        yield Due(
            kind=DueKind.EXTEND_AUTHORIZATION,
            about_id=authorization.authorization_id,
            client_id=history.client_id,
            site_id=authorization.site_id
            or min(expected, key=lambda session: session.service_date).site_id,
            roles=BILLER,
            since=since,
            until=lasts_to,
            detail=f"{left} of {authorization.units} {authorization.unit} left",
        )


def _is_short(balance: Balance, left: int) -> bool:
    authorization = balance.authorization
    days = (authorization.effective_to - authorization.effective_from).days + 1
    return left * days < authorization.units * WEEK.days


def _counts_from(draft: DraftRow) -> date:
    """The date that the payer's limit counts from."""
    return filed_from([line.service_date for line in draft.lines], draft.claim_form)


def _filing(draft: DraftRow, counts_from: date) -> Due:
    limit = counts_from + timedelta(days=draft.filing_limit_days)
    return Due(
        kind=DueKind.ISSUE_CLAIM,
        about_id=draft_id(draft.key),
        client_id=draft.client_id,
        site_id=draft.site_id,
        roles=BILLER,
        since=limit - FILING_LEAD,
        until=limit,
    )
