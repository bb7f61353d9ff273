"""Issuing originals: drafts whose period ended."""

from collections.abc import Sequence
from datetime import date

from kernel.execute import Book, Outcome
from kernel.refusal import Malformed
from kernel.sites import speaks_for
from kernel.store.store import Context, Transaction
from services.billing.app.leaving import leave
from services.billing.app.ports import Issuing
from services.billing.domain.claims.issue import Candidate, original


def issue_claims(
    book: Book, issuing: Issuing, payer_id: str, through: date, context: Context
) -> Outcome:
    """Issues every draft of the payer, at the caller's sites, whose period ended by `through`.

    They go in one file a form. Who can't be issued is left out by name of the reason
    (domain/disclosure.py): something of the client parked, behind, due, or known to intake and not
    heard yet (NOT_SETTLED); no consent or coverage now (intake's reasons, and
    REVOKED_AFTER_SERVICE); a practitioner nobody registered; a site not heard of; past the filing
    limit; a prior claim not adjudicated; a member whom intake didn't recognise yet
    (NOT_RECOGNISED); a date that stands on the claim of another client who is the same member
    (DUPLICATE_MEMBER); or a claim no payer would take (INVALID_…, the scrub's
    code). A day to come is refused (MALFORMED).
    """

    def choose(tx: Transaction) -> Sequence[Candidate]:
        if through > context.now.date():
            raise Malformed(through="is in the future")
        drafts = issuing.drafts.of_payer(tx, payer_id, through)
        return [
            original(draft, context.new_id("claim", draft.row.key))
            for draft in sorted(drafts, key=lambda draft: draft.row.key)
            if speaks_for(context.sites, draft.row.site_id)
        ]

    return leave(book, issuing, payer_id, choose, context)
