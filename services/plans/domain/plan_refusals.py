"""Why a plan does not take a command."""

from kernel.refusal import BrokenRule


class PlanAlreadyDrafted(BrokenRule):
    """The plan was drafted before, with other content."""

    code, about = "PLAN_ALREADY_DRAFTED", "plan_id"
    words = "the plan was drafted with other content"


class PlanNotActive(BrokenRule):
    """Only a plan in force, and not superseded, is certified, reviewed or followed by another."""

    code, about = "PLAN_NOT_ACTIVE", "plan_id"
    words = "the plan is not in force"


class AnotherPlanInForce(BrokenRule):
    """An episode has one plan at a time: the next one names which it supersedes."""

    code, about = "ANOTHER_PLAN_IN_FORCE", "plan_id"
    words = "another plan of the episode is in force; draft one that supersedes it"


class AlreadySigned(BrokenRule):
    """What was signed, or is in force, is no longer refused; draft the next version."""

    code, about = "PLAN_ALREADY_SIGNED", "plan_id"
    words = "it was signed before; draft the next version"
