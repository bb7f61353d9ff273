"""The screening for intensive outpatient care: whom it is not for is declined with a referral."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
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
    """Whatever came of it; AdmissionDeclined follows when the client was declined.

    `referred_to`: to where then; those of before leave it to what follows.
    """

    client_id: str
    screening: Screening
    screened_on: date
    label: Label
    referred_to: ReferralTarget | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmissionDeclined:
    """`screening_id`: the statement of the screening that declined; empty: the fact before it."""

    client_id: str
    reasons: tuple[DeclineReason, ...]
    referred_to: ReferralTarget
    declined_on: date
    label: Label
    screening_id: str = ""


ScreeningFact = ClientScreened | AdmissionDeclined


@dataclass(frozen=True, slots=True)
class LatestScreening:
    """The screening recorded last, as it stands."""

    screened: ClientScreened | None = None

    @property
    def declined(self) -> bool:
        return self.screened is not None and bool(self.screened.screening.reasons_to_decline())


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
    screened = filled(ClientScreened, command)
    yield screened
    declined = declined_by(screened)
    if declined is not None:
        yield declined


def declined_by(screened: ClientScreened, screening_id: str = "") -> AdmissionDeclined | None:
    """What a screening declined, if it did."""
    if screened.referred_to is None:
        return None
    return filled(
        AdmissionDeclined,
        screened,
        reasons=screened.screening.reasons_to_decline(),
        declined_on=screened.screened_on,
        screening_id=screening_id,
    )


def evolve(latest: LatestScreening, fact: ScreeningFact) -> LatestScreening:
    if isinstance(fact, ClientScreened):
        return LatestScreening(fact)
    screened = latest.screened
    if screened is None or screened.referred_to is not None or not latest.declined:
        return latest
    return LatestScreening(replace(screened, referred_to=fact.referred_to))  # of before


def _is_said_already(command: ScreenClient, latest: LatestScreening) -> bool:
    return (
        latest.screened is not None
        and filled(ClientScreened, command, label=latest.screened.label) == latest.screened
    )
