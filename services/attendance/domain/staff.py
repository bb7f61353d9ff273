"""A clinician's credentials and NPI: told, and ended."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, assert_never

from kernel.decider import Decider, filled
from kernel.refusal import AgainstTheRules, Malformed, Unknown

Physician = Literal["MD", "DO"]
Therapist = Literal["LCSW", "LICSW", "LMSW", "LPC", "LCPC", "LPCC", "LMHC", "LMFT", "PHD", "PSYD"]
Counselor = Literal["CADC", "LADC", "LCADC"]
Nurse = Literal["NP", "APRN", "PMHNP", "PA", "RN"]
SignsNothing = Literal["TRAINEE", "STUDENT", "PEER"]
CredentialType = Literal[Physician, Therapist, Counselor, Nurse, SignsNothing]
CredentialEndReason = Literal["LAPSED", "WITHDRAWN", "LEFT", "ENTERED_IN_ERROR"]


class NotCredentialed(AgainstTheRules):
    """Nobody leads a session on a day on which none of their credentials is in effect."""

    def __init__(self, staff_id: str, on: date) -> None:
        super().__init__(
            "FACILITATOR_NOT_CREDENTIALED",
            f"the facilitator has no credential in effect on {on}",
            staff_id=staff_id,
            on=on.isoformat(),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialStaff:
    """`again`: of somebody who was credentialed before."""

    staff_id: str
    credential: str
    npi: str
    effective_from: date
    type: CredentialType | Literal[""] = ""
    state: str = ""
    effective_to: date | None = None
    token_subject: str = ""
    again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EndCredential:
    """`credential`: its words, where it has no type."""

    staff_id: str
    credential: str
    type: CredentialType | Literal[""]
    state: str
    last_day: date
    reason: CredentialEndReason


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffCredentialed:
    """`type`, `state`: empty where none was told. `effective_to`: the last day; None: none known.

    `token_subject`: whose token it is for; empty: the person's own, `staff/<id>`.
    """

    staff_id: str
    credential: str
    npi: str
    effective_from: date
    type: CredentialType | Literal[""] = ""
    state: str = ""
    effective_to: date | None = None
    token_subject: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialEnded:
    """What was told before this of the person's credential of this kind, in this state, holds no
    longer than `last_day`. Of several the last one counts."""

    staff_id: str
    credential: str
    type: CredentialType | Literal[""]
    state: str
    last_day: date
    reason: CredentialEndReason


@dataclass(frozen=True, slots=True)
class HeldCredential:
    """A credential as it was recorded, and the last day of its end; None: it wasn't ended."""

    credentialed: StaffCredentialed
    ended: date | None = None

    @property
    def last_day(self) -> date | None:
        """None: none is known. An end says no more than was told."""
        days = (self.credentialed.effective_to, self.ended)
        return min((day for day in days if day), default=None)

    def is_in_effect(self, on: date) -> bool:
        return self.credentialed.effective_from <= on <= (self.last_day or date.max)

    def is_meant(self, by: "EndCredential | CredentialEnded") -> bool:
        return _kind_of(self.credentialed) == _kind_of(by)


Credentials = tuple[HeldCredential, ...]
StaffCommand = CredentialStaff | EndCredential
StaffFact = StaffCredentialed | CredentialEnded


def decide(command: StaffCommand, credentials: Credentials) -> Iterator[StaffFact]:
    match command:
        case CredentialStaff():
            yield from _credential(command, credentials)
        case EndCredential():
            yield from _end(command, credentials)
        case _:
            assert_never(command)


def _credential(command: CredentialStaff, credentials: Credentials) -> Iterator[StaffFact]:
    """Refuses again whom nobody credentialed (Unknown)."""
    if command.again and not credentials:
        raise Unknown("staff", command.staff_id)
    if command.effective_to is not None and command.effective_to < command.effective_from:
        raise Malformed(effective_to="is before effective_from")
    if command.type and not command.state:
        raise Malformed(state="is required with a type")
    _require_named(command)
    fact = filled(StaffCredentialed, command, credential=command.type or command.credential)
    if HeldCredential(fact) not in credentials:
        yield fact


def _end(command: EndCredential, credentials: Credentials) -> Iterator[StaffFact]:
    """Refuses what this person was never told to hold (Unknown)."""
    _require_named(command)
    if not any(held.is_meant(command) for held in credentials):
        raise Unknown("credential", f"{command.type or command.credential} {command.state}".strip())
    fact = filled(CredentialEnded, command, credential=command.type or command.credential)
    if evolve(credentials, fact) != credentials:
        yield fact


def _require_named(command: StaffCommand) -> None:
    """Refuses (Malformed) a credential without a type and words, or with words of another type."""
    if command.type and command.credential.strip().upper() not in ("", command.type):
        raise Malformed(credential="is not the type's own abbreviation")
    if not command.type and not command.credential:
        raise Malformed(type="is required, or a credential in words")


def evolve(credentials: Credentials, fact: StaffFact) -> Credentials:
    match fact:
        case StaffCredentialed():
            return (*credentials, HeldCredential(fact))
        case CredentialEnded():
            return tuple(
                replace(held, ended=fact.last_day) if held.is_meant(fact) else held
                for held in credentials
            )
        case _:
            assert_never(fact)


def require_credentialed(credentials: Credentials, staff_id: str, on: date) -> None:
    """Refuses somebody who has no credential, not yet or not any more, on that day."""
    if not any(held.is_in_effect(on) for held in credentials):
        raise NotCredentialed(staff_id, on)


def _kind_of(credential: "StaffCredentialed | EndCredential | CredentialEnded") -> tuple[str, str]:
    """What an end names: the abbreviation, and the state."""
    return credential.type or credential.credential.strip().upper(), credential.state


STAFF = Decider(decide, evolve, Credentials())
