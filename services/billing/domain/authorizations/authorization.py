"""What a payer authorized: units at a level, between two dates. The payer's number is sealed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from kernel.decider import filled, of_last_fact
from kernel.refusal import AgainstTheRules, Malformed
from services.billing.domain.payers.rules import AuthorizationUnit


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordAuthorization:
    """`number_version`: of the sealed number."""

    authorization_id: str
    client_id: str
    payer_id: str
    level_of_care: str
    units: int
    effective_from: date
    effective_to: date
    unit: AuthorizationUnit = AuthorizationUnit.DAYS
    site_id: str = ""
    number_version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRecorded:
    """`unit`: DAYS, SESSIONS, HOURS or UNITS; `site_id` empty: any site of the network.

    `number_version`: of the sealed number; before it could be put right, there was one.
    """

    authorization_id: str
    client_id: str
    payer_id: str
    level_of_care: str
    units: int
    effective_from: date
    effective_to: date
    unit: AuthorizationUnit = AuthorizationUnit.DAYS
    site_id: str = ""
    number_version: int = 1


def decide(
    command: RecordAuthorization, recorded: AuthorizationRecorded | None
) -> Iterator[AuthorizationRecorded]:
    if command.effective_to < command.effective_from:
        raise Malformed(effective_to="is before effective_from")
    fact = filled(AuthorizationRecorded, command)
    if recorded is not None and recorded != fact:
        raise AgainstTheRules(
            "AUTHORIZATION_RECORDED", "the authorization is recorded", id=command.authorization_id
        )
    if recorded is None:
        yield fact


AUTHORIZATION = of_last_fact(decide)
