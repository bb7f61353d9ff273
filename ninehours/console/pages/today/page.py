"""The page: which day of which site, what of its roster, and what is refused, at its field."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from http import HTTPStatus
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from ninehours.attendance.v1 import calendar_service_pb2 as calendar
from ninehours.attendance.v1 import roster_service_pb2 as roster
from ninehours.billing.v1 import explanation_service_pb2 as billing
from ninehours.intake.v1 import chart_service_pb2 as intake
from ninehours.intake.v1 import intake_service_pb2 as admitting

from kernel.rpc.remote_refusal import RemoteRefusal
from kernel.rpc.translate import date_of, to_date
from ninehours.console.pages.mending import InTheWay, in_the_way, named_roles
from ninehours.console.pages.today.roster import (
    Group,
    KnownOfClients,
    State,
    clients_of,
    count_in_words,
    first_expected,
    groups_of,
    keys_of,
    put_right_in,
    row_to_rest_on,
    service_date,
)
from ninehours.console.policies import may, roles_of
from ninehours.console.services import ServiceAway
from ninehours.console.visit import NoSuchPage, Screen, Visit

PATH = "/today"
MOST_NAMED = 200  # clients that one question names


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """What was refused of a row, why, and what had been typed."""

    row: str
    says: str
    typed: str = ""


@dataclass(frozen=True, slots=True)
class Day:
    """A site's day, as the address names it. `clock`: which one its times are by; empty: all sites
    go by one."""

    site: calendar.ListedSite
    on: date
    clock: str = ""

    @property
    def in_words(self) -> str:
        return service_date(self.on)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.site.time_zone)

    @property
    def heard_as(self) -> str:
        """By which attendance tells that a session was put on it: `<site_id>.<date>`."""
        return f"{self.site.site_id}.{self.on}"

    def of(self, site: calendar.ListedSite) -> "Day":
        """The same day at another site."""
        return Day(site, self.on)

    def address(self, *, after: str = "", at: str = "") -> str:
        """Of the page of this day; the focus is at that row, or goes on after it."""
        named = {"site": self.site.site_id, "on": str(self.on), "after": after, "at": at}
        return f"{PATH}?{urlencode({name: said for name, said in named.items() if said})}"

    def was_there(self, session_id: str, client_id: str) -> str:
        """Of the page that says who was at a group that is closed."""
        return f"{PATH}/was-there/{self.site.site_id}/{self.on}/{session_id}/{client_id}"


def today(visit: Visit) -> Screen:
    """The roster of the day that the address names; else of today, at the site that the browser was
    at, or the first one."""
    sites = _sites(visit)
    if not sites:
        return Screen("no_site.html")
    kept = {"site": visit.site_id} if visit.site_id in {site.site_id for site in sites} else {}
    return screen_of(visit, day_of({**kept, **visit.query}, sites), sites)


def screen_of(
    visit: Visit,
    day: Day,
    sites: Sequence[calendar.ListedSite],
    refused: Refused | None = None,
) -> Screen:
    """Today's screen, as services have it now."""
    sessions = sessions_of(visit, day)
    told = _told(visit, clients_of(sessions), day)
    groups = groups_of(sessions, told, day.zone, datetime.now(UTC))
    at, after = (visit.query.get(each, "") for each in ("at", "after"))
    first = "" if at in put_right_in(groups) else at or first_expected(groups, after)
    nearest = _nearest(visit, day)
    shown = {
        "day": day,
        "sites": sites,
        "nearest": nearest,
        "keys": keys_of(groups, nearest=bool(nearest), other_sites=len(sites) > 1),
        "sought": "",
        "searched": False,
        "groups": groups,
        "standing_known": told.standing is not None,
        "tells_standing": _tells_standing(visit),
        "admitted_by": named_roles(roles_of(admitting.AdmitClientRequest())),
        "refused": refused,
        "said_at": _said_at(groups),
        "focus": refused.row if refused else first,
        "rests": "" if refused or first else row_to_rest_on(groups, at or after),
        "count": count_in_words,
    }
    status = HTTPStatus.OK if refused is None else HTTPStatus.UNPROCESSABLE_ENTITY
    return Screen("today.html", shown, status, site_id=day.site.site_id)


def _said_at(groups: Sequence[Group]) -> Collection[str]:
    """Where a refusal is said; of a row that is gone by now, and of a group, it is of the page."""
    rows = {row.key for group in groups for row in group.rows}
    return rows | {group.session_id for group in groups if group.ended is not None}


