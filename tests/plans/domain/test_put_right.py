"""A plan is in force by the signatures that stand, however often they were put right."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as some

from kernel.facts import Recorded
from kernel.statements import Amendment, retold, standing, statements
from services.plans.domain.plan import PLAN, in_force_by
from services.plans.domain.plan_facts import (
    Paper,
    PlanActivated,
    PlanDrafted,
    PlanRefused,
    PlanSigned,
    RefusePlan,
    SignerRole,
    SignPlan,
)
from tests.harness.plans.deciding import after
from tests.plans.domain.test_plan import DRAFT, LATER

CLIENT, CLINICIAN = SignerRole.CLIENT, SignerRole.CLINICIAN
days = some.dates(date(2026, 3, 3), date(2026, 3, 20))
papers = some.one_of(
    some.none(),
    some.builds(Paper, scan_version=some.just(1), scan_type=some.just("PDF"), entered_on=days),
)


def sign(role: SignerRole, on: date, paper: Paper | None) -> SignPlan:
    return SignPlan(
        plan_id="plan-1", role=role, actor="staff/1", signed_on=on, now=LATER, paper=paper
    )


def refuse(on: date) -> RefusePlan:
    return RefusePlan(
        plan_id="plan-1",
        role=CLIENT,
        reason="DISAGREES_WITH_GOALS",
        actor="staff/1",
        refused_on=on,
        now=LATER,
    )


def said(facts: list[Any]) -> list[Recorded]:
    at = datetime(2026, 3, 20, tzinfo=UTC)
    return [
        Recorded(id=UUID(int=n), stream="plan/1", version=n, fact=fact, at=at, actor="staff/1")
        for n, fact in enumerate(facts, 1)
    ]


def told(history: list[Recorded], number: int, content: Any | None) -> list[Recorded]:
    """With what amends the statement of that number."""
    found = statements(history)[number]
    amendment = Amendment(statement=found.first.id, revision=found.revision, reason="MISTYPED")
    return said([each.fact for each in history] + retold(found, content, amendment))


@given(
    some.lists(some.tuples(some.integers(1, 3), some.one_of(some.none(), days)), max_size=12),
    some.permutations([1, 2, 3]),
    some.tuples(days, days, days),
    some.tuples(papers, papers),
    some.booleans(),
)
def test_it_ends_where_the_tidy_telling_would(
    noise: list[tuple[int, date | None]],
    order: list[int],
    right: tuple[date, date, date],
    on_paper: tuple[Paper | None, Paper | None],
    refused: bool,
) -> None:
    """Any corrections of a refusal and two signatures, and then each said as it is right."""
    whole = [
        next(iter(after(PLAN, DRAFT))),
        PlanRefused(
            plan_id="plan-1",
            role=CLIENT,
            reason="DISAGREES_WITH_GOALS",
            refused_on=date(2026, 3, 3),
            recorded_by="staff/1",
        ),
        *(
            PlanSigned(
                plan_id="plan-1",
                role=role,
                signed_by="staff/1",
                signed_on=date(2026, 3, 19),
                content_hash="hash",
            )
            for role in (CLINICIAN, CLIENT)
        ),
    ]
    assert isinstance(whole[0], PlanDrafted)
    finals = {1: right[0] if refused else None, 2: right[1], 3: right[2]}
    history = said(whole)
    for number, day in noise:
        history = told(history, number, _saying(whole[number], day, None))
    for number in order:
        paper = on_paper[number - 2] if number > 1 else None
        history = told(history, number, _saying(whole[number], finals[number], paper))
    tidy = after(
        PLAN,
        DRAFT,
        *([refuse(right[0])] if refused and right[0] <= right[1] else []),
        sign(CLINICIAN, right[1], on_paper[0]),
        sign(CLIENT, right[2], on_paper[1]),
    )
    if refused and right[0] > right[1]:
        return  # the tidy telling is refused: nobody signs before a refusal that they know of
    [activated] = [fact for fact in tidy if isinstance(fact, PlanActivated)]
    found = in_force_by(each.fact for each in standing(history))
    assert found is not None
    assert (found.in_force_from, found.entered_on) == (
        activated.in_force_from,
        activated.entered_on,
    )


def _saying(fact: Any, day: date | None, paper: Paper | None) -> Any | None:
    """The statement with another day; None: taken back."""
    if day is None:
        return None
    if isinstance(fact, PlanRefused):
        return PlanRefused(
            plan_id=fact.plan_id,
            role=fact.role,
            reason=fact.reason,
            refused_on=day,
            recorded_by=fact.recorded_by,
        )
    return PlanSigned(
        plan_id=fact.plan_id,
        role=fact.role,
        signed_by=fact.signed_by,
        signed_on=day,
        content_hash=fact.content_hash,
        paper=paper,
    )
