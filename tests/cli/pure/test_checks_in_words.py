"""What thresholds were compared with is told in words that are made of the checks alone."""

from typing import Any

from hypothesis import given
from ninehours.plans.v1 import explanation_service_pb2 as explanation
from ninehours.plans.v1 import plans_service_pb2 as plans

from ninehours.cli.why.presenter import lines_of
from ninehours.told.why.answer import NamedFacts
from ninehours.told.why.of_level import checks_in_words, explain_level
from services.plans.adapters.subscriptions import publish
from services.plans.domain.recommendation import recommend
from tests.harness.plans.history import FACTS, RULES, care


@given(FACTS)
def test_they_are_the_words_that_the_contract_has_until_its_next_version(facts: list[Any]) -> None:
    for made in recommend(care(facts, RULES)):
        message: Any = publish("recommendation", made, 1, False)
        assert checks_in_words(message.checks) == list(message.reasons)


def test_other_words_beside_the_checks_are_not_told() -> None:
    missed = plans.ThresholdCheck(
        measure=plans.LEVEL_MEASURE_CONSECUTIVE_MISSED,
        value=3,
        comparison=plans.THRESHOLD_COMPARISON_AT_LEAST,
        threshold=3,
        holds=True,
    )
    made = explanation.ExplainedRecommendation(reasons=["the weather"], checks=[missed])
    episode = explanation.ExplainedEpisode(
        segments=[explanation.ExplainedSegment(level_of_care="2.1")], recommendations=[made]
    )
    answer = explanation.ExplainLevelOfCareResponse(episodes=[episode])
    shown = "\n".join(lines_of(explain_level(answer, NamedFacts(), "asked")))
    assert "consecutive_missed 3 >= 3" in shown
    assert "weather" not in shown
