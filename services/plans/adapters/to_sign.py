"""What waits for whoever signs: drafts, certifications, recommendations nobody decided on."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from kernel.store.store import Transaction
from services.plans.adapters.courses_of_care import courses_of_care
from services.plans.adapters.stored import ROWS
from services.plans.app.courses_of_care import (
    CourseOfCare,
    ToSign,
    ToSignKind,
    certification_of,
)
from services.plans.app.levels_of_care import decisions_on
from services.plans.app.streams import RECOMMENDATION, plan_stream
from services.plans.domain.decision import DECISION
from services.plans.domain.plan import PLAN, Plan

A_WEEK = timedelta(weeks=1)
# Type and kind as literals: that is what the indexes are for.
DRAFTS = """
SELECT DISTINCT body->>'plan_id' AS plan_id FROM fact
WHERE type = 'plans.plan_drafted.v1' AND body->>'episode_id' = ANY(CAST(:episodes AS text[]))
"""
NEWEST = f"""
SELECT DISTINCT ON (content->>'episode_id') id, content FROM derived
WHERE kind = '{RECOMMENDATION}' AND current AND NOT withdrawn
  AND content->>'episode_id' = ANY(CAST(:episodes AS text[]))
ORDER BY content->>'episode_id', content->>'week_start' DESC
"""  # noqa: S608 - a kind of ours


def to_sign(tx: Transaction, on: date) -> list[ToSign]:
    """Of clients who are in care that day, oldest first."""
    courses = {course.episode_id: course for course in courses_of_care(tx) if course.in_care_on(on)}
    certifications = filter(None, (certification_of(each, on) for each in courses.values()))
    found = [*_plans(tx, courses), *certifications, *_recommendations(tx, courses)]
    return sorted(found, key=lambda waiting: (waiting.since, waiting.kind, waiting.about_id))


def _plans(tx: Transaction, courses: Mapping[str, CourseOfCare]) -> Iterator[ToSign]:
    rows = tx.execute(DRAFTS, episodes=[*courses]).all()
    streams = {plan_stream(row.plan_id): row.plan_id for row in rows}
    for stream, history in tx.load_many([*streams]).items():
        plan = PLAN.after(history)
        draft = plan.draft
        course = courses.get(draft.episode_id) if draft else None
        if draft is not None and course is not None and _would_come(plan, course):
            yield ToSign(
                kind=ToSignKind.PLAN,
                about_id=streams[stream],
                client_id=draft.client_id,
                episode_id=draft.episode_id,
                site_id=course.site_id,
                since=draft.drafted_at.date(),
            )


def _would_come(plan: Plan, course: CourseOfCare) -> bool:
    """It isn't in force, and follows the one that is; or none, and there is none."""
    in_force = course.plan.plan_id if course.plan else ""
    follows = plan.draft is not None and plan.draft.supersedes_plan_id == in_force
    return follows and not plan.active


def _recommendations(tx: Transaction, courses: Mapping[str, CourseOfCare]) -> Iterator[ToSign]:
    rows = tx.execute(NEWEST, episodes=[*courses]).all()
    newest = {str(row.id): ROWS.decode(RECOMMENDATION, row.content) for row in rows}
    decided = {
        about: DECISION.after(said).on(newest[about].kind) is not None
        for about, said in decisions_on(tx, [*newest.values()]).items()
        if about in newest
    }
    for about, recommended in newest.items():
        course = courses[recommended.episode_id]
        if not decided.get(about):
            yield ToSign(
                kind=ToSignKind.RECOMMENDATION,
                about_id=about,
                client_id=recommended.client_id,
                episode_id=recommended.episode_id,
                site_id=course.site_id,
                since=recommended.week_start + A_WEEK,
            )
