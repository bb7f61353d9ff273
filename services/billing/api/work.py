"""BillingWorkService: what is awaited, who pays, and what other rules would mean."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from ninehours.billing.v1 import billing_events_pb2 as events
from ninehours.billing.v1 import billing_work_service_pb2 as pb

from kernel.mapping.reading import named, request_reader
from kernel.mapping.writing import writer
from kernel.messaging.supposed import supposed_facts
from kernel.refusal import Malformed
from kernel.rpc.call import Call
from kernel.rpc.translate import date_of, reading, to_date
from kernel.sites import speaks_for, those_asked
from kernel.store.store import Store
from services.billing.adapters import ledger, told
from services.billing.adapters.as_of import histories_by
from services.billing.adapters.following import RevisedRow
from services.billing.adapters.foreseeing import foreseen, foreseen_of_all
from services.billing.adapters.pages import SqlPages
from services.billing.adapters.publication import money
from services.billing.adapters.rule_sets import rule_set_of
from services.billing.adapters.subscriptions import SUBSCRIPTIONS
from services.billing.adapters.work import WorkQuery, work_page
from services.billing.api.explaining import clients_asked
from services.billing.api.lists import REASON, RowLists, limit_of, rows_query
from services.billing.api.work_items import work_item, work_total
from services.billing.app.draft_id import draft_id
from services.billing.app.questions import Supposed, replayed
from services.billing.domain.days.notes import NoteTerms, note_terms
from services.billing.domain.days.service_day import DayRow
from services.billing.domain.payers.payer import Payer
from services.billing.domain.payers.rules import DayOutcome, RuleSet
from services.billing.domain.reasons import Reason
from services.billing.domain.why.replay import ClaimChange, Replayed

CLIENTS, MOST_CLIENTS = 200, 1000
"""Clients looked at, unless said otherwise, and at most."""
SERVICE = pb.DESCRIPTOR.services_by_name["BillingWorkService"]
_holds_query = rows_query(pb.ListHoldsRequest, outcome=DayOutcome.HOLD, reason=REASON)
_OF_NOTES: Any = {
    **dict.fromkeys(("client_id", "payer_id", "state", "action"), ""),
    **dict.fromkeys(("first", "last")),
    "outcome": DayOutcome.HOLD,
}
_awaiting_notes_query = rows_query(
    pb.ListDaysAwaitingNotesRequest, **_OF_NOTES, reason=Reason.NOTE_UNSIGNED
)
_to_attest_query = rows_query(pb.ListNotesToAttestRequest, **_OF_NOTES, reason=Reason.NOTE_LATE)
_awaiting_notes = writer(pb.DayAwaitingNotes, DayRow, given=("age_days", "at_stake", "others_wait"))
_named_staff = writer(pb.NamedStaffMember, told.ToldPractitioner, through=("fact",))
_note_terms = writer(
    pb.NoteTerms,
    NoteTerms,
    given=("late",),
    person=lambda terms: f"staff/{terms.staff_id}" if terms.staff_id else "",
)
_hold = writer(
    pb.Hold,
    DayRow,
    given=("reasons", "age_days", "at_stake", "revision", "released"),
)
_work_query = request_reader(
    pb.ListWorkRequest,
    WorkQuery,
    given=("sites",),
    reason=REASON,
    after=named("page_token", getattr),
    limit=named("page_size", limit_of),
)
_rules_message = writer(pb.PayerRules, RuleSet, given=("confirmed",))


class WorkServicer:
    """Answers BillingWorkService; it commands nothing."""

    def __init__(self, store: Store, pages: SqlPages) -> None:
        self._lists = RowLists(store, pages)

    def ListHolds(self, request: pb.ListHoldsRequest, call: Call) -> pb.ListHoldsResponse:
        with reading(request) as read:
            on = read.optional(date_of, "on") or call.now.date()
        rows, after = self._lists.rows(DayRow, _holds_query, request, call)
        return pb.ListHoldsResponse(
            holds=[hold for row in rows for hold in _holds(row, on)], **after
        )

    def ListDaysAwaitingNotes(
        self, request: pb.ListDaysAwaitingNotesRequest, call: Call
    ) -> pb.ListDaysAwaitingNotesResponse:
        with reading(request) as read:
            on = read.optional(date_of, "on") or call.now.date()
        rows, after = self._lists.page(DayRow, _awaiting_notes_query, request, call)
        return pb.ListDaysAwaitingNotesResponse(
            days=[
                _awaiting_notes(
                    row.content,
                    age_days=(on - row.content.service_date).days,
                    at_stake=_at_stake(row.content),
                    others_wait=sum(not gate.open for gate in row.content.verdicts) > 1,
                )
                for row in rows
            ],
            **after,
        )

    def ListNotesToAttest(
        self, request: pb.ListNotesToAttestRequest, call: Call
    ) -> pb.ListNotesToAttestResponse:
        with reading(request) as read:
            on = read.optional(date_of, "on") or call.now.date()
        rows, after = self._lists.page(DayRow, _to_attest_query, request, call)
        days = {(row.content.client_id, row.content.service_date): row.content for row in rows}
        dates = {day for _, day in days}
        with self._lists.store.transaction() as tx:
            histories = histories_by(tx, dict.fromkeys(client_id for client_id, _ in days))
        return pb.ListNotesToAttestResponse(
            notes=[
                pb.NoteToAttest(
                    terms=_note_terms(terms, late=True),
                    age_days=(on - terms.service_date).days,
                    at_stake=None if (cents := _at_stake(day)) is None else money(cents),
                )
                for history in histories
                for terms in note_terms(history, dates)
                if terms.to_attest and speaks_for(call.actor.sites, terms.site_id)
                if (day := days.get((history.client_id, terms.service_date))) is not None
            ],
            **after,
        )

    def TellNoteTerms(
        self, request: pb.TellNoteTermsRequest, call: Call
    ) -> pb.TellNoteTermsResponse:
        with reading(request) as read:
            client_ids = read.value(clients_asked, "client_ids", tuple[str, ...]())
            on = read.date("service_date")
        with self._lists.store.transaction() as tx:
            histories = histories_by(tx, client_ids)
        return pb.TellNoteTermsResponse(
            notes=[
                _note_terms(terms, late=terms.late(call.now))
                for history in histories
                for terms in note_terms(history, {on})
                if speaks_for(call.actor.sites, terms.site_id)
            ]
        )

    def ListWork(self, request: pb.ListWorkRequest, call: Call) -> pb.ListWorkResponse:
        with reading(request) as read:
            on = read.optional(date_of, "on") or call.now.date()
        wanted = _work_query(request, sites=those_asked(call.actor.sites))
        self._lists.wait(request, call)
        with self._lists.store.transaction() as tx:
            page = work_page(tx, wanted)
        found = page.items
        return pb.ListWorkResponse(
            items=[work_item(awaited, age_days=(on - awaited.first).days) for awaited in found],
            next_page_token=found[-1].token if len(found) == wanted.limit else "",
            totals=map(work_total, page.totals),
        )

    def ListPayers(self, _: pb.ListPayersRequest, __: Call) -> pb.ListPayersResponse:
        with self._lists.store.transaction() as tx:
            payers = self._lists.pages.payers(tx)
        return pb.ListPayersResponse(
            payers=[rule_set for payer in payers for rule_set in _payer(payer)]
        )

    def NamePayers(self, _: pb.NamePayersRequest, __: Call) -> pb.NamePayersResponse:
        with self._lists.store.transaction() as tx:
            payers = self._lists.pages.payers(tx)
        registered = [payer.registered for payer in payers if payer.registered is not None]
        return pb.NamePayersResponse(
            payers=[pb.NamedPayer(payer_id=it.payer_id, name=it.name) for it in registered]
        )

    def NameStaff(self, _: pb.NameStaffRequest, __: Call) -> pb.NameStaffResponse:
        with self._lists.store.transaction() as tx:
            return pb.NameStaffResponse(staff=map(_named_staff, ledger.practitioners(tx)))

    def Foresee(self, request: pb.ForeseeRequest, call: Call) -> pb.ForeseeResponse:
        with reading(request) as read:
            client_id = str(read.uuid("client_id"))
        facts = supposed_facts(request.facts, SUBSCRIPTIONS, call.now)
        with self._lists.store.snapshot() as tx:
            seen = foreseen(tx, client_id, facts).at(call.actor.sites)
        return pb.ForeseeResponse(
            client=client_replay(seen.client),
            totals=totals_of([seen.client]),
            elsewhere=seen.elsewhere,
        )

    def ForeseeForAll(
        self, request: pb.ForeseeForAllRequest, call: Call
    ) -> pb.ForeseeForAllResponse:
        with reading(request) as read:
            most = read.integer("most_clients", low=0, high=MOST_CLIENTS) or CLIENTS
        facts = supposed_facts(request.facts, SUBSCRIPTIONS, call.now)
        with self._lists.store.snapshot() as tx:
            seen = foreseen_of_all(tx, facts, most, call.active)
        return pb.ForeseeForAllResponse(
            clients=[
                client_replay(client) for client in seen.looked_at if client.days or client.claims
            ],
            totals=totals_of(seen.looked_at),
            looked_at=len(seen.looked_at),
            concerned=seen.concerned,
        )

    def Replay(self, request: pb.ReplayRequest, call: Call) -> Iterator[pb.ReplayResponse]:
        supposed = supposed_of(request)
        # Read to its end first: a caller who reads slowly holds no transaction open.
        clients = [*replayed(self._lists.store, self._lists.pages, supposed, call.active)]
        for client in clients:
            if client.days or client.claims:
                yield pb.ReplayResponse(client=client_replay(client))
        yield pb.ReplayResponse(summary=summary_of(clients, supposed.unreproduced))


def _holds(row: RevisedRow[DayRow], on: date) -> Iterator[pb.Hold]:
    """A hold that is, or is new or says something else; or one that is over."""
    day = row.content
    holds = day.outcome == DayOutcome.HOLD and not row.withdrawn
    held = row.before is not None and row.before.outcome == DayOutcome.HOLD
    if holds or held:
        yield _hold(
            day,
            reasons=[events.Verdict(**asdict(gate)) for gate in day.verdicts if not gate.open],
            age_days=(on - day.service_date).days,
            at_stake=_at_stake(day),
            revision=row.revision,
            released=not holds,
        )


def _at_stake(day: DayRow) -> int | None:
    """In cents; None: it can't be said."""
    own = [line.charge_minor for line in day.lines if not line.ancillary]
    return sum(own) if own else None


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
    rule_set = type(request.rule_set)()
    rule_set.CopyFrom(request.rule_set)
    rule_set.version = rule_set.version or 1
    rule_set.effective_from.CopyFrom(to_date(first))
    return Supposed(rules=rule_set_of(rule_set, "rule_set."), first=first, last=last)


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


def totals_of(clients: Sequence[Replayed]) -> list[pb.ReplayTotal]:
    """What changed days come to, by payer and site."""
    totals: dict[tuple[str, str], _Total] = {}
    for change in (day for client in clients for day in client.days):
        sides = {(side.payer_id, side.site_id) for side in (change.before, change.after) if side}
        for payer_id, site_id in sides:
            totals.setdefault((payer_id, site_id), _Total()).changed_days += 1
        if was := change.before:
            totals[was.payer_id, was.site_id].before += was.amount_minor
        if now := change.after:
            totals[now.payer_id, now.site_id].after += now.amount_minor
    return [
        _total_message(total, payer_id=payer_id, site_id=site_id)
        for (payer_id, site_id), total in sorted(totals.items())
    ]


def summary_of(clients: Sequence[Replayed], unreproduced: Iterable[str]) -> pb.ReplaySummary:
    """What was looked at, and what it comes to."""
    return pb.ReplaySummary(
        clients=len(clients),
        days=sum(client.looked_at for client in clients),
        changed_days=sum(len(client.days) for client in clients),
        changed_claims=sum(len(client.claims) for client in clients),
        totals=totals_of(clients),
        unreproduced_examples=unreproduced,
    )
