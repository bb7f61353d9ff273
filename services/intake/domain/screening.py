"""The screening for intensive outpatient care: whom it is not for is declined with a referral."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from kernel.refusal import Malformed
from services.intake.domain.episode import PART2


@dataclass(frozen=True, slots=True, kw_only=True)
class Screening:
    """What was found. The last two are recorded and decide nothing: they are reasons to come."""

    needs_detox: bool
    needs_24_hour_care: bool
    motivated: bool
    stable_environment: bool
    transition_from_inpatient: bool
    work_or_family_duties: bool

    def reasons_to_decline(self) -> tuple[str, ...]:
        """Why intensive outpatient care is not for this client; none: it is."""
        found = {
            "NEEDS_DETOX": self.needs_detox,
            "NEEDS_24_HOUR_CARE": self.needs_24_hour_care,
            "NOT_MOTIVATED": not self.motivated,
            "NO_STABLE_ENVIRONMENT": not self.stable_environment,
        }
        return tuple(reason for reason, applies in found.items() if applies)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenClient:
    """`referred_to`: where a client who is declined is sent; None for one who is not."""

    client_id: str
    screening: Screening
    referred_to: str | None
    screened_on: date
    label: str = PART2


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientScreened:
    """Whatever came of it; AdmissionDeclined follows when the client was declined."""

    client_id: str
    screening: Screening
    screened_on: date
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmissionDeclined:
    client_id: str
    reasons: tuple[str, ...]
    referred_to: str
    declined_on: date
    label: str


ScreeningFact = ClientScreened | AdmissionDeclined


@dataclass(frozen=True, slots=True)
class Latest:
    """The screening recorded last: with what it found, and where it led."""

    screened: ClientScreened | None = None
    declined: AdmissionDeclined | None = None


def decide(command: ScreenClient, latest: Latest) -> Iterator[ScreeningFact]:
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
    yield ClientScreened(
        client_id=command.client_id,
        screening=command.screening,
        screened_on=command.screened_on,
        label=command.label,
    )
    if command.referred_to is not None:
        yield AdmissionDeclined(
            client_id=command.client_id,
            reasons=reasons,
            referred_to=command.referred_to,
            declined_on=command.screened_on,
            label=command.label,
        )


def evolve(latest: Latest, fact: ScreeningFact) -> Latest:
    if isinstance(fact, ClientScreened):
        return Latest(screened=fact)
    return Latest(screened=latest.screened, declined=fact)


def _is_said_already(command: ScreenClient, latest: Latest) -> bool:
    if latest.screened is None:
        return False
    referred_to = None if latest.declined is None else latest.declined.referred_to
    return (command.screening, command.screened_on, command.referred_to) == (
        latest.screened.screening,
        latest.screened.screened_on,
        referred_to,
    )
