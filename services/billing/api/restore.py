"""RestoreService: what left before billing was restored, recorded again; and the word for it."""

from typing import Any

from ninehours.billing.v1 import restore_service_pb2 as pb

from kernel.mapping.fields import text
from kernel.mapping.reading import each_of, named, request_reader
from kernel.mapping.writing import writer
from kernel.refusal import Malformed
from kernel.rpc.call import Call
from kernel.rpc.commands import ACTOR, Accepted, CommandRpcs, command_rpc
from kernel.rpc.translate import to_timestamp
from services.billing.api.requests import code_of, usd
from services.billing.app import restoring
from services.billing.app.ports import LostFact, RestoringWriteSide

SERVICE = pb.DESCRIPTOR.services_by_name["RestoreService"]
LONGEST_NUMBER, LONGEST_REASON, MOST_CLAIMS = 20, 500, 1000

_recorded_again = writer(
    pb.RecordedAgain,
    restoring.ToldRecordedAgain,
    through=("fact",),
    claim_ids=named("fact.claims"),
)
_reconciled = writer(pb.Reconciliation, restoring.ToldReconciled, through=("fact",))
_lost = writer(pb.LostFact, LostFact, given=("recoverable",))
_sent = each_of(
    request_reader(
        pb.SentClaim,
        restoring.SentClaim,
        number=code_of(LONGEST_NUMBER, str.isalnum, "is no number that a claim of ours has"),
        charge_minor=usd(0),
    )
)


def _sent_claims(request: Any, field: str) -> tuple[restoring.SentClaim, ...]:
    """One or more, none named twice, nor a number."""
    claims: tuple[restoring.SentClaim, ...] = _sent(request, field)
    if not 1 <= len(claims) <= MOST_CLAIMS:
        raise Malformed(**{field: f"names none, or more than {MOST_CLAIMS}"})
    for name in ("about_id", "number"):
        if len({getattr(claim, name) for claim in claims}) < len(claims):
            raise Malformed(**{field: f"holds a {name} twice"})
    return claims


to_recover_claims = request_reader(
    pb.RecoverClaimsRequest,
    restoring.RecoverClaims,
    given=("recorded_by",),
    reason=text(LONGEST_REASON),
)
to_record_sent_claims = request_reader(
    pb.RecordSentClaimsRequest,
    restoring.RecordSentClaims,
    given=("recorded_by",),
    claims=_sent_claims,
    reason=text(LONGEST_REASON),
)
to_reconcile = request_reader(
    pb.ReconcileRequest,
    restoring.ReconcileRestore,
    given=("reconciled_by",),
    reason=text(LONGEST_REASON),
)


def _claims(accepted: Accepted[Any, Any]) -> dict[str, Any]:
    return {"claim_ids": restoring.recorded_again(accepted.outcome)}


def _sent_batch(accepted: Accepted[Any, Any]) -> dict[str, Any]:
    return {**_claims(accepted), "batch_id": restoring.batch_of_sent(accepted.context)}


class RestoreServicer(CommandRpcs[RestoringWriteSide]):
    """Answers RestoreService."""

    RecoverClaims = command_rpc(
        to_recover_claims, restoring.recover_claims, _claims, recorded_by=ACTOR
    )
    RecordSentClaims = command_rpc(
        to_record_sent_claims, restoring.record_sent_claims, _sent_batch, recorded_by=ACTOR
    )
    Reconcile = command_rpc(to_reconcile, restoring.reconcile, reconciled_by=ACTOR)

    def GetRestore(self, _: pb.GetRestoreRequest, __: Call) -> pb.GetRestoreResponse:
        shown = restoring.show_restore(self.write_side)
        recoverable = [_lost(found.about, recoverable=True) for found in shown.recoverable]
        others = [_lost(found, recoverable=False) for found in shown.others]
        forgotten_before = shown.lost.forgotten_before
        return pb.GetRestoreResponse(
            epoch=shown.restore.epoch,
            held=not shown.restore.reconciled,
            lost=[*recoverable, *others],
            forgotten_before=to_timestamp(forgotten_before) if forgotten_before else None,
            unbelieved=shown.lost.unbelieved,
            recorded_again=map(_recorded_again, shown.recorded_again),
            reconciled=_reconciled(shown.reconciled) if shown.reconciled else None,
        )
