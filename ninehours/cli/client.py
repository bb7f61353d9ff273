"""`client`: all that the four services tell of one client, and its timeline for people."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from google.protobuf.message import Message
from ninehours.attendance.v1 import calendar_service_pb2 as attendance
from ninehours.billing.v1 import accounts_service_pb2 as accounts
from ninehours.billing.v1 import billing_service_pb2 as billing
from ninehours.intake.v1 import clients_service_pb2 as intake
from ninehours.plans.v1 import courses_service_pb2 as courses
from ninehours.plans.v1 import plans_service_pb2 as plans

from kernel.rpc.translate import to_timestamp
from ninehours.cli.connection import Services, on_system
from ninehours.cli.directories import Sites, kind_of, sites_of
from ninehours.cli.fields import id_in, moment_of
from ninehours.cli.lists.column import Column, ColumnKind
from ninehours.cli.lists.screen_presenter import table_of
from ninehours.cli.merged import id_to_use
from ninehours.cli.output import as_dict, print_json, screen, table
from ninehours.cli.roles import BILLER, CLINICIAN
from ninehours.told.fields import date_of, day_of, iso, name_in
from ninehours.told.why.of_level import NO_SCORES

SCORES = "scores"
PARTS = ("intake", "course", "progress", "sessions", "account")
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
NO_DAY = "0000-00-00"
BECAME = {"7": "replacement", "8": "void"}
DIAGNOSIS_COLUMNS: Sequence[Column[intake.EffectiveDiagnosis]] = (
    Column("rank", ColumnKind.COUNT),
    Column("diagnosis", value=lambda diagnosis: diagnosis.code),
    Column("from", ColumnKind.DATE, lambda diagnosis: date_of(diagnosis.effective_from)),
    Column(
        "to",
        ColumnKind.DATE,
        lambda diagnosis: date_of(diagnosis.last_day),
        words=lambda diagnosis: iso(diagnosis.last_day) or NO_DAY,
        optional=True,
    ),
)


@dataclass(slots=True, kw_only=True)
class ClientTimeline:
    """One client; a part that the caller may not see is None, and named in `withheld`."""

    client_id: str
    as_of: datetime | None
    intake: intake.ReadClientResponse
    course: courses.ReadCourseResponse | None = None
    progress: plans.ListProgressResponse | None = None
    sessions: attendance.ListClientSessionsResponse | None = None
    account: accounts.ReadAccountResponse | None = None
    withheld: list[str] = field(default_factory=list)

    def parts(self) -> dict[str, Message | None]:
        """What each service answered."""
        return {name: getattr(self, name) for name in PARTS}

    def as_dict(self) -> dict[str, Any]:
        """Every part as its service answered."""
        return {
            "client_id": self.client_id,
            "as_of": self.as_of.isoformat() if self.as_of else None,
            **{name: as_dict(part) for name, part in self.parts().items() if part is not None},
            "withheld": self.withheld,
        }


def read_client(services: Services, client_id: str, as_of: datetime | None) -> ClientTimeline:
    """As it was signed by then; without, as it is. An unknown client is refused by intake."""
    whose: dict[str, Any] = {"client_id": client_id}
    if as_of is not None:
        whose["as_of"] = to_timestamp(as_of)
    found = ClientTimeline(
        client_id=client_id,
        as_of=as_of,
        intake=services.ask(CLINICIAN, intake.ReadClientRequest(**whose)),
        course=services.ask_if_allowed(CLINICIAN, courses.ReadCourseRequest(**whose)),
        progress=services.ask_if_allowed(CLINICIAN, plans.ListProgressRequest(**whose)),
        sessions=services.ask_if_allowed(CLINICIAN, attendance.ListClientSessionsRequest(**whose)),
        account=services.ask_if_allowed(BILLER, accounts.ReadAccountRequest(**whose)),
    )
    if found.intake.diagnoses_withheld:
        found.withheld.append("diagnoses")
    if found.intake.scores_withheld:
        found.withheld.append(SCORES)
    found.withheld += [name for name, part in found.parts().items() if part is None]
    return found


@on_system
def run_client(
    services: Services, client_id: str, *, subject: str, as_of: datetime | None, as_json: bool
) -> None:
    """Prints it. `subject`: as whom it is asked for; empty: nobody in particular."""
    services.speak_as(CLINICIAN, subject)
    timeline = read_client(services, id_in(client_id, "client's id"), moment_of(as_of))
    if as_json:
        print_json(timeline.as_dict())
    else:
        show_client(timeline, sites_of(services, CLINICIAN))


def show_client(timeline: ClientTimeline, sites: Sites) -> None:
    """Everything that was told, in the order of care."""
    console = screen()
    for line in _lines(timeline, sites):
        console.print(line)


def _lines(timeline: ClientTimeline, sites: Sites) -> Iterator[Any]:
    registered = timeline.intake.registered_at.ToDatetime().date()
    yield f"client {timeline.client_id}   registered {registered}"
    yield from id_to_use(timeline.client_id, timeline.intake.client_ids)
    if timeline.as_of is not None:
        yield f"as it was signed by {timeline.as_of:%Y-%m-%d %H:%M:%S} UTC"
    yield from _episodes(timeline, sites)
    yield from _weeks(timeline)
    yield from _scores(timeline)
    yield from _diagnoses(timeline)
    yield from _account(timeline)
    if of_role := [part for part in timeline.withheld if part != SCORES]:
        yield ""
        yield f"not for this token's role: {', '.join(of_role)}"
    if SCORES in timeline.withheld:
        yield ""
        yield NO_SCORES


def _episodes(timeline: ClientTimeline, sites: Sites) -> Iterator[str]:
    if timeline.course is None:
        for stay in timeline.intake.episodes:
            ended = iso(stay.closed_on)
            yield ""
            yield f"episode {stay.episode_id}"
            yield _stay(stay, ended, sites)
        return
    for episode in timeline.course.episodes:
        ended = ""
        if episode.HasField("discharged_on"):
            reason = _words(name_in(episode, "discharge_reason") or "UNSPECIFIED")
            ended = f"{iso(episode.discharged_on)}, {reason}"
        yield ""
        yield f"episode {episode.episode_id}"
        yield _stay(episode, ended, sites)
        for segment in episode.levels:
            last = iso(segment.to) or "now"
            yield f"  level {segment.level_of_care:<4} {iso(getattr(segment, 'from'))} to {last}"
        if episode.plan_id:
            dates = [f"in force from {iso(episode.in_force_from)}"]
            if review := iso(episode.next_review_by):
                dates.append(f"review by {review}")
            if certify := iso(episode.recertify_by):
                dates.append(f"recertify by {certify}")
            yield f"  plan  {episode.plan_id}"
            yield f"        {', '.join(dates)}"
        else:
            yield "  no plan in force"


def _stay(episode: Any, ended: str, sites: Sites) -> str:
    where = f"{sites.name(episode.site_id)}, {kind_of(episode.program)}"
    began = iso(episode.admitted_on)
    return f"  {where}: {began} to {ended}" if ended else f"  {where}: since {began}, in care"


def _weeks(timeline: ClientTimeline) -> Iterator[Any]:
    marks: defaultdict[date, list[str]] = defaultdict(list)
    for session in timeline.sessions.sessions if timeline.sessions else ():
        day = day_of(session.service_date)
        marks[day - timedelta(days=day.weekday())].append(_mark(session, day))
    if timeline.progress is None or not timeline.progress.weeks:
        return
    yield ""
    floors = _floors(timeline)
    rows = []
    for week in timeline.progress.weeks:
        monday = day_of(week.week_start)
        floor = floors(week.episode_id, monday)
        hours = f"{week.delivered_minutes / 60:.1f}"
        shown = bar(week.delivered_minutes, floor)
        rows.append((monday, shown, hours, _standing(week, floor), " ".join(marks[monday])))
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


def _floors(timeline: ClientTimeline) -> Any:
    """(episode, Monday) → minutes of the level in force at the end of that week; 0: none."""
    segments: defaultdict[str, list[tuple[date, int]]] = defaultdict(list)
    for episode in timeline.course.episodes if timeline.course else ():
        for segment in episode.levels:
            first = day_of(getattr(segment, "from"))
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


SCORE_COLUMNS: Sequence[Column[intake.Score]] = (
    Column("scored", ColumnKind.DATE, lambda score: score.completed_at.ToDatetime().date()),
    Column("instrument", value=lambda score: score.instrument.partition("/")[0]),
    Column("total", ColumnKind.COUNT),
    Column("band", value=lambda score: _words(score.band)),
    Column(
        "",
        ColumnKind.TEXTS,
        lambda score: ["partial"] * score.partial + ["safety"] * score.safety_flag,
    ),
)


def _scores(timeline: ClientTimeline) -> Iterator[Any]:
    if not timeline.intake.scores:
        return
    yield ""
    yield table_of(SCORE_COLUMNS, timeline.intake.scores)
    trends = (
        [week.phq9 for week in timeline.progress.weeks if week.phq9.known]
        if timeline.progress
        else []
    )
    if trends:
        trend = trends[-1]
        yield f"PHQ-9 {trend.first} to {trend.latest}: {CHANGES.get(trend.change, 'not known')}"


def _diagnoses(timeline: ClientTimeline) -> Iterator[Any]:
    if timeline.intake.diagnoses:
        yield ""
        yield table_of(DIAGNOSIS_COLUMNS, timeline.intake.diagnoses)


def _left(balance: billing.AuthorizationBalance) -> str:
    left = balance.units - balance.issued - balance.allocated
    return f"{left} of {balance.units} {_words(name_in(balance, 'unit') or 'UNSPECIFIED')}"


AUTHORIZATION_COLUMNS: Sequence[Column[billing.AuthorizationBalance]] = (
    Column("authorization", ColumnKind.ID, lambda balance: balance.authorization_id),
    Column("from", ColumnKind.DATE, lambda balance: date_of(balance.effective_from)),
    Column("to", ColumnKind.DATE, lambda balance: date_of(balance.effective_to)),
    Column("left", value=_left),
)


def _account(timeline: ClientTimeline) -> Iterator[Any]:
    if timeline.account is None:
        return
    if timeline.account.authorizations:
        yield ""
        yield table_of(AUTHORIZATION_COLUMNS, timeline.account.authorizations)
    if timeline.account.claims:
        replaced = {claim.replaces_claim_id: claim.frequency for claim in timeline.account.claims}
        columns: Sequence[Column[accounts.AccountClaim]] = (
            Column("claim", ColumnKind.ID, lambda claim: claim.claim_id),
            Column("from", ColumnKind.DATE),
            Column("charge", ColumnKind.MONEY),
            Column("", value=lambda claim: _became(claim, replaced)),
        )
        yield ""
        yield table_of(columns, timeline.account.claims)


def _became(claim: accounts.AccountClaim, replaced: dict[str, str]) -> str:
    became = [BECAME[claim.frequency]] if claim.frequency in BECAME else []
    if claim.claim_id in replaced:
        became.append({"7": "replaced", "8": "voided"}[replaced[claim.claim_id]])
    return ", ".join(became)


def _words(code: str) -> str:
    return code.lower().replace("_", " ")
