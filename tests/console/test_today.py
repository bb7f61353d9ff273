"""A day at the desk, without script and with it: the real console, on the real services."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from ninehours.attendance.v1 import attendance_service_pb2 as attendance
from playwright.sync_api import Browser, Page, expect

from kernel.process import Service
from kernel.store.store import Store
from ninehours.console.texts import written
from ninehours.local.servers import LocalServers
from tests.harness.console.axe import violations
from tests.harness.console.browsing import go, tab
from tests.harness.console.clinic import FAMILIES, SCRIPT, ZONE, Clinic, clinic
from tests.harness.console.reader import Reader, Shown
from tests.harness.console.running import WAY_IN

BORN = "1984"  # of everybody here


@pytest.fixture(scope="module")
def desk(
    postgres: LocalServers,
    secrets_dir: Path,
    tmp_path_factory: pytest.TempPathFactory,
    new_store_of_module: Callable[[Service], Store],
) -> Iterator[Clinic]:
    folder = tmp_path_factory.mktemp("console")
    with clinic(postgres, secrets_dir, folder, new_store_of_module) as opened:
        yield opened


@contextmanager
def opened(browser: Browser, desk: Clinic, **options: Any) -> Iterator[Page]:
    """A tab of the front desk."""
    way_in = f"http://{desk.running.addresses[0]}/sign-in?way-in={WAY_IN}"
    with tab(browser, way_in, "front_desk", **options) as page:
        yield page


@pytest.fixture
def reader(desk: Clinic) -> Reader:
    return desk.running.signed_in("front_desk")


def test_whoever_comes_next_has_the_focus_until_everybody_is_here(
    desk: Clinic, reader: Reader
) -> None:
    group = desk.group()
    page = reader.get(desk.today(group))
    assert "0 of 12 here" in page.text
    for came, family in enumerate(FAMILIES, start=1):
        assert page.focused.fields["client_id"] == desk.clients[family]
        page = reader.send(page.focused, act="in")
        assert f"{came} of 12 here" in page.text
    # Then it rests on the last row, and Enter presses nothing of it.
    resting = page.body.partition('tabindex="-1" autofocus')[0].rpartition('<tr id="')[2]
    assert resting.startswith(f"{group}.{desk.clients[FAMILIES[-1]]}")
    assert all(presence.arrivals for presence in desk.recorded(group).presences)


def test_a_row_says_who_somebody_is_and_what_cannot_be_billed_with_the_page_that_mends_it(
    desk: Clinic, reader: Reader
) -> None:
    group = desk.group(["Abbott", "Brandt"])
    desk.admit("Brandt")
    page = reader.get(desk.today(group))
    abbott, brandt = (desk.clients[family] for family in ("Abbott", "Brandt"))
    row = page.row(group, abbott)
    assert f"Abbott, Robin {BORN} ○ expected {desk.wall(group, 0)}" in row
    assert "Not admitted at this site on this day." in row
    assert "Clinician: admits them" in row
    assert page.links(group, abbott) == [f"/clients/{abbott}"]
    row = page.row(group, brandt)
    assert "no coverage was verified for the date" in row
    assert "VerifyCoverage" not in row
    links = page.links(group, brandt)
    assert links[:2] == [f"/clients/{brandt}", f"/clients/{brandt}#coverages"]
    for link in links:
        path, _, place = link.partition("#")
        answer = reader.get(path)
        assert answer.status == 200
        assert "Brandt, Robin" in answer.text
        assert not place or f'id="{place}"' in answer.body
    assert reader.get(f"/clients/{brandt}/say/consent").status == 200
    assert "●" in desk.say(reader, group, "Brandt", act="in").row(group, brandt)


def test_a_form_that_is_sent_twice_counts_once(desk: Clinic, reader: Reader) -> None:
    group = desk.group(["Abbott"])
    form = reader.get(desk.today(group)).form("/today/record", session_id=group)
    for act in ("in", "in", "out", "out"):
        assert reader.send(form, act=act).status == 200
    presence = desk.presence(group, "Abbott")
    assert (len(presence.arrivals), len(presence.departures)) == (1, 1)


def test_a_time_that_is_none_is_refused_at_its_field_as_it_was_typed(
    desk: Clinic, reader: Reader
) -> None:
    group = desk.group(["Brandt"])
    page = desk.say(reader, group, "Brandt", act="in", time="soon")
    assert page.status == 422
    assert "This is no time of that day" in page.text
    assert page.focused.fields["time"] == "soon"
    assert not desk.presence(group, "Brandt").arrivals
    page = reader.send(page.focused, act="in", time=desk.wall(group, 3))
    assert desk.wall(group, 3) in page.text


def test_what_is_still_ahead_is_refused_at_its_field(desk: Clinic, reader: Reader) -> None:
    group = desk.group(["Brandt"])
    desk.say(reader, group, "Brandt", act="in")
    page = desk.say(reader, group, "Brandt", act="out", time=desk.wall(group, 100))
    assert page.status == 422
    assert f"{desk.wall(group, 100)} is still ahead" in page.text
    assert page.focused.fields["time"] == desk.wall(group, 100)
    assert not desk.presence(group, "Brandt").departures


def test_a_time_is_put_right_and_taken_back(desk: Clinic, reader: Reader) -> None:
    group = desk.group(["Castillo"])
    desk.say(reader, group, "Castillo", act="in")
    page = desk.say(reader, group, "Castillo", act="in", time=desk.wall(group, 1))
    assert desk.wall(group, 1) in page.text
    nothing_typed = desk.say(reader, group, "Castillo", act="in")
    assert (nothing_typed.status, "Type the time first" in nothing_typed.text) == (422, True)
    [arrival] = desk.presence(group, "Castillo").arrivals
    assert arrival.revision == 2
    desk.say(reader, group, "Castillo", act="out", time=desk.wall(group, 5))
    page = desk.say(reader, group, "Castillo", act="out", time=desk.wall(group, 6))
    assert desk.wall(group, 6) in page.text
    for _ in ("out", "in"):
        page = desk.say(reader, group, "Castillo", act="undo")
    assert "0 of 1 here" in page.text
    assert not desk.presence(group, "Castillo").arrivals


def test_who_did_not_come_is_said_why_and_not_so(desk: Clinic, reader: Reader) -> None:
    group = desk.group(["Dlamini"])
    for act, says in (
        ("no_show", "no-show"),
        ("excused", "excused"),
        ("called_off", "called off by the client"),
    ):
        assert says in desk.say(reader, group, "Dlamini", act=act).text
        desk.say(reader, group, "Dlamini", act="undo")
    assert not desk.presence(group, "Dlamini").HasField("absence")


def test_of_two_desks_the_second_is_told_what_the_first_said(desk: Clinic, reader: Reader) -> None:
    group = desk.group(["Eriksen"])
    other = desk.running.signed_in("clinician")
    stale = other.get(desk.today(group)).form("/today/record", session_id=group)
    desk.say(reader, group, "Eriksen", act="in")
    page = other.send(stale, act="no_show")
    assert page.status == 422
    assert "They were checked in meanwhile" in page.text
    assert "1 of 1 here" in page.text
    taken = reader.get(desk.today(group)).form("/today/record", session_id=group)
    desk.say(other, group, "Eriksen", act="in", time=desk.wall(group, 2))
    page = reader.send(taken, act="undo")
    assert (page.status, "Somebody else put this right meanwhile" in page.text) == (422, True)


def test_a_form_whose_session_is_over_is_kept_and_sent_after_signing_in(
    desk: Clinic, reader: Reader
) -> None:
    group = desk.group(["Fontaine"])
    form = reader.get(desk.today(group)).form("/today/record", session_id=group)
    reader.cookies.pop("ninehours")
    over = reader.send(form, act="in", time=desk.wall(group, 4))
    assert over.status == 401
    assert "It is kept in this page" in over.text
    assert not desk.presence(group, "Fontaine").arrivals
    again = reader.send(over.form("/sign-in"), role="front_desk")
    assert "You are signed in again" in again.text
    page = reader.send(again.form("/today/record"))
    assert desk.wall(group, 4) in page.text
    # Of another session, a form is taken only once somebody looked at it.
    assert reader.send(form, act="out").status == 403


def test_closing_asks_about_each_who_is_here_or_of_whom_nothing_is_said(
    desk: Clinic, reader: Reader
) -> None:
    group = desk.group(["Garcia", "Haddad", "Ivanova"])
    desk.say(reader, group, "Garcia", act="in", time=desk.wall(group, 0))
    desk.say(reader, group, "Ivanova", act="excused")
    asked = reader.get(f"{desk.today(group).replace('?', '/close?')}&session={group}")
    form = asked.form("/today/close")
    left, absent = (f"left {desk.clients['Garcia']}", f"absent {desk.clients['Haddad']}")
    assert form.fields[left] in (desk.wall(group, 10), desk.wall(group, 11))
    assert f"the group is planned until {desk.wall(group, 180)} and isn't over yet" in asked.text
    assert form.fields.keys().isdisjoint({f"absent {desk.clients['Ivanova']}"})
    refused = reader.send(form, **{left: "later", absent: "no_show"})
    assert (refused.status, "This is no time of that day" in refused.text) == (422, True)
    ahead = reader.send(form, **{left: desk.wall(group, 170)})
    assert (ahead.status, f"{desk.wall(group, 170)} is still ahead" in ahead.text) == (422, True)
    assert ahead.form("/today/close").fields[left] == desk.wall(group, 170)
    checked = reader.send(refused.form("/today/close"), **{left: desk.wall(group, 9)}, step="check")
    assert (checked.status, desk.recorded(group).closed) == (200, False)
    assert not desk.presence(group, "Garcia").departures
    page = reader.send(checked.form("/today/close"))
    assert "Closed" in page.text
    assert "attended, 9 min" in page.text
    assert "no-show" in page.text
    recorded = desk.recorded(group)
    assert recorded.closed
    assert desk.presence(group, "Haddad").absence.absence == attendance.ABSENCE_NO_SHOW
    sent = page.forms_of("/today/record")
    assert group not in {form.fields["session_id"] for form in sent}


def typed_moment(desk: Clinic, group: str, minutes: int) -> str:
    """So many minutes after a session began, as a form's field has it."""
    begins = desk.recorded(group).starts_at.ToDatetime(tzinfo=UTC).astimezone(ZoneInfo(ZONE))
    return f"{begins + timedelta(minutes=minutes):%Y-%m-%dT%H:%M}"


