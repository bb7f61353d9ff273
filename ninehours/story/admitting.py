"""Before a block of weeks: clients come, are assessed, admitted, planned for, and get a seat."""

from datetime import date, timedelta
from functools import partial
from typing import Any

from ninehours.attendance.v1.attendance_service_pb2 import ScheduledSession

from ninehours.story import days
from ninehours.story.courses import Score, Stay
from ninehours.story.days import at
from ninehours.story.network import GROUPS, Group, group_of, site_of
from ninehours.story.people import Client
from ninehours.story.requests import attendance, billing, intake, plans
from ninehours.story.rules import units_of_a_day
from ninehours.story.stories import SCREENED_OUT
from ninehours.story.story import BILLER, DESK, Chart, Telling, clinician_of, group_in

SPARE_DAYS = 3  # authorized beyond what is scheduled
SPARE_WEEK = timedelta(days=7)


def prepare(telling: Telling, block: int) -> None:
    """Everybody whose stay begins with the block; then its sessions, with their rosters."""
    begins = days.weeks_of(block)[0]
    telling.stage.scene(f"before week {begins}: clients register, are assessed and admitted")
    for chart in telling.stage.together(
        partial(_register, telling, client, number)
        for number, client in enumerate(telling.cast.clients)
        if _comes_first_in(client, block)
    ):
        telling.charts[chart.client.key] = chart
    staying = [
        (chart, stay)
        for chart in telling.charts.values()
        for stay in chart.client.course.stays
        if stay.first == block
    ]
    # One after the other for everybody: what a plan rests on is heard by then.
    for act in (_assess, _admit, _plan):
        telling.stage.together(partial(act, telling, chart, stay) for chart, stay in staying)
    telling.stage.scene(f"before week {begins}: four weeks of sessions, with their rosters")
    for group, sessions in telling.stage.together(
        partial(_seat, telling, group, block) for group in GROUPS if telling.roster(group, block)
    ):
        for session in sessions:
            telling.sessions[group.key, _date_of(session)] = session


def _comes_first_in(client: Client, block: int) -> bool:
    return min((stay.first for stay in client.course.stays), default=1) == block


def _register(telling: Telling, client: Client, number: int) -> Chart:
    """The front desk's part; who is declined goes no further."""
    block = min((stay.first for stay in client.course.stays), default=1)
    day = days.admission(block) - timedelta(days=3 - number % 3)
    group = group_in(client, block)
    site_id = telling.place.site_ids[site_of(group).key]
    request = intake.register(client, site_id, after=telling.place.opened[group.program])
    registered = telling.tell(DESK, f"{client.key}: register", request, at(day, 9))
    client_id: str = registered.client_id
    chart = Chart(client=client, client_id=client_id)
    clinician = clinician_of(client, block)
    if client.key == SCREENED_OUT:
        telling.of(chart, clinician, "screen", intake.decline(client_id, day), at(day, 10))
        return chart
    telling.of(chart, clinician, "screen", intake.screen(client_id, day), at(day, 10))
    payer_id, known = telling.payer_of(chart), telling.payer_registered(chart)
    agreed = intake.consent(client_id, payer_id, day, after=known)
    chart.consent_id = telling.of(chart, DESK, "consent", agreed, at(day, 10, 30)).consent_id
    coverage = intake.add_coverage(client, client_id, payer_id, after=known)
    covered = telling.of(chart, DESK, "coverage", coverage, at(day, 10, 40))
    verified = intake.verify_coverage(client_id, covered.coverage_id)
    telling.of(chart, DESK, "verify coverage", verified, at(day, 10, 50))
    for rank, code in enumerate(client.diagnoses, start=1):
        diagnosis = intake.diagnose(client_id, code, rank, day)
        telling.of(chart, clinician, f"diagnose {rank}", diagnosis, at(day, 11))
    return chart


def _assess(telling: Telling, chart: Chart, stay: Stay) -> None:
    """On the day of admission, before it."""
    client, on = chart.client, days.admission(stay.first)
    clinician = clinician_of(client, stay.first)
    areas = intake.assess_areas(client, chart.client_id, "INITIAL", on)
    telling.of(chart, clinician, _step("assess areas", stay), areas, at(on, 8))
    rating = intake.rate_dimensions(chart.client_id, on)
    telling.of(chart, clinician, _step("rate dimensions", stay), rating, at(on, 8, 20))
    phq9 = intake.phq9(chart.client_id, Score(0, client.course.first_score))
    telling.of(chart, clinician, _step("phq9", stay), phq9, at(on, 8, 40))


