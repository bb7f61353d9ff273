"""Why a plan does not take a command."""

from kernel.refusal import AgainstTheRules


class PlanAlreadyDrafted(AgainstTheRules):
    """The plan was drafted before, with other content."""

    def __init__(self, plan_id: str) -> None:
        super().__init__(
            "PLAN_ALREADY_DRAFTED", "the plan was drafted with other content", plan_id=plan_id
        )


class PlanNotActive(AgainstTheRules):
    """Only a plan in force, and not superseded, is certified, reviewed or followed by another."""

    def __init__(self, plan_id: str) -> None:
        super().__init__("PLAN_NOT_ACTIVE", "the plan is not in force", plan_id=plan_id)


class AnotherPlanInForce(AgainstTheRules):
    """An episode has one plan at a time: the next one names which it supersedes."""

    def __init__(self, plan_id: str) -> None:
        super().__init__(
            "ANOTHER_PLAN_IN_FORCE",
            "another plan of the episode is in force; draft one that supersedes it",
            plan_id=plan_id,
        )


class AlreadySigned(AgainstTheRules):
    """What was signed, or is in force, is no longer refused; draft the next version."""

    def __init__(self, plan_id: str) -> None:
        super().__init__(
            "PLAN_ALREADY_SIGNED", "it was signed before; draft the next version", plan_id=plan_id
        )