def test_who_was_at_a_closed_group_is_put_right_in_their_row_once_what_follows_was_seen(
    desk: Clinic, reader: Reader
) -> None:
    desk.at_another_site()
    group = desk.group(["Garcia", "Haddad"])
    garcia, haddad = desk.clients["Garcia"], desk.clients["Haddad"]
    stale = reader.get(desk.today(group)).form("/today/record", client_id=haddad)
    desk.say(reader, group, "Garcia", act="in", time=desk.wall(group, 0))
    desk.say(reader, group, "Garcia", act="out", time=desk.wall(group, 9))
    closing = reader.get(f"{desk.today(group).replace('?', '/close?')}&session={group}")
    page = reader.send(closing.form("/today/close"))
    refused = reader.send(stale, act="in")
    assert (refused.status, "put right in their row" in refused.text) == (422, True)
    path = page.links(group, garcia)[-1]
    form = reader.get(path).form(path)
    there = [form.fields[f"intervals.0.{end}"] for end in ("from", "to")]
    assert there == [typed_moment(desk, group, minutes) for minutes in (0, 9)]
    wrong_time = {"reason": "CORRECTION_REASON_WRONG_TIME"}
    far = reader.send(form, step="look", **wrong_time, **{"intervals.0.from": "2020-01-01T09:00"})
    assert (far.status, "Came is not within twelve hours of the session" in far.text) == (422, True)
    sooner = {"intervals.0.to": typed_moment(desk, group, 5)}
    older = reader.get(path).form(path)
    looked = reader.send(form, step="look", **wrong_time, **sooner)
    assert "What would follow" in looked.text
    on, came = re.split("T", typed_moment(desk, group, 0))[0], desk.wall(group, 0)
    assert f"Was there Came {on}, {came} (stays as it is)" in looked.text
    assert f"{desk.wall(group, 5)} (before: " in looked.text
    assert not desk.presence(group, "Garcia").corrections
    for _ in ("once", "again"):
        page = reader.send(looked.form(path), step="record")
        assert (page.status, page.at) == (200, f"{desk.today(group)}&at={group}.{garcia}")
    assert "attended, 5 min" in page.row(group, garcia)
    meanwhile = reader.send(older, step="look", **wrong_time)
    assert (meanwhile.status, "Somebody else put this right meanwhile" in meanwhile.text) == (
        422,
        True,
    )
    nobody = {"intervals.0.from": "", "intervals.0.to": ""}
    not_there = {"reason": "CORRECTION_REASON_NOT_THERE", **nobody}
    looked = reader.send(meanwhile.form(path), step="look", **not_there)
    page = reader.send(looked.form(path), step="record")
    assert "missed" in page.row(group, garcia)


