"""Deciders of rules, levels, decisions and courses: what they yield, refuse, and yield once."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as some

from kernel.decider import Decider
from kernel.refusal import AgainstTheRules, Malformed, Unknown
from services.plans.domain.decision import (
    DECISION,
    DecideRecommendation,
    RecommendationDecided,
    RecommendedRevision,
)
from services.plans.domain.ending import ENDING
from services.plans.domain.episode import Admitted
from services.plans.domain.level import LEVELS, ChangeLevelOfCare, LevelOfCareChanged
from services.plans.domain.rules import (
    LEVEL_RULES,
    ConfirmLevelRules,
    LevelRulesConfirmed,
    LevelRulesProposed,
    ProposeLevelRules,
    in_effect,
)
from tests.harness.plans.deciding import after, reason_of
from tests.harness.plans.history import RULES
from tests.plans.domain.test_ending_decider import ALUMNI, COMPLETE, CONTACT, DISCHARGE, LEFT

NOW = datetime(2026, 5, 1, 15, 0, tzinfo=UTC)
ADMITTED = Admitted(client_id="client-1", level_of_care="2.1", admitted_on=date(2026, 3, 2))


# Rules

PROPOSE = ProposeLevelRules(rules=RULES, proposed_by="ada")
CONFIRM = ConfirmLevelRules(version=1, confirmed_by="ben")


def test_rules_are_in_effect_once_another_person_confirmed_them() -> None:
    facts = after(LEVEL_RULES, PROPOSE, CONFIRM)
    assert facts == [
        LevelRulesProposed(rules=RULES, proposed_by="ada"),
        LevelRulesConfirmed(rules=RULES, confirmed_by="ben"),
    ]
    assert LEVEL_RULES.fold(facts[:1]).confirmed == {}
    assert LEVEL_RULES.fold(facts).confirmed == {1: RULES}


def test_rules_are_not_confirmed_by_their_author_nor_unseen_nor_changed() -> None:
    own = replace(CONFIRM, confirmed_by="ada")
    changed = replace(PROPOSE, rules=replace(RULES, complete_weeks=1))
    next_but_one = replace(PROPOSE, rules=replace(RULES, version=3))
    assert reason_of(LEVEL_RULES, PROPOSE, own) == "CONFIRMED_BY_ITS_AUTHOR"
    assert reason_of(LEVEL_RULES, CONFIRM) == "LEVEL_RULES_UNKNOWN"
    assert reason_of(LEVEL_RULES, PROPOSE, CONFIRM, changed) == "LEVEL_RULES_CONFIRMED"
    assert reason_of(LEVEL_RULES, PROPOSE, CONFIRM, next_but_one) == "rules__version"


def test_a_proposal_may_be_replaced_and_what_is_confirmed_is_the_last() -> None:
    better = replace(RULES, complete_weeks=12)
    facts = after(LEVEL_RULES, PROPOSE, ProposeLevelRules(rules=better, proposed_by="cy"), CONFIRM)
    assert facts[-1].rules == better


def test_the_highest_version_in_effect_holds() -> None:
    second = replace(RULES, version=2, effective_from=date(2026, 2, 1))
    assert in_effect([second, RULES], date(2026, 1, 31)) == RULES
    assert in_effect([second, RULES], date(2026, 2, 1)) == second
    assert in_effect([second], date(2026, 1, 31)) is None


# Levels


def change(to: str, month: int, day: int, step: str = "") -> ChangeLevelOfCare:
    return ChangeLevelOfCare(
        client_id="client-1",
        episode_id="episode-1",
        level_of_care=to,
        effective_from=date(2026, month, day),
        changed_by="ada",
        admitted=ADMITTED,
        discharged=False,
        step=step,
    )


def test_a_level_changes_from_a_day_on() -> None:
    assert after(LEVELS, change("2.5", 3, 16), change("1", 4, 6))[-1] == LevelOfCareChanged(
        client_id="client-1",
        episode_id="episode-1",
        level_of_care="1",
        effective_from=date(2026, 4, 6),
        changed_by="ada",
    )


def test_a_level_is_not_changed_to_itself_nor_outside_the_episode() -> None:
    assert reason_of(LEVELS, change("2.1", 3, 16)) == "SAME_LEVEL"
    assert reason_of(LEVELS, change("1", 4, 6), change("1", 4, 13)) == "SAME_LEVEL"
    assert after(LEVELS, change("1", 4, 6), change("2.5", 3, 16), change("2.1", 3, 20))
    assert reason_of(LEVELS, change("1", 3, 1)) == "effective_from"
    assert reason_of(LEVELS, change("outpatient", 4, 6)) == "level_of_care"
    gone = replace(change("1", 4, 6), discharged=True)
    assert reason_of(LEVELS, gone) == "EPISODE_DISCHARGED"
    assert reason_of(LEVELS, replace(change("1", 4, 6), admitted=None)) == "EPISODE_UNKNOWN"
    other = replace(change("1", 4, 6), client_id="client-2")
    assert reason_of(LEVELS, other) == "EPISODE_UNKNOWN"


def test_a_step_goes_the_way_it_says() -> None:
    assert reason_of(LEVELS, change("1", 4, 6, step="STEP_UP")) == "level_of_care"
    assert reason_of(LEVELS, change("2.5", 4, 6, step="STEP_DOWN")) == "level_of_care"
    assert after(LEVELS, change("2.5", 4, 6, step="STEP_UP"))
    assert after(LEVELS, change("1", 4, 6, step="STEP_DOWN"))


# Decisions

RECOMMENDED = RecommendedRevision(kind="STEP_DOWN", revision=2, rules_version=1, withdrawn=False)
ACCEPT = DecideRecommendation(
    client_id="client-1",
    recommendation_id="recommendation-1",
    accept=True,
    reasoned=False,
    stepping=True,
    decided_by="ada",
    recommended=RECOMMENDED,
    settled=True,
    now=NOW,
)
OVERRIDE = replace(ACCEPT, accept=False, reasoned=True, stepping=False)


def test_a_decision_says_on_which_contents_it_was_made() -> None:
    assert after(DECISION, ACCEPT) == [
        RecommendationDecided(
            client_id="client-1",
            recommendation_id="recommendation-1",
            kind="STEP_DOWN",
            revision=2,
            rules_version=1,
            accepted=True,
            decided_by="ada",
            decided_at=NOW,
            reason_version=0,
        )
    ]


def test_what_can_not_be_decided() -> None:
    continued = replace(RECOMMENDED, kind="CONTINUE")
    withdrawn = replace(RECOMMENDED, withdrawn=True)
    assert reason_of(DECISION, replace(ACCEPT, recommended=None)) == "RECOMMENDATION_UNKNOWN"
    assert reason_of(DECISION, replace(ACCEPT, recommended=withdrawn)) == "RECOMMENDATION_WITHDRAWN"
    assert reason_of(DECISION, replace(ACCEPT, settled=False)) == "NOT_SETTLED"
    assert reason_of(DECISION, replace(OVERRIDE, reasoned=False)) == "REASON_REQUIRED"
    assert reason_of(DECISION, replace(OVERRIDE, stepping=True)) == "level_of_care"
    assert reason_of(DECISION, replace(ACCEPT, recommended=continued)) == "level_of_care"
    assert reason_of(DECISION, ACCEPT, OVERRIDE) == "ALREADY_DECIDED"
    assert reason_of(DECISION, OVERRIDE, ACCEPT) == "ALREADY_DECIDED"


def test_decided_so_again_changes_nothing_even_while_it_is_not_settled() -> None:
    assert len(after(DECISION, ACCEPT, replace(ACCEPT, settled=False))) == 1


def test_a_recommendation_that_became_another_is_open_again() -> None:
    up = replace(RECOMMENDED, kind="STEP_UP", revision=3)
    facts = after(DECISION, ACCEPT, replace(OVERRIDE, recommended=up))
    assert [fact.kind for fact in facts] == ["STEP_DOWN", "STEP_UP"]


# Of all of them

MIXED: list[tuple[Decider[Any, Any, Any], list[Any]]] = [
    (LEVEL_RULES, [PROPOSE, CONFIRM, replace(PROPOSE, proposed_by="ben")]),
    (LEVELS, [change("1", 4, 6), change("2.5", 3, 16), change("2.1", 3, 20)]),
    (DECISION, [ACCEPT, OVERRIDE]),
    (ENDING, [COMPLETE, DISCHARGE, LEFT, ALUMNI, CONTACT]),
]


@given(some.sampled_from(MIXED), some.data())
def test_a_command_right_after_itself_yields_nothing_and_halves_make_the_whole(
    mixed: tuple[Decider[Any, Any, Any], list[Any]], data: some.DataObject
) -> None:
    decider, commands = mixed
    facts: list[Any] = []
    for command in data.draw(some.lists(some.sampled_from(commands), max_size=6)):
        try:
            facts += decider.decide(command, decider.fold(facts))
        except (AgainstTheRules, Malformed, Unknown):
            continue
        assert not list(decider.decide(command, decider.fold(facts)))
    place = data.draw(some.integers(0, len(facts)))
    half = decider.fold(facts[:place])
    for fact in facts[place:]:
        half = decider.evolve(half, fact)
    assert half == decider.fold(facts)
