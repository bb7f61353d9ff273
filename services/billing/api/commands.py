"""The RPCs of BillingService that command, request to command, outcome to response."""

from collections.abc import Callable
from typing import Any

from ninehours.billing.v1 import billing_service_pb2 as pb

from kernel.execute import Outcome
from kernel.mapping.writing import writer
from kernel.rpc.call import Call
from kernel.rpc.commands import ACTOR, CommandRpcs, command_rpc, context_of, new_id, receipt_of
from kernel.rpc.translate import reading
from services.billing.adapters.publication import money
from services.billing.api import requests
from services.billing.app import use_cases
from services.billing.app.batch import batches_of
from services.billing.app.issuing import charges_of, issue_claims, issue_corrections
from services.billing.app.ports import BillingWriteSide, Issuing
from services.billing.domain.claims.issue import ClaimIssued, LeftOut, NamedProposal
from services.billing.domain.x12.t837.claim import ClaimFrequency

_left_out = writer(pb.LeftOut, LeftOut)


class BillingCommandRpcs(CommandRpcs[BillingWriteSide]):
    """Who bills and who pays, under which rules; then what is done about claims."""

    RegisterProvider = command_rpc(
        requests.to_register_provider, use_cases.register_provider, provider_id=new_id("provider")
    )
    RegisterPractitioner = command_rpc(
        requests.to_register_practitioner, use_cases.register_practitioner
    )
    SetFee = command_rpc(requests.to_set_fee, use_cases.set_fee)
    RegisterPayer = command_rpc(
        requests.to_register_payer, use_cases.register_payer, payer_id=new_id("payer")
    )
    EnrollProvider = command_rpc(requests.to_enroll_provider, use_cases.enroll_provider)
    ProposeRuleSet = command_rpc(
        requests.to_propose_rule_set, use_cases.propose_rule_set, proposed_by=ACTOR
    )
    ConfirmRuleSet = command_rpc(
        requests.to_confirm_rule_set, use_cases.confirm_rule_set, confirmed_by=ACTOR
    )
    RecordAuthorization = command_rpc(
        requests.to_record_authorization,
        use_cases.record_authorization,
        authorization_id=new_id("authorization"),
    )
    BillWithoutAuthorization = command_rpc(
        requests.to_bill_without_authorization,
        use_cases.bill_without_authorization,
        waived_by=ACTOR,
    )
    SettleRevocation = command_rpc(
        requests.to_settle_revocation, use_cases.settle_revocation, settled_by=ACTOR
    )
    RecordAdjudication = command_rpc(requests.to_record_adjudication, use_cases.record_adjudication)

    def __init__(self, write_side: BillingWriteSide, issuing: Callable[[Call], Issuing]) -> None:
        super().__init__(write_side)
        self._issuing = issuing

    def IssueClaims(self, request: pb.IssueClaimsRequest, call: Call) -> pb.IssueClaimsResponse:
        executor = self.write_side.executor
        context = context_of(request, call, executor.store.vault)
        with reading(request) as read:
            payer_id = str(read.uuid("payer_id"))
            through = read.date("through")
        outcome = issue_claims(executor, self._issuing(call), payer_id, through, context)
        batches = batches_of(outcome.facts)
        return pb.IssueClaimsResponse(
            **_batches(outcome),
            claims=sum(batch.claims for batch in batches),
            charge=money(sum(batch.charge_minor for batch in batches)),
        )

    def IssueCorrections(
        self, request: pb.IssueCorrectionsRequest, call: Call
    ) -> pb.IssueCorrectionsResponse:
        executor = self.write_side.executor
        context = context_of(request, call, executor.store.vault)
        with reading(request) as read:
            payer_id = str(read.uuid("payer_id"))
            named = read.value(requests.named_proposals, "proposals", dict[str, NamedProposal]())
        outcome = issue_corrections(executor, self._issuing(call), payer_id, named, context)
        issued = [fact.fact for fact in outcome.facts if isinstance(fact.fact, ClaimIssued)]
        frequencies = [claim.frequency for claim in issued]
        was, now = charges_of(executor, issued)
        return pb.IssueCorrectionsResponse(
            **_batches(outcome),
            replaced=frequencies.count(ClaimFrequency.REPLACEMENT),
            voided=frequencies.count(ClaimFrequency.VOID),
            issued_charge=money(was),
            corrected_charge=money(now),
        )


def _batches(outcome: Outcome) -> dict[str, Any]:
    """What both say: the batches that have a file, and who was left out."""
    batches = batches_of(outcome.facts)
    ids = [batch.batch_id for batch in batches if batch.claims]
    return {
        "receipt": receipt_of(outcome.published),
        "batch_id": "".join(ids[:1]),
        "batch_ids": ids,
        "left_out": [_left_out(left) for batch in batches for left in batch.left_out],
    }
