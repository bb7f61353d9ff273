"""What billing teams read: service days, claims, proposals, authorizations, a batch's file."""

from collections.abc import Iterable
from hashlib import sha256

from ninehours.billing.v1 import billing_service_pb2 as pb
from ninehours.common.v1 import common_pb2 as common

from kernel.messaging.standing import wait_until_heard
from kernel.refusal import Malformed
from kernel.rpc.call import Call
from kernel.rpc.commands import patience_of, positions_of
from kernel.rpc.translate import optional, required_enum, required_uuid, to_date
from kernel.store.store import Store
from services.billing.adapters import messages
from services.billing.app.ports import Pages, Wanted
from services.billing.app.questions import balances, file_of
from services.billing.domain import derive
from services.billing.domain.balances import Balance
from services.billing.domain.claim import IssuedClaimState
from services.billing.domain.issue import ORIGINAL

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
            days=[messages.service_day(row.content, row.revision, False) for row in rows],
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
            proposals=[messages.proposal(row.content, row.revision, False) for row in rows],
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
                claims += [claim for state in issued for claim in _issued(state)]
                reached = f"{ISSUED}{claims[-1].claim_id}" if claims else ""
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

    def ListAuthorizations(
        self, request: pb.ListAuthorizationsRequest, call: Call
    ) -> pb.ListAuthorizationsResponse:
        client_id = str(required_uuid(request, "client_id"))
        self._wait(request.after, call)
        return pb.ListAuthorizationsResponse(
            authorizations=[
                balance_message(each) for each in balances(self._store, self._pages, client_id)
            ]
        )

    def ReadBatch(self, request: pb.ReadBatchRequest, _: Call) -> pb.ReadBatchResponse:
        name, content = file_of(self._store, str(required_uuid(request, "batch_id")))
        return pb.ReadBatchResponse(
            file_name=name, content=content, sha256=sha256(content).hexdigest()
        )

    def _wait(self, after: Iterable[common.Position], call: Call) -> None:
        wait_until_heard(self._store, positions_of(after), patience_of(call))


def _issued(state: IssuedClaimState) -> list[pb.Claim]:
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
        )
    ]


def balance_message(balance: Balance) -> pb.AuthorizationBalance:
    """An authorization with its units."""
    authorization = balance.authorization
    return pb.AuthorizationBalance(
        authorization_id=authorization.authorization_id,
        payer_id=authorization.payer_id,
        unit=f"AUTHORIZATION_UNIT_{authorization.unit}",
        units=authorization.units,
        issued=balance.issued,
        allocated=balance.allocated,
        effective_from=to_date(authorization.effective_from),
        effective_to=to_date(authorization.effective_to),
        site_id=authorization.site_id,
    )


def _drafted(content: dict[str, object], revision: int) -> pb.Claim:
    draft = messages.draft_claim(content, revision, False)
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
