"""Where a listening service stands, over gRPC."""

from ninehours.exchange.v1 import listener_service_pb2 as pb

from kernel.facts import Position
from kernel.messaging.caught_up import is_caught_up
from kernel.patience import wait_for
from kernel.refusal import NotYet
from kernel.rpc.call import Call
from kernel.rpc.commands import patience_of
from kernel.store.store import Store
from operations.parked import list_parked

SERVICE = pb.DESCRIPTOR.services_by_name["ListenerService"]
MARGIN = 0.2  # seconds kept for the answer


class ListenerServicer:
    """Answers from the service's own database."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def Settled(self, request: pb.SettledRequest, call: Call) -> pb.SettledResponse:
        heads = [Position(head.topic, head.subject, head.sequence) for head in request.heads]

        def settled() -> bool:
            with self._store.transaction() as tx:
                return is_caught_up(tx.connection, heads)

        if not wait_for(settled, patience_of(call, MARGIN)):
            raise NotYet("NOT_HEARD_YET", "not everything is heard and derived yet; ask again")
        return pb.SettledResponse(heard=len(heads))

    def ListParked(self, _: pb.ListParkedRequest, __: Call) -> pb.ListParkedResponse:
        with self._store.transaction() as tx:
            parked = list_parked(tx.connection)
        return pb.ListParkedResponse(
            parked=[
                pb.Parked(
                    id=str(thing.id),
                    kind=thing.kind,
                    subject=thing.subject,
                    topic=thing.topic,
                    partition=thing.partition,
                    offset=thing.offset,
                    error=thing.error,
                    type=thing.type,
                )
                for thing in parked
            ]
        )
