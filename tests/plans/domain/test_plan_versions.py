"""Refusals, versions, certifications and reviews of a plan: its decider again, beside signing."""

from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as some

from kernel.refusal import AgainstTheRules, Malformed, Refusal, Unknown
from services.plans.domain.plan import PLAN, next_version
from services.plans.domain.plan_content import Goal, Intervention, Objective
from services.plans.domain.plan_facts import (
    CertifyPlan,
    DraftPlan,
    PlanActivated,
    PlanCommand,
    PlanFact,
    PlanRefused,
    PlanSigned,
    PlanSuperseded,
    Rating,
    RefusePlan,
    ReviewPlan,
    SignerRole,
    SignPlan,
    SupersedePlan,
)
from tests.harness.plans import deciding

CLIENT, CLINICIAN = SignerRole.CLIENT, SignerRole.CLINICIAN

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=60)
OBJECTIVE = Objective(metric="phq9", baseline=18, target=9, target_date=date(2026, 5, 29))
DRAFT = DraftPlan(
    plan_id="plan-1",
    client_id="client-1",
    episode_id="episode-1",
    goals=(Goal(objectives=(OBJECTIVE, OBJECTIVE)), Goal(objectives=(OBJECTIVE,))),
    interventions=(Intervention(kind="COPING_SKILLS", times_per_week=3, minutes_each_time=180),),
    content_hash="hash",
    now=NOW,
    version=3,
)


def march(day: int) -> date:
    return date(2026, 3, 1) + timedelta(days=day - 1)


def sign(role: SignerRole, day: int, credential: str = "") -> SignPlan:
    return SignPlan(
        plan_id="plan-1",
        role=role,
        actor="staff/1",
        signed_on=march(day),
        now=LATER,
        credential=credential,
    )


def refuse(role: SignerRole, day: int) -> RefusePlan:
    return RefusePlan(
        plan_id="plan-1",
        role=role,
        reason="DISAGREES_WITH_GOALS",
        actor="staff/1",
        refused_on=march(day),
        now=LATER,
    )


def certify(day: int, until: int) -> CertifyPlan:
    return CertifyPlan(
        plan_id="plan-1",
        actor="staff/2",
        certified_on=march(day),
        recertify_by=march(until),
        now=LATER,
    )


def review(day: int, *ratings: tuple[int, int, str], following: int = 40) -> ReviewPlan:
    return ReviewPlan(
        plan_id="plan-1",
        actor="staff/1",
        ratings=tuple(Rating(goal=g, objective=o, status=s) for g, o, s in ratings),
        reviewed_on=march(day),
        next_review_by=march(following),
        now=LATER,
    )


ALL = ((1, 1, "MET"), (1, 2, "NOT_MET"), (2, 1, "PROGRESSING"))
ACTIVE: tuple[PlanCommand, ...] = (DRAFT, sign(CLIENT, 3), sign(CLINICIAN, 4))


after = partial(deciding.after, PLAN)


def in_force(facts: list[PlanFact]) -> list[date]:
    return [fact.in_force_from for fact in facts if isinstance(fact, PlanActivated)]


def test_a_refusal_alone_puts_nothing_in_force() -> None:
    facts = after(DRAFT, refuse(CLIENT, 3))
    assert facts[-1] == PlanRefused(
        plan_id="plan-1",
        role=CLIENT,
        reason="DISAGREES_WITH_GOALS",
        refused_on=march(3),
        recorded_by="staff/1",
    )
    assert not PLAN.fold(facts).active


def test_a_clinician_who_signs_after_the_refusal_puts_it_in_force_from_that_day() -> None:
    facts = after(DRAFT, refuse(CLIENT, 3), sign(CLINICIAN, 5, "LCSW"))
    assert in_force(facts) == [march(5)]
    assert isinstance(facts[-1], PlanActivated)
    assert (facts[-1].version, facts[-1].objectives) == (3, 3)
    [signed] = [fact for fact in facts if isinstance(fact, PlanSigned)]
    assert (signed.credential, signed.content_hash) == ("LCSW", "hash")


def test_a_clinician_who_signed_before_the_refusal_signs_again_to_put_it_in_force() -> None:
    before = (DRAFT, sign(CLINICIAN, 3), refuse(CLIENT, 5))
    assert in_force(after(*before)) == []
    with pytest.raises(Malformed):
        after(*before, sign(CLINICIAN, 4))
    assert in_force(after(*before, sign(CLINICIAN, 6))) == [march(6)]


