"""Issuing replacements and voids that somebody looked at, and named."""

from collections.abc import Iterable, Mapping, Sequence

from kernel.execute import Book, Outcome
from kernel.refusal import AgainstTheRules, Malformed, Stale
from kernel.store.store import Context, Transaction
from services.billing.app.leaving import leave
from services.billing.app.ports import Issuing
from services.billing.domain.claims.claim import CLAIM
from services.billing.domain.claims.issue import (
    Candidate,
    ClaimIssued,
    NamedProposal,
    ProposalToIssue,
    correction,
)
from services.billing.domain.claims.proposals import ProposalState, state_of
from services.billing.domain.x12.t837.claim import VOID


def issue_corrections(
    book: Book,
    issuing: Issuing,
    payer_id: str,
    named: Mapping[str, NamedProposal],
    context: Context,
) -> Outcome:
    """Issues the named proposals to the payer: frequency 7 or 8, one file a form.

    `named`: claim → its proposal as it was looked at. None named is refused (Malformed), one that
    changed since as PROPOSAL_CHANGED (Stale), one that isn't READY by what it waits for, unless
    somebody says why it doesn't wait for dates that may come back. The gates are those of
    originals, but for the filing limit and the prior claim: corrections have clocks of their own.
    What was issued before stays as it is; it is followed.
    """

    def choose(tx: Transaction) -> Sequence[Candidate]:
        if not named:
            raise Malformed(proposals="name none: say which, and at which revision")
        proposals = _as_named(issuing.drafts.proposed(tx, payer_id, named), named)
        return [
            correction(
                proposed,
                context.new_id("claim", proposed.original.claim_id),
                without_waiting=named[proposed.original.claim_id].without_waiting,
            )
            for proposed in sorted(proposals, key=lambda proposal: proposal.original.claim_id)
        ]

    return leave(book, issuing, payer_id, choose, context)


def charges_of(book: Book, issued: Iterable[ClaimIssued]) -> tuple[int, int]:
    """What the claims that these correct said, and what stands of them now: cents."""
    corrections = list(issued)
    with book.store.transaction() as tx:
        streams = tx.load_many([f"claim/{claim.corrects_claim_id}" for claim in corrections])
    originals = [CLAIM.after(facts).issued for facts in streams.values()]
    was = sum(original.charge_minor for original in originals if original is not None)
    return was, sum(claim.charge_minor for claim in corrections if claim.frequency != VOID)


def _as_named(
    current: Mapping[str, ProposalToIssue], named: Mapping[str, NamedProposal]
) -> list[ProposalToIssue]:
    for claim_id, looked_at in named.items():
        proposed = current.get(claim_id)
        if proposed is None or proposed.revision != looked_at.revision:
            raise Stale(
                "PROPOSAL_CHANGED",
                "what is proposed for this claim changed since it was looked at; list it again",
                claim_id=claim_id,
            )
        state = proposed.row.state
        if looked_at.without_waiting and state == ProposalState.AWAITING_RELEASE:
            state = state_of((), numbered=bool(proposed.payer_control_number))
        if state != ProposalState.READY:
            awaited = {gate.reason for gate in proposed.row.waits_for}
            raise AgainstTheRules(
                state,
                "this correction waits for something; it can be issued once it is READY",
                claim_id=claim_id,
                waits_for=" ".join(sorted(awaited)),
            )
    return [current[claim_id] for claim_id in named]
