"""Refusals that several of attendance's aggregates share."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from kernel.refusal import AgainstTheRules, BrokenRule

CLOCKS_DIFFER = timedelta(minutes=1)  # at most, of one installation
NAMED_TOGETHER = 6  # ids in one detail of a refusal: a longer one is cut on its way


class SessionClosedAlready(BrokenRule):
    """After closing, attendance is corrected, with a reason."""

    code, about = "SESSION_CLOSED", "session_id"
    words = "the session is closed; use CorrectAttendance"


class SessionNotClosed(BrokenRule):
    """Before closing there is nothing to correct or attest: check in and check out."""

    code, about = "SESSION_NOT_CLOSED", "session_id"
    words = "the session is not closed; use CheckIn and CheckOut, then CloseSession"


class SessionNotStarted(BrokenRule):
    """Nobody can have missed what has not begun, or tell what happened there."""

    code, about = "SESSION_NOT_STARTED", "session_id"
    words = "the session has not begun"


class SessionCancelledAlready(BrokenRule):
    """What doesn't take place has no attendance and no notes."""

    code, about = "SESSION_CANCELLED", "session_id"
    words = "the session was cancelled"


class StillToCome(AgainstTheRules):
    """Nobody came or left at a time that isn't yet. `at`, `now`: RFC 3339."""

    def __init__(self, at: datetime, now: datetime) -> None:
        super().__init__(
            "STILL_TO_COME",
            "the time is still to come",
            at=at.isoformat(),
            now=now.isoformat(timespec="seconds"),
        )


def require_past(moment: datetime, now: datetime) -> None:
    """Refuses (STILL_TO_COME) what nobody can have seen yet."""
    if moment > now + CLOCKS_DIFFER:
        raise StillToCome(moment, now)


class ClientWasThere(BrokenRule):
    """Nobody is absent where it is recorded that they came."""

    code, about = "CLIENT_WAS_THERE", "session_id"
    words = "it is recorded that the client came; put that right first"


def naming(client_ids: Iterable[str]) -> dict[str, str]:
    """Details that name clients: `client_ids`, then `client_ids_2` and so on, six in each."""
    ids = sorted(client_ids)
    groups = [ids[n : n + NAMED_TOGETHER] for n in range(0, len(ids), NAMED_TOGETHER)]
    return {
        "client_ids" if number == 1 else f"client_ids_{number}": ",".join(group)
        for number, group in enumerate(groups, start=1)
    }
