"""A client's consents and restrictions of disclosure: a part of the client."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import assert_never

from kernel.decider import filled
from kernel.refusal import Unknown
from services.intake.domain.episode import Label
from services.intake.domain.period import holds_on, require_order


class ConsentPurpose(StrEnum):
    """For what a recipient may use what is disclosed."""

    TREATMENT_PAYMENT_OPERATIONS = "TREATMENT_PAYMENT_OPERATIONS"


FOR_PAYMENT = frozenset({ConsentPurpose.TREATMENT_PAYMENT_OPERATIONS})


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveConsent:
    client_id: str
    consent_id: str
    purpose: ConsentPurpose
    recipient_payer_id: str
    given_on: date
    expires_on: date | None
    label: Label = Label.PART2


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeConsent:
    """From `revoked_on` on: what was disclosed before stays disclosed (42 CFR 2.31(a)(6))."""

    client_id: str
    consent_id: str
    revoked_on: date
    label: Label = Label.PART2


@dataclass(frozen=True, slots=True, kw_only=True)
class RestrictDisclosure:
    """Dates of service the client paid in full, both included (45 CFR 164.522(a)(1)(vi))."""

    client_id: str
    restriction_id: str
    payer_id: str
    first: date
    last: date
    label: Label = Label.PART2


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentGiven:
    """`expires_on` is the last day it holds; None: until revoked."""

    client_id: str
    consent_id: str
    purpose: ConsentPurpose
    recipient_payer_id: str
    given_on: date
    expires_on: date | None
    label: Label


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentRevoked:
    """`revoked_on` is the first day it no longer holds."""

    client_id: str
    consent_id: str
    revoked_on: date
    label: Label


@dataclass(frozen=True, slots=True, kw_only=True)
class DisclosureRestricted:
    client_id: str
    restriction_id: str
    payer_id: str
    first: date
    last: date
    label: Label


ConsentCommand = GiveConsent | RevokeConsent | RestrictDisclosure
ConsentFact = ConsentGiven | ConsentRevoked | DisclosureRestricted


@dataclass(frozen=True, slots=True)
class Consents:
    """What later decisions and ReadIdentities need to know."""

    given: tuple[ConsentGiven, ...] = ()
    revoked: Mapping[str, date] = field(default_factory=dict)  # consent → first day without it
    restrictions: frozenset[str] = frozenset()

    def for_payment_on(self, payer_id: str, on: date) -> str | None:
        """The consent for payment, to this payer, in force on the date: the last of several."""
        for consent in reversed(self.given):
            if (
                consent.purpose in FOR_PAYMENT
                and consent.recipient_payer_id == payer_id
                and holds_on(on, consent.given_on, self.last_day(consent))
            ):
                return consent.consent_id
        return None

    def last_day(self, consent: ConsentGiven) -> date | None:
        """On which it holds; None: it goes on. Before it was given: it held on no day."""
        revoked_on = self._revoked_on(consent)
        before = revoked_on - timedelta(days=1) if revoked_on else None
        return min(filter(None, (consent.expires_on, before)), default=None)

    def _revoked_on(self, consent: ConsentGiven) -> date | None:
        """The first day without it.

        Of merged clients what the person revoked under one id, after it was given, is revoked under
        the others too.
        """
        found = [
            self.revoked[other.consent_id]
            for other in self.given
            if other.consent_id in self.revoked
            and (
                other.consent_id == consent.consent_id
                or (
                    other.client_id != consent.client_id
                    and other.recipient_payer_id == consent.recipient_payer_id
                    and self.revoked[other.consent_id] > consent.given_on
                )
            )
        ]
        return min(found, default=None)

    @property
    def recipients(self) -> Mapping[str, str]:
        """Consent → the payer to whom it was given."""
        return {consent.consent_id: consent.recipient_payer_id for consent in self.given}

    def was_given_for_payment(self, payer_id: str) -> bool:
        """Whether a consent for payment, to this payer, was ever given: only such is revoked."""
        return any(
            consent.purpose in FOR_PAYMENT and consent.recipient_payer_id == payer_id
            for consent in self.given
        )


def decide(command: ConsentCommand, consents: Consents) -> Iterator[ConsentFact]:
    """Refuses dates in the wrong order, and revoking what was not given (Unknown).

    A consent revoked already is revoked again only from an earlier day on.
    """
    match command:
        case GiveConsent():
            require_order(given_on=command.given_on, expires_on=command.expires_on)
            if all(consent.consent_id != command.consent_id for consent in consents.given):
                yield filled(ConsentGiven, command)
        case RevokeConsent():
            given = [
                consent for consent in consents.given if consent.consent_id == command.consent_id
            ]
            if not given:
                raise Unknown("consent", command.consent_id)
            require_order(given_on=given[-1].given_on, revoked_on=command.revoked_on)
            revoked_on = consents.revoked.get(command.consent_id)
            if revoked_on is None or command.revoked_on < revoked_on:
                yield filled(ConsentRevoked, command)
        case RestrictDisclosure():
            require_order(**{"from": command.first, "to": command.last})
            if command.restriction_id not in consents.restrictions:
                yield filled(DisclosureRestricted, command)
        case _:
            assert_never(command)


def evolve(consents: Consents, fact: ConsentFact) -> Consents:
    match fact:
        case ConsentGiven():
            return replace(consents, given=(*consents.given, fact))
        case ConsentRevoked():
            revoked = {**consents.revoked, fact.consent_id: fact.revoked_on}
            return replace(consents, revoked=revoked)
        case DisclosureRestricted():
            restrictions = consents.restrictions | {fact.restriction_id}
            return replace(consents, restrictions=restrictions)
        case _:
            assert_never(fact)
