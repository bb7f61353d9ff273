"""What billing teams read: service days, proposals, authorizations, a batch's file."""

from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from ninehours.billing.v1 import billing_service_pb2 as pb
from ninehours.common.v1 import common_pb2 as common

from kernel.mapping.reading import Reader
from kernel.mapping.writing import Writer, writer
from kernel.messaging.caught_up import wait_until_heard
from kernel.rpc.call import Call
from kernel.rpc.commands import patience_of, positions_of
from kernel.rpc.translate import required_uuid
from kernel.sites import those_asked
from kernel.store.store import Store
from services.billing.adapters import messages
from services.billing.api.listing import REASON, rows_query, since_of
from services.billing.app.changes import Following
from services.billing.app.ports import FileAudit, FileRead, Pages, RowsQuery
from services.billing.app.questions import balances, file_of
from services.billing.domain.authorizations.allocation import Balance
from services.billing.domain.claims.rows import ProposalRow
from services.billing.domain.days.service_day import DayRow
from services.billing.domain.projection import Content

_days_query = rows_query(pb.ListServiceDaysRequest, reason=REASON)
_proposals_query = rows_query(pb.ListProposalsRequest)
balance_message = writer(pb.AuthorizationBalance, Balance, through=("authorization",))
"""An authorization with its units."""


class DayAndProposalRpcs:
    """Service days, proposals, balances, and files: the questions of BillingService but claims."""

    def __init__(self, store: Store, pages: Pages, following: Following, audit: FileAudit) -> None:
        self._store = store
        self._pages = pages
        self._following = following
        self._audit = audit

    def ListServiceDays(
        self, request: pb.ListServiceDaysRequest, call: Call
    ) -> pb.ListServiceDaysResponse:
        days, goes_on = self._rows(DayRow, messages.service_day, _days_query, request, call)
        return pb.ListServiceDaysResponse(days=days, **goes_on)

    def ListProposals(
        self, request: pb.ListProposalsRequest, call: Call
    ) -> pb.ListProposalsResponse:
        proposals, goes_on = self._rows(
            ProposalRow, messages.proposal, _proposals_query, request, call
        )
        return pb.ListProposalsResponse(proposals=proposals, **goes_on)

    def ListAuthorizations(
        self, request: pb.ListAuthorizationsRequest, call: Call
    ) -> pb.ListAuthorizationsResponse:
        client_id = str(required_uuid(request, "client_id"))
        self._wait(request.after, call)
        return pb.ListAuthorizationsResponse(
            authorizations=[
                balance_message(balance)
                for balance in balances(self._store, self._pages, client_id)
            ]
        )

    def ReadBatch(self, request: pb.ReadBatchRequest, call: Call) -> pb.ReadBatchResponse:
        read = FileRead(
            at=call.now,
            actor=call.actor.id,
            purpose=call.actor.purpose,
            batch_id=str(required_uuid(request, "batch_id")),
            correlation=call.correlation_id,
        )
        name, content = file_of(self._store, self._audit, read)
        return pb.ReadBatchResponse(
            file_name=name, content=content, sha256=sha256(content).hexdigest()
        )

    def _rows(
        self,
        kind: type[Content],
        message_of: Writer[Any, Any],
        query_of: Reader[Any, RowsQuery],
        request: Any,
        call: Call,
    ) -> tuple[list[Any], dict[str, Any]]:
        """Rows of a kind, and where the next question goes on: what changed, or a page of today's.

        Malformed before anything is waited for.
        """
        if since := since_of(request, call):
            self._wait(request.after, call)
            with self._store.transaction() as tx:
                changed = self._following.rows(tx, kind, since)
            told = [
                message_of(row.content, revision=row.revision, withdrawn=row.withdrawn)
                for row in changed.rows
            ]
            return told, {"cursor": str(changed.cursor), "more": changed.more}
        wanted = query_of(request, sites=those_asked(call.actor.sites))
        self._wait(request.after, call)
        with self._store.transaction() as tx:
            rows = self._pages.derived(tx, kind, wanted)
        told = [message_of(row.content, revision=row.revision, withdrawn=False) for row in rows]
        return told, {"next_page_token": rows[-1].key if len(rows) == wanted.limit else ""}

    def _wait(self, after: Iterable[common.Position], call: Call) -> None:
        wait_until_heard(self._store, positions_of(after), patience_of(call))
