"""A clinician's credential and NPI."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from kernel.decider import Decider
from kernel.refusal import AgainstTheRules


class NotCredentialed(AgainstTheRules):
    """Nobody leads a session before their first credential takes effect."""

    def __init__(self, staff_id: str, on: date) -> None:
        super().__init__(
            "FACILITATOR_NOT_CREDENTIALED",
            f"the facilitator has no credential in effect on {on}",
            staff_id=staff_id,
            on=on.isoformat(),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialStaff:
    staff_id: str
    credential: str
    npi: str
    effective_from: date


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffCredentialed:
    staff_id: str
    credential: str
    npi: str
    effective_from: date


Credentials = tuple[StaffCredentialed, ...]


def decide(command: CredentialStaff, credentials: Credentials) -> Iterator[StaffCredentialed]:
    fact = StaffCredentialed(
        staff_id=command.staff_id,
        credential=command.credential,
        npi=command.npi,
        effective_from=command.effective_from,
    )
    if fact not in credentials:
        yield fact


def evolve(credentials: Credentials, fact: StaffCredentialed) -> Credentials:
    return (*credentials, fact)


def require_credentialed(credentials: Credentials, staff_id: str, on: date) -> None:
    """Refuses somebody who has no credential yet on that day."""
    if not any(each.effective_from <= on for each in credentials):
        raise NotCredentialed(staff_id, on)


STAFF = Decider(decide, evolve, Credentials())
