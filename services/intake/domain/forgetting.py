"""Forgetting a client when retention allows, and two people agree: a part of the client."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import assert_never

from kernel.decider import filled
from kernel.refusal import AgainstTheRules
from services.intake.domain.episode import Label

ASKED_FOR = timedelta(days=14)
"""How long somebody else may agree to what was asked."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How long records are kept, by the law of the network's state and by its contracts.

    `years` after the last contact, and until the client would be of the age `until_age`, whichever
    is later: minors' records are kept until some years after they come of age.
    """

    years: int
    until_age: int

    def until(self, last_contact: date, born_on: date) -> date:
        """The first day on which the client may be forgotten."""
        return max(_years_after(last_contact, self.years), _years_after(born_on, self.until_age))


@dataclass(frozen=True, slots=True, kw_only=True)
class AskToForget:
    """`retained_until`: by the rule of retention; None: there is none."""

    client_id: str
    asked_by: str
    now: datetime
    retained_until: date | None
    open_episodes: tuple[str, ...] = ()
    label: Label = Label.PART2


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreeToForget:
    """`retained_until` and `open_episodes` as they are now, and not as they were when asked."""

    client_id: str
    agreed_by: str
    now: datetime
    retained_until: date | None
    open_episodes: tuple[str, ...] = ()
    label: Label = Label.PART2


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawForgetting:
    client_id: str
    withdrawn_by: str
    label: Label = Label.PART2


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgettingAsked:
    """Of several the last one counts; until `expires_at` somebody else may agree."""

    client_id: str
    asked_by: str
    expires_at: datetime
    retained_until: date
    label: Label


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgettingWithdrawn:
    client_id: str
    withdrawn_by: str
    label: Label


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientForgotten:
    """Every service destroys the client's key: facts stand, and nothing sealed opens any more."""

    client_id: str
    asked_by: str
    agreed_by: str
    retained_until: date
    label: Label


ForgettingCommand = AskToForget | AgreeToForget | WithdrawForgetting
ForgettingFact = ForgettingAsked | ForgettingWithdrawn | ClientForgotten


class NoRetention(AgainstTheRules):
    """Nobody set how long records are kept: nobody is forgotten."""

    def __init__(self) -> None:
        super().__init__(
            "RETENTION_UNSET",
            "nobody is forgotten until NINEHOURS_RETENTION_YEARS and NINEHOURS_RETENTION_UNTIL_AGE"
            " say how long records are kept",
        )


class StillRetained(AgainstTheRules):
    """The record must be kept until a day that isn't there yet."""

    def __init__(self, until: date) -> None:
        super().__init__(
            "STILL_RETAINED",
            f"this client's record is kept until {until.isoformat()}",
            retained_until=until.isoformat(),
        )


class InTreatment(AgainstTheRules):
    """An episode is open."""

    def __init__(self, episode_id: str) -> None:
        super().__init__(
            "EPISODE_OPEN", "an episode of this client's is open", episode_id=episode_id
        )


class NotAsked(AgainstTheRules):
    """Nobody asked to forget this client, or not lately, or it was withdrawn."""

    def __init__(self) -> None:
        super().__init__(
            "FORGETTING_NOT_ASKED", "nobody asks, at present, to forget this client: ask first"
        )


class AgreedByWhoAsked(AgainstTheRules):
    def __init__(self) -> None:
        super().__init__("AGREED_BY_WHO_ASKED", "it takes somebody else to agree than who asked")


class AlreadyForgotten(AgainstTheRules):
    """Nothing is recorded of who was forgotten any more."""

    def __init__(self, client_id: str) -> None:
        super().__init__(
            "CLIENT_FORGOTTEN",
            "this client was forgotten when retention ended: who comes again is registered anew",
            client_id=client_id,
        )


@dataclass(frozen=True, slots=True)
class Forgetting:
    """Who asked, and until when somebody may agree; `done`: the client is forgotten."""

    asked_by: str = ""
    expires_at: datetime | None = None
    done: bool = False

    def is_asked(self, now: datetime) -> bool:
        return self.expires_at is not None and now < self.expires_at


def decide(command: ForgettingCommand, forgetting: Forgetting) -> Iterator[ForgettingFact]:
    """Asked again by the same person while it is open, nothing changes; so once it is done."""
    if forgetting.done:
        return
    match command:
        case AskToForget():
            until = _require_ended(command)
            if not (forgetting.is_asked(command.now) and forgetting.asked_by == command.asked_by):
                expires_at = command.now + ASKED_FOR
                yield filled(ForgettingAsked, command, expires_at=expires_at, retained_until=until)
        case AgreeToForget():
            until = _require_ended(command)
            if not forgetting.is_asked(command.now):
                raise NotAsked
            if forgetting.asked_by == command.agreed_by:
                raise AgreedByWhoAsked
            yield filled(
                ClientForgotten, command, asked_by=forgetting.asked_by, retained_until=until
            )
        case WithdrawForgetting():
            if forgetting.asked_by:
                yield filled(ForgettingWithdrawn, command)
        case _:
            assert_never(command)


def evolve(forgetting: Forgetting, fact: ForgettingFact) -> Forgetting:
    match fact:
        case ForgettingAsked():
            return replace(forgetting, asked_by=fact.asked_by, expires_at=fact.expires_at)
        case ForgettingWithdrawn():
            return replace(forgetting, asked_by="", expires_at=None)
        case ClientForgotten():
            return replace(forgetting, done=True)
        case _:
            assert_never(fact)


def _require_ended(command: AskToForget | AgreeToForget) -> date:
    """Until when the record was kept; refuses while it is, and while nobody says how long."""
    if command.retained_until is None:
        raise NoRetention
    if command.open_episodes:
        raise InTreatment(command.open_episodes[0])
    if command.now.date() < command.retained_until:
        raise StillRetained(command.retained_until)
    return command.retained_until


def _years_after(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # the 29th of February, in a year without
        return day.replace(year=day.year + years, month=3, day=1)
