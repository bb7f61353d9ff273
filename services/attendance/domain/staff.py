"""A clinician's credential and NPI."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from kernel.decider import Decider
from kernel.refusal import AgainstTheRules, Malformed


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
    staff_id: str
    credential: str
    npi: str
    effective_from: date
    type: str = ""
    state: str = ""
    effective_to: date | None = None
    token_subject: str = ""


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


Credentials = tuple[StaffCredentialed, ...]


def decide(command: CredentialStaff, credentials: Credentials) -> Iterator[StaffCredentialed]:
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
    if fact not in credentials:
        yield fact


def evolve(credentials: Credentials, fact: StaffCredentialed) -> Credentials:
    return (*credentials, fact)


def require_credentialed(credentials: Credentials, staff_id: str, on: date) -> None:
    """Refuses somebody who has no credential, not yet or not any more, on that day."""
    if not any(
        each.effective_from <= on <= (each.effective_to or date.max) for each in credentials
    ):
        raise NotCredentialed(staff_id, on)


STAFF = Decider(decide, evolve, Credentials())
