"""A clinician's credential and NPI."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from kernel.decider import Decider


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


STAFF = Decider(decide, evolve, Credentials())