def _admit(telling: Telling, chart: Chart, stay: Stay) -> None:
    course = chart.client.course
    group = group_of(course.first_group(stay))
    admitted = _admit_to(telling, chart, stay, group, "admit")
    chart.episode_id, chart.admitted = admitted.episode_id, admitted.receipt.published
    for key in course.groups_beside(stay):
        also = _admit_to(telling, chart, stay, group_of(key), f"admit beside, for {key},")
        chart.beside[key] = also.episode_id
        chart.admitted = [*chart.admitted, *also.receipt.published]


def _admit_to(telling: Telling, chart: Chart, stay: Stay, group: Group, what: str) -> Any:
    """To the group's program, at its site."""
    on = days.admission(stay.first)
    request = intake.admit(
        chart.client_id,
        telling.place.site_ids[site_of(group).key],
        telling.place.program_ids[group.program],
        on=on,
        after=[*telling.place.opened[group.program], *chart.discharged],
    )
    return telling.of(chart, group.facilitator, _step(what, stay), request, at(on, 9))


def _plan(telling: Telling, chart: Chart, stay: Stay) -> None:
    """A plan of each episode that both sign, and what the payer authorizes."""
    client, on = chart.client, days.admission(stay.first)
    group = group_in(client, stay.first)
    chart.plan_id = _sign_plan(
        telling, chart, stay, group, episode_id=chart.episode_id, what="plan"
    )
    for key in client.course.groups_beside(stay):
        what = f"plan beside, for {key},"
        also = chart.beside[key]
        _sign_plan(telling, chart, stay, group_of(key), episode_id=also, what=what)
    rules = telling.place.rules[client.course.payer]
    if rules.authorization_required:
        of_days = client.course.authorized_days or client.course.sessions_in(stay) + SPARE_DAYS
        authorization = billing.authorize(
            client,
            chart.client_id,
            rules,
            units=of_days * units_of_a_day(rules),
            first=days.first_day(stay.first),
            last=days.last_day(stay.last) + SPARE_WEEK,
            after=chart.admitted,
        )
        telling.of(chart, BILLER, _step("authorization", stay), authorization, at(on, 15))


def _sign_plan(
    telling: Telling, chart: Chart, stay: Stay, group: Group, *, episode_id: str, what: str
) -> str:
    """Drafted and signed by both, the clinician being the group's: credentialed where it meets.

    Gives the plan's id.
    """
    client, on = chart.client, days.admission(stay.first)
    place, clinician = telling.place, group.facilitator
    after = [*place.credentialed[clinician], *place.opened[group.program]]
    request = plans.draft_plan(
        client, chart.client_id, episode_id, chart.admitted, days.last_day(stay.last)
    )
    drafted = telling.of(chart, clinician, _step(f"draft {what}", stay), request, at(on, 11))
    for role, hour in (("CLIENT", 13), ("CLINICIAN", 14)):
        signature = plans.sign_plan(drafted.plan_id, role, on, after)
        step = _step(f"sign {what} as {role}", stay)
        telling.of(chart, clinician, step, signature, at(on, hour))
    plan_id: str = drafted.plan_id
    return plan_id


def _seat(telling: Telling, group: Group, block: int) -> tuple[Group, list[ScheduledSession]]:
    """A group's sessions of the block, for everybody who sits in it."""
    seated = telling.roster(group, block)
    roster = [chart.client_id for chart in seated]
    staff_id = telling.place.staff_ids[group.facilitator]
    request = attendance.expand(telling.place.template_ids[group.key], block, staff_id, roster)
    # Only who is admitted is rostered: attendance has heard of everybody by then.
    request.meta.after.extend(position for chart in seated for position in chart.admitted)
    now = at(days.admission(block), 16)
    expanded = telling.tell(DESK, f"schedule {group.key} of block {block}", request, now)
    return group, list(expanded.sessions)


def _date_of(session: ScheduledSession) -> date:
    on = session.service_date
    return date(on.year, on.month, on.day)


def _step(what: str, stay: Stay) -> str:
    """A client may come a second time."""
    return f"{what} of block {stay.first}"
