"""After a block: recommendations decided, programs completed, clients discharged, aftercare."""

from datetime import timedelta
from functools import partial

from ninehours.plans.v1 import plans_service_pb2 as pb

from kernel.rpc.translate import to_date
from ninehours.story import days
from ninehours.story.courses import COMPLETED, Stay
from ninehours.story.days import at
from ninehours.story.lists import SEEING_SCORES
from ninehours.story.network import STEP_DOWN_LEVEL, STEP_UP_LEVEL
from ninehours.story.requests import intake, plans
from ninehours.story.stage import StoryFailed
from ninehours.story.stories import FULL_COURSE, STEP_DOWN, STEP_UP
from ninehours.story.story import Chart, Telling, clinician_of

# Whose recommendation is accepted after which block, and the level that follows a step.
DECIDED = {
    1: ((STEP_DOWN, pb.RECOMMENDATION_KIND_STEP_DOWN, STEP_DOWN_LEVEL),),
    2: (
        (STEP_UP, pb.RECOMMENDATION_KIND_STEP_UP, STEP_UP_LEVEL),
        (FULL_COURSE, pb.RECOMMENDATION_KIND_COMPLETE, ""),
    ),
}
FIRST_APPOINTMENT = timedelta(days=5)


def end_block(telling: Telling, block: int) -> None:
    """On the Monday after: first what is recommended, then who leaves."""
    telling.stage.scene(f"after block {block}: recommendations accepted, clients discharged")
    telling.stage.settle()
    for key, kind, level in DECIDED.get(block, ()):
        _accept(telling, telling.charts[key], block, kind, level)
    telling.stage.settle()
    leaving = [
        (chart, stay)
        for chart in telling.charts.values()
        for stay in chart.client.course.stays
        if stay.last == block and stay.ends
    ]
    telling.stage.together(partial(_leave, telling, chart, stay) for chart, stay in leaving)


def _accept(
    telling: Telling, chart: Chart, block: int, kind: pb.RecommendationKind, level: str
) -> None:
    """What was recommended at the end of the block's last week."""
    monday = days.ending(block)
    listed = telling.stage.ask(SEEING_SCORES, plans.recommendations(chart.client_id))
    week = days.day_of(days.weeks_of(block)[-1])
    of_week = [each for each in listed.recommendations if each.week_start == to_date(week)]
    wanted = [each for each in of_week if each.kind == kind]
    if not wanted:
        names = pb.RecommendationKind.Name
        found = ", ".join(f"{names(each.kind)} ({'; '.join(each.reasons)})" for each in of_week)
        raise StoryFailed(
            f"{chart.client.key}: expected {names(kind)} of the week of {week}; "
            f"it is {found or 'nothing'}"
        )
    request = plans.accept(
        chart.client_id, wanted[0].recommendation_id, level, monday if level else None
    )
    clinician = clinician_of(chart.client, block)
    telling.of(chart, clinician, "accept recommendation", request, at(monday, 13))


def _leave(telling: Telling, chart: Chart, stay: Stay) -> None:
    on = days.ending(stay.last)
    clinician = clinician_of(chart.client, stay.last)
    completed = stay.ends == COMPLETED
    if completed:
        request = plans.complete(chart.client_id, chart.episode_id, on)
        telling.of(chart, clinician, "complete program", request, at(on, 14))
    discharge = plans.discharge(chart.client_id, chart.episode_id, stay.ends, on)
    discharged = telling.of(chart, clinician, "discharge", discharge, at(on, 14, 20))
    chart.discharged = discharged.receipt.published
    if completed:
        areas = intake.assess_areas(chart.client, chart.client_id, "DISCHARGE", on)
        telling.of(chart, clinician, "assess areas at discharge", areas, at(on, 14, 40))
        for kind in chart.client.course.aftercare:
            follows = plans.aftercare(
                chart.client_id, chart.episode_id, kind, on + FIRST_APPOINTMENT
            )
            step = f"arrange {kind.lower().replace('_', ' ')}"
            telling.of(chart, clinician, step, follows, at(on, 15))
