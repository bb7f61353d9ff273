"""What is told of a client's ledger, of payers and of who bills: as it was recorded."""

from dataclasses import dataclass

from kernel.store.telling import Told, ToldWhole, Words
from services.billing.domain.authorizations.authorization import AuthorizationRecorded
from services.billing.domain.authorizations.waiver import AuthorizationWaived
from services.billing.domain.claims.claim import ClaimAdjudicated
from services.billing.domain.claims.issue import ClaimIssued
from services.billing.domain.claims.settlement import RevocationSettled
from services.billing.domain.payers.payer import (
    PayerRegistered,
    RuleSetConfirmed,
    RuleSetProposed,
)
from services.billing.domain.payers.rules import not_asked
from services.billing.domain.providers.practitioner import PractitionerRegistered
from services.billing.domain.providers.provider import (
    FeeSet,
    ProviderEnrolled,
    ProviderRegistered,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldAuthorization(ToldWhole):
    fact: AuthorizationRecorded
    words: Words

    @property
    def any_site(self) -> bool:
        return not self.fact.site_id


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldWaiver(ToldWhole):
    fact: AuthorizationWaived


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldSettlement(ToldWhole):
    fact: RevocationSettled


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldAdjudication(Told):
    fact: ClaimAdjudicated


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldClaim(ToldWhole):
    fact: ClaimIssued
    adjudications: tuple[ToldAdjudication, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldLedger:
    """One client's, each in the order in which it was recorded."""

    client_id: str
    authorizations: tuple[ToldAuthorization, ...]
    waivers: tuple[ToldWaiver, ...]
    settlements: tuple[ToldSettlement, ...]
    claims: tuple[ToldClaim, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldRulesConfirmation(Told):
    fact: RuleSetConfirmed


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldRules(Told):
    """`confirmed` None: nobody did, or another proposal of the version was."""

    fact: RuleSetProposed
    confirmed: ToldRulesConfirmation | None

    @property
    def not_asked(self) -> tuple[str, ...]:
        return tuple(sorted(not_asked(self.fact.rules)))


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldPayer(ToldWhole):
    fact: PayerRegistered
    rule_sets: tuple[ToldRules, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldFee(Told):
    fact: FeeSet


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldEnrollment(Told):
    fact: ProviderEnrolled


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldProvider(ToldWhole):
    fact: ProviderRegistered
    fees: tuple[ToldFee, ...]
    enrollments: tuple[ToldEnrollment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldPractitioner(ToldWhole):
    fact: PractitionerRegistered
