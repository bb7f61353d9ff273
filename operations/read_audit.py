"""Who asked a service about a client: told to whoever answers for that, and entered itself."""

from ninehours.exchange.v1 import read_audit_service_pb2 as pb

from kernel.mapping.fields import bounded
from kernel.mapping.reading import named
from kernel.mapping.writing import writer
from kernel.rpc.call import Call
from kernel.rpc.pages import page_token, place_of
from kernel.rpc.translate import reading
from kernel.store.read_audit import AuditedRead, reads_of
from kernel.store.store import Store

SERVICE = pb.DESCRIPTOR.services_by_name["ReadAuditService"]
PAGE, LARGEST_PAGE = 200, 1000
to_read = writer(pb.AuditedRead, AuditedRead, correlation_id=named("correlation"))


class ReadAuditServicer:
    """Answers from the service's own audit."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def ListReads(self, request: pb.ListReadsRequest, _: Call) -> pb.ListReadsResponse:
        with reading(request) as read:
            client_id = str(read.uuid("client_id"))
            most = read.value(bounded(0, LARGEST_PAGE), "page_size", 0) or PAGE
            before = read.optional(_number, "page_token")
        with self._store.transaction() as tx:
            reads = reads_of(tx, client_id, before=before, most=most)
        return pb.ListReadsResponse(
            reads=map(to_read, reads),
            next_page_token=page_token(str(reads[-1].number)) if len(reads) == most else "",
        )


def _number(request: pb.ListReadsRequest, field: str) -> int:
    """Where in the audit a page ended; one that no database counts to is none of ours."""
    [number] = place_of(request, field, _bigint)
    return int(number)


def _bigint(text: str) -> int:
    number = int(text)
    if not 0 <= number < 2**63:
        raise ValueError(text)
    return number
