"""A block of weeks: who comes before it and is admitted, who leaves after it."""

from collections.abc import Sequence
from datetime import date, timedelta
from functools import partial
from typing import Any

from ninehours.attendance.v1 import attendance_service_pb2 as attendance
from ninehours.intake.v1 import intake_service_pb2 as intake
from ninehours.plans.v1 import plans_service_pb2 as plans

from kernel.rpc.translate import date_of, to_date
from ninehours.story import days, requests
from ninehours.story.courses import DemoDischarge, DemoEpisode, DemoScore, StoryName
from ninehours.story.days import at
from ninehours.story.gateway import AUDITOR, BILLER
from ninehours.story.network import (
    GROUPS,
    LEVEL,
    STEP_DOWN_LEVEL,
    STEP_UP_LEVEL,
    DemoGroup,
    group_of,
    site_of,
)
from ninehours.story.people import DemoClient
from ninehours.story.rules import units_of_a_day
from ninehours.story.story import Chart, DemoStory, StoryFailed, group_in

SPARE_DAYS = 3  # authorized beyond what is scheduled
SPARE_WEEK = timedelta(days=7)
# Whose recommendation is accepted after which block, and the level that follows a step.
DECIDED = {
    1: ((StoryName.STEP_DOWN, plans.RECOMMENDATION_KIND_STEP_DOWN, STEP_DOWN_LEVEL),),
    2: (
        (StoryName.STEP_UP, plans.RECOMMENDATION_KIND_STEP_UP, STEP_UP_LEVEL),
        (StoryName.FULL_COURSE, plans.RECOMMENDATION_KIND_COMPLETE, ""),
    ),
}
FIRST_APPOINTMENT = timedelta(days=5)


def admit_clients(story: DemoStory, block: int) -> None:
    """Everybody who begins with the block."""
    for chart in story.gateway.together(
        partial(_register, story, client, number)
        for number, client in enumerate(story.people.records)
        if client.course.first_block == block
    ):
        story.charts[chart.client.key] = chart
    beginning = [
        (chart, episode)
        for chart in story.charts.values()
        for episode in chart.client.course.episodes
        if episode.first == block
    ]
    # One after the other for everybody: what a plan rests on is heard by then.
    for act in (_assess, _admit, _plan):
        story.gateway.together(partial(act, story, *begun) for begun in beginning)


def schedule_sessions(story: DemoStory, block: int) -> None:
    """The block's sessions of every group, with their rosters."""
    groups = [group for group in GROUPS if story.roster(group, block)]
    expanded = story.gateway.together(partial(_expand, story, group, block) for group in groups)
    for group, sessions in zip(groups, expanded, strict=True):
        for session in sessions:
            story.sessions[group.key, date_of(session, "service_date")] = session


def _register(story: DemoStory, client: DemoClient, number: int) -> Chart:
    """The front desk's part; who is declined goes no further."""
    block, network = client.course.first_block, story.network
    day = days.admission(block) - timedelta(days=3 - number % 3)
    group = group_in(client, block)
    request = requests.register(client, network.site_ids[site_of(group).key])
    step, after = f"{client.key}: register", network.opened[group.program]
    registered = story.give(network.front_desk, step, request, at(day, 9), after=after)
    chart = Chart(client=client, client_id=registered.client_id)
    clinician = story.clinician_of(client, block)
    declined = client.key == StoryName.SCREENED_OUT
    screening = requests.screen(day, needs_detox=declined)
    story.give_for(chart, clinician, "screen", screening, at(day, 10))
    if declined:
        return chart
    _insure(story, chart, day)
    for rank, code in enumerate(client.diagnoses, start=1):
        diagnosis = intake.RecordDiagnosisRequest(code=code, rank=rank, effective_from=to_date(day))
        story.give_for(chart, clinician, f"diagnose {rank}", diagnosis, at(day, 11))
    return chart


