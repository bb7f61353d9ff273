"""Claims as billing teams read them: issued ones, then drafts; or what changed, step by step."""

from collections.abc import Iterable

from ninehours.billing.v1 import billing_service_pb2 as pb

from kernel.messaging.caught_up import wait_until_heard
from kernel.patience import MayGoOn, taking_time
from kernel.refusal import Malformed
from kernel.rpc.call import Call
from kernel.rpc.commands import patience_of, positions_of
from kernel.rpc.translate import date_of, reading, required_enum, timestamp_of, to_date
from kernel.sites import those_asked
from kernel.store.store import Store, Transaction
from services.billing.adapters import messages
from services.billing.api.fields import frequency
from services.billing.api.listing import PAGE, id_or_any, limit_of, since_of
from services.billing.app.changes import ChangedRow, Following
from services.billing.app.ports import IssuedClaimsQuery, Pages, RowsQuery
from services.billing.domain import projection as derive
from services.billing.domain.claims.claim import IssuedClaimState
from services.billing.domain.claims.issue import ORIGINAL

# Issued claims come before drafts: the token says which of the two lists goes on, and after what.
ISSUED, DRAFTED = "issued|", "drafted|"


class ClaimsList:
    """ListClaims."""

    _store: Store
    _pages: Pages
    _following: Following

    def ListClaims(self, request: pb.ListClaimsRequest, call: Call) -> pb.ListClaimsResponse:
        if since := since_of(request, call):
            wait_until_heard(self._store, positions_of(request.after), patience_of(call))
            with self._store.transaction() as tx:
                found = self._following.claims(tx, since)
            return pb.ListClaimsResponse(
                claims=[each for change in found.claims for each in _changed(change)],
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
                each for found in self._pages.issued(tx, issued) for each in issued_of(found)
            ]
            reached = f"{ISSUED}{claims[-1].claim_id}" if claims else ""
        # What only an issued claim has is asked for: no draft has it.
        only_issued = issued.batch_id or issued.adjudication or issued.frequency not in ("", "1")
        if state != "ISSUED" and not only_issued and len(claims) < limit:
            rows = (
                self._pages.drafts_as_of(tx, drafts, may_go_on)
                if drafts.until
                else self._pages.derived(tx, drafts)
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
        issued = IssuedClaimsQuery(
            client_id=id_or_any(read, "client_id"),
            payer_id=id_or_any(read, "payer_id"),
            site_id=id_or_any(read, "site_id"),
            sites=sites,
            batch_id=id_or_any(read, "batch_id"),
            frequency=read.optional(frequency, "frequency") or "",
            adjudication=read.optional(required_enum, "adjudication") or "",
            first=read.optional(date_of, "first"),
            last=read.optional(date_of, "last"),
            until=read.optional(timestamp_of, "as_of"),
            after_claim=token.removeprefix(ISSUED) if token.startswith(ISSUED) else "",
            limit=read.value(limit_of, "page_size", PAGE),
        )
    drafts = RowsQuery(
        kind=derive.DRAFT_CLAIM,
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


def _changed(change: ChangedRow | IssuedClaimState) -> Iterable[pb.Claim]:
    if isinstance(change, IssuedClaimState):
        return issued_of(change)
    return [draft_of(change.content, change.revision, change.withdrawn)]


def issued_of(state: IssuedClaimState) -> list[pb.Claim]:
    """An issued claim with what became of it; nothing of one that wasn't issued."""
    claim, answer = state.issued, state.adjudicated
    if claim is None:
        return []
    status = f"ADJUDICATION_STATUS_{answer.status if answer else 'UNSPECIFIED'}"
    return [
        pb.Claim(
            state=pb.CLAIM_STATE_ISSUED,
            claim_id=claim.claim_id,
            client_id=claim.client_id,
            payer_id=claim.payer_id,
            period_start=to_date(claim.period_start),
            period_end=to_date(claim.period_end),
            lines=messages.lines_of(claim.lines),
            charge=messages.money(claim.charge_minor),
            batch_id=claim.batch_id,
            frequency=claim.frequency,
            payer_control_number=state.payer_control_number,
            adjudication=status,
            followed_by_claim_id=state.followed_by,
            claim_form=f"CLAIM_FORM_{claim.claim_form}",
            site_id=claim.site_id,
            provider_id=claim.provider_id,
            authorization_id=claim.authorization_id,
            corrects_claim_id=claim.corrects_claim_id,
            paid=messages.money(answer.paid_minor) if answer else None,
            adjudicated_on=to_date(answer.adjudicated_on) if answer else None,
        )
    ]


def draft_of(content: dict[str, object], revision: int, withdrawn: bool = False) -> pb.Claim:
    """A draft as a claim; one of before may say less."""
    draft = messages.draft_claim(content, revision, withdrawn)
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
        claim_form=f"CLAIM_FORM_{content['claim_form']}",
        site_id=draft.site_id,
        provider_id=draft.provider_id,
        authorization_id=draft.authorization_id,
        withdrawn=withdrawn,
    )