def test_who_is_on_no_roster_of_a_closed_group_is_found_and_was_there_after_all(
    desk: Clinic, reader: Reader
) -> None:
    desk.at_another_site()
    group = desk.group(["Abbott"])
    desk.known("Oyelaran", admitted=True)
    path = f"{desk.today(group)}&session={group}".replace("/today?", "/today/close?")
    reader.send(reader.get(path).form("/today/close"))
    found = desk.find(reader, group, "oyelaran")
    assert f"Was there, {desk.wall(group, 0)} – {desk.wall(group, 180)}" in found.text
    [path] = [link for link in re.findall(r'href="([^"]*)"', found.body) if "was-there" in link]
    there = {
        "reason": "CORRECTION_REASON_WAS_THERE",
        "intervals.0.from": typed_moment(desk, group, 0),
        "intervals.0.to": typed_moment(desk, group, 8),
    }
    looked = reader.send(reader.get(path).form(path), step="look", **there)
    page = reader.send(looked.form(path), step="record")
    assert "attended, 8 min" in page.row(group, desk.clients["Oyelaran"])
    open_group = desk.group(["Brandt"])
    answer = reader.get(path.replace(group, open_group))
    assert answer.status == 404


def test_what_is_refused_of_a_row_that_is_gone_by_now_is_said_all_the_same(
    desk: Clinic, reader: Reader
) -> None:
    desk.at_another_site()
    group = desk.group(["Abbott", "Brandt"])
    form = reader.get(desk.today(group)).form("/today/record", client_id=desk.clients["Brandt"])
    desk.front_desk.ask(
        attendance.TakeFromRosterRequest(session_id=group, client_id=desk.clients["Brandt"])
    )
    page = reader.send(form, act="no_show")
    assert (page.status, "They are not on this roster any more." in page.text) == (422, True)


