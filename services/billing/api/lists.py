"""What billing teams read: service days, claims, proposals, and the file of a batch."""

from collections.abc import Iterable
from hashlib import sha256

from ninehours.billing.v1 import billing_service_pb2 as pb
from ninehours.common.v1 import common_pb2 as common

from kernel.messaging.standing import wait_until_heard
from kernel.refusal import Malformed, Unknown
from kernel.rpc.call import Call
from kernel.rpc.commands import patience_of, positions_of
from kernel.rpc.translate import optional, required_enum, required_uuid, to_date
from kernel.store.store import Store
from services.billing.adapters import publication
from services.billing.app.issue_claims import DOCUMENT
from services.billing.app.ports import Pages, Wanted
from services.billing.domain import derive
from services.billing.domain.issue import ClaimIssued

PAGE, LARGEST_PAGE = 200, 1000
# Issued claims come before drafts: the token says which of the two lists goes on, and after what.
ISSUED, DRAFTED = "issued|", "drafted|"


class Lists:
    """The questions of BillingService."""

    def __init__(self, store: Store, pages: Pages) -> None:
        self._store = store
        self._pages = pages

    def ListServiceDays(
        self, request: pb.ListServiceDaysRequest, call: Call
    ) -> pb.ListServiceDaysResponse:
        wanted = Wanted(
            kind=derive.SERVICE_DAY,
            client_id=_client(request),
            outcome=optional(required_enum, request, "outcome") or "",
            after_key=request.page_token,
            limit=_limit(request.page_size),
        )
        self._wait(request.after, call)
        with self._store.transaction() as tx:
            rows = self._pages.derived(tx, wanted)
        return pb.ListServiceDaysResponse(
            days=[publication.service_day(row.content, row.revision, False) for row in rows],
            next_page_token=rows[-1].key if len(rows) == wanted.limit else "",
        )

    def ListProposals(
        self, request: pb.ListProposalsRequest, call: Call
    ) -> pb.ListProposalsResponse:
        wanted = Wanted(
            kind=derive.PROPOSAL,
            client_id=_client(request),
            after_key=request.page_token,
            limit=_limit(request.page_size),
        )
        self._wait(request.after, call)
        with self._store.transaction() as tx:
            rows = self._pages.derived(tx, wanted)
        return pb.ListProposalsResponse(
            proposals=[publication.proposal(row.content, row.revision, False) for row in rows],
            next_page_token=rows[-1].key if len(rows) == wanted.limit else "",
        )

    def ListClaims(self, request: pb.ListClaimsRequest, call: Call) -> pb.ListClaimsResponse:
        client_id, limit = _client(request), _limit(request.page_size)
        state = optional(required_enum, request, "state") or ""
        token = request.page_token
        if token and not token.startswith((ISSUED, DRAFTED)):
            raise Malformed(**{"page_token": "is not one of ours"})
        self._wait(request.after, call)
        claims: list[pb.Claim] = []
        reached = ""
        with self._store.transaction() as tx:
            if state != "DRAFTED" and not token.startswith(DRAFTED):
                issued = self._pages.issued(tx, client_id, token.removeprefix(ISSUED), limit)
                claims += [_issued(claim) for claim in issued]
                reached = f"{ISSUED}{issued[-1].claim_id}" if issued else ""
            if state != "ISSUED" and len(claims) < limit:
                wanted = Wanted(
                    kind=derive.DRAFT_CLAIM,
                    client_id=client_id,
                    after_key=token.removeprefix(DRAFTED) if token.startswith(DRAFTED) else "",
                    limit=limit - len(claims),
                )
                drafts = self._pages.derived(tx, wanted)
                claims += [_drafted(row.content, row.revision) for row in drafts]
                reached = f"{DRAFTED}{drafts[-1].key}" if drafts else reached
        return pb.ListClaimsResponse(
            claims=claims, next_page_token=reached if len(claims) == limit else ""
        )

    def ReadBatch(self, request: pb.ReadBatchRequest, _: Call) -> pb.ReadBatchResponse:
        batch_id = str(required_uuid(request, "batch_id"))
        with self._store.transaction() as tx:
            document = tx.documents.open(f"batch/{batch_id}", DOCUMENT)
        if document is None:
            raise Unknown("batch", batch_id)
        return pb.ReadBatchResponse(
            file_name=f"{batch_id}.837p.x12",
            content=document.content,
            sha256=sha256(document.content).hexdigest(),
        )

    def _wait(self, after: Iterable[common.Position], call: Call) -> None:
        wait_until_heard(self._store, positions_of(after), patience_of(call))


def _issued(claim: ClaimIssued) -> pb.Claim:
    return pb.Claim(
        state=pb.CLAIM_STATE_ISSUED,
        claim_id=claim.claim_id,
        client_id=claim.client_id,
        payer_id=claim.payer_id,
        period_start=to_date(claim.period_start),
        period_end=to_date(claim.period_end),
        lines=publication.lines_of(claim.lines),
        charge=publication.money(claim.charge_minor),
        batch_id=claim.batch_id,
    )


def _drafted(content: dict[str, object], revision: int) -> pb.Claim:
    draft = publication.draft_claim(content, revision, False)
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
    )


def _client(
    request: pb.ListServiceDaysRequest | pb.ListClaimsRequest | pb.ListProposalsRequest,
) -> str:
    client_id = optional(required_uuid, request, "client_id")
    return str(client_id) if client_id else ""


def _limit(asked: int) -> int:
    if not 0 <= asked <= LARGEST_PAGE:
        raise Malformed(page_size=f"is not between 0 and {LARGEST_PAGE}")
    return asked or PAGE
