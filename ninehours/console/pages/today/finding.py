"""Who isn't on a day's rosters: found by what a desk types, to be expected or to be here now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus

from ninehours.attendance.v1 import calendar_service_pb2 as calendar
from ninehours.attendance.v1 import roster_service_pb2 as roster
from ninehours.intake.v1 import search_service_pb2 as intake

from kernel.rpc.remote_refusal import RemoteRefusal
from kernel.rpc.translate import date_of
from ninehours.console.pages.today.page import Day, Refused, day_named, sessions_of
from ninehours.console.pages.today.roster import (
    Group,
    KnownOfClients,
    full_name,
    groups_of,
    moment_of,
)
from ninehours.console.pages.today.times import on_the_wall
from ninehours.console.policies import require
from ninehours.console.texts import words
from ninehours.console.visit import Screen, Visit

MOST_FOUND = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A client who meets what was typed. `rows`: theirs on the day's rosters; `groups`: those that
    they are in no row of, and may be added to; `closed`: where they may have been all the same;
    `elsewhere`: where else they are expected that day."""

    client_id: str
    name: str
    born: str
    site: str
    level: str
    active: bool
    elsewhere: Sequence[str]
    rows: Sequence[tuple[str, Group]]
    groups: Sequence[Group]
    closed: Sequence[Group]


def find(visit: Visit) -> Screen:
    """At most ten whom the typed text finds, each told apart; of the token's sites."""
    require(visit, roster.ReadRosterRequest())
    day, sites = day_named(visit, visit.form)
    return screen_of_found(visit, day, {site.site_id: site.name for site in sites})


def screen_of_found(
    visit: Visit, day: Day, sites: Mapping[str, str], refused: Refused | None = None
) -> Screen:
    """`refused`: of one of them, when it was said that they come or came."""
    sought = visit.form.get("sought", "").strip()
    found: Sequence[Found] = ()
    more, says = False, ""
    try:
        asked = intake.FindClientsRequest(text=sought, page_size=MOST_FOUND)
        answer = visit.ask(asked)
        more, found = answer.more, _found(visit, day, sites, answer.clients)
    except RemoteRefusal as refusal:
        if refusal.reason != "MALFORMED":
            raise
        says = refusal.details.get("text") or refusal.message
    shown = {
        "day": day,
        "sought": sought,
        "searched": True,
        "found": found,
        "more": more,
        "says": says,
        "refused": refused,
    }
    is_wrong = bool(says) or refused is not None
    status = HTTPStatus.UNPROCESSABLE_ENTITY if is_wrong else HTTPStatus.OK
    return Screen("today_found.html", shown, status)


def _found(
    visit: Visit, day: Day, sites: Mapping[str, str], clients: Sequence[intake.FoundClient]
) -> list[Found]:
    sessions = sessions_of(visit, day)
    nameless = KnownOfClients(names={}, standing=None)
    groups = groups_of(sessions, nameless, day.zone, datetime.now(UTC)) if clients else []
    return [
        _one(each.client, groups, sites, _elsewhere(visit, day, sites, each.client.client_id))
        for each in clients
    ]


def _elsewhere(visit: Visit, day: Day, sites: Mapping[str, str], client_id: str) -> list[str]:
    """As attendance tells it of the token's sites."""
    asked = calendar.ListClientSessionsRequest(client_id=client_id)
    return elsewhere_in_words(visit.ask(asked).sessions, day, sites)


def elsewhere_in_words(
    sessions: Sequence[calendar.ClientSession], day: Day, sites: Mapping[str, str]
) -> list[str]:
    """Where else a client is expected on that day, by this site's clock."""
    return [
        str(
            words().today.find.elsewhere.format(
                site=sites[session.site_id],
                begins=on_the_wall(moment_of(session.starts_at), day.zone),
                ends=on_the_wall(moment_of(session.ends_at), day.zone),
            )
        )
        for session in sessions
        if session.state == calendar.SESSION_STATE_SCHEDULED
        and session.site_id != day.site.site_id
        and date_of(session, "service_date") == day.on
    ]


def _one(
    client: intake.ClientInBrief,
    groups: Sequence[Group],
    sites: Mapping[str, str],
    elsewhere: Sequence[str],
) -> Found:
    rows = [
        (row.key, group)
        for group in groups
        for row in group.rows
        if row.client_id == client.client_id
    ]
    there = {group.session_id for _, group in rows}
    others = [group for group in groups if group.session_id not in there]
    return Found(
        client_id=client.client_id,
        name=full_name(client.family_name, client.given_name),
        born=str(date_of(client, "birth_date")) if client.HasField("birth_date") else "",
        site=sites.get(client.site_id, ""),
        level=client.admitted_level,
        active=client.active,
        elsewhere=elsewhere,
        rows=rows,
        groups=[group for group in others if group.open],
        closed=[group for group in others if group.was_held],
    )