def asked_to_cancel(desk: Clinic, reader: Reader, group: str) -> Shown:
    """The page that asks."""
    return reader.get(f"{desk.today(group).replace('?', '/cancel?')}&session={group}")


def taken_back(desk: Clinic, reader: Reader, group: str) -> Shown:
    """As the button at the group does it."""
    return reader.send(reader.get(desk.today(group)).form("/today/cancel/take-back", session=group))


def test_a_group_is_cancelled_ahead_once_looked_at_and_held_after_all(
    desk: Clinic, reader: Reader
) -> None:
    desk.at_another_site()
    group = desk.group(["Abbott", "Brandt"], begins_in=timedelta(minutes=50))
    asked = asked_to_cancel(desk, reader, group)
    assert "It has not begun. Nobody will have missed it" in asked.text
    assert "On the roster: 2" in asked.text
    assert asked.text.count("missed nothing") == 2
    looked = reader.send(asked.form("/today/cancel"), step="look")
    assert looked.text.count("nothing changes") == 2
    assert not desk.recorded(group).HasField("cancelled")
    form = looked.form("/today/cancel")
    page = reader.send(form, step="record")
    assert "Cancelled" in page.text
    assert "called off by the program" in page.row(group, desk.clients["Abbott"])
    assert page.forms_of("/today/record") == []
    assert reader.send(form, step="record").status == 200
    assert desk.recorded(group).cancelled.revision == 1
    assert "there is nothing to cancel" in asked_to_cancel(desk, reader, group).text
    assert "0 of 2 here" in taken_back(desk, reader, group).text
    assert not desk.recorded(group).HasField("cancelled")


def test_a_group_that_somebody_is_expected_elsewhere_of_stays_cancelled(
    desk: Clinic, reader: Reader
) -> None:
    desk.at_another_site()
    group = desk.group(["Castillo"], begins_in=timedelta(minutes=50))
    form = asked_to_cancel(desk, reader, group).form("/today/cancel")
    reader.send(reader.send(form, step="look").form("/today/cancel"), step="record")
    begins = desk.recorded(group).starts_at.ToDatetime(tzinfo=UTC)
    desk.front_desk.session(
        [desk.clients["Castillo"]], starts_at=begins, facilitator_id=desk.front_desk.clinician()
    )
    refused = taken_back(desk, reader, group)
    assert (refused.status, "They are expected elsewhere at that time" in refused.text) == (
        422,
        True,
    )
    assert desk.recorded(group).HasField("cancelled")


def test_what_nobody_came_to_was_not_held_and_what_somebody_came_to_is_broken_off(
    desk: Clinic, reader: Reader
) -> None:
    desk.at_another_site()
    group = desk.group(["Dlamini", "Eriksen"])
    asked = asked_to_cancel(desk, reader, group)
    assert "Nobody came" in asked.text
    looked = reader.send(asked.form("/today/cancel"), step="look")
    desk.say(reader, group, "Dlamini", act="in", time=desk.wall(group, 1))
    changed = reader.send(looked.form("/today/cancel"), step="record")
    assert changed.status == 422
    assert not desk.recorded(group).HasField("cancelled")
    assert "Somebody said something of this group meanwhile" in changed.text
    assert "left when it was broken off" in changed.text
    form = changed.form("/today/cancel")
    wrong = reader.send(form, step="look", until="soon")
    assert (wrong.status, "This is no time of that day" in wrong.text) == (422, True)
    assert wrong.form("/today/cancel").fields["until"] == "soon"
    ahead = reader.send(form, step="look", until=desk.wall(group, 170))
    assert (ahead.status, "is still ahead" in ahead.text) == (422, True)
    looked = reader.send(form, step="look", until=desk.wall(group, 6))
    form = reader.send(looked.form("/today/cancel"), step="change").form("/today/cancel")
    assert form.fields["until"] == desk.wall(group, 6)
    looked = reader.send(form, step="look", until=desk.wall(group, 5))
    page = reader.send(looked.form("/today/cancel"), step="record")
    assert f"Broken off at {desk.wall(group, 5)}" in page.text
    assert "attended, 4 min" in page.row(group, desk.clients["Dlamini"])
    assert "called off by the program" in page.row(group, desk.clients["Eriksen"])
    assert desk.recorded(group).HasField("broken_off")
    assert "0 of 2 here" in taken_back(desk, reader, group).text
    empty = desk.group(["Fontaine"])
    form = asked_to_cancel(desk, reader, empty).form("/today/cancel")
    reader.send(reader.send(form, step="look").form("/today/cancel"), step="record")
    assert desk.recorded(empty).cancelled.not_held


