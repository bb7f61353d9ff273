"""The page: what waits for a clinician, most urgent first."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from ninehours.attendance.v1 import attendance_service_pb2 as attendance
from ninehours.attendance.v1 import calendar_service_pb2 as calendar
from ninehours.billing.v1 import billing_work_service_pb2 as billing
from ninehours.common.v1 import due_pb2
from ninehours.exchange.v1 import drafts_service_pb2 as drafts
from ninehours.intake.v1 import clients_service_pb2 as clients
from ninehours.intake.v1 import intake_service_pb2 as intake
from ninehours.plans.v1 import courses_service_pb2 as courses

from kernel.due import DueKind
from kernel.rpc.translate import to_date
from ninehours.console.directories import clients_named, sites_of
from ninehours.console.pages.clients.names import who
from ninehours.console.pages.my_day.rows import (
    AwaitingNotes,
    notes_rows,
    plan_rows,
    safety_rows,
    short_date,
    unclosed_rows,
)
from ninehours.console.pages.staff import staff_of
from ninehours.console.services import ServiceAway
from ninehours.console.texts import words
from ninehours.console.visit import Screen, Visit
from ninehours.told.amounts import dollars
from ninehours.told.fields import day_of

PATH = "/my-day"
NOTE_FORM = "SignGroupNote"  # of drafts
AHEAD_DAYS = 14
PAGE = 500


def my_day(visit: Visit) -> Screen:
    """What is due of whoever looks, or of everybody where they ask so, or are nobody in
    particular."""
    now = datetime.now(UTC)
    listed = sites_of(visit)
    sites = {site.site_id: site for site in listed}
    today = first_day_of(listed, now)
    person = visit.person.subject
    mine = bool(person) and visit.query.get("of") != "everybody"

    def wanted(owner: str) -> bool:
        return not mine or owner in ("", person)

    safety_due = visit.ask(clients.ListDueRequest(on=to_date(today))).items
    safety = safety_rows(_safety_tasks(visit), safety_due, sites, now)
    safety = [row for row in safety if wanted(row.owner)]
    due = [
        item
        for item in visit.ask(calendar.ListDueRequest(on=to_date(today))).items
        if wanted(item.person)
    ]
    unsigned = [item for item in due if item.kind == DueKind.SIGN_NOTE]
    waiting = _waiting(visit, today)
    notes = notes_rows(
        unsigned,
        sessions=_sessions(visit, unsigned),
        sites=sites,
        waiting=waiting,
        drafts=_drafts(visit),
        today=today,
    )
    unclosed = unclosed_rows((item for item in due if item.kind == DueKind.CLOSE_SESSION), sites)
    plans = _plans(visit, today)
    planned = [row for row in plan_rows(*(plans or ((), ())), sites) if wanted(row.person)]
    staff = staff_of(visit, listed[0].site_id) if listed and (safety or not person) else []
    called = {member.subject: member.says for member in staff} | {person: words().my_day.you}
    shown = {
        "safety": safety,
        "notes": notes,
        "waiting": sum(row.waiting or 0 for row in notes),
        "waiting_known": waiting.known,
        "unclosed": unclosed,
        "plans": planned,
        "plans_known": plans is not None,
        "names": clients_named(
            visit,
            [
                *(row.client_id for row in safety),
                *(client_id for row in notes for client_id in row.named),
                *(row.client_id for row in planned),
            ],
        ),
        "owner": lambda subject: called.get(subject, who(subject)),
        "mine": mine,
        "date_of": short_date,
        "dollars": dollars,
        "today": today,
        "staff": [] if person else staff,
    }
    return Screen("my_day.html", shown)


def first_day_of(sites: Sequence[calendar.ListedSite], now: datetime) -> date:
    """The date that it is at every site: what is due is not late where the day goes on."""
    return min(
        (now.astimezone(ZoneInfo(site.time_zone)).date() for site in sites), default=now.date()
    )


def _safety_tasks(visit: Visit) -> Iterator[intake.SafetyTask]:
    asked = intake.ListSafetyTasksRequest(open_only=True, page_size=PAGE)
    while True:
        answer = visit.ask(asked)
        yield from answer.tasks
        if not answer.next_page_token:
            return
        asked.page_token = answer.next_page_token


def _sessions(
    visit: Visit, unsigned: Sequence[due_pb2.DueItem]
) -> Mapping[str, attendance.ListedSession]:
    """Those whose notes these are."""
    found: dict[str, attendance.ListedSession] = {}
    for site_id in dict.fromkeys(item.site_id for item in unsigned):
        days = [day_of(item.since) for item in unsigned if item.site_id == site_id]
        asked = attendance.ListSessionsRequest(site_id=site_id, due_only=True, page_size=PAGE)
        getattr(asked, "from").CopyFrom(to_date(min(days)))
        asked.to.CopyFrom(to_date(max(days)))
        while True:
            answer = visit.ask(asked)
            found |= {session.session_id: session for session in answer.sessions}
            if not answer.next_page_token:
                break
            asked.page_token = answer.next_page_token
    return found


def _waiting(visit: Visit, today: date) -> AwaitingNotes:
    """A list of notes goes on without it, and says so."""
    asked = billing.ListDaysAwaitingNotesRequest(on=to_date(today), page_size=PAGE)
    found: dict[tuple[str, date], billing.DayAwaitingNotes] = {}
    try:
        while True:
            answer = visit.ask_briefly(asked)
            found |= {(day.client_id, day_of(day.service_date)): day for day in answer.days}
            if not answer.next_page_token:
                return AwaitingNotes(days=found)
            asked.page_token = answer.next_page_token
    except ServiceAway:
        return AwaitingNotes(known=False)


def _drafts(visit: Visit) -> frozenset[str]:
    """Sessions of whose notes the person keeps a draft."""
    answer = visit.ask(drafts.ListDraftsRequest(form=NOTE_FORM), service="attendance")
    return frozenset(draft.about_id for draft in answer.drafts)


def _plans(
    visit: Visit, today: date
) -> tuple[Sequence[due_pb2.DueItem], Sequence[courses.ToSign]] | None:
    """What is due of them, and what waits to be signed; None: it is not known now."""
    asked = courses.ListDueRequest(on=to_date(today), ahead_days=AHEAD_DAYS)
    try:
        due = visit.ask_briefly(asked).items
        return due, visit.ask_briefly(courses.ListToSignRequest(on=to_date(today))).items
    except ServiceAway:
        return None
