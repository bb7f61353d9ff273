"""Replay's request and answers as messages."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ninehours.billing.v1 import billing_work_service_pb2 as pb

from kernel.refusal import Malformed
from kernel.rpc.translate import date_of, reading, to_date
from services.billing.adapters.messages import draft_id, money
from services.billing.adapters.rule_sets import rule_set_of
from services.billing.app.replay import Supposed
from services.billing.domain.why.replay import ClaimChange, DayChange, DayUnder, Replayed


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


def client_replay(found: Replayed) -> pb.ClientReplay:
    return pb.ClientReplay(
        client_id=found.client_id,
        days=[_day_change(each) for each in found.days],
        claims=[_claim_change(each) for each in found.claims],
    )


@dataclass(slots=True)
class _Total:
    changed_days: int = 0
    before: int = 0
    after: int = 0


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
            pb.ReplayTotal(
                payer_id=payer_id,
                site_id=site_id,
                changed_days=total.changed_days,
                before=money(total.before),
                after=money(total.after),
            )
            for (payer_id, site_id), total in sorted(totals.items())
        ],
        unreproduced_examples=unreproduced,
    )


def _day_change(change: DayChange) -> pb.DayChange:
    return pb.DayChange(
        service_date=to_date(change.service_date),
        before=_day_under(change.before),
        after=_day_under(change.after),
    )


def _day_under(side: DayUnder) -> pb.DayUnderRules:
    return pb.DayUnderRules(
        outcome=f"OUTCOME_{side.outcome}",
        amount=money(side.amount_minor),
        minutes=side.minutes,
        reasons=side.reasons,
        payer_id=side.payer_id,
        site_id=side.site_id,
    )


def _claim_change(change: ClaimChange) -> pb.ClaimChange:
    draft = draft_id({"key": change.draft_key}) if change.draft_key else ""
    return pb.ClaimChange(
        consequence=f"CLAIM_CONSEQUENCE_{change.consequence}",
        claim_id=change.claim_id or draft,
        payer_id=change.payer_id,
        site_id=change.site_id,
        period_start=to_date(change.period_start),
        period_end=to_date(change.period_end),
        before=money(change.before_minor),
        after=money(change.after_minor),
        changed_dates=[to_date(on) for on in change.changed_dates],
    )
