"""An organisation that bills: its numbers, its fees, and the payers it is enrolled with."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import assert_never

from kernel.decider import Decider, filled
from kernel.refusal import AgainstTheRules, Malformed, Unknown
from services.billing.domain.x12.envelope import NotRepresentable, text
from services.billing.domain.x12.t837 import claim as x12
from services.billing.domain.x12.t837.scrub import billing_provider


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationAddress:
    """Of an organisation; `zip` has nine digits, as a claim needs it."""

    line: str
    city: str
    state: str
    zip: str

    @property
    def street(self) -> x12.StreetAddress:
        """As a claim names it."""
        return x12.StreetAddress(
            line1=self.line, city=self.city, state=self.state, postal_code=self.zip
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterProvider:
    provider_id: str
    name: str
    npi: str
    tax_id: str
    taxonomy: str
    address: OrganisationAddress
    contact_name: str
    contact_phone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetFee:
    provider_id: str
    code: str
    charge_minor: int
    effective_from: date
    effective_to: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrollProvider:
    provider_id: str
    payer_id: str
    site_id: str
    effective_from: date
    effective_to: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderRegistered:
    provider_id: str
    name: str
    npi: str
    tax_id: str
    taxonomy: str
    address: OrganisationAddress
    contact_name: str
    contact_phone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeSet:
    """`charge_minor` is in cents. `effective_to` None: until another one says otherwise."""

    provider_id: str
    code: str
    charge_minor: int
    effective_from: date
    effective_to: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderEnrolled:
    """`effective_to`: its last day, if it has one."""

    provider_id: str
    payer_id: str
    site_id: str
    effective_from: date
    effective_to: date | None = None


ProviderCommand = RegisterProvider | SetFee | EnrollProvider
ProviderFact = ProviderRegistered | FeeSet | ProviderEnrolled


@dataclass(frozen=True, slots=True)
class Provider:
    """What later decisions and the claim's file need to know."""

    registered: ProviderRegistered | None = None
    fees: tuple[FeeSet, ...] = ()
    enrollments: tuple[ProviderEnrolled, ...] = ()


def decide(command: ProviderCommand, provider: Provider) -> Iterator[ProviderFact]:
    match command:
        case RegisterProvider():
            if provider.registered is not None:
                raise AgainstTheRules(
                    "PROVIDER_REGISTERED", "the provider is registered", id=command.provider_id
                )
            if wrong := _unwritable(command):
                raise Malformed(**wrong)
            yield filled(ProviderRegistered, command)
        case SetFee():
            _must_be_registered(provider, command.provider_id)
            _must_be_in_order(command)
            fee = filled(FeeSet, command)
            if fee not in provider.fees[-1:]:
                yield fee
        case EnrollProvider():
            _must_be_registered(provider, command.provider_id)
            _must_be_in_order(command)
            enrolled = filled(ProviderEnrolled, command)
            if enrolled not in provider.enrollments:
                yield enrolled
        case _:
            assert_never(command)


def evolve(provider: Provider, fact: ProviderFact) -> Provider:
    match fact:
        case ProviderRegistered():
            return replace(provider, registered=fact)
        case FeeSet():
            return replace(provider, fees=(*provider.fees, fact))
        case ProviderEnrolled():
            return replace(provider, enrollments=(*provider.enrollments, fact))
        case _:
            assert_never(fact)


PROVIDER = Decider(decide, evolve, Provider())


def must_not_be_needed(registered: ProviderRegistered, provider: Provider) -> None:
    """Refuses (PROVIDER_IN_USE) to take back who is enrolled: claims would leave by nobody."""
    if provider.enrollments:
        raise AgainstTheRules(
            "PROVIDER_IN_USE",
            "the provider is enrolled; take back its enrollments before, or correct it",
            id=registered.provider_id,
        )


def on_claims(provider: RegisterProvider | ProviderRegistered) -> x12.BillingProvider:
    """Who bills, as claims name it."""
    return filled(x12.BillingProvider, provider, address=provider.address.street)


def _unwritable(command: RegisterProvider) -> dict[str, str]:
    """What the scrub would say of it on every claim, by field: it can't be registered again."""
    named = {
        "provider.address.line1": "address.line",
        "provider.address.postal_code": "address.zip",
    }
    wrong = {
        named.get(finding.path, finding.path.removeprefix("provider.")): finding.message
        for finding in billing_provider(on_claims(command), "provider")
    }
    try:
        text(command.contact_name, "contact_name", longest=60)
    except NotRepresentable as refused:
        wrong[refused.field] = refused.reason
    return wrong


def _must_be_registered(provider: Provider, provider_id: str) -> None:
    if provider.registered is None:
        raise Unknown("provider", provider_id)


def _must_be_in_order(command: SetFee | EnrollProvider) -> None:
    if command.effective_to is not None and command.effective_to < command.effective_from:
        raise Malformed(effective_to="is before effective_from")
