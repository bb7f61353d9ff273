"""Where a listening service stands, over gRPC."""

import time

from ninehours.exchange.v1 import listener_service_pb2 as pb

from kernel.facts import Position
from kernel.messaging.parking import list_parked
from kernel.messaging.standing import is_settled
from kernel.refusal import NotYet
from kernel.rpc.call import Call
from kernel.rpc.commands import patience_of
from kernel.store.store import Store

SERVICE = pb.DESCRIPTOR.services_by_name["ListenerService"]
LOOK = 0.03  # seconds between two looks
MARGIN = 0.2  # seconds kept for the answer


class ListenerServicer:
    """Answers from the service's own database."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def Settled(self, request: pb.SettledRequest, call: Call) -> pb.SettledResponse:
        heads = [Position(head.topic, head.subject, head.sequence) for head in request.heads]
        patience = patience_of(call, MARGIN)
        until = time.monotonic() + patience
        while True:
            with self._store.transaction() as tx:
                if is_settled(tx.connection, heads):
                    return pb.SettledResponse(heard=len(heads))
            if time.monotonic() > until or not patience.is_awaited():
                raise NotYet("NOT_HEARD_YET", "not everything is heard and derived yet; ask again")
            time.sleep(LOOK)

    def ListParked(self, _: pb.ListParkedRequest, __: Call) -> pb.ListParkedResponse:
        with self._store.transaction() as tx:
            parked = list_parked(tx.connection)
        return pb.ListParkedResponse(
            parked=[
                pb.Parked(
                    id=str(item.id),
                    kind=item.kind,
                    subject=item.subject,
                    topic=item.topic,
                    partition=item.partition,
                    offset=item.offset,
                    error=item.error,
                    type=item.type,
                )
                for item in parked
            ]
        )
