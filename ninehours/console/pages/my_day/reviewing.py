"""A plan in force, reviewed: every objective rated, and when it is reviewed next."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from ninehours.plans.v1 import care_service_pb2 as care
from ninehours.plans.v1 import plans_service_pb2 as plans

from kernel.rpc.translate import to_date
from ninehours.console.forms import saying as forms
from ninehours.console.forms.request_form import RequestForm
from ninehours.console.forms.saying import Saying
from ninehours.console.pages.clients.names import sites
from ninehours.console.pages.clients.person import who_of
from ninehours.console.pages.to_sign.plan import objective_says, plan_named
from ninehours.console.policies import require
from ninehours.console.texts import words
from ninehours.console.visit import GoTo, NoSuchPage, Screen, Visit

BACK = "/my-day#plans"
COUNTED = ("goal", "objective")  # which of the plan's objectives is rated; the page says it


def ask_review(visit: Visit) -> Screen:
    """Its form: nothing is rated yet."""
    return forms.ask(visit, *_review(visit))


def say_review(visit: Visit) -> Screen | GoTo:
    """What was pressed in it."""
    return forms.say(visit, *_review(visit))


def _review(visit: Visit) -> tuple[Saying, RequestForm]:
    require(visit, plans.ReviewPlanRequest())
    who = who_of(visit)
    found = visit.ask(care.ReadPlansRequest(client_id=who.client_id)).plans
    plan = plan_named(found, visit.place["plan_id"])
    if plan is None:
        raise NoSuchPage
    told = words().my_day.review
    saying = Saying(
        path=f"/my-day/plans/{who.client_id}/{plan.plan_id}/review",
        title=told.title.format(version=plan.plan_version),
        about=who.about,
        says=told.says,
        back=BACK,
        refusals=told.refusals,
    )
    here = sites(visit).zone_of(who.site_id)
    request = plans.ReviewPlanRequest(
        plan_id=plan.plan_id,
        ratings=[rating for rating, _ in _objectives(plan)],
        reviewed_on=to_date(datetime.now(here).date()),
    )
    legends = {f"ratings.{number}.": says for number, (_, says) in enumerate(_objectives(plan))}
    return saying, RequestForm(request=request, without=COUNTED, legends=legends)


def _objectives(plan: Any) -> Iterator[tuple[plans.ObjectiveRating, str]]:
    for number, goal in enumerate(plan.goals, 1):
        for position, objective in enumerate(goal.objectives, 1):
            rating = plans.ObjectiveRating(goal=number, objective=position)
            yield rating, objective_says(goal, objective)