def test_who_refused_may_still_sign() -> None:
    assert in_force(
        after(
            DRAFT,
            refuse(CLIENT, 3),
            sign(CLIENT, 7),
            sign(CLINICIAN, 5),
        )
    ) == [march(7)]
    late = after(
        DRAFT,
        refuse(CLIENT, 3),
        sign(CLINICIAN, 5),
        sign(CLIENT, 9),
    )
    assert isinstance(late[-1], PlanSigned)
    assert in_force(late) == [march(5)]
    assert in_force(
        after(
            DRAFT,
            refuse(CLINICIAN, 3),
            sign(CLINICIAN, 5),
            sign(CLIENT, 4),
        )
    ) == [march(5)]


def test_a_clinicians_refusal_does_not_stand_for_the_clients() -> None:
    assert in_force(after(DRAFT, refuse(CLINICIAN, 3), sign(CLIENT, 4))) == []


def test_what_was_signed_is_no_longer_refused() -> None:
    with pytest.raises(AgainstTheRules) as refused:
        after(*ACTIVE, refuse(CLIENT, 6))
    assert refused.value.reason == "PLAN_ALREADY_SIGNED"


@pytest.mark.parametrize("credential", ["my own words", "x", "LCSW " * 4])
def test_a_credential_is_a_code(credential: str) -> None:
    with pytest.raises(Malformed):
        after(DRAFT, sign(CLINICIAN, 3, credential))
    with pytest.raises(Malformed):
        after(DRAFT, sign(CLIENT, 3, "LCSW"))


def test_the_next_version_follows_a_plan_in_force_of_the_same_episode() -> None:
    plan = PLAN.fold(after(*ACTIVE))
    assert next_version("plan-1", plan, "client-1", "episode-1") == 4
    for client, episode in (("client-2", "episode-1"), ("client-1", "episode-2")):
        with pytest.raises(Malformed):
            next_version("plan-1", plan, client, episode)
    with pytest.raises(Unknown):
        next_version("plan-1", PLAN.initial, "client-1", "episode-1")
    with pytest.raises(AgainstTheRules) as refused:
        next_version("plan-1", PLAN.fold(after(DRAFT)), "client-1", "episode-1")
    assert refused.value.reason == "PLAN_NOT_ACTIVE"


def test_a_superseded_plan_is_neither_followed_nor_reviewed_nor_superseded_by_another() -> None:
    superseded = (*ACTIVE, SupersedePlan(plan_id="plan-1", by="plan-2"))
    facts = after(*superseded)
    assert facts[-1] == PlanSuperseded(plan_id="plan-1", by="plan-2")
    assert not list(PLAN.decide(superseded[-1], PLAN.fold(facts)))
    for command in (
        SupersedePlan(plan_id="plan-1", by="plan-3"),
        review(20, *ALL),
        certify(20, 30),
    ):
        with pytest.raises(AgainstTheRules) as refused:
            after(*superseded, command)
        assert refused.value.reason == "PLAN_NOT_ACTIVE"


ROLES = some.sampled_from([CLIENT, CLINICIAN])
DAYS = some.integers(2, 20)
COMMANDS: some.SearchStrategy[PlanCommand] = (
    some.just(DRAFT)
    | some.builds(sign, ROLES, DAYS)
    | some.builds(refuse, ROLES, DAYS)
    | some.builds(certify, DAYS, some.integers(21, 30))
    | some.builds(lambda day: review(day, *ALL), DAYS)
    | some.builds(SupersedePlan, plan_id=some.just("plan-1"), by=some.sampled_from(["a", "b"]))
)


@given(some.lists(COMMANDS, max_size=8))
def test_whatever_is_asked_a_command_right_after_itself_yields_nothing(
    commands: list[PlanCommand],
) -> None:
    facts: list[PlanFact] = []
    for command in [DRAFT, *commands]:
        try:
            facts += PLAN.decide(command, PLAN.fold(facts))
        except Refusal:
            continue
        assert not list(PLAN.decide(command, PLAN.fold(facts)))
    plan = PLAN.fold(facts)
    assert len(in_force(facts)) == plan.active
    assert not plan.active or CLINICIAN in plan.signed_on
    assert not plan.active or CLIENT in plan.signed_on or CLIENT in plan.refused_on
