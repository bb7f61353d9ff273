"""The plan's decider: what it yields, what it refuses, and that asking twice changes nothing."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from kernel.refusal import AgainstTheRules, Malformed, Unknown
from services.plans.domain.plan import PLAN, Plan
from services.plans.domain.plan_content import Goal, Intervention, Objective, Problem
from services.plans.domain.plan_facts import (
    DraftPlan,
    PlanActivated,
    PlanCertified,
    PlanCommand,
    PlanDrafted,
    PlanFact,
    PlanRefused,
    PlanReviewed,
    PlanSigned,
    PlanSuperseded,
    SignerRole,
    SignPlan,
)
from tests.harness.plans import deciding

CLIENT, CLINICIAN = SignerRole.CLIENT, SignerRole.CLINICIAN

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=30)
OBJECTIVE = Objective(metric="phq9", baseline=18, target=9, target_date=date(2026, 5, 29))
DRAFT = DraftPlan(
    plan_id="plan-1",
    client_id="client-1",
    episode_id="episode-1",
    goals=(Goal(objectives=(OBJECTIVE,)),),
    interventions=(
        Intervention(kind="GROUP", times_per_week=3, minutes_each_time=180),
        Intervention(kind="CBT", times_per_week=1, minutes_each_time=50),
    ),
    content_hash="hash",
    now=NOW,
)


def sign(role: SignerRole, signed_on: date, now: datetime = LATER) -> SignPlan:
    return SignPlan(plan_id="plan-1", role=role, actor="staff/1", signed_on=signed_on, now=now)


after = partial(deciding.after, PLAN)


def test_a_draft_plans_the_minutes_of_its_interventions() -> None:
    [drafted] = after(DRAFT)
    assert isinstance(drafted, PlanDrafted)
    assert drafted.planned_minutes_per_week == 3 * 180 + 50


def test_one_signature_does_not_put_a_plan_in_force() -> None:
    assert [type(fact) for fact in after(DRAFT, sign(CLIENT, date(2026, 3, 3)))] == [
        PlanDrafted,
        PlanSigned,
    ]


@pytest.mark.parametrize("first", [CLIENT, CLINICIAN])
@pytest.mark.parametrize(
    ("days", "in_force"), [((3, 9), 9), ((9, 3), 9), ((5, 5), 5)], ids=["later", "earlier", "same"]
)
def test_the_second_signature_puts_it_in_force_from_the_later_day_never_before(
    first: str, days: tuple[int, int], in_force: int
) -> None:
    second = CLINICIAN if first == CLIENT else CLIENT
    facts = after(DRAFT, sign(first, date(2026, 3, days[0])), sign(second, date(2026, 3, days[1])))
    assert facts[-1] == PlanActivated(
        plan_id="plan-1",
        client_id="client-1",
        episode_id="episode-1",
        in_force_from=date(2026, 3, in_force),
        planned_minutes_per_week=590,
        version=1,
        objectives=1,
    )
    assert PLAN.fold(facts).active


def test_a_signature_says_who_signed_what() -> None:
    assert after(DRAFT, sign(CLINICIAN, date(2026, 3, 3)))[-1] == PlanSigned(
        plan_id="plan-1",
        role=CLINICIAN,
        signed_by="staff/1",
        signed_on=date(2026, 3, 3),
        content_hash="hash",
    )


def test_a_role_signs_once_whatever_the_second_day() -> None:
    facts = after(DRAFT, sign(CLIENT, date(2026, 3, 3)))
    assert not list(PLAN.decide(sign(CLIENT, date(2026, 3, 9)), PLAN.fold(facts)))


@pytest.mark.parametrize(
    "signed_on", [date(2026, 3, 1), date(2026, 4, 3)], ids=["before the draft", "tomorrow"]
)
def test_nobody_signs_before_the_draft_or_in_the_future(signed_on: date) -> None:
    with pytest.raises(Malformed) as refused:
        after(DRAFT, sign(CLIENT, signed_on))
    assert set(refused.value.details) == {"signed_on"}


def test_the_evening_in_california_is_neither_yesterday_nor_tomorrow() -> None:
    """Drafted and signed on the evening of March 2nd there, when it is the 3rd in UTC."""
    evening = datetime(2026, 3, 3, 2, 0, tzinfo=UTC)
    facts = after(replace(DRAFT, now=evening), sign(CLIENT, date(2026, 3, 2), evening))
    assert isinstance(facts[-1], PlanSigned)


def test_the_morning_on_guam_is_not_tomorrow() -> None:
    """Drafted and signed on the morning of March 3rd there, when it is the 2nd in UTC."""
    morning = datetime(2026, 3, 2, 23, 0, tzinfo=UTC)
    facts = after(replace(DRAFT, now=morning), sign(CLIENT, date(2026, 3, 3), morning))
    assert isinstance(facts[-1], PlanSigned)


def test_a_plan_nobody_drafted_can_not_be_signed() -> None:
    with pytest.raises(Unknown):
        after(sign(CLIENT, date(2026, 3, 3)))


def test_a_plan_is_not_drafted_again_with_other_content() -> None:
    with pytest.raises(AgainstTheRules) as refused:
        after(DRAFT, replace(DRAFT, content_hash="other"))
    assert refused.value.reason == "PLAN_ALREADY_DRAFTED"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"goals": ()}, "goals"),
        ({"goals": (Goal(objectives=()),)}, "goals"),
        (
            {"goals": (Goal(objectives=(replace(OBJECTIVE, metric="My son Bob"),)),)},
            "goals.0.objectives.0.metric",
        ),
        (
            {"problems": (Problem(diagnosis_code="alcohol", dimension=0),)},
            "problems.0.diagnosis_code",
        ),
        ({"problems": (Problem(diagnosis_code="", dimension=7),)}, "problems.0.dimension"),
        ({"goals": (Goal(objectives=(OBJECTIVE,), problem=1),)}, "goals.0.problem"),
        ({"interventions": ()}, "interventions"),
        *(
            (
                {
                    "interventions": (
                        Intervention(kind="CBT", times_per_week=times, minutes_each_time=50),
                    )
                },
                "interventions.0.times_per_week",
            )
            for times in (-1, 0, 15)
        ),
        *(
            (
                {
                    "interventions": (
                        Intervention(kind="CBT", times_per_week=1, minutes_each_time=minutes),
                    )
                },
                "interventions.0.minutes_each_time",
            )
            for minutes in (-1, 0, 601)
        ),
    ],
)
def test_a_plan_that_can_not_be_carried_out_or_measured_is_refused(
    changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(Malformed) as refused:
        after(replace(DRAFT, **changes))
    assert set(refused.value.details) == {field}


DAYS = some.dates(date(2026, 3, 2), date(2026, 4, 1))
COMMANDS = some.lists(
    some.just(DRAFT) | some.builds(sign, some.sampled_from([CLIENT, CLINICIAN]), DAYS),
    max_size=6,
).map(lambda commands: [DRAFT, *commands])


@given(COMMANDS, some.data())
def test_a_command_twice_yields_nothing_the_second_time(
    commands: list[PlanCommand], data: some.DataObject
) -> None:
    facts = after(*commands)
    assert not list(PLAN.decide(data.draw(some.sampled_from(commands)), PLAN.fold(facts)))


@given(COMMANDS)
def test_a_plan_is_active_exactly_when_it_was_activated(commands: list[PlanCommand]) -> None:
    facts = after(*commands)
    activated = [fact for fact in facts if isinstance(fact, PlanActivated)]
    assert len(activated) == PLAN.fold(facts).active
    signed = [fact.signed_on for fact in facts if isinstance(fact, PlanSigned)]
    assert all(fact.in_force_from == max(signed) for fact in activated)


FACTS: some.SearchStrategy[PlanFact] = (
    some.builds(PlanDrafted, drafted_at=some.datetimes(timezones=some.just(UTC)))
    | some.builds(PlanSigned)
    | some.builds(PlanRefused)
    | some.builds(PlanActivated)
    | some.builds(PlanCertified)
    | some.builds(PlanReviewed)
    | some.builds(PlanSuperseded)
)


@given(some.lists(FACTS, max_size=6), some.integers(0, 6))
def test_every_fact_is_accepted_in_every_state_and_halves_make_the_whole(
    facts: list[PlanFact], place: int
) -> None:
    half: Plan = PLAN.fold(facts[:place])
    for fact in facts[place:]:
        half = PLAN.evolve(half, fact)
    assert half == PLAN.fold(facts)