def test_a_name_is_shown_as_text_whatever_it_is(desk: Clinic, reader: Reader) -> None:
    page = reader.get(desk.today(desk.group([SCRIPT])))
    assert SCRIPT not in page.body
    assert f"{SCRIPT}, Robin" in page.text


def test_who_is_on_no_roster_is_found_and_expected_or_walks_in(
    desk: Clinic, reader: Reader
) -> None:
    desk.at_another_site()
    group = desk.group(["Abbott"])
    desk.known("Mbeki", admitted=True)
    desk.known("Nakamura", admitted=False)
    found = desk.find(reader, group, "mbeki")
    assert ("Mbeki, Robin" in found.text, "mbeki" in found.at) == (True, False)
    page = reader.send(found.form("/today/record"), act="expect")
    assert page.focused.fields["client_id"] == desk.clients["Mbeki"]
    assert "0 of 2 here" in page.text
    asked = desk.find(reader, group, "nakamura").form("/today/record")
    refused = reader.send(asked, act="expect")
    assert (refused.status, "They are not admitted at this site" in refused.text) == (422, True)
    assert refused.form("/today/find").fields["sought"] == "nakamura"
    page = reader.send(refused.form("/today/record"), act="in")
    assert "walk-in" in page.row(group, desk.clients["Nakamura"])
    assert "0 of 2 here, and 1 who walked in" in page.text
    assert desk.presence(group, "Nakamura").arrivals
    again = desk.find(reader, group, "nakamura")
    assert (again.forms_of("/today/record"), "to the row" in again.text) == ([], True)


def test_whoever_is_found_and_is_expected_elsewhere_that_day_is_said_to_be(
    desk: Clinic, reader: Reader
) -> None:
    desk.at_another_site()
    there = desk.group(["Vandermeer"])
    expected = f"Expected at Lakeside on this day, {desk.wall(there, 0)} – {desk.wall(there, 180)}"
    assert expected not in desk.find(reader, there, "vandermeer").text
    desk.at_another_site()
    here = desk.group(["Abbott"])
    assert expected in desk.find(reader, here, "vandermeer").text


def test_of_nobody_found_it_is_said_what_to_type(desk: Clinic, reader: Reader) -> None:
    group = desk.group(["Abbott"])
    nobody = desk.find(reader, group, "xylander")
    assert "Nobody in your sites is found by that" in nobody.text
    assert 'href="/clients/new"' in nobody.body
    assert reader.get("/clients/new").status == 200
    refused = desk.find(reader, group, "")
    assert (refused.status, "type a part of a name" in refused.text) == (422, True)
    assert SCRIPT not in desk.find(reader, group, SCRIPT).body


def test_a_day_without_groups_leads_to_the_nearest_that_have_some(
    desk: Clinic, reader: Reader
) -> None:
    desk.at_another_site()
    group = desk.group(["Abbott"])
    page = reader.get(desk.today(group))
    assert "←" not in page.text
    on = page.form("/today").fields["on"]
    later = reader.get(f"/today?site={desk.front_desk.site_id}&on=2100-01-01")
    assert "No group is scheduled at this site on this day." in later.text
    assert f'on={on}" data-key="["' in later.body.replace("&amp;", "&")


def test_a_browser_goes_on_at_the_site_that_it_was_at(desk: Clinic, reader: Reader) -> None:
    def shown() -> str:
        return reader.get("/today").form("/today").fields["site"]

    two = []
    for _ in range(2):
        desk.at_another_site()
        two.append(desk.front_desk.site_id)
    reader.cookies.pop("ninehours-site", "")
    first = shown()
    for site_id in two:
        reader.get(f"/today?site={site_id}")
        reader.get("/clients")
        reader.look(f"/today?site={first}")  # by a tab that nobody is at
        assert shown() == site_id
    reader.cookies["ninehours-site"] = "none of ours"
    assert shown() == first


@pytest.mark.parametrize("path", ["/today", "/today/close"])
def test_a_roster_is_not_for_every_role(desk: Clinic, path: str) -> None:
    biller = desk.running.signed_in("biller")
    assert "/today" not in biller.get("/").body
    group = desk.group(["Abbott"])
    address = f"{desk.today(group).replace('/today', path)}&session={group}"
    shown = biller.get(address)
    assert (shown.status, "Abbott" in shown.text) == (403, False)


def test_no_address_names_anybody_and_what_is_nowhere_is_nothing(
    desk: Clinic, reader: Reader
) -> None:
    group = desk.group(["Abbott"])
    page = desk.say(reader, group, "Abbott", act="in")
    assert "Abbott" not in page.at
    for wrong in ("?site=none", "?on=tomorrow", "/close?session=none"):
        assert reader.get(f"/today{wrong}").status == 404
    form = reader.get(desk.today(group)).form("/today/record", session_id=group)
    assert reader.send(form, command_id="none").status == 404
    assert reader.send(form, act="vanish").status == 404
    assert "Abbott" not in desk.running.log.read_text()


