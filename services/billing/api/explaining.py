"""ExplanationService: why a claim, why a day."""

from ninehours.billing.v1 import explanation_service_pb2 as pb

from kernel.rpc.call import Call
from kernel.rpc.translate import reading, timestamp_of
from kernel.store.store import Store
from services.billing.adapters.explained import claim_message, day_message
from services.billing.app.explaining import HistoryAsOf, why_claim, why_day

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
