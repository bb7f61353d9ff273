"""Billing's gRPC servicer: request to command, outcome to response. It decides nothing."""

from collections.abc import Callable, Sequence

from ninehours.billing.v1 import billing_service_pb2 as pb

from kernel.execute import Book
from kernel.rpc.call import Call
from kernel.rpc.commands import receipt_of
from kernel.rpc.translate import reading, to_date
from services.billing.adapters.messages import money
from services.billing.api.claims_list import ClaimsList
from services.billing.api.fields import (
    named_proposals,
    overrides,
    payers_number,
    settled_revocation,
    usd,
)
from services.billing.api.lists import Lists
from services.billing.api.setting_up import SettingUp
from services.billing.app import use_cases
from services.billing.app.batch import batches_of
from services.billing.app.changes import Following
from services.billing.app.issue_claims import issue_claims
from services.billing.app.issue_corrections import charges_of, issue_corrections
from services.billing.app.ports import FileAudit, Issuing, Network, Pages
from services.billing.domain.authorizations.waiver import BillWithoutAuthorization
from services.billing.domain.claims.claim import RecordAdjudication
from services.billing.domain.claims.issue import (
    REPLACEMENT,
    VOID,
    BatchIssued,
    ClaimIssued,
    NamedProposal,
)
from services.billing.domain.claims.settlement import SettleRevocation

SERVICE = pb.DESCRIPTOR.services_by_name["BillingService"]


class BillingServicer(SettingUp, ClaimsList, Lists):
    """Answers BillingService over one book of record."""

    def __init__(
        self,
        book: Book,
        pages: Pages,
        following: Following,
        issuing: Callable[[Call], Issuing],
        *,
        network: Network,
        audit: FileAudit,
    ) -> None:
        super().__init__(book.store, pages, following, audit)
        self._book = book
        self._network = network
        self._issuing = issuing

    def BillWithoutAuthorization(
        self, request: pb.BillWithoutAuthorizationRequest, call: Call
    ) -> pb.BillWithoutAuthorizationResponse:
        context = self._context(request, call)
        with reading(request) as read:
            command = BillWithoutAuthorization(
                client_id=str(read.uuid("client_id")),
                payer_id=str(read.uuid("payer_id")),
                service_date=read.date("service_date"),
                waived_by=context.actor,
                reason=read.enum("reason"),
            )
        outcome = use_cases.bill_without_authorization(self._book, self._network, command, context)
        return pb.BillWithoutAuthorizationResponse(receipt=receipt_of(outcome.published))

    def SettleRevocation(
        self, request: pb.SettleRevocationRequest, call: Call
    ) -> pb.SettleRevocationResponse:
        context = self._context(request, call)
        with reading(request) as read:
            command = SettleRevocation(
                client_id=str(read.uuid("client_id")),
                payer_id=str(read.uuid("payer_id")),
                disclose=request.disclose,
                settled_by=context.actor,
                meant=read.value(settled_revocation, "revoked_on", None),
            )
        outcome = use_cases.settle_revocation(
            self._book, self._issuing(call).drafts, command, context
        )
        return pb.SettleRevocationResponse(receipt=receipt_of(outcome.published))

    def IssueClaims(self, request: pb.IssueClaimsRequest, call: Call) -> pb.IssueClaimsResponse:
        context = self._context(request, call)
        with reading(request) as read:
            payer_id = str(read.uuid("payer_id"))
            through = read.date("through")
        outcome = issue_claims(self._book, self._issuing(call), payer_id, through, context)
        batches = batches_of(outcome.facts)
        ids = _ids(batches)
        return pb.IssueClaimsResponse(
            receipt=receipt_of(outcome.published),
            batch_id="".join(ids[:1]),
            claims=sum(batch.claims for batch in batches),
            charge=money(sum(batch.charge_minor for batch in batches)),
            left_out=_left_out(batches),
            batch_ids=ids,
        )

    def RecordAdjudication(
        self, request: pb.RecordAdjudicationRequest, call: Call
    ) -> pb.RecordAdjudicationResponse:
        context = self._context(request, call)
        with reading(request) as read:
            paid = read.value(usd(0), "paid", 0) if request.HasField("paid") else 0
            command = RecordAdjudication(
                claim_id=str(read.uuid("claim_id")),
                payer_control_number=read.value(payers_number(50), "payer_control_number", ""),
                status=read.enum("status"),
                paid_minor=paid,
                adjudicated_on=read.date("adjudicated_on"),
                overrides=read.value(overrides, "overrides", frozenset()),
            )
        outcome = use_cases.record_adjudication(self._book, command, context)
        return pb.RecordAdjudicationResponse(receipt=receipt_of(outcome.published))

    def IssueCorrections(
        self, request: pb.IssueCorrectionsRequest, call: Call
    ) -> pb.IssueCorrectionsResponse:
        context = self._context(request, call)
        with reading(request) as read:
            payer_id = str(read.uuid("payer_id"))
            named = read.value(named_proposals, "proposals", dict[str, NamedProposal]())
        outcome = issue_corrections(self._book, self._issuing(call), payer_id, named, context)
        batches = batches_of(outcome.facts)
        ids = _ids(batches)
        issued = [each.fact for each in outcome.facts if isinstance(each.fact, ClaimIssued)]
        frequencies = [claim.frequency for claim in issued]
        was, now = charges_of(self._book, issued)
        return pb.IssueCorrectionsResponse(
            receipt=receipt_of(outcome.published),
            batch_id="".join(ids[:1]),
            replaced=frequencies.count(REPLACEMENT),
            voided=frequencies.count(VOID),
            left_out=_left_out(batches),
            batch_ids=ids,
            issued_charge=money(was),
            corrected_charge=money(now),
        )


def _ids(batches: Sequence[BatchIssued]) -> list[str]:
    """Those that have a file."""
    return [batch.batch_id for batch in batches if batch.claims]


def _left_out(batches: Sequence[BatchIssued]) -> list[pb.LeftOut]:
    return [
        pb.LeftOut(
            client_id=each.client_id,
            reason=each.reason,
            claim_id=each.claim_id,
            field=each.field,
            service_date=to_date(each.service_date) if each.service_date else None,
            other_claim_id=each.other_claim_id,
        )
        for batch in batches
        for each in batch.left_out
    ]