def day_named(visit: Visit, named: Mapping[str, str]) -> tuple[Day, Sequence[calendar.ListedSite]]:
    """The day that a form or an address names, and every site; NoSuchPage."""
    sites = _sites(visit)
    if not sites:
        raise NoSuchPage
    return day_of(named, sites), sites


def day_of(named: Mapping[str, str], sites: Sequence[calendar.ListedSite]) -> Day:
    """NoSuchPage for a site there is not, or what is no date."""
    site_id = named.get("site") or sites[0].site_id
    found = next((site for site in sites if site.site_id == site_id), None)
    if found is None:
        raise NoSuchPage
    try:
        on = (
            date.fromisoformat(named["on"])
            if named.get("on")
            else datetime.now(ZoneInfo(found.time_zone)).date()
        )
    except ValueError:
        raise NoSuchPage from None
    return Day(found, on, clock_of(found, on, sites))


def clock_of(site: calendar.ListedSite, on: date, sites: Sequence[calendar.ListedSite]) -> str:
    """`New York (EST)`; empty: all of these sites go by one."""
    if len({each.time_zone for each in sites}) == 1:
        return ""
    noon = datetime.combine(on, time(12), ZoneInfo(site.time_zone))
    place = site.time_zone.rpartition("/")[2].replace("_", " ")
    return f"{place} ({noon.tzname()})"


def sessions_of(visit: Visit, day: Day) -> Sequence[roster.RecordedSession]:
    """By start."""
    asked = roster.ReadRosterRequest(site_id=day.site.site_id, on=to_date(day.on))
    return list(visit.ask(asked).sessions)


def _nearest(visit: Visit, day: Day) -> Mapping[str, Day]:
    """Days of the site with sessions: `before` this one, `after` it; those that there are."""
    asked = calendar.FindNearestDaysRequest(site_id=day.site.site_id, on=to_date(day.on))
    found = visit.ask(asked)
    return {
        which: Day(day.site, date_of(found, which))
        for which in ("before", "after")
        if found.HasField(which)
    }


def group_named(
    visit: Visit, day: Day, session_id: str, states: Collection[State] = tuple(State)
) -> tuple[Group, roster.RecordedSession]:
    """One session of the day, with names of those who are so; NoSuchPage where it isn't one of
    them."""
    sessions = [each for each in sessions_of(visit, day) if each.session_id == session_id]
    if not sessions:
        raise NoSuchPage
    now = datetime.now(UTC)
    [group] = groups_of(sessions, KnownOfClients(names={}, standing=None), day.zone, now)
    wanted = [row.client_id for row in group.rows if row.state in states]
    told = KnownOfClients(names=_names(visit, wanted), standing=None)
    [group] = groups_of(sessions, told, day.zone, now)
    return group, sessions[0]


def _sites(visit: Visit) -> Sequence[calendar.ListedSite]:
    """Those that there are, by name."""
    found = visit.ask(calendar.ListSitesRequest()).sites
    return sorted(found, key=lambda site: (site.name.casefold(), site.site_id))


def _told(visit: Visit, client_ids: Sequence[str], day: Day) -> KnownOfClients:
    names = _names(visit, client_ids)
    if not _tells_standing(visit):
        return KnownOfClients(names=names, standing=None)
    try:
        return KnownOfClients(names=names, standing=_standing(visit, client_ids, day))
    except (ServiceAway, RemoteRefusal):
        return KnownOfClients(
            names=names, standing=None
        )  # a roster goes on without it, and says so


def _tells_standing(visit: Visit) -> bool:
    return may(visit, billing.ListStandingRequest())


def _names(visit: Visit, client_ids: Sequence[str]) -> Mapping[str, intake.NamedClient]:
    return {
        named.client_id: named
        for some in _asked(client_ids)
        for named in visit.ask(intake.NameClientsRequest(client_ids=some)).clients
    }


def _standing(
    visit: Visit, client_ids: Sequence[str], day: Day
) -> Mapping[str, Sequence[InTheWay]]:
    site_id, role = day.site.site_id, visit.person.role
    return {
        standing.client_id: in_the_way(standing.obstacles, standing.client_id, site_id, role)
        for some in _asked(client_ids)
        for standing in visit.ask_briefly(
            billing.ListStandingRequest(client_ids=some, on=to_date(day.on))
        ).standings
        if standing.site_id == site_id
    }


def _asked(client_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for first in range(0, len(client_ids), MOST_NAMED):
        yield client_ids[first : first + MOST_NAMED]
