"""A published log over gRPC: the owner's side, and the listener's."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any
from uuid import UUID

import grpc
from ninehours.exchange.v1 import published_log_service_pb2 as pb
from sqlalchemy.engine import Row

from kernel.messaging.envelope import Record
from kernel.messaging.owners import Fingerprint, OwnerHead
from kernel.refusal import Malformed
from kernel.rpc.call import Call
from kernel.rpc.channel import Channel
from kernel.rpc.client import ASKING, RpcClient
from kernel.rpc.connections import pages
from kernel.rpc.remote_refusal import RemoteRefusal
from kernel.store import published
from kernel.store.store import Store, Transaction

SERVICE = pb.DESCRIPTOR.services_by_name["PublishedLogService"]
READ_PAGE = 500
HEADS_PAGE = 5000
FINGERPRINTS_PAGE = 5000
MOST_DIGITS = 18  # of a position: all such numbers fit where PostgreSQL keeps one


class PublishedLogServicer:
    """Answers from the service's own database."""

    def __init__(self, store: Store, service: str) -> None:
        self._store = store
        self._source = f"/services/{service}"

    def Read(self, request: pb.ReadRequest, _: Call) -> pb.ReadResponse:
        size = _page(request.page_size, READ_PAGE)
        if len(request.further) > READ_PAGE:
            raise Malformed(further=f"are more than {READ_PAGE}")
        for number, place in enumerate(request.further):
            if place.sequence < 0:
                raise Malformed(**{f"further.{number}.sequence": "is negative"})
        places = [(place.subject, place.sequence) for place in request.further]
        with self._store.transaction() as tx:
            epoch = published.epoch_of(tx.connection)
            rows, more = published.read(
                tx.connection, request.subject, request.after_sequence, size
            )
            facts, read = [*rows], 0
            if places and not more:
                left = published.PAGE_BYTES - sum(len(row.body) for row in rows)
                further, read = published.read_whole(tx.connection, places, size - len(rows), left)
                facts += further
            seal = _seal(tx)
        return pb.ReadResponse(
            epoch=epoch,
            more=more,
            facts=[self._fact(row, epoch) for row in facts],
            seal=seal,
            further_read=read,
        )

    def Heads(self, request: pb.HeadsRequest, _: Call) -> pb.HeadsResponse:
        size = _page(request.page_size, HEADS_PAGE)
        with self._store.transaction() as tx:
            rows = published.heads(tx.connection, request.page_token, size)
            epoch = published.epoch_of(tx.connection)
            seal = _seal(tx)
        return pb.HeadsResponse(
            topic=self._store.topic,
            epoch=epoch,
            seal=seal,
            heads=[
                pb.Head(subject=row.subject, sequence=row.last, id=str(row.last_id)) for row in rows
            ],
            next_page_token=rows[-1].subject if len(rows) == size else "",
        )

    def ListFingerprints(
        self, request: pb.ListFingerprintsRequest, _: Call
    ) -> pb.ListFingerprintsResponse:
        size = _page(request.page_size, FINGERPRINTS_PAGE)
        after = _position(request.page_token)
        if len(request.places) > FINGERPRINTS_PAGE:
            raise Malformed(places=f"are more than {FINGERPRINTS_PAGE}")
        last = ""
        with self._store.transaction() as tx:
            if request.places:
                rows = published.fingerprints_at(
                    tx.connection,
                    [place.subject for place in request.places],
                    [place.sequence for place in request.places],
                )
            else:
                rows = published.fingerprints(tx.connection, request.types, after, size)
                if len(rows) == size:
                    last = str(rows[-1].position)
        return pb.ListFingerprintsResponse(
            fingerprints=[
                pb.Fingerprint(
                    subject=row.subject,
                    sequence=row.sequence,
                    id=row.id.bytes,
                    digest=bytes(row.digest),
                )
                for row in rows
            ],
            next_page_token=last,
        )

    def Follow(self, request: pb.FollowRequest, _: Call) -> pb.FollowResponse:
        size = _page(request.page_size, READ_PAGE)
        if not 0 <= request.last <= READ_PAGE:
            raise Malformed(last=f"is not between 0 and {READ_PAGE}")
        with self._store.transaction() as tx:
            cursor = published.Cursor.read(tx.connection, request.cursor)
            epoch = published.epoch_of(tx.connection)
            if request.from_now and not request.cursor:
                return pb.FollowResponse(cursor=str(published.end_of(tx.connection)))
            if request.last and not request.cursor:
                cursor = published.before_the_last(tx.connection, request.last)
            types = [request.type] if request.type else []
            rows, cursor, more = published.follow(
                tx.connection, cursor, size, types, request.subject
            )
            seal = _seal(tx)
        return pb.FollowResponse(
            seal=seal,
            facts=[self._fact(row, epoch) for row in rows],
            cursor=str(cursor),
            more=more,
        )

    def _fact(self, row: Row[Any], epoch: int) -> pb.PublishedFact:
        return pb.PublishedFact(
            subject=row.subject,
            sequence=row.sequence,
            epoch=epoch,
            headers=published.envelope_of(row, source=self._source, epoch=epoch).headers(),
            body=bytes(row.body),
            position=row.position,
        )

    def CountFacts(self, _: pb.CountFactsRequest, __: Call) -> pb.CountFactsResponse:
        with self._store.transaction() as tx:
            return pb.CountFactsResponse(facts=published.count(tx.connection))


