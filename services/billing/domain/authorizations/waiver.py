"""Billing a day without authorization takes a named person, and a reason.

Source: domain guide, section 12 ("Retro-authorization").
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from kernel.decider import filled, of_last_fact
from kernel.refusal import AgainstTheRules


class WaiverReason(StrEnum):
    """Why a day is billed without authorization."""

    PAYER_SAYS_SUBMIT = "PAYER_SAYS_SUBMIT"
    RETRO_AUTHORIZATION_REQUESTED = "RETRO_AUTHORIZATION_REQUESTED"
    NETWORK_DECISION = "NETWORK_DECISION"


@dataclass(frozen=True, slots=True, kw_only=True)
class BillWithoutAuthorization:
    client_id: str
    payer_id: str
    service_date: date
    waived_by: str
    reason: WaiverReason


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationWaived:
    client_id: str
    payer_id: str
    service_date: date
    waived_by: str
    reason: WaiverReason


def decide_waiver(
    command: BillWithoutAuthorization, waived: AuthorizationWaived | None
) -> Iterator[AuthorizationWaived]:
    """One date is waived once; for another reason it isn't waived again."""
    if waived is not None and waived.reason != command.reason:
        raise AgainstTheRules(
            "AUTHORIZATION_WAIVED",
            "this date is billed without authorization already, for another reason",
            reason_given=waived.reason,
        )
    if waived is None:
        yield filled(AuthorizationWaived, command)


WAIVER = of_last_fact(decide_waiver)
