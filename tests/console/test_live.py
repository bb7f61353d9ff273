"""Several desks at one roster, in real browsers: what one says the others see, and lose nothing."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from ninehours.attendance.v1 import attendance_service_pb2 as attendance
from playwright.sync_api import Browser, Page, Request, expect

from kernel.process import Service
from kernel.store.store import Store
from kernel.watching.metrics import METRICS
from ninehours.local.servers import LocalServers
from tests.harness.console.axe import violations
from tests.harness.console.browsing import go, tab
from tests.harness.console.clinic import FAMILIES, ZONE, Clinic, clinic
from tests.harness.console.reader import Reader
from tests.harness.console.running import WAY_IN
from tests.harness.kernel.health import assert_counts

HEARD = "What others record shows here by itself."
WATCH = {
    "grpc_type": "server_stream",
    "grpc_service": "ninehours.exchange.v1.NewsService",
    "grpc_method": "Watch",
}
LOST = "doesn't show by itself at this moment"


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


@pytest.fixture
def other(desk: Clinic) -> Reader:
    """The desk at the other window."""
    return desk.running.signed_in("front_desk")


@contextmanager
def opened(browser: Browser, desk: Clinic, group: str, **options: Any) -> Iterator[Page]:
    """A tab of the front desk at the group's roster, that hears what others say."""
    way_in = f"http://{desk.running.addresses[0]}/sign-in?way-in={WAY_IN}"
    with tab(browser, way_in, "front_desk", **options) as page:
        go(page, desk.today(group))
        expect(page.get_by_text(HEARD)).to_be_visible()
        yield page


def row(desk: Clinic, page: Page, group: str, family: str) -> Any:
    return page.locator(f"[id='{group}.{desk.clients[family]}']")


def test_what_another_desk_says_is_marked_and_takes_neither_focus_nor_what_is_typed(
    desk: Clinic, browser: Browser, other: Reader
) -> None:
    desk.at_another_site()
    group = desk.group(FAMILIES[:3])
    with opened(browser, desk, group) as page:
        page.keyboard.press("t")
        page.keyboard.type("9:0")
        desk.say(other, group, "Brandt", act="in")
        expect(row(desk, page, group, "Brandt")).to_contain_text("changed")
        expect(page.get_by_text("1 of 3 here")).to_be_visible()
        # In the row where somebody is at work, too.
        desk.say(other, group, "Abbott", act="no_show")
        mine = row(desk, page, group, "Abbott")
        expect(mine).to_contain_text("no-show")
        expect(mine.locator("input[name=time]")).to_be_focused()
        expect(mine.locator("input[name=time]")).to_have_value("9:0")
        desk.known("Mbeki", admitted=True)
        found = desk.find(other, group, "mbeki").form("/today/record")
        other.send(found, act="expect")
        expect(row(desk, page, group, "Mbeki")).to_contain_text("changed")
        page.keyboard.press("Control+a")
        page.keyboard.press("Delete")
        row(desk, page, group, "Castillo").get_by_role(
            "button", name="In", exact=False
        ).first.focus()
        expect(mine.get_by_role("button", name="Undo")).to_be_visible()
        page.keyboard.press("i")
        expect(page.get_by_text("2 of 4 here")).to_be_visible()
        link = row(desk, page, group, "Castillo").get_by_role("link")
        link.focus()
        desk.say(other, group, "Castillo", act="out")
        expect(row(desk, page, group, "Castillo")).to_contain_text("left")
        expect(link).to_be_focused()
    assert len(desk.presence(group, "Castillo").arrivals) == 1


def test_of_two_desks_at_one_roster_each_sees_the_other_and_a_late_act_is_told_what_was_done(
    desk: Clinic, browser: Browser
) -> None:
    """Two browsers, each of which works in another row than the other by keys alone."""
    desk.at_another_site()
    group = desk.group(FAMILIES[:4])
    with opened(browser, desk, group) as left, opened(browser, desk, group) as right:
        for page, other, mine, others, here in (
            (left, right, "Abbott", "Dlamini", "1 of 4 here"),
            (right, left, "Brandt", "Castillo", "2 of 4 here"),
        ):
            at_work = row(desk, other, group, others).locator("button[data-key=n]")
            at_work.focus()
            row(desk, page, group, mine).locator("button[data-key=i]").press("i")
            expect(row(desk, other, group, mine)).to_contain_text("changed")
            expect(other.get_by_text(here)).to_be_visible()
            expect(at_work).to_be_focused()
        # Where one is at work, too; and what they do then doesn't count against the other's.
        row(desk, right, group, "Castillo").locator("button[data-key=i]").press("i")
        late = row(desk, left, group, "Castillo")
        expect(late).to_contain_text("here")
        expect(late).to_contain_text("changed")
        expect(late.locator("button[data-key=n]")).to_be_focused()
        left.keyboard.press("Enter")
        expect(late.get_by_role("alert")).to_contain_text("They were checked in meanwhile")
        expect(late).to_contain_text("here")
        expect(late.locator("input[name=time]")).to_be_focused()
        assert violations(left) == []
        left.keyboard.press("Escape")
        left.keyboard.press("u")
        expect(row(desk, right, group, "Castillo")).to_contain_text("expected")
        expect(right.get_by_text("2 of 4 here")).to_be_visible()
    assert not desk.presence(group, "Castillo").HasField("absence")


