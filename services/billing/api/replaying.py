"""Replay's request and answers as messages."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ninehours.billing.v1 import billing_work_service_pb2 as pb

from kernel.mapping.writing import writer
from kernel.refusal import Malformed
from kernel.rpc.translate import date_of, reading, to_date
from services.billing.adapters.rule_sets import rule_set_of
from services.billing.app.draft_id import draft_id
from services.billing.app.replay import Supposed
from services.billing.domain.why.replay import ClaimChange, Replayed


def supposed_of(request: pb.ReplayRequest) -> Supposed:
    """The rules that are supposed; Malformed with every field that is missing or wrong."""
    with reading(request) as read:
        first = read.date("first")
        last = read.optional(date_of, "last")
    if last is not None and last < first:
        raise Malformed(last="is before first")
    if not request.HasField("rule_set"):
        raise Malformed(rule_set="is required")
    # Which version it would be, and from when, is not for the file to say.
    told = type(request.rule_set)()
    told.CopyFrom(request.rule_set)
    told.version = told.version or 1
    told.effective_from.CopyFrom(to_date(first))
    return Supposed(rules=rule_set_of(told, "rule_set."), first=first, last=last)


@dataclass(slots=True)
class _Total:
    changed_days: int = 0
    before: int = 0
    after: int = 0


client_replay = writer(
    pb.ClientReplay,
    Replayed,
    claims=writer(
        pb.ClaimChange,
        ClaimChange,
        claim_id=lambda change: (
            change.claim_id or (draft_id(change.draft_key) if change.draft_key else "")
        ),
    ),
)
_total_message = writer(pb.ReplayTotal, _Total, given=("payer_id", "site_id"))


def summary_of(clients: Sequence[Replayed], unreproduced: Iterable[str]) -> pb.ReplaySummary:
    """What was looked at, and what changed days come to, by payer and site."""
    totals: dict[tuple[str, str], _Total] = {}
    for change in (day for client in clients for day in client.days):
        sides = {(side.payer_id, side.site_id) for side in (change.before, change.after)}
        for payer_id, site_id in sides:
            totals.setdefault((payer_id, site_id), _Total()).changed_days += 1
        totals[change.before.payer_id, change.before.site_id].before += change.before.amount_minor
        totals[change.after.payer_id, change.after.site_id].after += change.after.amount_minor
    return pb.ReplaySummary(
        clients=len(clients),
        days=sum(client.looked_at for client in clients),
        changed_days=sum(len(client.days) for client in clients),
        changed_claims=sum(len(client.claims) for client in clients),
        totals=[
            _total_message(total, payer_id=payer_id, site_id=site_id)
            for (payer_id, site_id), total in sorted(totals.items())
        ],
        unreproduced_examples=unreproduced,
    )
