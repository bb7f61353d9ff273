"""What billing teams read: service days, proposals, claims, authorizations, a batch's file.

A list is a page of what is current, or what changed since a cursor.
"""

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import Any, TypeVar

from ninehours.billing.v1 import billing_service_pb2 as pb

from kernel.decider import filled
from kernel.mapping.fields import left_out, text
from kernel.mapping.reading import M, Reader, named, request_reader
from kernel.mapping.writing import Writer, writer
from kernel.messaging.caught_up import wait_until_heard
from kernel.patience import taking_time
from kernel.refusal import Malformed
from kernel.rpc.call import Call
from kernel.rpc.commands import patience_of, positions_of
from kernel.rpc.translate import reading, required_enum, required_uuid
from kernel.sites import require_network, those_asked
from kernel.store.store import Store, Transaction
from services.billing.adapters import publication
from services.billing.adapters.following import (
    Changes,
    RevisedRow,
    Since,
    changed_claims,
    changed_rows,
)
from services.billing.adapters.pages import IssuedClaimsQuery, RowsQuery, SqlPages
from services.billing.adapters.record import write_file_read
from services.billing.api.requests import code_of
from services.billing.app.draft_id import draft_id
from services.billing.app.ports import FileRead
from services.billing.app.questions import file_of
from services.billing.domain.authorizations.allocation import Balance, balances
from services.billing.domain.claims.claim import IssuedClaimState
from services.billing.domain.claims.rows import DraftRow, ProposalRow
from services.billing.domain.days.service_day import DayRow
from services.billing.domain.projection import Content
from services.billing.domain.x12.t837.claim import ClaimFrequency

PAGE, LARGEST_PAGE = 200, 1000
NOT_FILTERS = frozenset({"client_id", "after", "page_size", "changed_since", "on"})
REASON = left_out(text(60))
"""A reader of a reason's code to filter by; empty: any."""
# Issued claims come before drafts: the token says which of the two lists goes on, and after what.
ISSUED, DRAFTED = "issued|", "drafted|"
T = TypeVar("T")


def limit_of(request: Any, field: str = "page_size") -> int:
    """How many rows a page has."""
    asked: int = getattr(request, field)
    if not 0 <= asked <= LARGEST_PAGE:
        raise Malformed(**{field: f"is not between 0 and {LARGEST_PAGE}"})
    return asked or PAGE


def rows_query(message: type[M], **by_hand: Any) -> Reader[M, RowsQuery]:
    """A reader of what a page of rows is asked for; `sites` is said at each call."""
    return request_reader(
        message,
        RowsQuery,
        given=("sites",),
        until=None,  # of drafts alone
        after_key=named("page_token", getattr),
        limit=named("page_size", limit_of),
        **by_hand,
    )


class RowLists:
    """What lists have in common: pages of rows, and what changed."""

    def __init__(self, store: Store, pages: SqlPages) -> None:
        self.store = store
        self.pages = pages

    def rows(
        self, kind: type[Content], query_of: Reader[Any, RowsQuery], request: Any, call: Call
    ) -> tuple[Sequence[RevisedRow[Content]], dict[str, Any]]:
        """Rows of a kind, and where the next question goes on: what changed, or a page of today's.

        Malformed before anything is waited for.
        """

        def changes_of(tx: Transaction, since: Since) -> Changes[RevisedRow[Content]]:
            return changed_rows(tx, kind, since)

        if changes := self.followed(request, call, changes_of):
            return changes.items, goes_on(changes)
        return self.page(kind, query_of, request, call)

    def page(
        self, kind: type[Content], query_of: Reader[Any, RowsQuery], request: Any, call: Call
    ) -> tuple[Sequence[RevisedRow[Content]], dict[str, Any]]:
        """A page of today's rows, and its token for the next one."""
        wanted = query_of(request, sites=those_asked(call.actor.sites))
        self.wait(request, call)
        with self.store.transaction() as tx:
            rows = self.pages.derived(tx, kind, wanted)
        return rows, {"next_page_token": rows[-1].content.key if len(rows) == wanted.limit else ""}

    def followed(
        self, request: Any, call: Call, changes_of: Callable[[Transaction, Since], Changes[T]]
    ) -> Changes[T] | None:
        """What changed, for a caller who follows; None: they ask for what is current."""
        since = _since(request, call)
        if since is None:
            return None
        self.wait(request, call)
        with self.store.transaction() as tx:
            return changes_of(tx, since)

    def wait(self, request: Any, call: Call) -> None:
        """Until what the request comes after was heard."""
        wait_until_heard(self.store, positions_of(request.after), patience_of(call))