def test_twelve_people_are_checked_in_by_twelve_keys(desk: Clinic, browser: Browser) -> None:
    """As fast as keys are pressed: none is lost, none counts twice."""
    desk.at_another_site()
    group = desk.group()
    with opened(browser, desk) as page:
        go(page, desk.today(group))
        page.keyboard.type("i" * len(FAMILIES))
        expect(page.get_by_text("12 of 12 here")).to_be_visible()
        expect(page.locator("[data-row]:focus")).to_have_count(1)
        page.keyboard.press("Enter")  # once too often
        page.keyboard.press("o")
        expect(page.get_by_text("11 of 12 here")).to_be_visible()
        page.keyboard.press("u")
        expect(page.get_by_text("12 of 12 here")).to_be_visible()
    assert [len(each.arrivals) for each in desk.recorded(group).presences] == [1] * len(FAMILIES)


def test_every_key_does_what_the_page_says_of_it(desk: Clinic, browser: Browser) -> None:
    """As the help lists them; and in which row the focus is then."""
    desk.at_another_site()
    group = desk.group(FAMILIES[:4])
    with opened(browser, desk) as page:
        go(page, desk.today(group))
        row = {name: page.locator(f"[id='{group}.{desk.clients[name]}']") for name in desk.clients}
        pressed = set[str]()

        def press(listed: str, key: str, says: str = "", of: str = "", then: str = "") -> None:
            pressed.add(listed)
            page.keyboard.press(key)
            if says:
                expect(row[of]).to_contain_text(says)
            if then:
                expect(row[then].locator(":scope:focus, :focus")).to_have_count(1)

        press("j", "ArrowDown", then="Brandt")
        press("j", "j", then="Castillo")
        press("j", "k", then="Brandt")
        press("j", "ArrowUp", then="Abbott")
        press("n", "n", "no-show", of="Abbott", then="Brandt")
        press("e", "e", "excused", of="Brandt", then="Castillo")
        press("c", "c", "called off by the client", of="Castillo", then="Dlamini")
        press("i", "i", "● here", of="Dlamini", then="Dlamini")
        press("o", "o", "left", of="Dlamini", then="Dlamini")
        press("u", "u", "here", of="Dlamini", then="Dlamini")
        press("u", "u", "expected", of="Dlamini", then="Dlamini")
        press("j", "k", then="Castillo")
        press("u", "u", "expected", of="Castillo", then="Castillo")
        press("t", "t", then="Castillo")
        page.keyboard.type("soon")
        page.keyboard.press("Enter")
        expect(row["Castillo"]).to_contain_text("This is no time of that day")
        page.keyboard.press("Control+a")
        page.keyboard.type(desk.wall(group, 2))
        page.keyboard.press("Enter")
        expect(row["Castillo"]).to_contain_text(f"here {desk.wall(group, 2)}", use_inner_text=True)
        page.keyboard.press("Escape")
        press("f", "/")
        expect(page.get_by_label("Name, birth date, member number or phone")).to_be_focused()
        page.keyboard.press("Escape")
        press("h", "?")
        expect(page.get_by_text("to the next row, or the one before")).to_be_visible()
        page.set_viewport_size({"width": 320, "height": 640})
        assert page.evaluate("document.documentElement.scrollWidth") == 320
        for far, key in (("2000-01-01", "]"), ("2100-01-01", "[")):
            go(page, f"/today?site={desk.front_desk.site_id}&on={far}")
            press("d", key)
            expect(page.get_by_text("1 of 4 here")).to_be_visible()
        page.keyboard.press("ArrowDown")
        press("x", "x")
        page.wait_for_url("**/today/close**")
        page.go_back()
        expect(page.get_by_text("1 of 4 here")).to_be_visible()
        press("s", "s")
        expect(page.get_by_label("Site", exact=True)).to_be_focused()
        page.keyboard.press("Home")
        other = page.get_by_label("Site", exact=True).input_value()
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/today?site={other}**")
        assert pressed == written()["today"]["keys"]["names"].keys() - {"p"}  # of what is over
    assert [len(desk.presence(group, family).arrivals) for family in FAMILIES[:4]] == [0, 0, 1, 0]


def listed_keys(page: Page) -> list[str]:
    """As the help of the page says them."""
    names = page.locator("#help dl kbd").all_text_contents()
    by_name = {says: key for key, says in written()["today"]["keys"]["names"].items()}
    return [by_name[says] for says in names]