class RemoteOwner:
    """The published log of another service."""

    def __init__(self, topic: str, channel: Channel, token: Callable[[], str]) -> None:
        self.topic = topic
        self._client = RpcClient(channel, SERVICE, token=token, deadline=5.0, places=ASKING)

    def read(self, subject: str, after: int) -> tuple[Sequence[Record], bool]:
        """The subject's records after a sequence, oldest first, and whether more follow."""
        answer = self._read(pb.ReadRequest(subject=subject, after_sequence=after))
        return [self._record(fact, answer.seal) for fact in answer.facts], answer.more

    def read_whole(self, places: Sequence[tuple[str, int]]) -> Sequence[Sequence[Record]]:
        """All records after these places (subject, sequence), of as many as one answer holds.

        An older release answers for the first alone.
        """
        [(subject, after), *further] = places[: 1 + READ_PAGE]
        request = pb.ReadRequest(subject=subject, after_sequence=after)
        for of_subject, sequence in further:
            request.further.add(subject=of_subject, sequence=sequence)
        answer = self._read(request)
        if answer.more:
            return []
        found: dict[str, list[Record]] = {}
        for fact in answer.facts:
            found.setdefault(fact.subject, []).append(self._record(fact, answer.seal))
        return [found.get(of_subject, []) for of_subject, _ in places[: 1 + answer.further_read]]

    def _read(self, request: pb.ReadRequest) -> pb.ReadResponse:
        answer: pb.ReadResponse = self._client.Read(request)
        if not answer.HasField("seal"):
            raise _says_nothing_of_signatures()
        return answer

    def _record(self, fact: pb.PublishedFact, seal: pb.Seal) -> Record:
        return Record(
            topic=self.topic,
            partition=-1,
            offset=fact.sequence,
            headers=dict(fact.headers),
            body=fact.body,
            position=fact.position,
            unsigned_to=seal.unsigned_to,
        )

    def sealed_to(self) -> int | None:
        """Up to which position facts of its log may be unsigned; None: that isn't for good yet."""
        answer = self._client.Heads(pb.HeadsRequest(page_size=1))
        if not answer.HasField("seal"):
            raise _says_nothing_of_signatures()
        return answer.seal.unsigned_to if answer.seal.for_good else None

    def epoch_and_heads(self) -> tuple[int, Sequence[OwnerHead]]:
        """The log's epoch, and the last sequence of every subject in it."""
        found: list[OwnerHead] = []
        for page in pages(self._client.Heads, pb.HeadsRequest()):
            found += [OwnerHead(head.subject, head.sequence, head.id) for head in page.heads]
        return page.epoch, found

    def fingerprints_at(self, positions: Sequence[tuple[str, int]]) -> Iterator[Fingerprint]:
        """Of the facts at these positions (subject, sequence) of the log."""
        for start in range(0, len(positions), FINGERPRINTS_PAGE):
            request = pb.ListFingerprintsRequest()
            for subject, sequence in positions[start : start + FINGERPRINTS_PAGE]:
                request.places.add(subject=subject, sequence=sequence)
            yield from self._fingerprints(request)

    def fingerprints(self, types: Sequence[str]) -> Iterator[Fingerprint]:
        """Of every fact of these types that was published by now."""
        return self._fingerprints(pb.ListFingerprintsRequest(types=types))

    def _fingerprints(self, request: pb.ListFingerprintsRequest) -> Iterator[Fingerprint]:
        for page in pages(self._client.ListFingerprints, request):
            for fingerprint in page.fingerprints:
                yield Fingerprint(
                    topic=self.topic,
                    subject=fingerprint.subject,
                    sequence=fingerprint.sequence,
                    fact=str(UUID(bytes=fingerprint.id)),
                    digest=fingerprint.digest,
                )


def _seal(tx: Transaction) -> pb.Seal:
    seal = published.seal_of(tx.connection)
    return pb.Seal(unsigned_to=seal.unsigned_to, for_good=seal.for_good)


def _says_nothing_of_signatures() -> RemoteRefusal:
    """Of an older release's answer: what it gives might be signed, and isn't shown so."""
    return RemoteRefusal(
        grpc.StatusCode.UNAVAILABLE, "OWNER_OF_OLDER_RELEASE", "it says nothing of signatures", {}
    )


def _position(token: str) -> int:
    if token and not (token.isascii() and token.isdigit() and len(token) <= MOST_DIGITS):
        raise Malformed(**{"page_token": "is none that an answer gave"})
    return int(token or 0)


def _page(asked: int, largest: int) -> int:
    if not 0 <= asked <= largest:
        raise Malformed(page_size=f"is not between 0 and {largest}")
    return asked or largest