def goes_on(changes: Changes[Any]) -> dict[str, Any]:
    """Where the next question about changes goes on."""
    return {"cursor": str(changes.cursor), "more": changes.more}


def _after_claim(request: pb.ListClaimsRequest, field: str) -> str:
    token: str = getattr(request, field)
    return token.removeprefix(ISSUED) if token.startswith(ISSUED) else ""


_days_query = rows_query(pb.ListServiceDaysRequest, reason=REASON)
_proposals_query = rows_query(pb.ListProposalsRequest)
_issued_query = request_reader(
    pb.ListClaimsRequest,
    IssuedClaimsQuery,
    given=("sites",),
    frequency=left_out(code_of(1, tuple(ClaimFrequency).__contains__, "is no claim frequency")),
    until=named("as_of"),
    after_claim=named("page_token", _after_claim),
    limit=named("page_size", limit_of),
)
_issued_message = writer(
    pb.Claim,
    IssuedClaimState,
    through=("issued",),
    state="ISSUED",
    followed_by_claim_id=named("followed_by"),
    adjudication=lambda state: state.adjudicated and state.adjudicated.status,
    paid=lambda state: state.adjudicated and state.adjudicated.paid_minor,
    adjudicated_on=lambda state: state.adjudicated and state.adjudicated.adjudicated_on,
    revision=0,
    withdrawn=False,
)
_draft_message = writer(
    pb.Claim,
    DraftRow,
    given=("revision", "withdrawn"),
    state="DRAFTED",
    claim_id=lambda row: draft_id(row.key),
    frequency=ClaimFrequency.ORIGINAL,
    batch_id="",
    payer_control_number="",
    adjudication=None,
    followed_by_claim_id="",
    corrects_claim_id="",
    paid=None,
    adjudicated_on=None,
)
balance_message = writer(pb.AuthorizationBalance, Balance, through=("authorization",))
"""An authorization with its units."""


