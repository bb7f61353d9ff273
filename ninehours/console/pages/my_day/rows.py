"""What waits for a clinician, row by row, of what services answered. Asks nobody."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from google.protobuf.timestamp_pb2 import Timestamp
from ninehours.attendance.v1 import attendance_service_pb2 as attendance
from ninehours.attendance.v1 import calendar_service_pb2 as calendar
from ninehours.billing.v1 import billing_work_service_pb2 as billing
from ninehours.common.v1 import due_pb2
from ninehours.intake.v1 import intake_service_pb2 as intake
from ninehours.plans.v1 import courses_service_pb2 as courses

from kernel.due import DueKind
from ninehours.console.pages.today.page import clock_of
from ninehours.console.pages.today.roster import moment_of
from ninehours.console.pages.today.times import on_the_wall
from ninehours.told.fields import date_of, day_of

NAMED_TOGETHER = 3  # in a row of the list: of a larger group the number is told
SitesById = Mapping[str, calendar.ListedSite]


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyRow:
    """A safety task that is open; `until` is by the site's clock, `high` where it is taken for
    that."""

    task_id: str
    client_id: str
    assessment_id: str
    site: str
    until: str
    late: bool
    high: bool
    owner: str

    @property
    def address(self) -> str:
        """Of the forms that act on it, each below."""
        return f"/my-day/safety/{self.client_id}/{self.task_id}"

    @property
    def opened_by(self) -> str:
        """Where the assessment is shown."""
        return f"/clients/{self.client_id}/chart?assessed={self.assessment_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotesRow:
    """Notes of one session that nobody signed. `waiting`: cents of days that are on HOLD for them,
    None where it can't be told; `days`: since the session; `others_wait`: not for them alone."""

    session_id: str
    site_id: str
    site: str
    on: date
    begins: str
    ends: str
    person: str
    client_ids: Sequence[str]
    days: int
    waiting: int | None = None
    others_wait: bool = False
    draft: bool = False

    @property
    def named(self) -> Sequence[str]:
        """Those who are named in the list."""
        return self.client_ids if len(self.client_ids) <= NAMED_TOGETHER else ()

    @property
    def address(self) -> str:
        """Of the page on which they are written."""
        place = {"site": self.site_id, "on": str(self.on), "session": self.session_id}
        return f"/my-day/notes?{urlencode(place)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnclosedRow:
    """A session that nobody closed."""

    about_id: str
    site_id: str
    site: str
    since: date


class PlanAct(StrEnum):
    """What is to be done about a plan, on the page at which a row's address is."""

    DRAFT = "DRAFT"
    SIGN = "SIGN"
    REVIEW = "REVIEW"
    CERTIFY = "CERTIFY"


@dataclass(frozen=True, slots=True, kw_only=True)
class DuePlanRow:
    """A plan to be drafted, signed, reviewed or certified. `until` None: nobody set a last day."""

    act: PlanAct
    client_id: str
    site: str
    since: date
    until: date | None
    late: bool
    person: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AwaitingNotes:
    """What days come to that wait for notes, by client and date; `known`: billing answered."""

    days: Mapping[tuple[str, date], billing.DayAwaitingNotes] = field(default_factory=dict)
    known: bool = True


def safety_rows(
    tasks: Iterable[intake.SafetyTask],
    due: Iterable[due_pb2.DueItem],
    sites: SitesById,
    now: datetime,
) -> list[SafetyRow]:
    """By deadline."""
    site_of = {item.about_id: item.site_id for item in due}
    rows = []
    for task in sorted(tasks, key=lambda task: (moment_of(task.due_at), task.task_id)):
        site = sites.get(site_of.get(task.task_id, ""))
        zone = ZoneInfo(site.time_zone) if site else ZoneInfo("UTC")
        until = moment_of(task.due_at)
        rows.append(
            SafetyRow(
                task_id=task.task_id,
                client_id=task.client_id,
                assessment_id=task.assessment_id,
                site=_with_clock(site, until.date(), sites) if site else "",
                until=in_words(task.due_at, zone),
                late=until < now,
                high=task.risk != intake.SAFETY_RISK_MODERATE,
                owner=task.owner,
            )
        )
    return rows


