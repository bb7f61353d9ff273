"""Why an episode's end does not take a command."""

from collections.abc import Sequence

from kernel.refusal import AgainstTheRules


class CriteriaNotMet(AgainstTheRules):
    """A program is completed against criteria; `missing` names those it lacks."""

    def __init__(self, episode_id: str, missing: Sequence[str]) -> None:
        super().__init__(
            "COMPLETION_CRITERIA_NOT_MET",
            f"the program is not completed: {', '.join(missing)}",
            episode_id=episode_id,
            missing=", ".join(missing),
        )


class AlreadyCompleted(AgainstTheRules):
    """A program is completed once."""

    def __init__(self, episode_id: str) -> None:
        super().__init__(
            "ALREADY_COMPLETED", "it was completed on another day", episode_id=episode_id
        )


class AlreadyDischarged(AgainstTheRules):
    """A client is discharged from an episode once."""

    def __init__(self, episode_id: str) -> None:
        super().__init__(
            "ALREADY_DISCHARGED",
            "the client was discharged on another day, or for another reason",
            episode_id=episode_id,
        )


class NotCompleted(AgainstTheRules):
    """Discharge as completed follows completion."""

    def __init__(self, episode_id: str) -> None:
        super().__init__(
            "PROGRAM_NOT_COMPLETED",
            "complete the program first, or give another reason",
            episode_id=episode_id,
        )


class NotDischarged(AgainstTheRules):
    """Follow-up is what happens after discharge."""

    def __init__(self, episode_id: str) -> None:
        super().__init__(
            "NOT_DISCHARGED", "the client is still in this episode", episode_id=episode_id
        )


class SafetyTaskOpen(AgainstTheRules):
    """Over an open safety task nobody goes on unless a person says why, by name."""

    def __init__(self, task_ids: Sequence[str]) -> None:
        super().__init__(
            "SAFETY_TASK_OPEN",
            "a safety task of HIGH risk is open; close it, or say why all the same",
            task_ids=",".join(task_ids),
        )


class AlumniConsentRequired(AgainstTheRules):
    """Alumni contacts need a consent of their own: treatment's does not cover them."""

    def __init__(self, episode_id: str) -> None:
        super().__init__(
            "ALUMNI_CONSENT_REQUIRED",
            "ask the client for a consent of its own first",
            episode_id=episode_id,
        )
