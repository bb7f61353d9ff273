"""What of the queue is looked at: what it says, what it rests on, and what stood before it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ninehours.attendance.v1 import roster_service_pb2 as roster
from ninehours.plans.v1 import care_service_pb2 as care
from ninehours.plans.v1 import courses_service_pb2 as courses
from ninehours.plans.v1 import plans_service_pb2 as plans

from ninehours.console.pages.to_sign.plan import compared, plan_named
from ninehours.console.pages.to_sign.queue import (
    ATTESTATION,
    CERTIFICATION,
    PLAN,
    WaitsForSigner,
)
from ninehours.console.visit import NoSuchPage, Visit

STEPS = frozenset({plans.RECOMMENDATION_KIND_STEP_UP, plans.RECOMMENDATION_KIND_STEP_DOWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """A plan beside the one it follows, a recommendation with what it rests on and the one before
    it, or a note with the presence that it is of."""

    waiting: WaitsForSigner
    today: date
    lines: Sequence[Any] = field(default=(), repr=False)
    plan: care.RecordedPlan | None = field(default=None, repr=False)
    follows: bool = False
    recommendation: plans.Recommendation | None = field(default=None, repr=False)
    before: plans.Recommendation | None = field(default=None, repr=False)
    level: courses.LevelSegment | None = field(default=None, repr=False)
    scores_withheld: bool = False
    note: roster.RecordedNote | None = field(default=None, repr=False)

    @property
    def is_certified(self) -> bool:
        """What is asked is a certification."""
        return self.waiting.kind == CERTIFICATION

    @property
    def is_step(self) -> bool:
        return self.recommendation is not None and self.recommendation.kind in STEPS


def looked_at(visit: Visit, waiting: WaitsForSigner, today: date) -> Looked:
    """What waits there; NoSuchPage where it is gone by now."""
    if waiting.kind in (PLAN, CERTIFICATION):
        return _plan(visit, waiting, today)
    if waiting.kind == ATTESTATION:
        return _note(visit, waiting, today)
    return _recommendation(visit, waiting, today)


def _plan(visit: Visit, waiting: WaitsForSigner, today: date) -> Looked:
    found = visit.ask(care.ReadPlansRequest(client_id=waiting.client_id)).plans
    plan = plan_named(found, waiting.about_id)
    if plan is None:
        raise NoSuchPage
    before = plan_named(found, plan.supersedes_plan_id)
    lines, follows = compared(plan, before), before is not None
    return Looked(waiting=waiting, today=today, lines=lines, plan=plan, follows=follows)


def _recommendation(visit: Visit, waiting: WaitsForSigner, today: date) -> Looked:
    answer = visit.ask(plans.ListRecommendationsRequest(client_id=waiting.client_id))
    of_episode = [each for each in answer.recommendations if each.episode_id == waiting.episode_id]
    ids = [each.recommendation_id for each in of_episode]
    if waiting.about_id not in ids:
        raise NoSuchPage
    at = ids.index(waiting.about_id)
    told = visit.ask(courses.ReadCourseRequest(client_id=waiting.client_id)).episodes
    levels = [episode.levels for episode in told if episode.episode_id == waiting.episode_id]
    return Looked(
        waiting=waiting,
        today=today,
        recommendation=of_episode[at],
        before=of_episode[at - 1] if at else None,
        level=levels[0][-1] if levels and levels[0] else None,
        scores_withheld=answer.scores_withheld,
    )


def _note(visit: Visit, waiting: WaitsForSigner, today: date) -> Looked:
    terms = waiting.terms
    if terms is None:
        raise NoSuchPage
    asked = roster.ReadRosterRequest(site_id=waiting.site_id, on=terms.service_date)
    for session in visit.ask(asked).sessions:
        for presence in session.presences:
            if (session.session_id, presence.client_id) == (terms.session_id, terms.client_id):
                return Looked(waiting=waiting, today=today, note=presence.note)
    raise NoSuchPage
