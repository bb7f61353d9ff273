"""Questions: a client's account, a batch's file, and what other rules would mean."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from kernel.refusal import Unknown
from kernel.store.store import Store, Transaction
from services.billing.app.batch import DOCUMENTS, payer_of
from services.billing.app.batch_file import BatchFile, put_together
from services.billing.app.ports import FileAudit, FileRead
from services.billing.domain.authorizations.allocation import Balance, balances
from services.billing.domain.claims.in_force import in_force
from services.billing.domain.claims.issue import BatchIssued
from services.billing.domain.history.history import BillingHistory, IssuedClaim
from services.billing.domain.payers.examples import unreproduced
from services.billing.domain.payers.payer import Payer
from services.billing.domain.payers.rules import RuleSet
from services.billing.domain.why.replay import Replayed, replay


@dataclass(frozen=True, slots=True)
class Account:
    """Claims by their first date; `stands`: ids of those the payer has of us."""

    authorizations: list[Balance]
    claims: list[IssuedClaim]
    stands: frozenset[str]


def account_of(history: BillingHistory) -> Account:
    """Of a client nobody told of: empty."""
    return Account(
        authorizations=balances(history),
        claims=sorted(history.issued, key=lambda claim: (claim.period_start, claim.claim_id)),
        stands=frozenset(claim.claim_id for claim in in_force(history.issued)),
    )


def file_of(store: Store, audit: FileAudit, read: FileRead) -> tuple[str, BatchFile]:
    """A batch's file as it was issued, and a name for it that says no more than the envelope.

    It names clients: that it was read is written down, before it is answered. Claims of clients
    who were forgotten since are left out. Refuses a file that names nobody else (OwnerForgotten).
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
            tx.documents.require_remembered(f"batch/{batch_id}")
            raise Unknown("batch", batch_id)
        audit(tx, read)
    file = put_together(store.vault, batch_id, document.content)
    return f"{_in_file_names(payer.payer_number)}-{batch.control_number:09d}.{kind}", file


def _in_file_names(text: str) -> str:
    """A payer's number without what a file's name must not hold."""
    return "".join(
        character if character.isascii() and character.isalnum() else "_" for character in text
    )


class Covered(Protocol):
    """Payers, whom each ever covered, and what is known of these."""

    def payers(self, tx: Transaction) -> list[Payer]:
        """Registered payers with their rules, by name."""
        ...

    def clients_of_payer(self, tx: Transaction, payer_id: str) -> list[str]:
        """Ids of clients of whom something was heard that names the payer."""
        ...

    def history(self, tx: Transaction, client_id: str) -> BillingHistory:
        """All that was heard of a client."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Supposed:
    """The rules that are supposed, and for which service dates; `last` None: without end."""

    rules: RuleSet
    first: date
    last: date | None = None

    @property
    def unreproduced(self) -> tuple[str, ...]:
        """Names of the rules' own examples that they don't come to."""
        return unreproduced(self.rules)


def replayed(
    store: Store,
    covered: Covered,
    supposed: Supposed,
    wanted: Callable[[], bool],
) -> Iterator[Replayed]:
    """Every client whom the payer ever covered, as long as the answer is `wanted`.

    Refuses an unknown payer. The database itself refuses a write in here.
    """
    payer_id = supposed.rules.payer_id
    with store.snapshot() as tx:
        registered = (payer.registered for payer in covered.payers(tx))
        if payer_id not in {payer.payer_id for payer in registered if payer}:
            raise Unknown("payer", payer_id)
        for client_id in covered.clients_of_payer(tx, payer_id):
            if not wanted():
                return
            history = covered.history(tx, client_id)
            yield replay(history, supposed.rules, supposed.first, supposed.last)
