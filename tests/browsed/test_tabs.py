"""What people do with browsers: many tabs, the back button, signing out in one of them."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from ninehours.local.system import LocalSystem
from tests.harness.console.axe import violations
from tests.harness.console.browsing import tab
from tests.harness.console.story import PlayedStory

TABS = 8  # more than a browser opens connections to one address


@pytest.fixture
def desk(browser: Browser, browsed: LocalSystem) -> Iterator[Page]:
    with tab(browser, browsed.console_url, "front_desk") as page:
        yield page


def test_eight_tabs_are_all_read(desk: Page, story: PlayedStory) -> None:
    """Whatever each of them keeps open to hear of what happens meanwhile."""
    at = f"/today?{story.day}"
    tabs = [desk, *(desk.context.new_page() for _ in range(TABS - 1))]
    for page in tabs:
        page.goto(at)
        expect(page.locator("h1")).to_be_visible()
    for page in reversed(tabs):
        page.reload()
        expect(page.locator("h1")).to_be_visible()


def test_the_back_button_leads_back_and_sends_nothing(desk: Page, story: PlayedStory) -> None:
    at = f"/today?{story.day}"
    desk.goto(at)
    desk.goto(f"/today/close?{story.day}&session={story.group.session_id}")
    sent: list[str] = []
    desk.on("request", lambda asked: sent.append(asked.method))
    desk.go_back()
    expect(desk.locator("h1")).to_contain_text("Today")
    desk.go_forward()
    expect(desk.locator("h1")).to_contain_text("Close the group")
    assert "POST" not in sent


def test_signed_out_in_one_tab_is_signed_out_in_all(desk: Page, story: PlayedStory) -> None:
    other = desk.context.new_page()
    for page in (desk, other):
        page.goto(f"/today?{story.day}")
    desk.get_by_role("button", name="Sign out").press("Enter")
    expect(desk.locator("h1")).to_contain_text("Signed out")
    answer = other.reload()
    assert answer is not None
    assert answer.status == 401
    assert [name for name in story.names if name in other.content()] == []


def test_a_roster_prints_as_on_paper(desk: Page, story: PlayedStory) -> None:
    desk.goto(f"/today?{story.day}")
    desk.emulate_media(media="print")
    first = desk.locator("tr[data-row]").first
    expect(first.get_by_role("rowheader")).to_be_visible()
    expect(desk.get_by_role("columnheader", name="Signature").first).to_be_visible()
    expect(first.locator(".signature")).to_be_visible()
    for left_out in ("header", "#find", "#live", "#help", "td[data-acts]"):
        expect(desk.locator(left_out).first).to_be_hidden()


@pytest.mark.parametrize("script", [True, False])
def test_colors_are_chosen_and_stay_in_this_browser(
    browser: Browser, browsed: LocalSystem, script: bool
) -> None:
    with tab(browser, browsed.console_url, "front_desk", java_script_enabled=script) as page:
        page.get_by_role("button", name="Dark").press("Enter")
        expect(page.locator("html[data-bs-theme=dark]")).to_be_attached()
        page.goto("/clients")
        expect(page.locator("html[data-bs-theme=dark]")).to_be_attached()
        expect(page.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")
        if script:  # axe-core is one
            assert violations(page) == []
