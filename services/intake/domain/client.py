"""A client: registered, with their consents, coverages and diagnoses. Never with their name.

A command's `label` is filled in under the client's lock, as `episode.label_of` gives it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import assert_never

from kernel.decider import Decider
from kernel.refusal import Malformed, Unknown
from services.intake.domain import coverage
from services.intake.domain.coverage import (
    AddCoverage,
    CoverageAdded,
    CoverageCommand,
    CoverageFact,
    Coverages,
    CoverageVerified,
    VerifyCoverage,
)
from services.intake.domain.episode import PART2
from services.intake.domain.period import holds_on, require_order

# The shape of ICD-10-CM: a letter (U too: U07.1), a digit, a digit or A or B, up to four more.
CODE = re.compile(r"[A-Z][0-9][0-9AB](\.[0-9A-TV-Z]{1,4})?")
LOWEST_RANK = 12  # a claim carries twelve diagnoses
FOR_PAYMENT = frozenset({"TREATMENT_PAYMENT_OPERATIONS"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterClient:
    """`identity_version`: of the sealed identity."""

    client_id: str
    identity_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveConsent:
    client_id: str
    consent_id: str
    purpose: str
    recipient_payer_id: str
    given_on: date
    expires_on: date | None
    label: str = PART2


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordDiagnosis:
    client_id: str
    code: str
    rank: int
    effective_from: date
    label: str = PART2


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRegistered:
    client_id: str
    identity_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentGiven:
    """`expires_on` is the last day it holds; None: until revoked."""

    client_id: str
    consent_id: str
    purpose: str
    recipient_payer_id: str
    given_on: date
    expires_on: date | None
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DiagnosisRecorded:
    """From this date the code has this rank; a later fact of the same rank and date replaces it."""

    client_id: str
    code: str
    rank: int
    effective_from: date
    label: str


ClientCommand = RegisterClient | GiveConsent | CoverageCommand | RecordDiagnosis
ClientFact = ClientRegistered | ConsentGiven | CoverageFact | DiagnosisRecorded


@dataclass(frozen=True, slots=True)
class Client:
    """What later decisions and ReadIdentities need to know."""

    registered: bool = False
    consents: tuple[ConsentGiven, ...] = ()
    coverages: Coverages = field(default_factory=Coverages)
    diagnoses: Mapping[tuple[int, date], str] = field(default_factory=dict)

    def consent_on(self, payer_id: str, on: date) -> str | None:
        """The consent for payment, to this payer, in force on the date: the last of several."""
        for consent in reversed(self.consents):
            if (
                consent.purpose in FOR_PAYMENT
                and consent.recipient_payer_id == payer_id
                and holds_on(on, consent.given_on, consent.expires_on)
            ):
                return consent.consent_id
        return None


def decide(command: ClientCommand, client: Client) -> Iterator[ClientFact]:
    """Refuses everything but registering for a client who is not registered (Unknown)."""
    if not isinstance(command, RegisterClient):
        require_registered(client, command.client_id)
    match command:
        case RegisterClient():
            if not client.registered:
                yield ClientRegistered(
                    client_id=command.client_id, identity_version=command.identity_version
                )
        case GiveConsent():
            require_order(given_on=command.given_on, expires_on=command.expires_on)
            if all(consent.consent_id != command.consent_id for consent in client.consents):
                yield ConsentGiven(
                    client_id=command.client_id,
                    consent_id=command.consent_id,
                    purpose=command.purpose,
                    recipient_payer_id=command.recipient_payer_id,
                    given_on=command.given_on,
                    expires_on=command.expires_on,
                    label=command.label,
                )
        case AddCoverage() | VerifyCoverage():
            yield from coverage.decide(command, client.coverages)
        case RecordDiagnosis():
            if not CODE.fullmatch(command.code):
                raise Malformed(code="is not shaped as an ICD-10-CM code, such as F10.20")
            if not 1 <= command.rank <= LOWEST_RANK:
                raise Malformed(rank=f"is not between 1 and {LOWEST_RANK}")
            if client.diagnoses.get((command.rank, command.effective_from)) != command.code:
                yield DiagnosisRecorded(
                    client_id=command.client_id,
                    code=command.code,
                    rank=command.rank,
                    effective_from=command.effective_from,
                    label=command.label,
                )
        case _:
            assert_never(command)


def evolve(client: Client, fact: ClientFact) -> Client:
    match fact:
        case ClientRegistered():
            return replace(client, registered=True)
        case ConsentGiven():
            return replace(client, consents=(*client.consents, fact))
        case CoverageAdded() | CoverageVerified():
            return replace(client, coverages=coverage.evolve(client.coverages, fact))
        case DiagnosisRecorded():
            at = (fact.rank, fact.effective_from)
            return replace(client, diagnoses={**client.diagnoses, at: fact.code})
        case _:
            assert_never(fact)


CLIENT = Decider(decide, evolve, Client())


def require_registered(client: Client, client_id: str) -> None:
    """Refuses a client nobody registered, as Unknown."""
    if not client.registered:
        raise Unknown("client", client_id)