def _insure(story: DemoStory, chart: Chart, day: date) -> None:
    """The payer may be told, and pays."""
    front_desk, payer_id = story.network.front_desk, story.payer_of(chart)
    payer_at = story.payer_registered(chart)
    consent = intake.GiveConsentRequest(
        purpose="CONSENT_PURPOSE_TREATMENT_PAYMENT_OPERATIONS",
        recipient_payer_id=payer_id,
        given_on=to_date(day),
    )
    given = story.give_for(chart, front_desk, "consent", consent, at(day, 10, 30), after=payer_at)
    chart.consent_id = given.consent_id
    number = chart.client.member_number
    mistyped = chart.client.key == StoryName.MEMBER_NUMBER_MISTYPED
    coverage = requests.cover(payer_id, number[::-1] if mistyped else number)
    covered = story.give_for(
        chart, front_desk, "coverage", coverage, at(day, 10, 40), after=payer_at
    )
    chart.coverage_id = covered.coverage_id
    verified = intake.VerifyCoverageRequest(
        coverage_id=covered.coverage_id, verified_from=to_date(days.LONG_BEFORE)
    )
    story.give_for(chart, front_desk, "verify coverage", verified, at(day, 10, 50))


def _assess(story: DemoStory, chart: Chart, episode: DemoEpisode) -> None:
    """On the day of admission, before it."""
    on = days.admission(episode.first)
    clinician = story.clinician_of(chart.client, episode.first)
    score = DemoScore(0, chart.client.course.first_score)
    for step, request, now in (
        ("assess areas", requests.assess_areas(chart.client, "INITIAL", on), at(on, 8)),
        ("rate dimensions", requests.rate_dimensions(on), at(on, 8, 20)),
        ("phq9", requests.phq9(score), at(on, 8, 40)),
    ):
        story.give_for(chart, clinician, _step(step, episode), request, now)


def _admit(story: DemoStory, chart: Chart, episode: DemoEpisode) -> None:
    """To the program of their group; and to each other program in which they sit meanwhile."""
    course = chart.client.course
    group = group_of(course.first_group(episode))
    admitted = _admit_to(story, chart, episode, group, "admit")
    chart.episode_id, chart.admitted = admitted.episode_id, admitted.receipt.published
    for key in course.groups_beside(episode):
        also = _admit_to(story, chart, episode, group_of(key), f"admit beside, for {key},")
        chart.beside[key] = also.episode_id
        chart.admitted = [*chart.admitted, *also.receipt.published]


def _admit_to(
    story: DemoStory, chart: Chart, episode: DemoEpisode, group: DemoGroup, what: str
) -> Any:
    network, on = story.network, days.admission(episode.first)
    request = intake.AdmitClientRequest(
        site_id=network.site_ids[site_of(group).key],
        program_id=network.program_ids[group.program],
        level_of_care=LEVEL,
        admitted_on=to_date(on),
    )
    clinician = network.clinician(group.facilitator)
    after = [*network.opened[group.program], *chart.discharged]
    return story.give_for(chart, clinician, _step(what, episode), request, at(on, 9), after=after)


def _plan(story: DemoStory, chart: Chart, episode: DemoEpisode) -> None:
    """A plan of each episode that both sign, and what the payer authorizes."""
    client, on = chart.client, days.admission(episode.first)
    if client.key != StoryName.PLAN_ON_PAPER:
        chart.plan_id = _sign_plan(
            story,
            chart,
            episode,
            group_in(client, episode.first),
            episode_id=chart.episode_id,
            what="plan",
        )
    for key in client.course.groups_beside(episode):
        what = f"plan beside, for {key},"
        _sign_plan(story, chart, episode, group_of(key), episode_id=chart.beside[key], what=what)
    rules = story.network.rules[client.course.payer]
    if rules.authorization_required:
        scheduled = client.course.sessions_in(episode) + SPARE_DAYS
        authorization = requests.authorize(
            client,
            rules,
            units=(client.course.authorized_days or scheduled) * units_of_a_day(rules),
            first=days.first_day(episode.first),
            last=days.last_day(episode.last) + SPARE_WEEK,
        )
        step = _step("authorization", episode)
        story.give_for(chart, BILLER, step, authorization, at(on, 15), after=chart.admitted)


def enter_plan(story: DemoStory) -> None:
    """A plan that was signed on paper at admission, found in a drawer when it was long due."""
    chart = story.charts[StoryName.PLAN_ON_PAPER]
    [episode] = chart.client.course.episodes
    chart.plan_id = _sign_plan(
        story,
        chart,
        episode,
        group_in(chart.client, episode.first),
        episode_id=chart.episode_id,
        what="plan on paper",
        entered_on=days.PAPER_ENTERED,
    )


