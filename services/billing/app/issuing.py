"""Issuing: originals of drafts whose period ended; corrections that somebody looked at, and named.

How claims leave: others are asked, outside any transaction; then one transaction decides. A claim
has left when its ClaimIssued is committed, and not before. What was answered is good for one
attempt: where others changed what is decided on, all are asked anew.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date

from kernel.execute import CommandExecutor, Outcome
from kernel.facts import Recorded
from kernel.messaging.owners import Fingerprint, fingerprints_of
from kernel.messaging.persons import ids_of_each
from kernel.refusal import AgainstTheRules, Malformed, Stale
from kernel.sites import speaks_for
from kernel.store.store import Conflict, Context, Transaction
from services.billing.app.batch import Batches, payer_of
from services.billing.app.ports import Issuing
from services.billing.domain.claims.claim import CLAIM
from services.billing.domain.claims.issue import (
    Candidate,
    ClaimIssued,
    NamedProposal,
    ProposalToIssue,
    correction,
    original,
)
from services.billing.domain.claims.proposals import ProposalState, state_of
from services.billing.domain.x12.t837.claim import ClaimFrequency


def issue_claims(
    executor: CommandExecutor, issuing: Issuing, payer_id: str, through: date, context: Context
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

    return _leave(executor, issuing, payer_id, choose, context)


def issue_corrections(
    executor: CommandExecutor,
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

    return _leave(executor, issuing, payer_id, choose, context)


def charges_of(executor: CommandExecutor, issued: Iterable[ClaimIssued]) -> tuple[int, int]:
    """What the claims that these correct said, and what stands of them now: cents."""
    corrections = list(issued)
    with executor.store.transaction() as tx:
        streams = tx.load_many([f"claim/{claim.corrects_claim_id}" for claim in corrections])
    originals = [CLAIM.after(facts).issued for facts in streams.values()]
    was = sum(original.charge_minor for original in originals if original is not None)
    return was, sum(
        claim.charge_minor for claim in corrections if claim.frequency != ClaimFrequency.VOID
    )


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


def _leave(
    executor: CommandExecutor,
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
        confirmed = _confirmed(executor, issuing, choose)
        with executor.store.transaction() as tx:
            programs = _programs_of(choose(tx))
            clients = sorted(programs)
            persons = _everybody(tx, clients)
            keys = issuing.drafts.member_keys(tx, clients)
            settled = issuing.drafts.settled(tx, payer_id).keys() & set(clients)
        people = issuing.identities(
            clients, payer_id, context.now.date(), sorted(settled), programs
        )

        def decide(tx: Transaction) -> Sequence[Recorded]:
            if not issuing.drafts.member_keys(tx, clients) <= keys:
                raise Conflict  # recognised anew meanwhile: under keys that nobody holds
            if not _everybody(tx, clients) <= persons:
                raise Conflict  # merged meanwhile
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
            *(f"client/{client_id}" for client_id in persons),
        ]
        return executor.attempt(context, decide, locks=locks)

    return executor.attempts(context, attempt)


def _confirmed(
    executor: CommandExecutor,
    issuing: Issuing,
    choose: Callable[[Transaction], Sequence[Candidate]],
) -> Collection[Fingerprint]:
    """What the candidates rest on, as far as its owners published it so."""
    with executor.store.transaction() as tx:
        facts = {fact for candidate in choose(tx) for fact in candidate.rests_on}
        fingerprints = fingerprints_of(tx.connection, facts).values()
    return issuing.confirm([place for place in fingerprints if place.topic != executor.store.topic])


def _everybody(tx: Transaction, clients: Sequence[str]) -> set[str]:
    """These, and whoever is one person with one of them: what is said of any is said of all."""
    return {each for ids in ids_of_each(tx.connection, clients).values() for each in ids}


def _programs_of(candidates: Sequence[Candidate]) -> dict[str, set[str]]:
    """Client → the programs of whose sessions the claims are."""
    found: dict[str, set[str]] = {}
    for candidate in candidates:
        found.setdefault(candidate.claim.client_id, set()).update(candidate.claim.programs)
    return found
