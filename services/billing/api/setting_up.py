"""Commands that say who bills, who pays, under which rules and authorizations."""

from ninehours.billing.v1 import billing_service_pb2 as pb

from kernel.execute import Book
from kernel.rpc.call import Call
from kernel.rpc.commands import context_of, receipt_of
from kernel.rpc.translate import (
    reading,
    required_enum,
    required_level,
    required_state,
    required_text,
)
from kernel.store.store import Context
from services.billing.adapters.rule_sets import proposed_rules_of
from services.billing.api.fields import (
    authorized_site,
    filing_indicator,
    npi,
    payers_number,
    procedure,
    usd,
)
from services.billing.app import use_cases
from services.billing.app.ports import Network
from services.billing.domain.authorizations.authorization import RecordAuthorization
from services.billing.domain.payers.payer import ConfirmRuleSet, ProposeRuleSet, RegisterPayer
from services.billing.domain.providers.practitioner import RegisterPractitioner
from services.billing.domain.providers.provider import (
    EnrollProvider,
    OrganisationAddress,
    RegisterProvider,
    SetFee,
)

MOST_UNITS = 1000


class SettingUp:
    """What must be known before anything is billed."""

    _book: Book
    _network: Network

    def RegisterProvider(
        self, request: pb.RegisterProviderRequest, call: Call
    ) -> pb.RegisterProviderResponse:
        context = self._context(request, call)
        with reading(request) as read:
            command = RegisterProvider(
                provider_id=context.new_id("provider"),
                name=read.text("name", max_length=60),
                npi=read.value(npi, "npi", ""),
                tax_id=read.digits("tax_id", count=9),
                taxonomy=read.text("taxonomy", max_length=10),
                address=OrganisationAddress(
                    line=read.text("address.line", max_length=55),
                    city=read.text("address.city", max_length=30),
                    state=read.value(required_state, "address.state", ""),
                    zip=read.digits("address.zip", count=9),
                ),
                contact_name=read.text("contact_name", max_length=60),
                contact_phone=read.digits("contact_phone", count=10),
            )
        outcome = use_cases.register_provider(self._book, command, context)
        return pb.RegisterProviderResponse(
            receipt=receipt_of(outcome.published), provider_id=command.provider_id
        )

    def RegisterPractitioner(
        self, request: pb.RegisterPractitionerRequest, call: Call
    ) -> pb.RegisterPractitionerResponse:
        context = self._context(request, call)
        with reading(request) as read:
            command = RegisterPractitioner(
                staff_id=str(read.uuid("staff_id")),
                family_name=read.text("family_name", max_length=60),
                given_name=read.text("given_name", max_length=35),
                npi=read.value(npi, "npi", ""),
                taxonomy=read.optional(required_text, "taxonomy", max_length=10) or "",
            )
        outcome = use_cases.register_practitioner(self._book, self._network, command, context)
        return pb.RegisterPractitionerResponse(receipt=receipt_of(outcome.published))

    def SetFee(self, request: pb.SetFeeRequest, call: Call) -> pb.SetFeeResponse:
        context = self._context(request, call)
        with reading(request) as read:
            command = SetFee(
                provider_id=str(read.uuid("provider_id")),
                code=read.value(procedure, "code", ""),
                charge_minor=read.value(usd(1), "charge", 0),
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
                payer_number=read.value(payers_number(15, shortest=2), "payer_number", ""),
                filing_indicator=read.value(filing_indicator, "filing_indicator", ""),
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
        outcome = use_cases.enroll_provider(self._book, self._network, command, context)
        return pb.EnrollProviderResponse(receipt=receipt_of(outcome.published))

    def ProposeRuleSet(
        self, request: pb.ProposeRuleSetRequest, call: Call
    ) -> pb.ProposeRuleSetResponse:
        context = self._context(request, call)
        command = ProposeRuleSet(rules=proposed_rules_of(request), proposed_by=context.actor)
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
            number = read.value(payers_number(50), "number", "")
            command = RecordAuthorization(
                authorization_id=context.new_id("authorization"),
                client_id=str(read.uuid("client_id")),
                payer_id=str(read.uuid("payer_id")),
                level_of_care=read.value(required_level, "level_of_care", ""),
                units=read.integer("units", low=1, high=MOST_UNITS),
                effective_from=read.date("effective_from"),
                effective_to=read.date("effective_to"),
                unit=read.optional(required_enum, "unit") or "DAYS",
                site_id=read.value(authorized_site, "site_id", ""),
            )
        outcome = use_cases.record_authorization(
            self._book, self._network, command, number, context
        )
        return pb.RecordAuthorizationResponse(
            receipt=receipt_of(outcome.published), authorization_id=command.authorization_id
        )

    def _context(self, request: object, call: Call) -> Context:
        return context_of(request, call, self._book.store.vault)
