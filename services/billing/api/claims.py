"""Claims as billing teams read them: issued ones, then drafts; or what changed, step by step."""

from collections.abc import Iterable

from ninehours.billing.v1 import billing_service_pb2 as pb

from kernel.mapping.fields import left_out
from kernel.mapping.reading import named, request_reader
from kernel.mapping.writing import writer
from kernel.messaging.caught_up import wait_until_heard
from kernel.patience import MayGoOn, taking_time
from kernel.refusal import Malformed
from kernel.rpc.call import Call
from kernel.rpc.commands import patience_of, positions_of
from kernel.rpc.translate import reading, required_enum
from kernel.sites import those_asked
from kernel.store.store import Store, Transaction
from services.billing.adapters import messages
from services.billing.api.fields import frequency
from services.billing.api.listing import limit_of, since_of
from services.billing.app.changes import ChangedRow, Following
from services.billing.app.ports import IssuedClaimsQuery, Pages, RowsQuery
from services.billing.domain.claims.claim import IssuedClaimState
from services.billing.domain.claims.rows import DraftRow
from services.billing.domain.x12.t837.claim import ORIGINAL

# Issued claims come before drafts: the token says which of the two lists goes on, and after what.
ISSUED, DRAFTED = "issued|", "drafted|"


def _after_claim(request: pb.ListClaimsRequest, field: str) -> str:
    token: str = getattr(request, field)
    return token.removeprefix(ISSUED) if token.startswith(ISSUED) else ""


_issued_query = request_reader(
    pb.ListClaimsRequest,
    IssuedClaimsQuery,
    given=("sites",),
    frequency=left_out(frequency),
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


class ClaimListRpcs:
    """ListClaims."""

    def __init__(self, store: Store, pages: Pages, following: Following) -> None:
        self._store = store
        self._pages = pages
        self._following = following

    def ListClaims(self, request: pb.ListClaimsRequest, call: Call) -> pb.ListClaimsResponse:
        if since := since_of(request, call):
            wait_until_heard(self._store, positions_of(request.after), patience_of(call))
            with self._store.transaction() as tx:
                found = self._following.claims(tx, since)
            return pb.ListClaimsResponse(
                claims=[claim for change in found.claims for claim in _changed(change)],
                cursor=str(found.cursor),
                more=found.more,
            )
        state, issued, drafts = _wanted(request, those_asked(call.actor.sites))
        wait_until_heard(self._store, positions_of(request.after), patience_of(call))
        with (
            self._store.transaction() as tx,
            taking_time(call.active, call.desk) as may_go_on,
        ):
            return self._page(tx, request.page_token, (state, issued, drafts), may_go_on)

    def _page(
        self,
        tx: Transaction,
        token: str,
        wanted: tuple[str, IssuedClaimsQuery, RowsQuery],
        may_go_on: MayGoOn,
    ) -> pb.ListClaimsResponse:
        state, issued, drafts = wanted
        claims: list[pb.Claim] = []
        limit, reached = issued.limit, ""
        if state != "DRAFTED" and not token.startswith(DRAFTED):
            claims += [
                claim for found in self._pages.issued(tx, issued) for claim in issued_of(found)
            ]
            reached = f"{ISSUED}{claims[-1].claim_id}" if claims else ""
        # What only an issued claim has is asked for: no draft has it.
        only_issued = issued.batch_id or issued.adjudication or issued.frequency not in ("", "1")
        if state != "ISSUED" and not only_issued and len(claims) < limit:
            rows = (
                self._pages.drafts_as_of(tx, drafts, may_go_on)
                if drafts.until
                else self._pages.derived(tx, DraftRow, drafts)
            )[: limit - len(claims)]
            claims += [draft_of(row.content, row.revision) for row in rows]
            reached = f"{DRAFTED}{rows[-1].key}" if rows else reached
        return pb.ListClaimsResponse(
            claims=claims, next_page_token=reached if len(claims) == limit else ""
        )


def _wanted(
    request: pb.ListClaimsRequest, sites: list[str] | None
) -> tuple[str, IssuedClaimsQuery, RowsQuery]:
    token = request.page_token
    if token and not token.startswith((ISSUED, DRAFTED)):
        raise Malformed(**{"page_token": "is not one of ours"})
    with reading(request) as read:
        state = read.optional(required_enum, "state") or ""
        issued = read.whole(_issued_query, sites=sites)
    drafts = RowsQuery(
        client_id=issued.client_id,
        payer_id=issued.payer_id,
        site_id=issued.site_id,
        sites=sites,
        first=issued.first,
        last=issued.last,
        until=issued.until,
        after_key=token.removeprefix(DRAFTED) if token.startswith(DRAFTED) else "",
        limit=issued.limit,
    )
    return state, issued, drafts


def _changed(change: ChangedRow[DraftRow] | IssuedClaimState) -> Iterable[pb.Claim]:
    if isinstance(change, IssuedClaimState):
        return issued_of(change)
    return [draft_of(change.content, change.revision, change.withdrawn)]


def issued_of(state: IssuedClaimState) -> list[pb.Claim]:
    """An issued claim with what became of it; nothing of one that wasn't issued."""
    return [] if state.issued is None else [_issued_message(state)]


def draft_of(row: DraftRow, revision: int, withdrawn: bool = False) -> pb.Claim:
    """A draft as a claim."""
    draft = messages.draft_claim(row, revision=revision, withdrawn=withdrawn)
    return pb.Claim(
        state=pb.CLAIM_STATE_DRAFTED,
        claim_id=draft.draft_id,
        client_id=draft.client_id,
        payer_id=draft.payer_id,
        period_start=draft.period_start,
        period_end=draft.period_end,
        lines=draft.lines,
        charge=draft.charge,
        revision=revision,
        frequency=ORIGINAL,
        claim_form=f"CLAIM_FORM_{row.claim_form}",
        site_id=draft.site_id,
        provider_id=draft.provider_id,
        authorization_id=draft.authorization_id,
        withdrawn=withdrawn,
    )