def notes_rows(
    due: Iterable[due_pb2.DueItem],
    *,
    sessions: Mapping[str, attendance.ListedSession],
    sites: SitesById,
    waiting: AwaitingNotes,
    drafts: frozenset[str],
    today: date,
) -> list[NotesRow]:
    """Oldest session first."""
    clients: defaultdict[str, list[str]] = defaultdict(list)
    items: dict[str, due_pb2.DueItem] = {}
    for item in due:
        clients[item.about_id].append(item.client_id)
        items[item.about_id] = item
    rows = []
    for session_id, item in items.items():
        on, site = day_of(item.since), sites[item.site_id]
        session = sessions.get(session_id)
        zone = ZoneInfo(site.time_zone)
        held = [
            waiting.days[client_id, on]
            for client_id in clients[session_id]
            if (client_id, on) in waiting.days
        ]
        rows.append(
            NotesRow(
                session_id=session_id,
                site_id=item.site_id,
                site=_with_clock(site, on, sites),
                on=on,
                begins=on_the_wall(moment_of(session.starts_at), zone) if session else "",
                ends=on_the_wall(moment_of(session.ends_at), zone) if session else "",
                person=item.person,
                client_ids=clients[session_id],
                days=(today - on).days,
                waiting=_cents(held) if waiting.known else None,
                others_wait=any(day.others_wait for day in held),
                draft=session_id in drafts,
            )
        )
    return sorted(rows, key=lambda row: (row.on, _start(sessions, row.session_id), row.session_id))


def unclosed_rows(due: Iterable[due_pb2.DueItem], sites: SitesById) -> list[UnclosedRow]:
    """What is late first."""
    return [
        UnclosedRow(
            about_id=item.about_id,
            site_id=item.site_id,
            site=_called(sites, item.site_id),
            since=day_of(item.since),
        )
        for item in due
    ]


def plan_rows(
    due: Iterable[due_pb2.DueItem], to_sign: Iterable[courses.ToSign], sites: SitesById
) -> list[DuePlanRow]:
    """By the day until which they are due, or since when. A plan that is to be drafted and has a
    draft is to be signed."""
    drafts = [each for each in to_sign if each.kind == courses.TO_SIGN_KIND_PLAN]
    drafted = {draft.episode_id for draft in drafts}
    rows = [
        DuePlanRow(
            act=PlanAct.SIGN,
            client_id=draft.client_id,
            site=_called(sites, draft.site_id),
            since=day_of(draft.since),
            until=None,
            late=False,
            person="",
            address=_to_sign(draft.client_id, draft.about_id),
        )
        for draft in drafts
    ]
    for item in due:
        if item.kind == DueKind.SIGN_PLAN and item.about_id in drafted:
            continue
        act = ACT_OF[DueKind(item.kind)]
        own = f"/my-day/plans/{item.client_id}/{item.about_id}/{act.lower()}"
        is_certified = act is PlanAct.CERTIFY
        rows.append(
            DuePlanRow(
                act=act,
                client_id=item.client_id,
                site=_called(sites, item.site_id),
                since=day_of(item.since),
                until=date_of(item.until),
                late=item.overdue,
                person=item.person,
                address=_to_sign(item.client_id, item.about_id) if is_certified else own,
            )
        )
    return sorted(rows, key=lambda row: (row.until or row.since, row.act, row.address))


ACT_OF = {
    DueKind.SIGN_PLAN: PlanAct.DRAFT,
    DueKind.REVIEW_PLAN: PlanAct.REVIEW,
    DueKind.CERTIFY_PLAN: PlanAct.CERTIFY,
}


def _to_sign(client_id: str, plan_id: str) -> str:
    return f"/to-sign?{urlencode({'client': client_id, 'about': plan_id})}"


def _with_clock(site: calendar.ListedSite, on: date, sites: SitesById) -> str:
    """`Tollgate IOP, New York (EST)`, where sites go by several clocks."""
    return ", ".join(filter(None, (site.name, clock_of(site, on, [*sites.values()]))))


def _called(sites: SitesById, site_id: str) -> str:
    return sites[site_id].name if site_id in sites else ""


def short_date(on: date) -> str:
    """`Tue, 2026-03-03`."""
    return f"{on:%a}, {on}"


def in_words(stamp: Timestamp, zone: ZoneInfo) -> str:
    """`Tue, 2026-03-03, 9:05 am`."""
    moment = moment_of(stamp)
    return f"{short_date(moment.astimezone(zone).date())}, {on_the_wall(moment, zone)}"


def _cents(held: Iterable[billing.DayAwaitingNotes]) -> int:
    return sum(day.at_stake.minor_units for day in held)


def _start(sessions: Mapping[str, attendance.ListedSession], session_id: str) -> datetime:
    session = sessions.get(session_id)
    return moment_of(session.starts_at) if session else datetime.max.replace(tzinfo=UTC)
