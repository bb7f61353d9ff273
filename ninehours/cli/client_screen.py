"""A client's timeline for people: episodes, weeks as bars, scores, authorizations, claims."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from ninehours.attendance.v1 import calendar_service_pb2 as attendance
from ninehours.billing.v1 import billing_service_pb2 as billing
from ninehours.billing.v1 import rules_pb2 as rules
from ninehours.plans.v1 import plans_service_pb2 as plans

from ninehours.cli.client import SCORES, ClientTimeline
from ninehours.cli.dates import date_of, day_in, iso
from ninehours.cli.output import dollars, screen, table
from ninehours.cli.sites import Sites, kind_of
from ninehours.cli.why.of_level import NO_SCORES

HOURS_SHOWN = 15
MARKS = {
    attendance.SESSION_STATE_ATTENDED: "+",
    attendance.SESSION_STATE_MISSED: "-",
    attendance.SESSION_STATE_CANCELLED: "x",
    attendance.SESSION_STATE_SCHEDULED: "?",
}
LEGEND = "+ attended, - missed, x cancelled, ? not closed; * corrected, ! note not signed"
WEEKDAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
CHANGES = {
    plans.SCORE_CHANGE_NONE_RELIABLE: "no reliable change",
    plans.SCORE_CHANGE_RELIABLY_IMPROVED: "reliably improved",
    plans.SCORE_CHANGE_RELIABLY_DETERIORATED: "reliably worse",
}
BECAME = {"7": "replacement", "8": "void"}


def show_client(told: ClientTimeline, sites: Sites) -> None:
    """Everything that was told, in the order of care."""
    console = screen()
    for line in _lines(told, sites):
        console.print(line)


def _lines(told: ClientTimeline, sites: Sites) -> Iterator[Any]:
    registered = told.intake.registered_at.ToDatetime().date()
    yield f"client {told.client_id}   registered {registered}"
    if told.as_of is not None:
        yield f"as it was signed by {told.as_of:%Y-%m-%d %H:%M:%S} UTC"
    yield from _episodes(told, sites)
    yield from _weeks(told)
    yield from _scores(told)
    yield from _diagnoses(told)
    yield from _account(told)
    if of_role := [each for each in told.withheld if each != SCORES]:
        yield ""
        yield f"not for this token's role: {', '.join(of_role)}"
    if SCORES in told.withheld:
        yield ""
        yield NO_SCORES


def _episodes(told: ClientTimeline, sites: Sites) -> Iterator[str]:
    if told.course is None:
        for stay in told.intake.episodes:
            ended = day_in(stay, "closed_on")
            yield ""
            yield f"episode {stay.episode_id}"
            yield _stay(stay, ended, sites)
        return
    for episode in told.course.episodes:
        ended = ""
        if episode.HasField("discharged_on"):
            reason = plans.DischargeReason.Name(episode.discharge_reason)
            ended = f"{iso(episode.discharged_on)}, {_words(reason, 'DISCHARGE_REASON_')}"
        yield ""
        yield f"episode {episode.episode_id}"
        yield _stay(episode, ended, sites)
        for segment in episode.levels:
            last = day_in(segment, "to") or "now"
            yield f"  level {segment.level_of_care:<4} {iso(getattr(segment, 'from'))} to {last}"
        if episode.plan_id:
            dates = [f"in force from {iso(episode.in_force_from)}"]
            if review := day_in(episode, "next_review_by"):
                dates.append(f"review by {review}")
            if certify := day_in(episode, "recertify_by"):
                dates.append(f"recertify by {certify}")
            yield f"  plan  {episode.plan_id}"
            yield f"        {', '.join(dates)}"
        else:
            yield "  no plan in force"


def _stay(episode: Any, ended: str, sites: Sites) -> str:
    where = f"{sites.name(episode.site_id)}, {kind_of(episode.program)}"
    began = iso(episode.admitted_on)
    return f"  {where}: {began} to {ended}" if ended else f"  {where}: since {began}, in care"


def _weeks(told: ClientTimeline) -> Iterator[Any]:
    marks: defaultdict[date, list[str]] = defaultdict(list)
    for session in told.sessions.sessions if told.sessions else ():
        day = date_of(session.service_date)
        marks[day - timedelta(days=day.weekday())].append(_mark(session, day))
    if told.progress is None or not told.progress.weeks:
        return
    yield ""
    floors = _floors(told)
    rows = []
    for week in told.progress.weeks:
        monday = date_of(week.week_start)
        floor = floors(week.episode_id, monday)
        rows.append(
            (
                monday,
                bar(week.delivered_minutes, floor),
                f"{week.delivered_minutes / 60:.1f}",
                _standing(week, floor),
                " ".join(marks[monday]),
            )
        )
    yield table(("week", "hours, | the level's floor", "", "", "sessions"), rows)
    yield LEGEND


def _standing(week: plans.WeekOfProgress, floor: int) -> str:
    """Of a week with sessions: `open` while one is not closed; `short` of its level's floor."""
    if not week.complete:
        return "open"
    return "short" if floor and not week.reaches_band and week.attended + week.missed else ""


