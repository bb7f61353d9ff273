"""Refusals that several of attendance's aggregates share."""

from collections.abc import Iterable

from kernel.refusal import AgainstTheRules

NAMED_TOGETHER = 6  # ids in one detail of a refusal: a longer one is cut on its way


class SessionClosedAlready(AgainstTheRules):
    """After closing, attendance is corrected, with a reason."""

    def __init__(self, session_id: str) -> None:
        super().__init__(
            "SESSION_CLOSED", "the session is closed; use CorrectAttendance", session_id=session_id
        )


class SessionNotClosed(AgainstTheRules):
    """Before closing there is nothing to correct or attest: check in and check out."""

    def __init__(self, session_id: str) -> None:
        super().__init__(
            "SESSION_NOT_CLOSED",
            "the session is not closed; use CheckIn and CheckOut, then CloseSession",
            session_id=session_id,
        )


class SessionNotStarted(AgainstTheRules):
    """Nobody can have missed what has not begun, or tell what happened there."""

    def __init__(self, session_id: str) -> None:
        super().__init__("SESSION_NOT_STARTED", "the session has not begun", session_id=session_id)


class SessionCancelledAlready(AgainstTheRules):
    """What doesn't take place has no attendance and no notes."""

    def __init__(self, session_id: str) -> None:
        super().__init__("SESSION_CANCELLED", "the session was cancelled", session_id=session_id)


def naming(client_ids: Iterable[str]) -> dict[str, str]:
    """Details that name clients: `client_ids`, then `client_ids_2` and so on, six in each."""
    ids = sorted(client_ids)
    groups = [ids[n : n + NAMED_TOGETHER] for n in range(0, len(ids), NAMED_TOGETHER)]
    return {
        "client_ids" if number == 1 else f"client_ids_{number}": ",".join(group)
        for number, group in enumerate(groups, start=1)
    }