def test_a_day_that_is_over_is_opened_by_a_key_gone_through_by_keys_and_put_right_by_one(
    desk: Clinic, browser: Browser
) -> None:
    """The help lists no key that does nothing there."""
    desk.at_another_site()
    group = desk.group(["Garcia", "Haddad"])
    with opened(browser, desk) as page:
        go(page, desk.today(group))
        rows = {
            name: page.locator(f"[id='{group}.{desk.clients[name]}']")
            for name in ("Garcia", "Haddad")
        }
        assert "p" not in listed_keys(page)
        page.keyboard.press("i")
        expect(page.get_by_text("1 of 2 here")).to_be_visible()
        page.keyboard.press("x")
        page.get_by_role("button", name="Close it").press("Enter")
        expect(page.get_by_text("Closed", exact=True)).to_be_visible()
        go(page, f"/today?site={desk.front_desk.site_id}&on=2100-01-01")
        page.keyboard.press("[")
        expect(rows["Garcia"]).to_be_focused()
        assert listed_keys(page) == ["j", "p", "f", "s", "h"]  # no other day has groups
        page.keyboard.press("j")
        expect(rows["Haddad"]).to_be_focused()
        page.keyboard.press("p")
        expect(page.get_by_role("heading", name="Put right who was there")).to_be_visible()
        page.get_by_role("link", name="Back").press("Enter")
        expect(rows["Haddad"]).to_be_focused()


def test_where_no_time_is_typed_it_is_said_why_and_what_is_typed_changes_nothing(
    desk: Clinic, browser: Browser
) -> None:
    desk.at_another_site()
    group = desk.group(FAMILIES[:2])
    with opened(browser, desk) as page:
        go(page, desk.today(group))
        at = page.url
        for _ in FAMILIES[:2]:
            page.keyboard.press("n")
        last = page.locator(f"[id='{group}.{desk.clients['Brandt']}']")
        expect(last).to_contain_text("no-show")
        page.keyboard.type("t")
        expect(last.get_by_role("alert")).to_contain_text("undo first")
        page.keyboard.type("9:15\n")
        expect(last).to_be_focused()
        page.keyboard.type("kt9:15\n")
        expect(page.get_by_role("alert")).to_have_count(2)
        assert page.url == at
    told = [presence.HasField("absence") for presence in desk.recorded(group).presences]
    assert told == [True, True]


def test_a_row_leads_where_it_is_mended_and_keys_come_back(desk: Clinic, browser: Browser) -> None:
    desk.at_another_site()
    group = desk.group(["Garcia"])
    desk.admit("Garcia")
    with opened(browser, desk) as page:
        go(page, desk.today(group))
        page.get_by_role("link", name="Add or confirm a coverage").press("Enter")
        expect(page.get_by_role("link", name="Add a coverage")).to_be_visible()
        assert page.url.endswith("#coverages")
        page.go_back()
        expect(page.get_by_text("0 of 1 here")).to_be_visible()
        page.get_by_role("link", name="Garcia, Robin", exact=True).press("Enter")
        expect(page.get_by_role("heading", name="Garcia, Robin")).to_be_visible()


def test_a_group_is_closed_by_keys_and_what_is_refused_stands_where_it_was_typed(
    desk: Clinic, browser: Browser
) -> None:
    desk.at_another_site()
    group = desk.group(["Garcia", "Haddad"])
    with opened(browser, desk) as page:
        go(page, desk.today(group))
        page.keyboard.type(f"t{desk.wall(group, 2)}\n")
        expect(page.get_by_text("1 of 2 here")).to_be_visible()
        page.get_by_role("link", name="Close the group").press("Enter")
        left = page.get_by_label("Left at")
        expect(left).to_be_focused()
        page.keyboard.press("Control+a")
        page.keyboard.type("later")
        for _ in ("to the next field", "to the button", "closing"):
            page.keyboard.press("Enter")
        expect(page.get_by_text("This is no time of that day")).to_be_visible()
        expect(left).to_be_focused()
        expect(left).to_have_value("later")
        assert violations(page) == []
        page.keyboard.press("Control+a")
        page.keyboard.type(desk.wall(group, 10))
        page.keyboard.press("Enter")
        expect(page.get_by_label("Didn't come:")).to_be_focused()
        page.keyboard.type("no-show")
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Close it")).to_be_focused()
        assert not desk.recorded(group).closed
        page.keyboard.press("Enter")
        expect(page.get_by_text("Closed", exact=True)).to_be_visible()
    assert desk.recorded(group).closed
    assert desk.presence(group, "Haddad").absence.absence == attendance.ABSENCE_NO_SHOW


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without"])
def test_a_group_is_cancelled_and_held_after_all_by_keys(
    desk: Clinic, browser: Browser, script: bool
) -> None:
    desk.at_another_site()
    group = desk.group(["Ivanova", "Jansen"], begins_in=timedelta(minutes=50))
    with opened(browser, desk, java_script_enabled=script) as page:
        go(page, desk.today(group))
        page.get_by_role("link", name="Cancel the group").press("Enter")
        for says in ("Look at what it comes to", "Cancel it"):
            button = page.get_by_role("button", name=says)
            expect(button).to_be_focused()
            if script:  # axe hangs without
                assert violations(page) == []
            page.keyboard.press("Enter")
        expect(page.get_by_text("Cancelled")).to_be_visible()
        expect(page.get_by_text("called off by the program")).to_have_count(2)
        page.get_by_role("button", name="Take that back").press("Enter")
        expect(page.get_by_text("0 of 2 here")).to_be_visible()
    assert not desk.recorded(group).HasField("cancelled")