def _sign_plan(
    story: DemoStory,
    chart: Chart,
    episode: DemoEpisode,
    group: DemoGroup,
    *,
    episode_id: str,
    what: str,
    entered_on: date | None = None,
) -> str:
    """Drafted and signed by both, the clinician being the group's: credentialed where it meets.

    `entered_on`: signed on paper at admission, and told on this day. Gives the plan's id.
    """
    on, network = days.admission(episode.first), story.network
    told_on, clinician = entered_on or on, network.clinician(group.facilitator)
    request = requests.draft_plan(chart.client, episode_id, days.last_day(episode.last))
    step = _step(f"draft {what}", episode)
    drafted = story.give_for(chart, clinician, step, request, at(told_on, 11), after=chart.admitted)
    after = [*network.credentialed[group.facilitator], *network.opened[group.program]]
    for role, hour in (("CLIENT", 13), ("CLINICIAN", 14)):
        signature = plans.SignPlanRequest(
            plan_id=drafted.plan_id,
            signer_role=f"SIGNER_ROLE_{role}",
            signed_on=to_date(on),
            paper=requests.paper(clinician.id) if entered_on else None,
        )
        step = _step(f"sign {what} as {role}", episode)
        story.give_for(chart, clinician, step, signature, at(told_on, hour), after=after)
    return str(drafted.plan_id)


def _expand(
    story: DemoStory, group: DemoGroup, block: int
) -> Sequence[attendance.ScheduledSession]:
    """A group's sessions of the block, for everybody who sits in it."""
    seated, network = story.roster(group, block), story.network
    request = attendance.ExpandTemplateRequest(
        template_id=network.template_ids[group.key],
        to=to_date(days.last_day(block)),
        facilitator_id=network.staff_ids[group.facilitator],
        roster=[chart.client_id for chart in seated],
        **requests.since(days.first_day(block)),
    )
    # Only who is admitted is rostered: attendance has heard of everybody by then.
    after = [position for chart in seated for position in chart.admitted]
    step, now = f"schedule {group.key} of block {block}", at(days.admission(block), 16)
    expanded = story.give(network.front_desk, step, request, now, after=after)
    return list(expanded.sessions)


def _step(what: str, episode: DemoEpisode) -> str:
    """A client may come a second time."""
    return f"{what} of block {episode.first}"


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
    story: DemoStory, chart: Chart, block: int, kind: plans.RecommendationKind, level: str
) -> None:
    """What was recommended at the end of the block's last week, and follows from the day after."""
    listing = plans.ListRecommendationsRequest(client_id=chart.client_id)
    listed = story.gateway.ask(AUDITOR, listing).recommendations
    week = days.day_of(days.weeks_of(block)[-1])
    of_week = [found for found in listed if found.week_start == to_date(week)]
    wanted = [found for found in of_week if found.kind == kind]
    name_of = plans.RecommendationKind.Name
    if not wanted:
        instead = ", ".join(f"{name_of(it.kind)} ({'; '.join(it.reasons)})" for it in of_week)
        raise StoryFailed(
            f"{chart.client.key}: expected {name_of(kind)} of the week of {week}; "
            f"it is {instead or 'nothing'}"
        )
    monday = days.ending(block)
    request = plans.DecideRecommendationRequest(
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
        completion = plans.CompleteProgramRequest(
            episode_id=chart.episode_id, completed_on=to_date(on)
        )
        give("complete program", completion, at(on, 14))
    discharge = plans.DischargeClientRequest(
        episode_id=chart.episode_id,
        reason=f"DISCHARGE_REASON_{ends}",
        discharged_on=to_date(on),
    )
    chart.discharged = give("discharge", discharge, at(on, 14, 20)).receipt.published
    if completed:
        areas = requests.assess_areas(chart.client, "DISCHARGE", on)
        give("assess areas at discharge", areas, at(on, 14, 40))
        for kind in chart.client.course.aftercare:
            # Alumni agreed to be contacted, which is a consent of its own.
            follows = plans.ArrangeAftercareRequest(
                episode_id=chart.episode_id,
                kind=f"AFTERCARE_KIND_{kind}",
                starts_on=to_date(on + FIRST_APPOINTMENT),
                alumni_consent=kind == "ALUMNI",
            )
            give(f"arrange {kind.lower().replace('_', ' ')}", follows, at(on, 15))
