"""Billing's gRPC servicer: request to command, outcome to response. It decides nothing."""

from typing import Any

from ninehours.billing.v1 import billing_service_pb2 as pb

from kernel.execute import Book
from kernel.refusal import Malformed
from kernel.rpc.call import Call
from kernel.rpc.commands import context_of, receipt_of
from kernel.rpc.translate import reading
from kernel.store.store import Context
from services.billing.adapters.publication import money
from services.billing.adapters.rule_sets import rule_set_of
from services.billing.api.lists import Lists
from services.billing.app import use_cases
from services.billing.app.issue_claims import Issuing, issue_claims
from services.billing.app.ports import Pages
from services.billing.domain.authorization import RecordAuthorization
from services.billing.domain.issue import BatchIssued
from services.billing.domain.payer import ConfirmRuleSet, ProposeRuleSet, RegisterPayer
from services.billing.domain.provider import Address, EnrollProvider, RegisterProvider, SetFee
from services.billing.domain.x12.npi import is_valid_npi

SERVICE = pb.DESCRIPTOR.services_by_name["BillingService"]
LARGEST_CHARGE = 10_000_000  # cents: above it, somebody's finger slipped
MOST_UNITS = 1000


class BillingServicer(Lists):
    """Answers BillingService over one book of record."""

    def __init__(self, book: Book, pages: Pages, issuing: Issuing) -> None:
        super().__init__(book.store, pages)
        self._book = book
        self._issuing = issuing

    def RegisterProvider(
        self, request: pb.RegisterProviderRequest, call: Call
    ) -> pb.RegisterProviderResponse:
        context = self._context(request, call)
        with reading(request) as read:
            command = RegisterProvider(
                provider_id=context.new_id("provider"),
                name=read.text("name", max_length=60),
                npi=read.value(_npi, "npi", ""),
                tax_id=read.value(_digits(9), "tax_id", ""),
                taxonomy=read.text("taxonomy", max_length=10),
                address=Address(
                    line=read.text("address.line", max_length=55),
                    city=read.text("address.city", max_length=30),
                    state=read.text("address.state", max_length=2),
                    zip=read.value(_digits(9), "address.zip", ""),
                ),
                contact_name=read.text("contact_name", max_length=60),
                contact_phone=read.value(_digits(10), "contact_phone", ""),
            )
        outcome = use_cases.register_provider(self._book, command, context)
        return pb.RegisterProviderResponse(
            receipt=receipt_of(outcome.published), provider_id=command.provider_id
        )

    def SetFee(self, request: pb.SetFeeRequest, call: Call) -> pb.SetFeeResponse:
        context = self._context(request, call)
        with reading(request) as read:
            command = SetFee(
                provider_id=str(read.uuid("provider_id")),
                code=read.text("code", max_length=5),
                charge_minor=read.value(_usd, "charge", 0),
                effective_from=read.date("effective_from"),
            )
        outcome = use_cases.set_fee(self._book, command, context)
        return pb.SetFeeResponse(receipt=receipt_of(outcome.published))

    def RegisterPayer(
        self, request: pb.RegisterPayerRequest, call: Call
    ) -> pb.RegisterPayerResponse:
        context = self._context(request, call)
        with reading(request) as read:
            command = RegisterPayer(
                payer_id=context.new_id("payer"),
                name=read.text("name", max_length=60),
                payer_number=read.text("payer_number", max_length=15),
                filing_indicator=read.text("filing_indicator", max_length=2),
            )
        outcome = use_cases.register_payer(self._book, command, context)
        return pb.RegisterPayerResponse(
            receipt=receipt_of(outcome.published), payer_id=command.payer_id
        )

    def EnrollProvider(
        self, request: pb.EnrollProviderRequest, call: Call
    ) -> pb.EnrollProviderResponse:
        context = self._context(request, call)
        with reading(request) as read:
            command = EnrollProvider(
                provider_id=str(read.uuid("provider_id")),
                payer_id=str(read.uuid("payer_id")),
                site_id=str(read.uuid("site_id")),
                effective_from=read.date("effective_from"),
            )
        outcome = use_cases.enroll_provider(self._book, command, context)
        return pb.EnrollProviderResponse(receipt=receipt_of(outcome.published))

    def ProposeRuleSet(
        self, request: pb.ProposeRuleSetRequest, call: Call
    ) -> pb.ProposeRuleSetResponse:
        context = self._context(request, call)
        command = ProposeRuleSet(
            rules=rule_set_of(request.rule_set, at="rule_set."), proposed_by=context.actor
        )
        outcome = use_cases.propose_rule_set(self._book, command, context)
        return pb.ProposeRuleSetResponse(receipt=receipt_of(outcome.published))

    def ConfirmRuleSet(
        self, request: pb.ConfirmRuleSetRequest, call: Call
    ) -> pb.ConfirmRuleSetResponse:
        context = self._context(request, call)
        with reading(request) as read:
            command = ConfirmRuleSet(
                payer_id=str(read.uuid("payer_id")),
                version=read.integer("version", low=1, high=100_000),
                confirmed_by=context.actor,
            )
        outcome = use_cases.confirm_rule_set(self._book, command, context)
        return pb.ConfirmRuleSetResponse(receipt=receipt_of(outcome.published))

    def RecordAuthorization(
        self, request: pb.RecordAuthorizationRequest, call: Call
    ) -> pb.RecordAuthorizationResponse:
        context = self._context(request, call)
        with reading(request) as read:
            number = read.text("number", max_length=50)
            command = RecordAuthorization(
                authorization_id=context.new_id("authorization"),
                client_id=str(read.uuid("client_id")),
                payer_id=str(read.uuid("payer_id")),
                level_of_care=read.text("level_of_care", max_length=8),
                units=read.integer("units", low=1, high=MOST_UNITS),
                effective_from=read.date("effective_from"),
                effective_to=read.date("effective_to"),
            )
        outcome = use_cases.record_authorization(self._book, command, number, context)
        return pb.RecordAuthorizationResponse(
            receipt=receipt_of(outcome.published), authorization_id=command.authorization_id
        )

    def IssueClaims(self, request: pb.IssueClaimsRequest, call: Call) -> pb.IssueClaimsResponse:
        context = self._context(request, call)
        with reading(request) as read:
            payer_id = str(read.uuid("payer_id"))
            through = read.date("through")
        outcome = issue_claims(self._book, self._issuing, payer_id, through, context)
        [batch] = [r.fact for r in outcome.facts if isinstance(r.fact, BatchIssued)]
        return pb.IssueClaimsResponse(
            receipt=receipt_of(outcome.published),
            batch_id=batch.batch_id if batch.claims else "",
            claims=batch.claims,
            charge=money(batch.charge_minor),
            left_out=[
                pb.LeftOut(client_id=each.client_id, reason=each.reason) for each in batch.left_out
            ],
        )

    def _context(self, request: object, call: Call) -> Context:
        return context_of(request, call, self._book.store.vault)


def _npi(request: Any, field: str) -> str:
    npi: str = getattr(request, field)
    if not is_valid_npi(npi):
        raise Malformed(**{field: "is not an NPI: its check digit doesn't fit"})
    return npi


def _digits(count: int) -> Any:
    def read(request: Any, field: str) -> str:
        holder: Any = request
        for step in field.split("."):
            holder = getattr(holder, step)
        if not (len(holder) == count and holder.isascii() and holder.isdigit()):
            raise Malformed(**{field: f"is not {count} digits"})
        return str(holder)

    return read


def _usd(request: pb.SetFeeRequest, field: str) -> int:
    charge = request.charge
    if charge.currency_code != "USD":
        raise Malformed(**{f"{field}.currency_code": "is not USD"})
    if not 0 < charge.minor_units <= LARGEST_CHARGE:
        raise Malformed(**{f"{field}.minor_units": f"is not between 1 and {LARGEST_CHARGE}"})
    return int(charge.minor_units)
