"""A group of today at each site, for who stays after the story: it ended in the past.

It is scheduled as a front desk would, over the services, by the server's clock: what met last with
most people meets again, with whoever is in care there still. Where a day has sessions already,
nothing is added.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from google.protobuf.message import Message
from ninehours.attendance.v1 import attendance_service_pb2 as attendance
from ninehours.attendance.v1 import calendar_service_pb2 as calendar
from ninehours.attendance.v1 import roster_service_pb2 as roster
from ninehours.common.v1 import common_pb2 as common

from kernel.rpc.remote_refusal import RemoteRefusal
from kernel.rpc.translate import date_of, to_date, to_timestamp
from ninehours.story.requests import since

Ask = Callable[[Message], Any]
SEATS = 12
WEEKS = timedelta(weeks=12)  # of rosters before, from which it is made
LENGTH = timedelta(hours=3)
ROUND = 5  # minutes: it began at most so long ago
# Why somebody has no place, which is theirs to have another time.
NOT_THERE = frozenset({"NOT_ADMITTED_HERE", "CLIENT_BUSY", "CLIENT_MERGED"})


@dataclass(frozen=True, slots=True)
class TodaysGroup:
    """`expected`: how many."""

    site: str
    expected: int


def schedule_todays_groups(ask: Ask, now: datetime) -> Iterator[TodaysGroup]:
    """At each site that had sessions before and has none today, in the order of their names; `ask`
    asks as a front desk."""
    for site in ask(calendar.ListSitesRequest()).sites:
        on = now.astimezone(ZoneInfo(site.time_zone)).date()
        nearest = ask(calendar.FindNearestDaysRequest(site_id=site.site_id, on=to_date(on)))
        today = ask(roster.ReadRosterRequest(site_id=site.site_id, on=to_date(on))).sessions
        if not today and nearest.HasField("before"):
            last = date_of(nearest, "before")
            met = ask(roster.ReadRosterRequest(site_id=site.site_id, on=to_date(last))).sessions
            groups = [each for each in met if each.service_kind == attendance.SERVICE_KIND_GROUP]
            if groups:
                group = max(groups, key=lambda each: (len(each.presences), each.session_id))
                clients = _clients_before(ask, site.site_id, last, group)
                if expected := _schedule(ask, group, clients, now):
                    yield TodaysGroup(site.name, expected)


def _clients_before(
    ask: Ask, site_id: str, last: date, group: roster.RecordedSession
) -> Iterable[str]:
    """Those of the group first, then whoever was expected at the site, the last ones first."""
    found = {presence.client_id: None for presence in group.presences}
    for session in reversed(list(_sessions(ask, site_id, last))):
        found.update(dict.fromkeys(session.client_ids))
    return found


def _sessions(ask: Ask, site_id: str, last: date) -> Iterator[attendance.ListedSession]:
    """Of the weeks up to that day, by start."""
    asked = attendance.ListSessionsRequest(site_id=site_id, to=to_date(last), **since(last - WEEKS))
    while True:
        page = ask(asked)
        yield from page.sessions
        if not page.next_page_token:
            return
        asked.page_token = page.next_page_token


def _schedule(ask: Ask, like: roster.RecordedSession, clients: Iterable[str], now: datetime) -> int:
    """How many are expected; a session needs one of them to be scheduled."""
    session_id, expected = "", 0
    for client_id in clients:
        try:
            if session_id:
                ask(_place(client_id, session_id))
            else:
                session_id = ask(_session(like, client_id, now)).session_id
        except RemoteRefusal as refusal:
            if refusal.reason not in NOT_THERE:
                raise
        else:
            expected += 1
        if expected == SEATS:
            break
    return expected


def _session(
    like: roster.RecordedSession, client_id: str, now: datetime
) -> attendance.ScheduleSessionRequest:
    begins = now.replace(minute=now.minute - now.minute % ROUND, second=0, microsecond=0)
    return attendance.ScheduleSessionRequest(
        meta=_meta(),
        site_id=like.site_id,
        program_id=like.program.program_id,
        facilitator_id=like.facilitator_id,
        service_kind=like.service_kind,
        modality=like.modality,
        starts_at=to_timestamp(begins),
        ends_at=to_timestamp(begins + LENGTH),
        roster=[client_id],
        capacity=SEATS,
    )


def _place(client_id: str, session_id: str) -> attendance.AddToRosterRequest:
    return attendance.AddToRosterRequest(meta=_meta(), client_id=client_id, session_id=session_id)


def _meta() -> common.CommandMeta:
    return common.CommandMeta(command_id=str(uuid4()))
