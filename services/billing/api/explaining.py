"""ExplanationService: why a claim, why a day, and what would keep a day from being billed."""

from datetime import timedelta
from uuid import UUID

from google.protobuf.message import Message
from ninehours.billing.v1 import explanation_service_pb2 as pb

from kernel.refusal import Malformed
from kernel.rpc.call import Call
from kernel.rpc.translate import reading, timestamp_of
from kernel.sites import speaks_for
from kernel.store.store import Store
from services.billing.adapters.explained import claim_message, day_message, standing_message
from services.billing.app.explaining import HistoryAsOf, why_claim, why_day
from services.billing.domain.why.standing import standings

MOST_CLIENTS = 200
FARTHEST = 90  # days
SERVICE = pb.DESCRIPTOR.services_by_name["ExplanationService"]


class ExplanationServicer:
    """Answers ExplanationService from one record."""

    def __init__(self, store: Store, past: HistoryAsOf) -> None:
        self._store = store
        self._past = past

    def ExplainClaim(self, request: pb.ExplainClaimRequest, _: Call) -> pb.ExplainClaimResponse:
        with reading(request) as read:
            claim_id = str(read.uuid("claim_id"))
            until = read.optional(timestamp_of, "as_of")
        why = why_claim(self._store, self._past, claim_id, until)
        return pb.ExplainClaimResponse(claim=claim_message(why))

    def ExplainDay(self, request: pb.ExplainDayRequest, _: Call) -> pb.ExplainDayResponse:
        with reading(request) as read:
            client_id = str(read.uuid("client_id"))
            on = read.date("service_date")
            until = read.optional(timestamp_of, "as_of")
        why = why_day(self._store, self._past, client_id, on, until)
        return pb.ExplainDayResponse(day=day_message(why))

    def ListStanding(self, request: pb.ListStandingRequest, call: Call) -> pb.ListStandingResponse:
        with reading(request) as read:
            client_ids = read.value(clients_asked, "client_ids", tuple[str, ...]())
            on = read.date("on")
            ahead_days = read.integer("ahead_days", low=0, high=FARTHEST)
        with self._store.transaction() as tx:
            histories = self._past.histories(tx, client_ids)
        until = on + timedelta(days=ahead_days)
        found = [standing for history in histories for standing in standings(history, on, until)]
        return pb.ListStandingResponse(
            standings=[
                standing_message(standing)
                for standing in found
                if not standing.site_id or speaks_for(call.actor.sites, standing.site_id)
            ]
        )


def clients_asked(request: Message, field: str) -> tuple[str, ...]:
    """At most 200 UUIDs, at least one, each once."""
    texts = getattr(request, field)
    if not 1 <= len(texts) <= MOST_CLIENTS:
        raise Malformed(**{field: f"does not name between 1 and {MOST_CLIENTS} clients"})
    try:
        return tuple(dict.fromkeys(str(UUID(text)) for text in texts))
    except ValueError:
        raise Malformed(**{field: "holds something that is not a UUID"}) from None