def test_the_roster_prints_as_paper_with_room_to_sign(desk: Clinic, browser: Browser) -> None:
    desk.at_another_site()
    group = desk.group(FAMILIES[:3])
    desk.admit("Abbott")
    with opened(browser, desk) as page:
        go(page, desk.today(group))
        page.keyboard.press("i")
        expect(page.get_by_text("1 of 3 here")).to_be_visible()
        page.emulate_media(media="print")
        for never in ("button", "input", "select", "nav", "header", "summary", "[data-mark]"):
            expect(page.locator(f"{never}:visible")).to_have_count(0)
        expect(page.get_by_text("no coverage was verified")).to_be_hidden()
        heads = page.locator("thead th:visible").all_inner_texts()
        assert heads == ["Name", "Born", "State", "In", "Out", "Signature"]
        for family in FAMILIES[:3]:
            row = page.locator(f"[id='{group}.{desk.clients[family]}']")
            expect(row.locator("th")).to_be_visible()
            expect(row.locator("th")).to_have_text(f"{family}, Robin", use_inner_text=True)
            room = row.locator("td.signature").bounding_box()
            assert room is not None
            assert room["width"] >= 150
            assert room["height"] >= 37  # a centimeter


def test_who_is_sought_is_found_in_the_rows_first_then_among_all(
    desk: Clinic, browser: Browser
) -> None:
    desk.at_another_site()
    group = desk.group(FAMILIES[:3])
    desk.known("Okafor", admitted=True)
    with opened(browser, desk) as page:
        go(page, desk.today(group))
        page.keyboard.type("/brandt\n")
        row = page.locator(f"[id='{group}.{desk.clients['Brandt']}']")
        expect(row.get_by_role("button", name="In", exact=False).first).to_be_focused()
        page.keyboard.type("/okafor\n")
        expect(
            page.locator("#found").get_by_role("button", name="Put on the roster")
        ).to_be_focused()
        assert "okafor" not in page.url.lower()
        page.keyboard.press("Enter")
        expect(page.get_by_text("0 of 4 here")).to_be_visible()
        row = page.locator(f"[id='{group}.{desk.clients['Okafor']}']")
        expect(row.get_by_role("button", name="In", exact=False).first).to_be_focused()
        page.keyboard.press("i")
        expect(page.get_by_text("1 of 4 here")).to_be_visible()
        page.get_by_role("link", name="Close the group").press("Enter")
        page.wait_for_url("**/today/close**")
        page.go_back()
        expect(page.get_by_text("1 of 4 here")).to_be_visible()
        page.reload()
        expect(page.get_by_text("1 of 4 here")).to_be_visible()
    assert len(desk.presence(group, "Okafor").arrivals) == 1


def test_without_script_the_same_keyboard_does(desk: Clinic, browser: Browser) -> None:
    desk.at_another_site()
    group = desk.group(FAMILIES[:3])
    with opened(browser, desk, java_script_enabled=False) as page:
        go(page, desk.today(group))
        for came in range(1, 4):
            page.keyboard.press("Enter")
            expect(page.get_by_text(f"{came} of 3 here")).to_be_visible()
        page.get_by_role("link", name="Close the group").press("Enter")
        page.get_by_role("button", name="Close it").press("Enter")
        expect(page.get_by_text("Closed", exact=True)).to_be_visible()
    assert desk.recorded(group).closed


def test_without_billing_check_ins_go_on_and_without_attendance_nothing_typed_is_lost(
    desk: Clinic, reader: Reader, browser: Browser
) -> None:
    """The last one here: it stops them."""
    desk.at_another_site()
    group = desk.group(["Jansen", "Kowalski"])
    with opened(browser, desk) as shown:
        go(shown, desk.today(group))
        desk.served["billing"].server.stop(0)
        shown.keyboard.press("i")
        expect(shown.get_by_text("is not known at this moment")).to_be_visible()
        expect(shown.get_by_text("Not admitted at this site")).to_have_count(2)
        expect(shown.get_by_text("1 of 2 here")).to_be_visible()
    page = desk.say(reader, group, "Jansen", act="undo")
    page = desk.say(reader, group, "Jansen", act="in")
    assert "1 of 2 here" in page.text
    assert "not known now" in page.row(group, desk.clients["Jansen"])
    assert "is not known at this moment" in page.text
    form = page.form("/today/record", session_id=group, client_id=desk.clients["Jansen"])
    desk.served["attendance"].server.stop(0)
    away = reader.send(form, act="out", time=desk.wall(group, 9))
    assert away.status == 503
    assert "Rosters and sessions (attendance): no answer" in away.text
    kept = away.form("/today/record").fields
    assert (kept["act"], kept["time"]) == ("out", desk.wall(group, 9))
    assert kept["command_id"] == form.fields["command_id"]
    assert WAY_IN not in away.body
