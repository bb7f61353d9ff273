"""Why an episode's end does not take a command."""

from collections.abc import Sequence

from kernel.refusal import AgainstTheRules, BrokenRule


class CriteriaNotMet(AgainstTheRules):
    """A program is completed against criteria; `missing` names those it lacks."""

    def __init__(self, episode_id: str, missing: Sequence[str]) -> None:
        super().__init__(
            "COMPLETION_CRITERIA_NOT_MET",
            f"the program is not completed: {', '.join(missing)}",
            episode_id=episode_id,
            missing=", ".join(missing),
        )


class AlreadyCompleted(BrokenRule):
    """A program is completed once."""

    code, about = "ALREADY_COMPLETED", "episode_id"
    words = "it was completed on another day"


class AlreadyDischarged(BrokenRule):
    """A client is discharged from an episode once."""

    code, about = "ALREADY_DISCHARGED", "episode_id"
    words = "the client was discharged on another day, or for another reason"


class NotCompleted(BrokenRule):
    """Discharge as completed follows completion."""

    code, about = "PROGRAM_NOT_COMPLETED", "episode_id"
    words = "complete the program first, or give another reason"


class NotDischarged(BrokenRule):
    """Follow-up is what happens after discharge."""

    code, about = "NOT_DISCHARGED", "episode_id"
    words = "the client is still in this episode"


class SafetyTaskOpen(AgainstTheRules):
    """Over an open safety task nobody goes on unless a person says why, by name."""

    def __init__(self, task_ids: Sequence[str]) -> None:
        super().__init__(
            "SAFETY_TASK_OPEN",
            "a safety task of HIGH risk is open; close it, or say why all the same",
            task_ids=",".join(task_ids),
        )


class AlumniConsentRequired(BrokenRule):
    """Alumni contacts need a consent of their own: treatment's does not cover them."""

    code, about = "ALUMNI_CONSENT_REQUIRED", "episode_id"
    words = "ask the client for a consent of its own first"