class BillingListRpcs:
    """The questions of BillingService."""

    def __init__(self, store: Store, pages: SqlPages) -> None:
        self._lists = RowLists(store, pages)

    def ListServiceDays(
        self, request: pb.ListServiceDaysRequest, call: Call
    ) -> pb.ListServiceDaysResponse:
        rows, after = self._lists.rows(DayRow, _days_query, request, call)
        return pb.ListServiceDaysResponse(days=_written(publication.service_day, rows), **after)

    def ListProposals(
        self, request: pb.ListProposalsRequest, call: Call
    ) -> pb.ListProposalsResponse:
        rows, after = self._lists.rows(ProposalRow, _proposals_query, request, call)
        return pb.ListProposalsResponse(proposals=_written(publication.proposal, rows), **after)

    def ListAuthorizations(
        self, request: pb.ListAuthorizationsRequest, call: Call
    ) -> pb.ListAuthorizationsResponse:
        client_id = str(required_uuid(request, "client_id"))
        self._lists.wait(request, call)
        with self._lists.store.transaction() as tx:
            found = balances(self._lists.pages.history(tx, client_id))
        return pb.ListAuthorizationsResponse(authorizations=map(balance_message, found))

    def ReadBatch(self, request: pb.ReadBatchRequest, call: Call) -> pb.ReadBatchResponse:
        read = FileRead(
            at=call.now,
            actor=call.actor.id,
            purpose=call.actor.purpose,
            batch_id=str(required_uuid(request, "batch_id")),
            correlation=call.correlation_id,
        )
        name, file = file_of(self._lists.store, write_file_read, read)
        return pb.ReadBatchResponse(
            file_name=name,
            content=file.content,
            sha256=sha256(file.content).hexdigest(),
            forgotten_claims=file.forgotten_claims,
        )

    def ListClaims(self, request: pb.ListClaimsRequest, call: Call) -> pb.ListClaimsResponse:
        if changes := self._lists.followed(request, call, changed_claims):
            claims = [claim for item in changes.items for claim in _claims(item)]
            return pb.ListClaimsResponse(claims=claims, **goes_on(changes))
        state, issued, drafts = _wanted(request, those_asked(call.actor.sites))
        self._lists.wait(request, call)
        token, claims, reached = request.page_token, list[pb.Claim](), ""
        with (
            self._lists.store.transaction() as tx,
            taking_time(call.active, call.desk) as may_go_on,
        ):
            if state != "DRAFTED" and not token.startswith(DRAFTED):
                found = self._lists.pages.issued(tx, issued)
                claims += [claim for one in found for claim in _claims(one)]
                reached = f"{ISSUED}{claims[-1].claim_id}" if claims else ""
            # What only an issued claim has is asked for: no draft has it.
            only_issued = (
                issued.batch_id
                or issued.adjudication
                or issued.frequency not in ("", ClaimFrequency.ORIGINAL)
            )
            if state != "ISSUED" and not only_issued and len(claims) < issued.limit:
                rows = (
                    self._lists.pages.drafts_as_of(tx, drafts, may_go_on)
                    if drafts.until
                    else self._lists.pages.derived(tx, DraftRow, drafts)
                )[: issued.limit - len(claims)]
                claims += [claim for row in rows for claim in _claims(row)]
                reached = f"{DRAFTED}{rows[-1].content.key}" if rows else reached
        return pb.ListClaimsResponse(
            claims=claims, next_page_token=reached if len(claims) == issued.limit else ""
        )


def _written(write: Writer[Content, M], rows: Iterable[RevisedRow[Content]]) -> list[M]:
    return [write(row.content, revision=row.revision, withdrawn=row.withdrawn) for row in rows]


def _wanted(
    request: pb.ListClaimsRequest, sites: list[str] | None
) -> tuple[str, IssuedClaimsQuery, RowsQuery]:
    token = request.page_token
    if token and not token.startswith((ISSUED, DRAFTED)):
        raise Malformed(**{"page_token": "is not one of ours"})
    with reading(request) as read:
        state = read.optional(required_enum, "state") or ""
        issued = read.whole(_issued_query, sites=sites)
    drafts = filled(
        RowsQuery,
        issued,
        RowsQuery(),
        after_key=token.removeprefix(DRAFTED) if token.startswith(DRAFTED) else "",
    )
    return state, issued, drafts


def _claims(row: RevisedRow[DraftRow] | IssuedClaimState) -> Sequence[pb.Claim]:
    """A draft, or an issued claim with what became of it; nothing of one that wasn't issued."""
    if isinstance(row, RevisedRow):
        return _written(_draft_message, [row])
    return [] if row.issued is None else [_issued_message(row)]


def _since(request: Any, call: Call) -> Since | None:
    """What a caller who follows changes asks; None: they ask for what is current.

    Refuses filters that a row can leave: that it left could not be told. A site is one, so that the
    whole network's changes are followed, or none (SITE_NOT_ALLOWED).
    """
    if not request.HasField("changed_since"):
        return None
    require_network(call.actor.sites)
    filters = {field.name for field, _ in request.ListFields()} - NOT_FILTERS
    if filters:
        said = "doesn't go with changed_since: a row that leaves the filter could not be told"
        raise Malformed(**dict.fromkeys(sorted(filters), said))
    with reading(request) as read:
        return Since(
            cursor=request.changed_since,
            client_id=str(read.optional(required_uuid, "client_id") or ""),
            limit=read.value(limit_of, "page_size", PAGE),
        )
