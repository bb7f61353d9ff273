"""What billing teams read: service days, proposals, authorizations, a batch's file."""

from collections.abc import Iterable
from hashlib import sha256

from ninehours.billing.v1 import billing_service_pb2 as pb
from ninehours.common.v1 import common_pb2 as common

from kernel.mapping.writing import writer
from kernel.messaging.caught_up import wait_until_heard
from kernel.rpc.call import Call
from kernel.rpc.commands import patience_of, positions_of
from kernel.rpc.translate import required_uuid
from kernel.sites import those_asked
from kernel.store.store import Store
from services.billing.adapters import messages
from services.billing.api.listing import REASON, rows_query, since_of
from services.billing.app.changes import Following
from services.billing.app.ports import FileAudit, FileRead, Pages
from services.billing.app.questions import balances, file_of
from services.billing.domain.authorizations.balances import Balance
from services.billing.domain.claims.rows import ProposalRow
from services.billing.domain.days.row import DayRow

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
        if since := since_of(request, call):
            self._wait(request.after, call)
            with self._store.transaction() as tx:
                found = self._following.rows(tx, DayRow, since)
            return pb.ListServiceDaysResponse(
                days=[
                    messages.service_day(
                        row.content, revision=row.revision, withdrawn=row.withdrawn
                    )
                    for row in found.rows
                ],
                cursor=str(found.cursor),
                more=found.more,
            )
        wanted = _days_query(request, sites=those_asked(call.actor.sites))
        self._wait(request.after, call)
        with self._store.transaction() as tx:
            rows = self._pages.derived(tx, DayRow, wanted)
        return pb.ListServiceDaysResponse(
            days=[
                messages.service_day(row.content, revision=row.revision, withdrawn=False)
                for row in rows
            ],
            next_page_token=rows[-1].key if len(rows) == wanted.limit else "",
        )

    def ListProposals(
        self, request: pb.ListProposalsRequest, call: Call
    ) -> pb.ListProposalsResponse:
        if since := since_of(request, call):
            self._wait(request.after, call)
            with self._store.transaction() as tx:
                found = self._following.rows(tx, ProposalRow, since)
            return pb.ListProposalsResponse(
                proposals=[
                    messages.proposal(row.content, revision=row.revision, withdrawn=row.withdrawn)
                    for row in found.rows
                ],
                cursor=str(found.cursor),
                more=found.more,
            )
        wanted = _proposals_query(request, sites=those_asked(call.actor.sites))
        self._wait(request.after, call)
        with self._store.transaction() as tx:
            rows = self._pages.derived(tx, ProposalRow, wanted)
        return pb.ListProposalsResponse(
            proposals=[
                messages.proposal(row.content, revision=row.revision, withdrawn=False)
                for row in rows
            ],
            next_page_token=rows[-1].key if len(rows) == wanted.limit else "",
        )

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

    def _wait(self, after: Iterable[common.Position], call: Call) -> None:
        wait_until_heard(self._store, positions_of(after), patience_of(call))
