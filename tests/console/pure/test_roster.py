"""What a roster counts, and where the focus belongs on it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from google.protobuf.timestamp_pb2 import Timestamp
from ninehours.attendance.v1 import calendar_service_pb2 as calendar
from ninehours.attendance.v1 import roster_service_pb2 as roster
from ninehours.common.v1 import due_pb2
from ninehours.intake.v1 import intake_service_pb2 as intake

from kernel.rpc.translate import to_date, to_timestamp
from ninehours.console.pages.my_day.rows import safety_rows
from ninehours.console.pages.today.finding import elsewhere_in_words
from ninehours.console.pages.today.page import day_of
from ninehours.console.pages.today.roster import (
    Group,
    KnownOfClients,
    count_in_words,
    first_expected,
    groups_of,
    row_to_rest_on,
)

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
CHICAGO, NEW_YORK = "America/Chicago", "America/New_York"


def stamp(minutes: int) -> Timestamp:
    return to_timestamp(NOW + timedelta(minutes=minutes))


def presence(
    client_id: str, *, on_roster: bool = True, came: Sequence[int] = (), left: Sequence[int] = ()
) -> roster.RecordedPresence:
    """`came`, `left`: minutes after now."""
    moments = {
        name: [roster.RecordedMoment(at=stamp(each), recorded_at=stamp(each)) for each in said]
        for name, said in (("arrivals", came), ("departures", left))
    }
    return roster.RecordedPresence(client_id=client_id, on_roster=on_roster, **moments)


def group(*presences: roster.RecordedPresence) -> Group:
    session = roster.RecordedSession(
        session_id="morning", starts_at=stamp(-10), ends_at=stamp(170), presences=presences
    )
    nothing = KnownOfClients(names={}, standing=None)
    [found] = groups_of([session], nothing, ZoneInfo(CHICAGO), NOW)
    return found


def test_who_walked_in_is_counted_beside_those_who_were_expected() -> None:
    there = group(
        presence("a", came=[-5]),
        presence("b"),
        presence("c", came=[-5], left=[-1]),
        presence("d", on_roster=False, came=[-2]),
        presence("e", on_roster=False, came=[-2], left=[-1]),
    )
    assert (there.here, there.expected, there.walked_in) == (1, 3, 1)
    assert count_in_words(there) == "1 of 3 here, and 1 who walked in"
    assert count_in_words(group(presence("a"))) == "0 of 1 here"


def test_after_the_last_one_the_focus_rests_on_their_row_and_presses_nothing() -> None:
    groups = [group(presence("a", came=[-5]), presence("b"))]
    assert first_expected(groups, "morning.a") == "morning.b"
    everybody = [group(presence("a", came=[-5]), presence("b", came=[-4]))]
    assert first_expected(everybody, "morning.b") == ""
    assert row_to_rest_on(everybody, "morning.b") == "morning.b"
    assert row_to_rest_on(everybody) == "morning.a"


def test_clocks_are_told_where_sites_have_several() -> None:
    sites = [
        calendar.ListedSite(site_id=zone, name=zone, time_zone=zone) for zone in (CHICAGO, NEW_YORK)
    ]
    asked = {"site": NEW_YORK, "on": str(NOW.date())}
    assert day_of(asked, sites).clock == "New York (EST)"
    assert day_of(asked, sites[1:]).clock == ""


def test_a_task_of_a_day_says_by_which_clock_its_site_goes() -> None:
    sites = {
        zone: calendar.ListedSite(site_id=zone, name="Tollgate", time_zone=zone)
        for zone in (CHICAGO, NEW_YORK)
    }
    task = intake.SafetyTask(task_id="task", due_at=stamp(0))
    due = [due_pb2.DueItem(about_id="task", site_id=NEW_YORK)]
    [row] = safety_rows([task], due, sites, NOW)
    assert row.site == "Tollgate, New York (EST)"
    [row] = safety_rows([task], due, {NEW_YORK: sites[NEW_YORK]}, NOW)
    assert row.site == "Tollgate"


def test_who_is_expected_elsewhere_that_day_is_said_to_be() -> None:
    sites = [
        calendar.ListedSite(site_id=site, name=site.title(), time_zone=CHICAGO)
        for site in ("here", "there")
    ]
    day = day_of({"site": "here", "on": str(NOW.date())}, sites)
    said = {
        "starts_at": stamp(0),
        "ends_at": stamp(180),
        "service_date": to_date(NOW.date()),
        "state": calendar.SESSION_STATE_SCHEDULED,
    }
    sessions = [
        calendar.ClientSession(**{**said, "site_id": "there", **other})
        for other in (
            {},
            {"site_id": "here"},
            {"state": calendar.SESSION_STATE_CANCELLED},
            {"service_date": to_date(NOW.date() + timedelta(days=1))},
        )
    ]
    told = elsewhere_in_words(sessions, day, {site.site_id: site.name for site in sites})
    assert told == ["Expected at There on this day, 9:00 am – 12:00 pm"]
