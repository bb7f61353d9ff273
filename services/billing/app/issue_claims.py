"""Issuing originals: intake is asked for identities; then, in one transaction, gates and files."""

from collections.abc import Sequence
from datetime import date

from kernel.execute import Book, Outcome
from kernel.facts import Recorded
from kernel.messaging.standing import wait_until_heard
from kernel.refusal import Malformed
from kernel.store.store import Context, Transaction
from services.billing.app.batch import Batches, payer_of
from services.billing.app.ports import Issuing, clients_of
from services.billing.domain.issue import original


def issue_claims(
    book: Book, issuing: Issuing, payer_id: str, through: date, context: Context
) -> Outcome:
    """Issues every draft of the payer whose period ended by `through`, in one file a form.

    Who can't be issued is left out by name of the reason (domain/disclosure.py): something of the
    client parked, behind or due (NOT_SETTLED); no consent or coverage now (intake's reasons, and
    REVOKED_AFTER_SERVICE); a practitioner nobody registered; a site not heard of; past the filing
    limit; a prior claim not adjudicated; or a claim no payer would take (INVALID_…, the scrub's
    code). A day to come is refused (MALFORMED).
    """
    if (outcome := book.remembered(context)) is not None:
        return outcome
    if through > context.now.date():
        raise Malformed(through="is in the future")
    wait_until_heard(book.store, context.after, context.deadline)
    with book.store.transaction() as tx:
        clients = clients_of(issuing.drafts.of_payer(tx, payer_id, through))
        settled = issuing.drafts.settled(tx, payer_id).keys() & set(clients)
    people = issuing.identities(clients, payer_id, context.now.date(), sorted(settled))

    def decide(tx: Transaction) -> Sequence[Recorded]:
        batches = Batches(
            tx=tx,
            issuing=issuing,
            context=context,
            payer=payer_of(tx, payer_id),
            people=people,
        )
        # Read again, under the clients' locks; whom intake wasn't asked about waits for the next.
        drafts = [
            draft
            for draft in issuing.drafts.of_payer(tx, payer_id, through)
            if draft.client_id in clients
        ]
        ordered = sorted(drafts, key=lambda draft: draft.key)
        return batches.issue(
            [original(draft, context.new_id("claim", draft.key)) for draft in ordered]
        )

    locks = [f"payer/{payer_id}", *(f"client/{client_id}" for client_id in clients)]
    return book.transact(context, decide, locks=locks)
