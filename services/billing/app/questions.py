"""Questions that take more than a page of rows: a batch's file, an authorization's balance."""

from kernel.refusal import Unknown
from kernel.store.store import Store
from services.billing.app.batch import DOCUMENTS, payer_of
from services.billing.app.ports import FileAudit, FileRead, Pages
from services.billing.domain.authorizations.allocation import Balance
from services.billing.domain.authorizations.allocation import balances as balances_of
from services.billing.domain.claims.issue import BatchIssued


def file_of(store: Store, audit: FileAudit, read: FileRead) -> tuple[str, bytes]:
    """A batch's file as it was issued, and a name for it that says no more than the envelope.

    It names clients: that it was read is written down, before it is answered.
    """
    batch_id = read.batch_id
    with store.transaction() as tx:
        found = [r.fact for r in tx.load(f"batch/{batch_id}") if isinstance(r.fact, BatchIssued)]
        if not found or not found[0].claims:
            raise Unknown("batch", batch_id)
        [batch] = found
        kind = DOCUMENTS[batch.claim_form]
        document = tx.documents.open(f"batch/{batch_id}", kind)
        payer = payer_of(tx, batch.payer_id)
        if document is None:
            raise Unknown("batch", batch_id)
        audit(tx, read)
    return f"{_in_file_names(payer.payer_number)}-{batch.control_number:09d}.{kind}", (
        document.content
    )


def balances(store: Store, pages: Pages, client_id: str) -> list[Balance]:
    """Units of each authorization of the client: issued, allocated."""
    with store.transaction() as tx:
        return balances_of(pages.history(tx, client_id))


def _in_file_names(text: str) -> str:
    """A payer's number without what a file's name must not hold."""
    return "".join(
        character if character.isascii() and character.isalnum() else "_" for character in text
    )
