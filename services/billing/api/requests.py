"""Billing's requests that command, judged by their shape, as the commands that they ask for."""

from collections.abc import Callable
from datetime import date
from typing import Any

from ninehours.billing.v1 import billing_service_pb2 as pb
from ninehours.common.v1 import common_pb2 as common

from kernel.mapping.fields import Read, bounded, digits, left_out, text
from kernel.mapping.reading import named, request_reader
from kernel.refusal import Malformed
from kernel.rpc.translate import (
    date_of,
    reading,
    required_level,
    required_state,
    required_text,
    required_uuid,
)
from services.billing.adapters.rule_sets import proposed_rules_of
from services.billing.app.use_cases import NumberedAuthorization
from services.billing.domain.authorizations.authorization import RecordAuthorization
from services.billing.domain.authorizations.waiver import BillWithoutAuthorization
from services.billing.domain.claims.claim import AdjudicationOverride, RecordAdjudication
from services.billing.domain.claims.issue import NamedProposal
from services.billing.domain.claims.settlement import SettleRevocation
from services.billing.domain.payers.payer import ConfirmRuleSet, ProposeRuleSet, RegisterPayer
from services.billing.domain.providers.practitioner import RegisterPractitioner
from services.billing.domain.providers.provider import (
    EnrollProvider,
    OrganisationAddress,
    RegisterProvider,
    SetFee,
)
from services.billing.domain.x12.envelope import NotRepresentable, identifier
from services.billing.domain.x12.npi import is_valid_npi
from services.billing.domain.x12.t837.codes import FILING_INDICATORS
from services.billing.domain.x12.t837.scrub_rules import PROCEDURE

LARGEST_CHARGE = 10_000_000  # cents: above it, somebody's finger slipped
MOST_UNITS = 1000


def npi(request: Any, field: str) -> str:
    number: str = getattr(request, field)
    if not is_valid_npi(number):
        raise Malformed(**{field: "is not an NPI: its check digit doesn't fit"})
    return number


_named_proposal = request_reader(pb.NamedProposal, NamedProposal, revision=bounded(1, 2**31 - 1))


def named_proposals(request: Any, field: str) -> dict[str, NamedProposal]:
    """Claim → as what its proposal is named; a claim that is named twice is refused."""
    found: dict[str, NamedProposal] = {}
    for number, proposal in enumerate(getattr(request, field)):
        with reading(proposal, at=f"{field}[{number}].") as read:
            claim_id = str(read.uuid("claim_id"))
            named_as = read.whole(_named_proposal)
        if claim_id in found:
            raise Malformed(**{f"{field}[{number}].claim_id": "is named twice"})
        found[claim_id] = named_as
    return found


def authorized_site(request: pb.RecordAuthorizationRequest, field: str) -> str:
    """Where an authorization holds; empty: at any site, where that is what is said."""
    if not request.any_site:
        return str(required_uuid(request, field))
    if getattr(request, field):
        raise Malformed(any_site=f"is said beside {field}")
    return ""


def settled_revocation(request: pb.SettleRevocationRequest, field: str) -> date | None:
    """The day of the revocation that is meant; None: the last, where nothing is told of it."""
    if request.HasField("revoked_on") or request.disclose:
        return date_of(request, field)
    return None


def overrides(request: Any, field: str) -> frozenset[AdjudicationOverride]:
    """Why an answer of a payer is recorded though it contradicts what is known."""
    prefix = "ADJUDICATION_OVERRIDE_"
    names = {number: name for name, number in pb.AdjudicationOverride.items() if number}
    given = getattr(request, field)
    if not names.keys() >= set(given):
        raise Malformed(**{field: "holds what is no reason"})
    return frozenset(AdjudicationOverride(names[number].removeprefix(prefix)) for number in given)


def code_of(longest: int, fits: Callable[[str], object], otherwise: str) -> Read:
    """A reader of a code that fits a list or a shape."""

    def read(request: Any, field: str) -> str:
        code = required_text(request, field, max_length=longest)
        if not fits(code):
            raise Malformed(**{field: otherwise})
        return code

    return read


def usd(low: int) -> Any:
    """A reader of cents, from `low` on."""

    def read(request: Any, field: str) -> int:
        amount = getattr(request, field)
        if amount.currency_code != "USD":
            raise Malformed(**{f"{field}.currency_code": "is not USD"})
        if not low <= amount.minor_units <= LARGEST_CHARGE:
            said = f"is not between {low} and {LARGEST_CHARGE}"
            raise Malformed(**{f"{field}.minor_units": said})
        return int(amount.minor_units)

    return read


def payers_number(longest: int, shortest: int = 1) -> Any:
    """A reader of a number or code a payer gave, as a claim can carry it."""

    def read(request: Any, field: str) -> str:
        number = required_text(request, field, max_length=longest).strip()
        try:
            identifier(number, field, longest=longest, shortest=shortest)
        except NotRepresentable as refused:
            raise Malformed(**{field: refused.reason}) from None
        return number

    return read


to_register_provider = request_reader(
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
to_register_practitioner = request_reader(
    pb.RegisterPractitionerRequest,
    RegisterPractitioner,
    family_name=text(60),
    given_name=text(35),
    npi=npi,
    taxonomy=left_out(text(10)),
)
to_set_fee = request_reader(
    pb.SetFeeRequest,
    SetFee,
    code=code_of(5, PROCEDURE.fullmatch, "is not the shape of a HCPCS or CPT code"),
    charge_minor=usd(1),
)
to_register_payer = request_reader(
    pb.RegisterPayerRequest,
    RegisterPayer,
    given=("payer_id",),
    name=text(60),
    payer_number=payers_number(15, shortest=2),
    filing_indicator=code_of(
        2, FILING_INDICATORS.__contains__, "is no claim filing indicator, such as CI or MC"
    ),
)
to_enroll_provider = request_reader(pb.EnrollProviderRequest, EnrollProvider)
to_confirm_rule_set = request_reader(
    pb.ConfirmRuleSetRequest, ConfirmRuleSet, given=("confirmed_by",), version=bounded(1, 100_000)
)
_record_authorization = request_reader(
    pb.RecordAuthorizationRequest,
    RecordAuthorization,
    given=("authorization_id",),
    level_of_care=required_level,
    units=bounded(1, MOST_UNITS),
    site_id=authorized_site,
    number_version=1,
)
to_bill_without_authorization = request_reader(
    pb.BillWithoutAuthorizationRequest, BillWithoutAuthorization, given=("waived_by",)
)
to_settle_revocation = request_reader(
    pb.SettleRevocationRequest,
    SettleRevocation,
    given=("settled_by",),
    # Which one is meant is said; which one it is, is for the use case to find.
    meant=named("revoked_on", settled_revocation),
    revoked_on=None,
)
to_record_adjudication = request_reader(
    pb.RecordAdjudicationRequest,
    RecordAdjudication,
    payer_control_number=payers_number(50),
    paid_minor=left_out(usd(0), 0),
    overrides=overrides,
    issued_on=None,  # the use case knows
)


def to_propose_rule_set(request: pb.ProposeRuleSetRequest, *, proposed_by: str) -> ProposeRuleSet:
    return ProposeRuleSet(rules=proposed_rules_of(request), proposed_by=proposed_by)


def to_record_authorization(
    request: pb.RecordAuthorizationRequest, *, authorization_id: str
) -> NumberedAuthorization:
    """With the payer's number, which is sealed."""
    with reading(request) as read:
        number = read.value(payers_number(50), "number", "")
        command = read.whole(_record_authorization, authorization_id=authorization_id)
    return NumberedAuthorization(command, number)