def test_a_group_that_others_schedule_is_told_and_shown_where_it_begins_and_takes_no_focus(
    desk: Clinic, browser: Browser
) -> None:
    desk.at_another_site()
    on = (datetime.now(ZoneInfo(ZONE)) - timedelta(minutes=10)).date()
    way_in = f"http://{desk.running.addresses[0]}/sign-in?way-in={WAY_IN}"
    with tab(browser, way_in, "front_desk") as page:
        page.goto(f"/today?site={desk.front_desk.site_id}&on={on}")  # where nothing is yet
        expect(page.get_by_text(HEARD)).to_be_visible()
        first = desk.group(FAMILIES[:2])
        mine = row(desk, page, first, "Abbott").locator("input[name=time]")
        expect(page.get_by_label("Name, birth date")).to_be_visible()
        mine.focus()
        page.keyboard.type("9:0")
        later = desk.group(FAMILIES[2:4])
        added = page.locator("#added a")
        expect(added).to_have_attribute("href", f"#group-{later}")
        expect(row(desk, page, later, "Castillo")).to_contain_text("changed")
        expect(mine).to_be_focused()
        expect(mine).to_have_value("9:0")
        desk.front_desk.call(attendance.CancelSessionRequest(session_id=later))
        expect(page.locator(f"#session-{later}")).to_contain_text("Cancelled")
        expect(mine).to_be_focused()


def test_eight_tabs_of_a_browser_load_and_share_one_stream(
    desk: Clinic, browser: Browser, other: Reader
) -> None:
    desk.at_another_site()
    group = desk.group(FAMILIES[:2])
    streams: list[str] = []
    with opened(browser, desk, group) as page:
        page.context.on(
            "request", lambda asked: streams.append(asked.url) if "/live?" in asked.url else None
        )
        tabs = [page.context.new_page() for _ in range(7)]
        for each in tabs:
            each.goto(desk.today(group))
        desk.say(other, group, "Abbott", act="in")
        for each in [page, *tabs]:
            expect(row(desk, each, group, "Abbott")).to_contain_text("here")
        assert streams == []  # of the first one alone, before anybody counted
        page.close()
        desk.say(other, group, "Brandt", act="in")
        for each in tabs:
            expect(row(desk, each, group, "Brandt")).to_contain_text("here")
        assert len(streams) == 1


def under_way() -> float:
    """Streams of news that services are answering; all of them run in this process."""
    counts = {"started": 0.0, "handled": 0.0}
    for family in METRICS.collect():
        for sample in family.samples:
            for counted in counts:
                if sample.name == f"grpc_server_{counted}_total" and (
                    WATCH.items() <= sample.labels.items()
                ):
                    counts[counted] += sample.value
    return counts["started"] - counts["handled"]


SHOW = """shown => {
  Object.defineProperty(document, "hidden", { configurable: true, get: () => !shown });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


def is_stream(asked: Request) -> bool:
    return "/live?" in asked.url


def test_however_many_browsers_hear_a_service_is_watched_once(
    desk: Clinic, browser: Browser, other: Reader
) -> None:
    desk.at_another_site()
    group = desk.group(FAMILIES[:2])
    with ExitStack() as browsers:
        pages = [browsers.enter_context(opened(browser, desk, group))]
        with assert_counts(("grpc_server_started_total", WATCH, 0.0)):
            pages += [browsers.enter_context(opened(browser, desk, group)) for _ in range(3)]
            desk.say(other, group, "Abbott", act="in")
            for page in pages:
                expect(row(desk, page, group, "Abbott")).to_contain_text("here")
        assert under_way() == 1


def test_nothing_is_heard_while_a_page_is_hidden_and_all_of_it_once_it_is_shown(
    desk: Clinic, browser: Browser, other: Reader
) -> None:
    desk.at_another_site()
    group = desk.group(FAMILIES[:2])
    with opened(browser, desk, group) as page:
        with page.expect_event("requestfailed", is_stream):
            page.evaluate(SHOW, False)
        desk.say(other, group, "Abbott", act="in")
        expect(row(desk, page, group, "Abbott")).to_contain_text("expected")
        with page.expect_event("request", is_stream):
            page.evaluate(SHOW, True)
        expect(row(desk, page, group, "Abbott")).to_contain_text("here")
        desk.say(other, group, "Brandt", act="in")
        expect(row(desk, page, group, "Brandt")).to_contain_text("here")


def test_only_who_is_signed_in_hears_and_only_of_what_they_name(
    desk: Clinic, other: Reader
) -> None:
    assert desk.running.reader().get("/live?of=x").status == 401
    assert other.get("/live?of=" + ",".join(["x"] * 501)).status == 400


def test_a_page_that_looks_by_itself_keeps_nobody_signed_in(desk: Clinic, other: Reader) -> None:
    path = desk.today(desk.group(FAMILIES[:1]))
    for idle, status in (("10 minutes", 200), ("6 minutes", 401)):
        desk.running.execute(f"UPDATE session SET used_at = used_at - interval '{idle}'")
        assert other.look(path).status == status


def test_without_attendance_a_page_says_that_it_hears_nothing_and_goes_on_once_it_is_back(
    desk: Clinic, browser: Browser
) -> None:
    """The last one here: it stops it."""
    desk.at_another_site()
    group = desk.group(FAMILIES[:2])
    with opened(browser, desk, group) as page:
        desk.served["attendance"].server.stop(0)
        expect(page.get_by_text(LOST)).to_be_visible()
        expect(page.get_by_role("link", name="Look again")).to_be_visible()
