"""After a restore: what left before it is recorded again, and a named person says when that is all.

Every command takes the lock of the restore, so that nothing is recorded again after that word.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from kernel.decider import filled
from kernel.execute import Outcome, decided, record
from kernel.facts import Recorded
from kernel.refusal import AgainstTheRules, NotYet, Unknown
from kernel.store.store import Context, Transaction
from kernel.store.telling import Telling, Told
from services.billing.app.batch import numbered
from services.billing.app.ports import (
    Drafts,
    Lost,
    LostClaimFact,
    LostFact,
    RestoringWriteSide,
)
from services.billing.domain.claims.claim import CLAIM, ClaimAdjudicated, FollowClaim
from services.billing.domain.claims.issue import (
    Basis,
    Candidate,
    ClaimIssued,
    correction,
    original,
)
from services.billing.domain.claims.restore import (
    RESTORE,
    ClaimsRecordedAgain,
    Reconcile,
    Reconciled,
    RecordAgain,
    Restore,
    Source,
    restore_stream,
)
from services.billing.domain.reasons import StaysBecause


@dataclass(frozen=True, slots=True, kw_only=True)
class SentClaim:
    """As its file says: CLM01 and CLM02. `about_id`: the draft, or the claim that it corrects."""

    about_id: str
    number: str
    charge_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoverClaims:
    recorded_by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSentClaims:
    payer_id: str
    claims: tuple[SentClaim, ...]
    recorded_by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconcileRestore:
    reconciled_by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldRecordedAgain(Told):
    fact: ClaimsRecordedAgain


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldReconciled(Told):
    fact: Reconciled


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreShown:
    """How it stands: the epoch, what Kafka holds beyond this database, and what was said of it."""

    restore: Restore
    recoverable: Sequence[LostClaimFact]
    others: Sequence[LostFact]
    lost: Lost
    recorded_again: Sequence[ToldRecordedAgain]
    reconciled: ToldReconciled | None


def show_restore(billing: RestoringWriteSide) -> RestoreShown:
    """What can be recorded again, and what people must say again."""
    lost = billing.lost()
    with billing.executor.store.transaction() as tx:
        recoverable = _unrecorded(tx, lost.of_claims)
        orphans = _without_a_claim(tx, lost.of_claims)
        restore = billing.drafts.restore(tx)
        telling = Telling(tx)
        said = telling.load([restore_stream(restore.epoch)])
        return RestoreShown(
            restore=restore,
            recoverable=recoverable,
            others=[*orphans, *lost.others],
            lost=lost,
            recorded_again=telling.parts(ToldRecordedAgain, said.of(ClaimsRecordedAgain)),
            reconciled=telling.last(ToldReconciled, said.of(Reconciled)),
        )


def recover_claims(
    billing: RestoringWriteSide, command: RecoverClaims, context: Context
) -> Outcome:
    """Records again all that Kafka knows of claims, each fact as of when it was.

    What is recorded of a claim already stays as it is. Refuses NOT_RESTORED, and RECONCILED.
    """

    def attempt() -> Outcome:
        lost = billing.lost().of_claims

        def decide(tx: Transaction) -> Sequence[Recorded]:
            unrecorded = _unrecorded(tx, lost)
            claims = _claims_of(unrecorded)
            restore = billing.drafts.restore(tx)
            said = filled(
                RecordAgain, command, restore, source=Source.KAFKA, claims=claims, unrecorded=0
            )
            versions = {claim_id: len(tx.load(f"claim/{claim_id}")) for claim_id in claims}
            facts = [*_decided(tx, context, restore, said)]
            for found in unrecorded:
                claim_id = found.fact.claim_id
                stream = f"claim/{claim_id}"
                [recorded] = record(context, stream, versions[claim_id], [found.fact])
                facts.append(replace(recorded, at=found.about.signed_at))
                versions[claim_id] += 1
            return facts

        clients = {found.fact.client_id for found in lost}
        return billing.executor.attempt(context, decide, locks=_locks(billing, clients))

    return billing.executor.attempts(context, attempt)


def record_sent_claims(
    billing: RestoringWriteSide, command: RecordSentClaims, context: Context
) -> Outcome:
    """Records that drafts and proposals left, under the numbers that their files say.

    Refuses NOT_RESTORED and RECONCILED; one that is neither draft nor proposal (Unknown), another
    charge (SENT_OTHERWISE), a number that a claim has (NUMBER_RECORDED), NOT_SETTLED, and
    CLAIMS_NOT_RECOVERED while Kafka knows of claims: what it knows has the ids of then.
    """

    def decide(tx: Transaction, lost: Sequence[LostClaimFact]) -> Sequence[Recorded]:
        candidates = _candidates(billing.drafts, tx, command, context)
        clients = sorted({candidate.claim.client_id for candidate in candidates})
        if unsettled := billing.drafts.unsettled(tx, clients):
            raise NotYet(
                StaysBecause.NOT_SETTLED,
                "something of these clients is parked, behind or due",
                clients=str(len(unsettled)),
            )
        if given := billing.drafts.numbers(tx, [claim.number for claim in command.claims]):
            raise AgainstTheRules(
                "NUMBER_RECORDED",
                "claims of these numbers are recorded",
                numbers=" ".join(sorted(given)),
            )
        batch_id = batch_of_sent(context)
        sent_claims = [
            _as_sent(candidate.claim, sent, batch_id)
            for candidate, sent in zip(candidates, command.claims, strict=True)
        ]
        issued = numbered(tx, sent_claims)
        claims = tuple(claim.claim_id for claim in issued)
        restore = billing.drafts.restore(tx)
        said = filled(
            RecordAgain,
            command,
            restore,
            source=Source.FILES_SENT,
            claims=claims,
            unrecorded=len(_claims_of(_unrecorded(tx, lost))),
        )
        facts = [*_decided(tx, context, restore, said)]
        for claim in issued:
            facts += record(context, f"claim/{claim.claim_id}", 0, [claim])
            if claim.corrects_claim_id:
                stream = f"claim/{claim.corrects_claim_id}"
                follow = FollowClaim(claim_id=claim.corrects_claim_id, following=claim)
                facts += decided(context, CLAIM, stream, tx.load(stream), follow, expected=False)
        return facts

    def attempt() -> Outcome:
        lost = billing.lost().of_claims
        with billing.executor.store.transaction() as tx:
            found = _candidates(billing.drafts, tx, command, context)
        clients = {candidate.claim.client_id for candidate in found}
        locks = [f"payer/{command.payer_id}", *_locks(billing, clients)]
        return billing.executor.attempt(context, lambda tx: decide(tx, lost), locks=locks)

    return billing.executor.attempts(context, attempt)


def reconcile(billing: RestoringWriteSide, command: ReconcileRestore, context: Context) -> Outcome:
    """Claims are issued again. Said again it adds nothing.

    Refuses NOT_RESTORED, and CLAIMS_NOT_RECOVERED while Kafka knows of one that isn't recorded.
    """

    def attempt() -> Outcome:
        lost = billing.lost().of_claims

        def decide(tx: Transaction) -> Sequence[Recorded]:
            restore = billing.drafts.restore(tx)
            unrecorded = len(_claims_of(_unrecorded(tx, lost)))
            said = filled(Reconcile, command, restore, unrecorded=unrecorded)
            return _decided(tx, context, restore, said)

        return billing.executor.attempt(context, decide, locks=_locks(billing, ()))

    return billing.executor.attempts(context, attempt)


def recorded_again(outcome: Outcome) -> list[str]:
    """The claims of which something was recorded."""
    said = [fact.fact for fact in outcome.facts if isinstance(fact.fact, ClaimsRecordedAgain)]
    return [claim_id for fact in said for claim_id in fact.claims]


def _unrecorded(tx: Transaction, lost: Sequence[LostClaimFact]) -> list[LostClaimFact]:
    """Those that aren't recorded, of claims that are, or whose issue is among them.

    What was recorded again has another id: it is known by what it says.
    """
    streams = tx.load_many([f"claim/{claim_id}" for claim_id in _claims_of(lost)])
    known = {stream: [_said_by(fact.fact) for fact in facts] for stream, facts in streams.items()}
    issued_now = {found.fact.claim_id for found in lost if isinstance(found.fact, ClaimIssued)}
    found_here: list[LostClaimFact] = []
    for found in lost:
        here = known[f"claim/{found.fact.claim_id}"]
        said = _said_by(found.fact)
        if said not in here and (here or found.fact.claim_id in issued_now):
            here.append(said)
            found_here.append(found)
    return found_here


def _without_a_claim(tx: Transaction, lost: Sequence[LostClaimFact]) -> list[LostFact]:
    """What became of claims that neither this database nor Kafka has: their issue is forgotten."""
    issued_now = {found.fact.claim_id for found in lost if isinstance(found.fact, ClaimIssued)}
    streams = tx.load_many([f"claim/{claim_id}" for claim_id in _claims_of(lost)])
    return [
        found.about
        for found in lost
        if found.fact.claim_id not in issued_now and not streams[f"claim/{found.fact.claim_id}"]
    ]


def _said_by(fact: object) -> object:
    """What makes a fact of a claim the same one again."""
    match fact:
        case ClaimIssued():
            return ClaimIssued
        case ClaimAdjudicated():
            return replace(fact, overrides=())
        case _:
            return fact


def _claims_of(lost: Iterable[LostClaimFact]) -> tuple[str, ...]:
    return tuple(sorted({found.fact.claim_id for found in lost}))


def _candidates(
    drafts: Drafts, tx: Transaction, command: RecordSentClaims, context: Context
) -> list[Candidate]:
    """Of each claim that was sent, what it is here: a draft, or a proposal."""
    wanted = {claim.about_id for claim in command.claims}
    by_draft = {
        draft.draft_id: draft
        for draft in drafts.of_payer(tx, command.payer_id, date.max)
        if draft.draft_id in wanted
    }
    proposed = drafts.proposed(tx, command.payer_id, wanted)
    found: list[Candidate] = []
    for claim in command.claims:
        claim_id = context.new_id("claim", claim.about_id)
        if claim.about_id in by_draft:
            found.append(original(by_draft[claim.about_id], claim_id))
        elif claim.about_id in proposed:
            found.append(correction(proposed[claim.about_id], claim_id))
        else:
            raise Unknown("claim", claim.about_id)
    return found


def batch_of_sent(context: Context) -> str:
    """As which claims are listed that one command recorded as sent; its file isn't here."""
    return context.new_id("batch", Source.FILES_SENT)


def _as_sent(claim: ClaimIssued, sent: SentClaim, batch_id: str) -> ClaimIssued:
    """Under its own number; why it might leave, nobody knows."""
    if claim.charge_minor != sent.charge_minor:
        raise AgainstTheRules(
            "SENT_OTHERWISE",
            "what is drafted has another charge than what was sent; see what changed since",
            about_id=sent.about_id,
            charge_minor=str(claim.charge_minor),
        )
    return replace(claim, number=sent.number, batch_id=batch_id, basis=Basis.LEFT_BEFORE_RESTORE)


def _decided(
    tx: Transaction, context: Context, restore: Restore, command: RecordAgain | Reconcile
) -> tuple[Recorded, ...]:
    stream = restore_stream(restore.epoch)
    return decided(context, RESTORE, stream, tx.load(stream), command, expected=False)


def _locks(billing: RestoringWriteSide, clients: Iterable[str]) -> list[str]:
    with billing.executor.store.transaction() as tx:
        epoch = billing.drafts.restore(tx).epoch
    return [restore_stream(epoch), *(f"client/{client_id}" for client_id in clients)]
