"""The screening for intensive outpatient care: whom it is not for is declined with a referral."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Literal

from kernel.decider import filled
from kernel.refusal import Malformed
from services.intake.domain.episode import Label

ReferralTarget = Literal[
    "WITHDRAWAL_MANAGEMENT", "INPATIENT", "PARTIAL_HOSPITALIZATION", "OUTPATIENT", "CRISIS"
]


class DeclineReason(StrEnum):
    """Why intensive outpatient care is not for a client."""

    NEEDS_DETOX = "NEEDS_DETOX"
    NEEDS_24_HOUR_CARE = "NEEDS_24_HOUR_CARE"
    NOT_MOTIVATED = "NOT_MOTIVATED"
    NO_STABLE_ENVIRONMENT = "NO_STABLE_ENVIRONMENT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Screening:
    """What was found. The last two are recorded and decide nothing: they are reasons to come."""

    needs_detox: bool
    needs_24_hour_care: bool
    motivated: bool
    stable_environment: bool
    transition_from_inpatient: bool
    work_or_family_duties: bool

    def reasons_to_decline(self) -> tuple[DeclineReason, ...]:
        """Why intensive outpatient care is not for this client; none: it is."""
        found = {
            DeclineReason.NEEDS_DETOX: self.needs_detox,
            DeclineReason.NEEDS_24_HOUR_CARE: self.needs_24_hour_care,
            DeclineReason.NOT_MOTIVATED: not self.motivated,
            DeclineReason.NO_STABLE_ENVIRONMENT: not self.stable_environment,
        }
        return tuple(reason for reason, applies in found.items() if applies)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenClient:
    """`referred_to`: where a client who is declined is sent; None for one who is not."""

    client_id: str
    screening: Screening
    referred_to: ReferralTarget | None
    screened_on: date
    label: Label = Label.PART2


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientScreened:
    """Whatever came of it; AdmissionDeclined follows when the client was declined."""

    client_id: str
    screening: Screening
    screened_on: date
    label: Label


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmissionDeclined:
    client_id: str
    reasons: tuple[DeclineReason, ...]
    referred_to: ReferralTarget
    declined_on: date
    label: Label


ScreeningFact = ClientScreened | AdmissionDeclined


@dataclass(frozen=True, slots=True)
class LatestScreening:
    """The screening recorded last: with what it found, and where it led."""

    screened: ClientScreened | None = None
    declined: AdmissionDeclined | None = None


def decide(command: ScreenClient, latest: LatestScreening) -> Iterator[ScreeningFact]:
    """Refuses to decline without a referral, and a referral of a client who is not declined.

    The latest screening said again yields nothing.
    """
    reasons = command.screening.reasons_to_decline()
    if reasons and command.referred_to is None:
        raise Malformed(referred_to="is required, as the client is declined")
    if not reasons and command.referred_to is not None:
        raise Malformed(referred_to="is for clients who are declined")
    if _is_said_already(command, latest):
        return
    yield filled(ClientScreened, command)
    if command.referred_to is not None:
        yield filled(AdmissionDeclined, command, reasons=reasons, declined_on=command.screened_on)


def evolve(latest: LatestScreening, fact: ScreeningFact) -> LatestScreening:
    if isinstance(fact, ClientScreened):
        return LatestScreening(screened=fact)
    return LatestScreening(screened=latest.screened, declined=fact)


def _is_said_already(command: ScreenClient, latest: LatestScreening) -> bool:
    if latest.screened is None:
        return False
    referred_to = None if latest.declined is None else latest.declined.referred_to
    return (command.screening, command.screened_on, command.referred_to) == (
        latest.screened.screening,
        latest.screened.screened_on,
        referred_to,
    )
