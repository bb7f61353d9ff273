"""The rule table of recommendations: proposed by one person, confirmed by another."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import assert_never

from kernel.decider import Decider
from kernel.refusal import AgainstTheRules, Malformed, Unknown
from services.plans.domain.reference_values import RELIABLE_CHANGE


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelRules:
    """Thresholds, as the contract's LevelRules explains them one by one.

    `sources`: field and where its value comes from.
    """

    version: int
    effective_from: date
    step_up_consecutive_missed: int
    step_up_on_reliable_deterioration: bool
    step_up_on_open_safety_task: bool
    step_down_objectives_met_percent: int
    step_down_attended_percent: int
    step_down_needs_reliable_improvement: bool
    minimum_weeks: int
    complete_objectives_met_percent: int
    complete_weeks: int
    # Older versions don't say these; what 0 means, the properties below do.
    complete_attended_percent: int = 0
    step_down_remission_below: int = 0
    relapse_points: int = 0
    sources: tuple[tuple[str, str], ...] = ()

    @property
    def attended_to_complete(self) -> int:
        """In percent: completing takes no less than stepping down where nothing is said."""
        return self.complete_attended_percent or self.step_down_attended_percent

    @property
    def points_of_relapse(self) -> int:
        """At least so many above the lowest score; not said: a reliable change."""
        return self.relapse_points or RELIABLE_CHANGE["phq9"].value


class ConfirmedByItsAuthor(AgainstTheRules):
    """Rules decide about people's care: two look at them."""

    def __init__(self, version: int) -> None:
        super().__init__(
            "CONFIRMED_BY_ITS_AUTHOR",
            "who proposed level rules doesn't confirm them; ask a colleague",
            version=str(version),
        )


class LevelRulesAreConfirmed(AgainstTheRules):
    """A version in effect stays as it is."""

    def __init__(self, version: int) -> None:
        super().__init__(
            "LEVEL_RULES_CONFIRMED",
            "a confirmed version is never changed; propose the next one",
            version=str(version),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeLevelRules:
    rules: LevelRules
    proposed_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmLevelRules:
    version: int
    confirmed_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelRulesProposed:
    rules: LevelRules
    proposed_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelRulesConfirmed:
    rules: LevelRules
    confirmed_by: str


RulesCommand = ProposeLevelRules | ConfirmLevelRules
RulesFact = LevelRulesProposed | LevelRulesConfirmed


@dataclass(frozen=True, slots=True)
class RuleTable:
    """What later decisions need to know, by version."""

    proposed: Mapping[int, LevelRulesProposed] = field(default_factory=dict)
    confirmed: Mapping[int, LevelRules] = field(default_factory=dict)


def decide(command: RulesCommand, table: RuleTable) -> Iterator[RulesFact]:
    match command:
        case ProposeLevelRules(rules=rules):
            proposal = LevelRulesProposed(rules=rules, proposed_by=command.proposed_by)
            if table.proposed.get(rules.version) == proposal:
                return
            if rules.version in table.confirmed:
                raise LevelRulesAreConfirmed(rules.version)
            if rules.version != max(table.confirmed, default=0) + 1:
                raise Malformed(rules__version="must follow the last confirmed version")
            yield proposal
        case ConfirmLevelRules():
            proposed = table.proposed.get(command.version)
            if proposed is None:
                raise Unknown("level_rules", str(command.version))
            if command.version in table.confirmed:
                return
            if proposed.proposed_by == command.confirmed_by:
                raise ConfirmedByItsAuthor(command.version)
            yield LevelRulesConfirmed(rules=proposed.rules, confirmed_by=command.confirmed_by)
        case _:
            assert_never(command)


def evolve(table: RuleTable, fact: RulesFact) -> RuleTable:
    match fact:
        case LevelRulesProposed():
            return replace(table, proposed={**table.proposed, fact.rules.version: fact})
        case LevelRulesConfirmed():
            return replace(table, confirmed={**table.confirmed, fact.rules.version: fact.rules})
        case _:
            assert_never(fact)


LEVEL_RULES = Decider(decide, evolve, RuleTable())


def in_effect(confirmed: Iterable[LevelRules], day: date) -> LevelRules | None:
    """The highest confirmed version in effect on that day."""
    return max(
        (rules for rules in confirmed if rules.effective_from <= day),
        key=lambda rules: rules.version,
        default=None,
    )
