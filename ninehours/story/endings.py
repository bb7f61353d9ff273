"""After a block: recommendations decided, programs completed, clients discharged, aftercare."""

from datetime import timedelta
from functools import partial

from ninehours.plans.v1 import plans_service_pb2 as pb

from kernel.rpc.translate import to_date
from ninehours.story import days
from ninehours.story.actors import AUDITOR
from ninehours.story.courses import DemoDischarge, DemoEpisode
from ninehours.story.days import at
from ninehours.story.network import STEP_DOWN_LEVEL, STEP_UP_LEVEL
from ninehours.story.requests.intake import assess_areas
from ninehours.story.stories import StoryName
from ninehours.story.story import Chart, DemoStory, StoryFailed

# Whose recommendation is accepted after which block, and the level that follows a step.
DECIDED = {
    1: ((StoryName.STEP_DOWN, pb.RECOMMENDATION_KIND_STEP_DOWN, STEP_DOWN_LEVEL),),
    2: (
        (StoryName.STEP_UP, pb.RECOMMENDATION_KIND_STEP_UP, STEP_UP_LEVEL),
        (StoryName.FULL_COURSE, pb.RECOMMENDATION_KIND_COMPLETE, ""),
    ),
}
FIRST_APPOINTMENT = timedelta(days=5)


def end_block(story: DemoStory, block: int) -> None:
    """On the Monday after: first what is recommended, then who leaves."""
    story.gateway.catch_up()
    for key, kind, level in DECIDED.get(block, ()):
        _accept(story, story.charts[key], block, kind, level)
    story.gateway.catch_up()
    story.gateway.together(
        partial(_leave, story, chart, episode, episode.ends)
        for chart in story.charts.values()
        for episode in chart.client.course.episodes
        if episode.last == block and episode.ends
    )


def _accept(
    story: DemoStory, chart: Chart, block: int, kind: pb.RecommendationKind, level: str
) -> None:
    """What was recommended at the end of the block's last week, and follows from the day after."""
    listing = pb.ListRecommendationsRequest(client_id=chart.client_id)
    listed = story.gateway.ask(AUDITOR, listing).recommendations
    week = days.day_of(days.weeks_of(block)[-1])
    of_week = [found for found in listed if found.week_start == to_date(week)]
    wanted = [found for found in of_week if found.kind == kind]
    name_of = pb.RecommendationKind.Name
    if not wanted:
        instead = ", ".join(f"{name_of(it.kind)} ({'; '.join(it.reasons)})" for it in of_week)
        raise StoryFailed(
            f"{chart.client.key}: expected {name_of(kind)} of the week of {week}; "
            f"it is {instead or 'nothing'}"
        )
    monday = days.ending(block)
    request = pb.DecideRecommendationRequest(
        recommendation_id=wanted[0].recommendation_id,
        accept=True,
        level_of_care=level,
        effective_from=to_date(monday) if level else None,
    )
    clinician = story.clinician_of(chart.client, block)
    story.give_for(chart, clinician, "accept recommendation", request, at(monday, 13))


def _leave(story: DemoStory, chart: Chart, episode: DemoEpisode, ends: DemoDischarge) -> None:
    on = days.ending(episode.last)
    give = partial(story.give_for, chart, story.clinician_of(chart.client, episode.last))
    completed = ends == DemoDischarge.COMPLETED
    if completed:
        completion = pb.CompleteProgramRequest(
            episode_id=chart.episode_id, completed_on=to_date(on)
        )
        give("complete program", completion, at(on, 14))
    discharge = pb.DischargeClientRequest(
        episode_id=chart.episode_id,
        reason=f"DISCHARGE_REASON_{ends}",
        discharged_on=to_date(on),
    )
    chart.discharged = give("discharge", discharge, at(on, 14, 20)).receipt.published
    if completed:
        areas = assess_areas(chart.client, "DISCHARGE", on)
        give("assess areas at discharge", areas, at(on, 14, 40))
        for kind in chart.client.course.aftercare:
            # Alumni agreed to be contacted, which is a consent of its own.
            follows = pb.ArrangeAftercareRequest(
                episode_id=chart.episode_id,
                kind=f"AFTERCARE_KIND_{kind}",
                starts_on=to_date(on + FIRST_APPOINTMENT),
                alumni_consent=kind == "ALUMNI",
            )
            give(f"arrange {kind.lower().replace('_', ' ')}", follows, at(on, 15))
