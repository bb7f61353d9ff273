"""Issuing replacements and voids of claims whose number with the payer is known."""

from collections.abc import Sequence

from kernel.execute import Book, Outcome
from kernel.facts import Recorded
from kernel.messaging.standing import wait_until_heard
from kernel.store.store import Context, Transaction
from services.billing.app.batch import Batches, payer_of
from services.billing.app.ports import Issuing, clients_of
from services.billing.domain.issue import correction


def issue_corrections(book: Book, issuing: Issuing, payer_id: str, context: Context) -> Outcome:
    """Issues every READY proposal to the payer: frequency 7 or 8, one file a form.

    The gates are those of originals, but for the filing limit and the prior claim: corrections
    have clocks of their own. What was issued before stays as it is; it is followed.
    """
    if (outcome := book.remembered(context)) is not None:
        return outcome
    wait_until_heard(book.store, context.after, context.deadline)
    with book.store.transaction() as tx:
        clients = clients_of(issuing.drafts.ready(tx, payer_id))
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
        proposals = [
            proposed
            for proposed in issuing.drafts.ready(tx, payer_id)
            if proposed.client_id in clients
        ]
        ordered = sorted(proposals, key=lambda each: each.original.claim_id)
        return batches.issue(
            [
                correction(proposed, context.new_id("claim", proposed.original.claim_id))
                for proposed in ordered
            ]
        )

    locks = [f"payer/{payer_id}", *(f"client/{client_id}" for client_id in clients)]
    return book.transact(context, decide, locks=locks)
