"""Commands about claims: days that a person lets through, issuing, corrections, payers' answers."""

from collections.abc import Callable, Sequence

from ninehours.billing.v1 import billing_service_pb2 as pb

from kernel.execute import Book
from kernel.mapping.fields import left_out
from kernel.mapping.reading import named, request_reader
from kernel.mapping.writing import writer
from kernel.rpc.call import Call
from kernel.rpc.commands import context_of, receipt_of
from kernel.rpc.translate import reading
from services.billing.adapters.messages import money
from services.billing.api.fields import (
    named_proposals,
    overrides,
    payers_number,
    settled_revocation,
    usd,
)
from services.billing.app import use_cases
from services.billing.app.batch import batches_of
from services.billing.app.issue_claims import issue_claims
from services.billing.app.issue_corrections import charges_of, issue_corrections
from services.billing.app.ports import Issuing, Network
from services.billing.domain.authorizations.waiver import BillWithoutAuthorization
from services.billing.domain.claims.claim import RecordAdjudication
from services.billing.domain.claims.issue import (
    BatchIssued,
    ClaimIssued,
    LeftOut,
    NamedProposal,
)
from services.billing.domain.claims.settlement import SettleRevocation
from services.billing.domain.x12.t837.claim import REPLACEMENT, VOID

_bill_without_authorization = request_reader(
    pb.BillWithoutAuthorizationRequest, BillWithoutAuthorization, given=("waived_by",)
)
_settle_revocation = request_reader(
    pb.SettleRevocationRequest,
    SettleRevocation,
    given=("settled_by",),
    # Which one is meant is said; which one it is, is for the use case to find.
    meant=named("revoked_on", settled_revocation),
    revoked_on=None,
)
_record_adjudication = request_reader(
    pb.RecordAdjudicationRequest,
    RecordAdjudication,
    payer_control_number=payers_number(50),
    paid_minor=left_out(usd(0), 0),
    overrides=overrides,
    issued_on=None,  # the use case knows
)
_left_out_message = writer(pb.LeftOut, LeftOut)


class ClaimCommandRpcs:
    """What is done about claims."""

    def __init__(self, book: Book, network: Network, issuing: Callable[[Call], Issuing]) -> None:
        self._book = book
        self._network = network
        self._issuing = issuing

    def BillWithoutAuthorization(
        self, request: pb.BillWithoutAuthorizationRequest, call: Call
    ) -> pb.BillWithoutAuthorizationResponse:
        context = context_of(request, call, self._book.store.vault)
        command = _bill_without_authorization(request, waived_by=context.actor)
        outcome = use_cases.bill_without_authorization(self._book, self._network, command, context)
        return pb.BillWithoutAuthorizationResponse(receipt=receipt_of(outcome.published))

    def SettleRevocation(
        self, request: pb.SettleRevocationRequest, call: Call
    ) -> pb.SettleRevocationResponse:
        context = context_of(request, call, self._book.store.vault)
        command = _settle_revocation(request, settled_by=context.actor)
        outcome = use_cases.settle_revocation(
            self._book, self._issuing(call).drafts, command, context
        )
        return pb.SettleRevocationResponse(receipt=receipt_of(outcome.published))

    def IssueClaims(self, request: pb.IssueClaimsRequest, call: Call) -> pb.IssueClaimsResponse:
        context = context_of(request, call, self._book.store.vault)
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
        context = context_of(request, call, self._book.store.vault)
        command = _record_adjudication(request)
        outcome = use_cases.record_adjudication(self._book, command, context)
        return pb.RecordAdjudicationResponse(receipt=receipt_of(outcome.published))

    def IssueCorrections(
        self, request: pb.IssueCorrectionsRequest, call: Call
    ) -> pb.IssueCorrectionsResponse:
        context = context_of(request, call, self._book.store.vault)
        with reading(request) as read:
            payer_id = str(read.uuid("payer_id"))
            named = read.value(named_proposals, "proposals", dict[str, NamedProposal]())
        outcome = issue_corrections(self._book, self._issuing(call), payer_id, named, context)
        batches = batches_of(outcome.facts)
        ids = _ids(batches)
        issued = [fact.fact for fact in outcome.facts if isinstance(fact.fact, ClaimIssued)]
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
    return [_left_out_message(left) for batch in batches for left in batch.left_out]