def bar(minutes: int, floor: int) -> str:
    """A character an hour; `|` stands where the level's floor is reached."""
    hours = "".join("█" if minutes >= 60 * hour else "·" for hour in range(1, HOURS_SHOWN + 1))
    at = floor // 60
    return f"{hours[:at]}|{hours[at:]}" if floor else f"{hours} "


def _floors(told: ClientTimeline) -> Any:
    """(episode, Monday) → minutes of the level in force at the end of that week; 0: none."""
    segments: defaultdict[str, list[tuple[date, int]]] = defaultdict(list)
    for episode in told.course.episodes if told.course else ():
        for segment in episode.levels:
            first = date_of(getattr(segment, "from"))
            segments[episode.episode_id].append((first, segment.floor_minutes))

    def floor(episode_id: str, monday: date) -> int:
        sunday = monday + timedelta(days=6)
        return next((f for first, f in reversed(segments[episode_id]) if first <= sunday), 0)

    return floor


def _mark(session: attendance.ClientSession, day: date) -> str:
    mark = f"{WEEKDAYS[day.weekday()]}{MARKS[session.state]}"
    if session.corrections:
        mark += "*"
    attended = session.state == attendance.SESSION_STATE_ATTENDED
    return f"{mark}!" if attended and not session.note_signed else mark


def _scores(told: ClientTimeline) -> Iterator[Any]:
    if not told.intake.scores:
        return
    yield ""
    rows = [
        (
            each.completed_at.ToDatetime().date(),
            each.instrument.partition("/")[0],
            each.total,
            _words(each.band),
            ", ".join(
                [*(["partial"] if each.partial else []), *(["safety"] if each.safety_flag else [])]
            ),
        )
        for each in told.intake.scores
    ]
    yield table(("scored", "instrument", "total", "band", ""), rows, right=("total",))
    trends = [week.phq9 for week in told.progress.weeks if week.phq9.known] if told.progress else []
    if trends:
        trend = trends[-1]
        yield f"PHQ-9 {trend.first} to {trend.latest}: {CHANGES.get(trend.change, 'not known')}"


def _diagnoses(told: ClientTimeline) -> Iterator[Any]:
    if told.intake.diagnoses:
        yield ""
        rows = [
            (e.rank, e.code, iso(e.effective_from), iso(e.last_day)) for e in told.intake.diagnoses
        ]
        ended = any(e.HasField("last_day") for e in told.intake.diagnoses)
        columns = ("rank", "diagnosis", "from", *(["to"] if ended else []))
        yield table(columns, [row[: len(columns)] for row in rows], right=("rank",))


def _account(told: ClientTimeline) -> Iterator[Any]:
    if told.account is None:
        return
    if told.account.authorizations:
        yield ""
        rows = [_authorization(each) for each in told.account.authorizations]
        yield table(("authorization", "from", "to", "left"), rows)
    if told.account.claims:
        yield ""
        replaced = {e.replaces_claim_id: e.frequency for e in told.account.claims}
        claims = [
            (
                e.claim_id,
                iso(getattr(e, "from")),
                dollars(e.charge.minor_units),
                _became(e, replaced),
            )
            for e in told.account.claims
        ]
        yield table(("claim", "from", "charge", ""), claims, right=("charge",))


def _authorization(each: billing.AuthorizationBalance) -> Sequence[object]:
    left = each.units - each.issued - each.allocated
    unit = _words(rules.AuthorizationUnit.Name(each.unit), "AUTHORIZATION_UNIT_")
    return (
        each.authorization_id,
        iso(each.effective_from),
        iso(each.effective_to),
        f"{left} of {each.units} {unit}",
    )


def _became(claim: Any, replaced: dict[str, str]) -> str:
    told = [BECAME[claim.frequency]] if claim.frequency in BECAME else []
    if claim.claim_id in replaced:
        told.append({"7": "replaced", "8": "voided"}[replaced[claim.claim_id]])
    return ", ".join(told)


def _words(code: str, prefix: str = "") -> str:
    return code.removeprefix(prefix).lower().replace("_", " ")
