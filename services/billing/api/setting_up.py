"""Commands that say who bills, who pays, under which rules and authorizations."""

from ninehours.billing.v1 import billing_service_pb2 as pb
from ninehours.common.v1 import common_pb2 as common

from kernel.execute import Book
from kernel.mapping.fields import bounded, digits, left_out, text
from kernel.mapping.reading import request_reader
from kernel.rpc.call import Call
from kernel.rpc.commands import context_of, receipt_of
from kernel.rpc.translate import reading, required_level, required_state
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
_register_provider = request_reader(
    pb.RegisterProviderRequest,
    RegisterProvider,
    given=("provider_id",),
    name=text(60),
    npi=npi,
    tax_id=digits(9),
    taxonomy=text(10),
    address=request_reader(
        common.PostalAddress,
        OrganisationAddress,
        line=text(55),
        city=text(30),
        state=required_state,
        zip=digits(9),
    ),
    contact_name=text(60),
    contact_phone=digits(10),
)
_register_practitioner = request_reader(
    pb.RegisterPractitionerRequest,
    RegisterPractitioner,
    family_name=text(60),
    given_name=text(35),
    npi=npi,
    taxonomy=left_out(text(10)),
)
_set_fee = request_reader(pb.SetFeeRequest, SetFee, code=procedure, charge_minor=usd(1))
_register_payer = request_reader(
    pb.RegisterPayerRequest,
    RegisterPayer,
    given=("payer_id",),
    name=text(60),
    payer_number=payers_number(15, shortest=2),
    filing_indicator=filing_indicator,
)
_enroll_provider = request_reader(pb.EnrollProviderRequest, EnrollProvider)
_confirm_rule_set = request_reader(
    pb.ConfirmRuleSetRequest, ConfirmRuleSet, given=("confirmed_by",), version=bounded(1, 100_000)
)
_record_authorization = request_reader(
    pb.RecordAuthorizationRequest,
    RecordAuthorization,
    given=("authorization_id",),
    level_of_care=required_level,
    units=bounded(1, MOST_UNITS),
    site_id=authorized_site,
)


class SettingUpRpcs:
    """What must be known before anything is billed."""

    def __init__(self, book: Book, network: Network) -> None:
        self._book = book
        self._network = network

    def RegisterProvider(
        self, request: pb.RegisterProviderRequest, call: Call
    ) -> pb.RegisterProviderResponse:
        context = self._context(request, call)
        command = _register_provider(request, provider_id=context.new_id("provider"))
        outcome = use_cases.register_provider(self._book, command, context)
        return pb.RegisterProviderResponse(
            receipt=receipt_of(outcome.published), provider_id=command.provider_id
        )

    def RegisterPractitioner(
        self, request: pb.RegisterPractitionerRequest, call: Call
    ) -> pb.RegisterPractitionerResponse:
        context = self._context(request, call)
        command = _register_practitioner(request)
        outcome = use_cases.register_practitioner(self._book, self._network, command, context)
        return pb.RegisterPractitionerResponse(receipt=receipt_of(outcome.published))

    def SetFee(self, request: pb.SetFeeRequest, call: Call) -> pb.SetFeeResponse:
        context = self._context(request, call)
        command = _set_fee(request)
        outcome = use_cases.set_fee(self._book, command, context)
        return pb.SetFeeResponse(receipt=receipt_of(outcome.published))

    def RegisterPayer(
        self, request: pb.RegisterPayerRequest, call: Call
    ) -> pb.RegisterPayerResponse:
        context = self._context(request, call)
        command = _register_payer(request, payer_id=context.new_id("payer"))
        outcome = use_cases.register_payer(self._book, command, context)
        return pb.RegisterPayerResponse(
            receipt=receipt_of(outcome.published), payer_id=command.payer_id
        )

    def EnrollProvider(
        self, request: pb.EnrollProviderRequest, call: Call
    ) -> pb.EnrollProviderResponse:
        context = self._context(request, call)
        command = _enroll_provider(request)
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
        command = _confirm_rule_set(request, confirmed_by=context.actor)
        outcome = use_cases.confirm_rule_set(self._book, command, context)
        return pb.ConfirmRuleSetResponse(receipt=receipt_of(outcome.published))

    def RecordAuthorization(
        self, request: pb.RecordAuthorizationRequest, call: Call
    ) -> pb.RecordAuthorizationResponse:
        context = self._context(request, call)
        with reading(request) as read:
            number = read.value(payers_number(50), "number", "")
            command = read.whole(
                _record_authorization, authorization_id=context.new_id("authorization")
            )
        outcome = use_cases.record_authorization(
            self._book, self._network, command, number, context
        )
        return pb.RecordAuthorizationResponse(
            receipt=receipt_of(outcome.published), authorization_id=command.authorization_id
        )

    def _context(self, request: object, call: Call) -> Context:
        return context_of(request, call, self._book.store.vault)
