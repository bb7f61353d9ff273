"""A client: who they are, screenings, consents, coverages, diagnoses. Never with their name.

A command's `label` is filled in under the client's lock, as `episode.label_of` gives it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal, assert_never

from kernel.decider import Decider, filled
from kernel.refusal import AgainstTheRules, Malformed, Unknown
from services.intake.domain import consent, coverage, forgetting, person, screening
from services.intake.domain.consent import (
    ConsentCommand,
    ConsentFact,
    ConsentGiven,
    ConsentRevoked,
    Consents,
    DisclosureRestricted,
    GiveConsent,
    RestrictDisclosure,
    RevokeConsent,
)
from services.intake.domain.coverage import (
    AddCoverage,
    CoverageAdded,
    CoverageCommand,
    CoverageEnded,
    CoverageFact,
    Coverages,
    CoverageVerified,
    EndCoverage,
    MembershipAmended,
    VerifyCoverage,
)
from services.intake.domain.episode import Label
from services.intake.domain.forgetting import (
    AgreeToForget,
    AlreadyForgotten,
    AskToForget,
    ClientForgotten,
    Forgetting,
    ForgettingAsked,
    ForgettingCommand,
    ForgettingFact,
    ForgettingWithdrawn,
    WithdrawForgetting,
)
from services.intake.domain.person import (
    ChangePerson,
    IdentityAmended,
    Person,
    PersonChanged,
    PersonFact,
)
from services.intake.domain.screening import (
    AdmissionDeclined,
    ClientScreened,
    LatestScreening,
    ScreenClient,
    ScreeningFact,
)

# The shape of ICD-10-CM: a letter (U too: U07.1), a digit, a digit or A or B, up to four more.
CODE = re.compile(r"[A-Z][0-9][0-9AB](\.[0-9A-TV-Z]{1,4})?")
PRINCIPAL = 1
LOWEST_RANK = 12  # a claim carries twelve diagnoses
DiagnosisEndReason = Literal["RESOLVED", "RULED_OUT", "ENTERED_IN_ERROR"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterClient:
    """`identity_version`: of the sealed identity; `contacts_version` 0: none were said."""

    client_id: str
    site_id: str
    identity_version: int
    contacts_version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordDiagnosis:
    client_id: str
    code: str
    rank: int
    effective_from: date
    replaces_code: str = ""
    label: Label = Label.PART2


class PrincipalDiagnosisStands(AgainstTheRules):
    """From one day on one diagnosis is the principal one: another takes its place by name."""

    def __init__(self, client_id: str, code: str) -> None:
        super().__init__(
            "PRINCIPAL_DIAGNOSIS_STANDS",
            "another diagnosis is the principal one from that day on; name the code it replaces",
            client_id=client_id,
            code=code,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EndDiagnosis:
    client_id: str
    code: str
    last_day: date
    reason: DiagnosisEndReason
    label: Label = Label.PART2


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRegistered:
    """`site_id` empty: registered before sites were asked for."""

    client_id: str
    identity_version: int
    site_id: str = ""
    contacts_version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DiagnosisRecorded:
    """From this date the code has this rank; a later fact of the same rank and date replaces it."""

    client_id: str
    code: str
    rank: int
    effective_from: date
    label: Label


@dataclass(frozen=True, slots=True, kw_only=True)
class DiagnosisEnded:
    """What was recorded of the code before is in effect no longer than `last_day`.

    Of several the last one counts.
    """

    client_id: str
    code: str
    last_day: date
    reason: DiagnosisEndReason
    label: Label


ClientCommand = (
    RegisterClient
    | ChangePerson
    | ScreenClient
    | ConsentCommand
    | CoverageCommand
    | RecordDiagnosis
    | EndDiagnosis
    | ForgettingCommand
)
ClientFact = (
    ClientRegistered
    | PersonFact
    | ScreeningFact
    | ConsentFact
    | CoverageFact
    | DiagnosisRecorded
    | DiagnosisEnded
    | ForgettingFact
)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """From some day on, to its last one if it was ended."""

    code: str
    last_day: date | None = None

    def ever_from(self, first: date) -> bool:
        """Ended before its first day, it was none at all."""
        return self.last_day is None or self.last_day >= first


@dataclass(frozen=True, slots=True)
class Client:
    """What later decisions and ReadIdentities need to know."""

    registered: bool = False
    person: Person = field(default_factory=Person)
    screening: LatestScreening = field(default_factory=LatestScreening)
    consents: Consents = field(default_factory=Consents)
    coverages: Coverages = field(default_factory=Coverages)
    # By rank and first day.
    diagnoses: Mapping[tuple[int, date], Diagnosis] = field(default_factory=dict)
    # Codes that ended, with their last days, until they are recorded again.
    ended: Mapping[str, date] = field(default_factory=dict)
    forgetting: Forgetting = field(default_factory=Forgetting)


def decide(command: ClientCommand, client: Client) -> Iterator[ClientFact]:
    """Refuses everything but registering for a client who is not registered (Unknown).

    Of one who was forgotten nothing more is recorded (AlreadyForgotten).
    """
    match command:
        case RegisterClient():
            pass
        case AskToForget() | AgreeToForget() | WithdrawForgetting():
            require_ever_registered(client, command.client_id)
        case _:
            require_registered(client, command.client_id)
    match command:
        case RegisterClient():
            if not client.registered:
                yield filled(ClientRegistered, command)
        case ChangePerson():
            yield from person.decide(command, client.person)
        case ScreenClient():
            yield from screening.decide(command, client.screening)
        case GiveConsent() | RevokeConsent() | RestrictDisclosure():
            yield from consent.decide(command, client.consents)
        case AddCoverage() | VerifyCoverage() | EndCoverage():
            yield from coverage.decide(command, client.coverages)
        case AskToForget() | AgreeToForget() | WithdrawForgetting():
            yield from forgetting.decide(command, client.forgetting)
        case RecordDiagnosis() | EndDiagnosis():
            yield from _diagnose(command, client)
        case _:
            assert_never(command)


def evolve(client: Client, fact: ClientFact) -> Client:
    match fact:
        case ClientRegistered() | PersonChanged() | IdentityAmended():
            registered = client.registered or isinstance(fact, ClientRegistered)
            return replace(client, registered=registered, person=_known(client.person, fact))
        case ClientScreened() | AdmissionDeclined():
            return replace(client, screening=screening.evolve(client.screening, fact))
        case ConsentGiven() | ConsentRevoked() | DisclosureRestricted():
            return replace(client, consents=consent.evolve(client.consents, fact))
        case CoverageAdded() | CoverageVerified() | CoverageEnded() | MembershipAmended():
            return replace(client, coverages=coverage.evolve(client.coverages, fact))
        case ForgettingAsked() | ForgettingWithdrawn() | ClientForgotten():
            return replace(client, forgetting=forgetting.evolve(client.forgetting, fact))
        case DiagnosisRecorded() | DiagnosisEnded():
            return _diagnosed(client, fact)
        case _:
            assert_never(fact)


CLIENT = Decider(decide, evolve, Client())


def _known(known: Person, fact: ClientRegistered | PersonFact) -> Person:
    if isinstance(fact, ClientRegistered):
        return replace(known, registered=fact.identity_version)
    return person.evolve(known, fact)


def _diagnosed(client: Client, fact: DiagnosisRecorded | DiagnosisEnded) -> Client:
    if isinstance(fact, DiagnosisRecorded):
        at = (fact.rank, fact.effective_from)
        return replace(
            client,
            diagnoses={**client.diagnoses, at: Diagnosis(fact.code)},
            ended={code: day for code, day in client.ended.items() if code != fact.code},
        )
    ending = {
        at: Diagnosis(fact.code, fact.last_day)
        for at, diagnosis in client.diagnoses.items()
        if diagnosis.code == fact.code
    }
    ended = {**client.ended, fact.code: fact.last_day}
    return replace(client, diagnoses={**client.diagnoses, **ending}, ended=ended)


def _diagnose(
    command: RecordDiagnosis | EndDiagnosis, client: Client
) -> Iterator[DiagnosisRecorded | DiagnosisEnded]:
    """Refuses a code or rank of the wrong shape, and an end of what was never recorded."""
    if isinstance(command, EndDiagnosis):
        recorded = {diagnosis.code for diagnosis in client.diagnoses.values()}
        if command.code not in {*recorded, *client.ended}:
            raise AgainstTheRules(
                "NOT_DIAGNOSED", "this diagnosis was not recorded: there is nothing to end"
            )
        if client.ended.get(command.code) != command.last_day:
            yield filled(DiagnosisEnded, command)
        return
    if not CODE.fullmatch(command.code):
        raise Malformed(code="is not shaped as an ICD-10-CM code, such as F10.20")
    if not 1 <= command.rank <= LOWEST_RANK:
        raise Malformed(rank=f"is not between 1 and {LOWEST_RANK}")
    in_effect = client.diagnoses.get((command.rank, command.effective_from))
    if (
        command.rank == PRINCIPAL
        and in_effect is not None
        and in_effect.ever_from(command.effective_from)
        and in_effect.code not in (command.code, command.replaces_code)
    ):
        raise PrincipalDiagnosisStands(command.client_id, in_effect.code)
    if in_effect != Diagnosis(command.code):
        yield filled(DiagnosisRecorded, command)


def require_registered(client: Client, client_id: str) -> None:
    """Refuses a client nobody registered, as Unknown, and one who was forgotten."""
    require_ever_registered(client, client_id)
    if client.forgetting.done:
        raise AlreadyForgotten(client_id)


def require_ever_registered(client: Client, client_id: str) -> None:
    """Refuses a client nobody registered, as Unknown."""
    if not client.registered:
        raise Unknown("client", client_id)
