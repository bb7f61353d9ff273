"""How claims leave: others are asked, outside any transaction; then one transaction decides.

A claim has left when its ClaimIssued is committed, and not before. What was answered is good for
one attempt: where others changed what is decided on, all are asked anew.
"""

from collections.abc import Callable, Collection, Sequence

from kernel.execute import Book, Outcome
from kernel.facts import Recorded
from kernel.messaging.owners import Fingerprint
from kernel.store.store import Conflict, Context, Transaction
from services.billing.app.batch import Batches, payer_of
from services.billing.app.ports import Issuing
from services.billing.domain.claims.issue import Candidate


def _confirmed(
    book: Book, issuing: Issuing, choose: Callable[[Transaction], Sequence[Candidate]]
) -> Collection[Fingerprint]:
    """What the candidates rest on, as far as its owners published it so."""
    with book.store.transaction() as tx:
        facts = {fact for candidate in choose(tx) for fact in candidate.rests_on}
        heard = issuing.drafts.fingerprints_of(tx, facts)
    return issuing.confirm([place for place in heard if place.topic != book.store.topic])


def leave(
    book: Book,
    issuing: Issuing,
    payer_id: str,
    choose: Callable[[Transaction], Sequence[Candidate]],
    context: Context,
) -> Outcome:
    """Issues to the payer what `choose` finds, in one file a form; refuses what `choose` refuses.

    It finds twice: to know of whom permits are asked, and again, under the clients' locks, what is
    issued. Whom nobody asked about waits for the next command.
    """

    def attempt() -> Outcome:
        confirmed = _confirmed(book, issuing, choose)
        with book.store.transaction() as tx:
            programs = _programs_of(choose(tx))
            clients = sorted(programs)
            keys = issuing.drafts.member_keys(tx, clients)
            settled = issuing.drafts.settled(tx, payer_id).keys() & set(clients)
        people = issuing.identities(
            clients, payer_id, context.now.date(), sorted(settled), programs
        )

        def decide(tx: Transaction) -> Sequence[Recorded]:
            if not issuing.drafts.member_keys(tx, clients) <= keys:
                raise Conflict  # recognised anew meanwhile: under keys that nobody holds
            batches = Batches(
                tx=tx,
                issuing=issuing,
                context=context,
                payer=payer_of(tx, payer_id),
                people=people,
                confirmed=confirmed,
            )
            return batches.issue(
                [candidate for candidate in choose(tx) if candidate.claim.client_id in clients]
            )

        locks = [
            f"payer/{payer_id}",
            *(f"member/{key}" for key in keys),
            *(f"client/{client_id}" for client_id in clients),
        ]
        return book.attempt(context, decide, locks=locks)

    return book.attempts(context, attempt)


def _programs_of(candidates: Sequence[Candidate]) -> dict[str, set[str]]:
    """Client → the programs of whose sessions the claims are."""
    found: dict[str, set[str]] = {}
    for candidate in candidates:
        found.setdefault(candidate.claim.client_id, set()).update(candidate.claim.programs)
    return found
