"""Plans on a clinician's day: what is to be done of each, where, and by which day."""

from datetime import date
from typing import Any

from ninehours.common.v1 import due_pb2
from ninehours.plans.v1 import courses_service_pb2 as courses

from kernel.due import DueKind
from kernel.rpc.translate import to_date
from ninehours.console.pages.my_day.rows import PlanAct, plan_rows


def due(kind: DueKind, about: str, day: int, **told: Any) -> due_pb2.DueItem:
    since = to_date(date(2026, 3, day))
    return due_pb2.DueItem(kind=kind, client_id="c", about_id=about, since=since, **told)


def test_a_plan_is_acted_on_by_its_day_and_a_draft_that_is_there_is_signed_not_drafted() -> None:
    drafted = courses.ToSign(
        kind=courses.TO_SIGN_KIND_PLAN,
        about_id="draft",
        client_id="c",
        episode_id="two",
        since=to_date(date(2026, 3, 5)),
    )
    undecided = courses.ToSign(kind=courses.TO_SIGN_KIND_RECOMMENDATION, about_id="other")
    until = to_date(date(2026, 3, 3))
    found = plan_rows(
        [
            due(DueKind.SIGN_PLAN, "one", 9),
            due(DueKind.SIGN_PLAN, "two", 2),
            due(DueKind.CERTIFY_PLAN, "plan", 8),
            due(DueKind.REVIEW_PLAN, "plan", 1, until=until, overdue=True),
        ],
        [undecided, drafted],
        {},
    )
    assert [(row.act, row.address, row.late) for row in found] == [
        (PlanAct.REVIEW, "/my-day/plans/c/plan/review", True),
        (PlanAct.SIGN, "/to-sign?client=c&about=draft", False),
        (PlanAct.CERTIFY, "/to-sign?client=c&about=plan", False),
        (PlanAct.DRAFT, "/my-day/plans/c/one/draft", False),
    ]
