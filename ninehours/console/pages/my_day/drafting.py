"""A plan drafted: the first of an episode, or the version that follows the one in force."""

from ninehours.plans.v1 import care_service_pb2 as care
from ninehours.plans.v1 import courses_service_pb2 as courses
from ninehours.plans.v1 import plans_service_pb2 as plans

from ninehours.console.forms import saying as forms
from ninehours.console.forms.request_form import RequestForm
from ninehours.console.forms.saying import Saying
from ninehours.console.pages.clients.person import who_of
from ninehours.console.pages.to_sign.plan import plan_named
from ninehours.console.policies import require
from ninehours.console.texts import words
from ninehours.console.visit import GoTo, NoSuchPage, Screen, Visit

MORE = {"goals": 1, "objectives": 1, "interventions": 2, "problems": 1}


def ask_draft(visit: Visit) -> Screen:
    """Its form: what the plan in force says, where there is one."""
    return forms.ask(visit, *_draft(visit))


def say_draft(visit: Visit) -> Screen | GoTo:
    """What was pressed in it; then it waits to be signed."""
    return forms.say(
        visit, *_draft(visit), done=lambda drafted: f"/to-sign?about={drafted.plan_id}"
    )


def _draft(visit: Visit) -> tuple[Saying, RequestForm]:
    require(visit, plans.DraftPlanRequest())
    who, episode_id = who_of(visit), visit.place["episode_id"]
    told = visit.ask(courses.ReadCourseRequest(client_id=who.client_id)).episodes
    episode = next((each for each in told if each.episode_id == episode_id), None)
    if episode is None:
        raise NoSuchPage
    request = plans.DraftPlanRequest(client_id=who.client_id, episode_id=episode_id)
    if episode.plan_id:
        found = visit.ask(care.ReadPlansRequest(client_id=who.client_id)).plans
        before = plan_named(found, episode.plan_id)
        if before is None:
            raise NoSuchPage
        request.supersedes_plan_id = before.plan_id
        request.goals.extend(before.goals)
        request.interventions.extend(before.interventions)
        request.problems.extend(before.problems)
    drafting = words().my_day.drafting
    saying = Saying(
        path=f"/my-day/plans/{who.client_id}/{episode_id}/draft",
        title=drafting.next if episode.plan_id else drafting.first,
        about=who.about,
        says=drafting.says,
        back="/my-day#plans",
        refusals=drafting.refusals,
    )
    return saying, RequestForm(request=request, more=MORE)
