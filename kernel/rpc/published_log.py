"""A published log over gRPC: the owner's side, and the listener's."""

from collections.abc import Callable, Sequence

from ninehours.exchange.v1 import published_log_service_pb2 as pb

from kernel.messaging.healing import OwnerHead
from kernel.messaging.hearing import Record
from kernel.refusal import Malformed
from kernel.rpc.call import Call
from kernel.rpc.client import Client
from kernel.store import published
from kernel.store.store import Store

SERVICE = pb.DESCRIPTOR.services_by_name["PublishedLogService"]
READ_PAGE = 500
HEADS_PAGE = 5000


class PublishedLogServicer:
    """Answers from the service's own database."""

    def __init__(self, store: Store, service: str) -> None:
        self._store = store
        self._source = f"/services/{service}"

    def Read(self, request: pb.ReadRequest, _: Call) -> pb.ReadResponse:
        size = _page(request.page_size, READ_PAGE)
        with self._store.transaction() as tx:
            epoch = published.epoch_of(tx.connection)
            rows, more = published.read(
                tx.connection, request.subject, request.after_sequence, size
            )
        return pb.ReadResponse(
            epoch=epoch,
            more=more,
            facts=[
                pb.PublishedFact(
                    subject=row.subject,
                    sequence=row.sequence,
                    epoch=epoch,
                    headers=published.envelope_of(row, source=self._source, epoch=epoch).headers(),
                    body=bytes(row.body),
                )
                for row in rows
            ],
        )

    def Heads(self, request: pb.HeadsRequest, _: Call) -> pb.HeadsResponse:
        size = _page(request.page_size, HEADS_PAGE)
        with self._store.transaction() as tx:
            rows = published.heads(tx.connection, request.page_token, size)
            epoch = published.epoch_of(tx.connection)
        return pb.HeadsResponse(
            topic=self._store.topic,
            epoch=epoch,
            heads=[
                pb.Head(subject=row.subject, sequence=row.last, id=str(row.last_id)) for row in rows
            ],
            next_page_token=rows[-1].subject if len(rows) == size else "",
        )

    def CountFacts(self, _: pb.CountFactsRequest, __: Call) -> pb.CountFactsResponse:
        with self._store.transaction() as tx:
            return pb.CountFactsResponse(facts=published.count(tx.connection))


class RemoteOwner:
    """The published log of another service."""

    def __init__(self, topic: str, address: str, token: Callable[[], str]) -> None:
        self.topic = topic
        self._client = Client(address, SERVICE, token=token, deadline=5.0)

    def read(self, subject: str, after: int) -> tuple[Sequence[Record], bool]:
        """The subject's records after a sequence, oldest first, and whether more follow."""
        answer = self._client.Read(pb.ReadRequest(subject=subject, after_sequence=after))
        records = [
            Record(
                topic=self.topic,
                partition=-1,
                offset=fact.sequence,
                headers=dict(fact.headers),
                body=fact.body,
            )
            for fact in answer.facts
        ]
        return records, answer.more

    def heads(self) -> Sequence[OwnerHead]:
        """The last sequence of every subject."""
        found: list[OwnerHead] = []
        token = ""
        while True:
            page = self._client.Heads(pb.HeadsRequest(page_token=token))
            found += [OwnerHead(head.subject, head.sequence, head.id) for head in page.heads]
            token = page.next_page_token
            if not token:
                return found


def _page(asked: int, largest: int) -> int:
    if not 0 <= asked <= largest:
        raise Malformed(page_size=f"is not between 0 and {largest}")
    return asked or largest
