"""BillingWorkService: what is awaited, who pays, and what other rules would mean."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import date

from ninehours.billing.v1 import billing_events_pb2 as events
from ninehours.billing.v1 import billing_work_service_pb2 as pb

from kernel.mapping.writing import writer
from kernel.messaging.caught_up import wait_until_heard
from kernel.rpc.call import Call
from kernel.rpc.commands import patience_of, positions_of
from kernel.rpc.translate import date_of, reading, to_date
from kernel.sites import those_asked
from kernel.store.store import Store
from services.billing.adapters import messages
from services.billing.api.listing import REASON, rows_query, since_of
from services.billing.api.replaying import client_replay, summary_of, supposed_of
from services.billing.app.changes import ChangedRow, Following
from services.billing.app.ports import Pages
from services.billing.app.replay import replayed
from services.billing.domain.days.service_day import DayRow
from services.billing.domain.payers.payer import Payer
from services.billing.domain.payers.rules import DayOutcome, RuleSet

SERVICE = pb.DESCRIPTOR.services_by_name["BillingWorkService"]
_holds_query = rows_query(pb.ListHoldsRequest, outcome=DayOutcome.HOLD, reason=REASON)
_rules_message = writer(pb.PayerRules, RuleSet, given=("confirmed",))


class WorkServicer:
    """Answers BillingWorkService; it commands nothing."""

    def __init__(self, store: Store, pages: Pages, following: Following) -> None:
        self._store = store
        self._pages = pages
        self._following = following

    def ListHolds(self, request: pb.ListHoldsRequest, call: Call) -> pb.ListHoldsResponse:
        with reading(request) as read:
            on = read.optional(date_of, "on") or call.now.date()
        if since := since_of(request, call):
            wait_until_heard(self._store, positions_of(request.after), patience_of(call))
            with self._store.transaction() as tx:
                found = self._following.rows(tx, DayRow, since)
            return pb.ListHoldsResponse(
                holds=[hold for row in found.rows for hold in _changed(row, on)],
                cursor=str(found.cursor),
                more=found.more,
            )
        wanted = _holds_query(request, sites=those_asked(call.actor.sites))
        wait_until_heard(self._store, positions_of(request.after), patience_of(call))
        with self._store.transaction() as tx:
            rows = self._pages.derived(tx, DayRow, wanted)
        return pb.ListHoldsResponse(
            holds=[_hold(row.content, row.revision, on) for row in rows],
            next_page_token=rows[-1].key if len(rows) == wanted.limit else "",
        )

    def ListPayers(self, _: pb.ListPayersRequest, __: Call) -> pb.ListPayersResponse:
        with self._store.transaction() as tx:
            payers = self._pages.payers(tx)
        return pb.ListPayersResponse(
            payers=[rule_set for payer in payers for rule_set in _payer(payer)]
        )

    def Replay(self, request: pb.ReplayRequest, call: Call) -> Iterator[pb.ReplayResponse]:
        supposed = supposed_of(request)
        # Read to its end first: a caller who reads slowly holds no transaction open.
        clients = [*replayed(self._store, self._pages, supposed, call.active)]
        for client in clients:
            if client.days or client.claims:
                yield pb.ReplayResponse(client=client_replay(client))
        yield pb.ReplayResponse(summary=summary_of(clients, supposed.unreproduced))


def _changed(row: ChangedRow[DayRow], on: date) -> Iterator[pb.Hold]:
    """A hold that is new or says something else; or one that is over."""
    holds = row.content.outcome == DayOutcome.HOLD and not row.withdrawn
    held = row.before is not None and row.before.outcome == DayOutcome.HOLD
    if holds:
        yield _hold(row.content, row.revision, on)
    elif held:
        released = _hold(row.content, row.revision, on)
        released.released = True
        yield released


def _hold(day: DayRow, revision: int, on: date) -> pb.Hold:
    own = [line for line in day.lines if not line.ancillary]
    return pb.Hold(
        client_id=day.client_id,
        service_date=to_date(day.service_date),
        payer_id=day.payer_id,
        site_id=day.site_id,
        reasons=[events.Verdict(**asdict(gate)) for gate in day.verdicts if not gate.open],
        age_days=(on - day.service_date).days,
        at_stake=messages.money(sum(line.charge_minor for line in own)) if own else None,
        revision=revision,
    )


def _payer(payer: Payer) -> Iterator[pb.Payer]:
    if payer.registered is None:
        return
    yield pb.Payer(
        payer_id=payer.registered.payer_id,
        name=payer.registered.name,
        rules=[
            _rules_message(proposed.rules, confirmed=version in payer.confirmed)
            for version, proposed in sorted(payer.proposed.items())
        ],
    )
