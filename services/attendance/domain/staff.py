"""A clinician's credentials and NPI: told, and ended."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import assert_never

from kernel.decider import Decider
from kernel.refusal import AgainstTheRules, Malformed, Unknown


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
    type: str = ""
    state: str = ""
    effective_to: date | None = None
    token_subject: str = ""
    again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EndCredential:
    """`credential`: its words, where it has no type."""

    staff_id: str
    credential: str
    type: str
    state: str
    last_day: date
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffCredentialed:
    """`type`, `state`: empty where none was told. `effective_to`: the last day; None: none known.

    `token_subject`: whose token it is for; empty: the person's own, `staff/<id>`.
    """

    staff_id: str
    credential: str
    npi: str
    effective_from: date
    type: str = ""
    state: str = ""
    effective_to: date | None = None
    token_subject: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialEnded:
    """What was told before this of the person's credential of this kind, in this state, holds no
    longer than `last_day`. Of several the last one counts."""

    staff_id: str
    credential: str
    type: str
    state: str
    last_day: date
    reason: str


@dataclass(frozen=True, slots=True)
class Held:
    """A credential as it was told, and the last day of its end; None: it wasn't ended."""

    told: StaffCredentialed
    ended: date | None = None

    @property
    def last_day(self) -> date | None:
        """None: none is known. An end says no more than was told."""
        return min((each for each in (self.told.effective_to, self.ended) if each), default=None)

    def is_in_effect(self, on: date) -> bool:
        return self.told.effective_from <= on <= (self.last_day or date.max)

    def is_meant(self, by: "EndCredential | CredentialEnded") -> bool:
        kind = self.told.type or self.told.credential.strip().upper()
        named = by.type or by.credential.strip().upper()
        return (kind, self.told.state) == (named, by.state)


Credentials = tuple[Held, ...]
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
    if command.type and command.credential.strip().upper() not in ("", command.type):
        raise Malformed(credential="is not the type's own abbreviation")
    if not command.type and not command.credential:
        raise Malformed(type="is required, or a credential in words")
    fact = StaffCredentialed(
        staff_id=command.staff_id,
        credential=command.type or command.credential,
        npi=command.npi,
        effective_from=command.effective_from,
        type=command.type,
        state=command.state,
        effective_to=command.effective_to,
        token_subject=command.token_subject,
    )
    if Held(fact) not in credentials:
        yield fact


def _end(command: EndCredential, credentials: Credentials) -> Iterator[StaffFact]:
    """Refuses what this person was never told to hold (Unknown)."""
    if command.type and command.credential.strip().upper() not in ("", command.type):
        raise Malformed(credential="is not the type's own abbreviation")
    if not command.type and not command.credential:
        raise Malformed(type="is required, or a credential in words")
    if not any(held.is_meant(command) for held in credentials):
        raise Unknown("credential", f"{command.type or command.credential} {command.state}".strip())
    fact = CredentialEnded(
        staff_id=command.staff_id,
        credential=command.type or command.credential,
        type=command.type,
        state=command.state,
        last_day=command.last_day,
        reason=command.reason,
    )
    if evolve(credentials, fact) != credentials:
        yield fact


def evolve(credentials: Credentials, fact: StaffFact) -> Credentials:
    match fact:
        case StaffCredentialed():
            return (*credentials, Held(fact))
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


STAFF = Decider(decide, evolve, Credentials())
