"""Finding, registering and putting right on the played story, with a browser and its keyboard; with
a service away, a session that ended and a form that is sent twice in between."""

import re
import signal
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from ninehours.intake.v1 import intake_service_pb2 as intake
from ninehours.intake.v1 import statements_service_pb2 as statements
from playwright.sync_api import Browser, Locator, Page, expect

from kernel.roles import Role
from ninehours.cli.connection import Services
from ninehours.local.system import LocalSystem
from ninehours.told.fields import iso
from tests.browsed.test_my_day import signed_in
from tests.harness.console.browsing import go, tab
from tests.harness.console.reader import Form, Reader
from tests.harness.console.story import PlayedStory
from tests.harness.console.unsigned import asked
from tests.harness.intake.service import identity

KEYS = 120  # as far as anything is from the head of a page
AWAY, ENDED = 503, 401
MISTYPED = {
    "correction.reason": "CORRECTION_REASON_MISTYPED",
    "correction.remark": "On the card it is the fourth.",
}


@pytest.fixture(scope="module")
def services(browsed: LocalSystem) -> Iterator[Services]:
    with asked(browsed) as services:
        yield services


def registered(services: Services, story: PlayedStory, family_name: str) -> str:
    """Somebody of one's own at the story's first site."""
    asked = intake.RegisterClientRequest(
        identity=identity(family_name=family_name), site_id=story.group.site_id
    )
    asked.meta.command_id = str(uuid4())
    return str(services.ask(Role.FRONT_DESK, asked).client_id)


def stated(services: Services, client_id: str, kind: str) -> list[Any]:
    """Statements of a kind."""
    listed = statements.ListStatementsRequest(client_id=client_id)
    every = services.ask(Role.FRONT_DESK, listed).statements
    return [each for each in every if each.revisions[0].recording.WhichOneof("said") == kind]


def to(page: Page, target: Locator) -> None:
    """As far as Tab leads there."""
    expect(target).to_be_visible()
    for _ in range(KEYS):
        if target.evaluate("one => one === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"no key leads to {target}")


def fill(page: Page, **typed: str) -> None:
    """Each field, by its name in the form, as one types: of dates the digits."""
    for name, text in typed.items():
        to(page, page.locator(f"[name='{name.replace('__', '.')}']"))
        page.keyboard.type(text)


def press(page: Page, name: str | re.Pattern[str], role: Any = "link") -> None:
    to(page, page.get_by_role(role, name=name))
    page.keyboard.press("Enter")


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", name=text)).to_be_visible()


def looked_and_recorded(page: Page, at: str) -> None:
    """From a field of a line: what would follow, then where it is read."""
    page.keyboard.press("Enter")
    heading(page, "What would follow")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: urlsplit(url).path == at)


def test_from_finding_to_a_corrected_coverage_by_keyboard_alone(
    browsed: LocalSystem, browser: Browser, services: Services, story: PlayedStory
) -> None:
    with tab(browser, browsed.console_url, "front_desk") as page:
        go(page, "/clients")
        page.keyboard.type("Zbyszko 2/29/1984")
        page.keyboard.press("Enter")
        expect(page.get_by_text("Nobody at your sites meets all of that")).to_be_visible()
        press(page, "Register somebody new")
        heading(page, "Register a client")
        fill(page, site_id=page.locator("[name=site_id] option").nth(1).inner_text())
        fill(page, identity__family_name="Zbyszko", identity__given_name="Ada")
        fill(page, identity__birth_date="02291984", identity__sex="female")
        fill(page, identity__address__line="5 Wharf Lane", identity__address__city="Chicago")
        fill(page, identity__address__state="IL", identity__address__zip="60601")
        expect(page.get_by_text("Nobody at your sites seems to be them")).to_be_visible()
        to(page, page.locator("[name='contacts.phone']"))
        page.keyboard.press("Enter")
        heading(page, "What would follow")
        page.keyboard.press("Enter")
        heading(page, "Zbyszko, Ada")
        at = urlsplit(page.url).path
        press(page, "Add a coverage")
        heading(page, "Add a coverage")
        fill(page, payer_id=page.locator("[name=payer_id] option").nth(1).inner_text())
        fill(page, effective_from="03022026", member_number="ZB-1")
        looked_and_recorded(page, at)
        press(page, "Say what the payer confirmed")
        heading(page, "Say what the payer confirmed")
        to(page, page.locator("[name=verified_from]"))
        page.keyboard.type("03032026")
        press(page, "See what would follow", "button")
        heading(page, "What would follow")
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: urlsplit(url).path == at)
        press(page, re.compile("Put right ?: What the payer confirmed"))
        heading(page, "Put right")
        fill(page, recording__coverage__verified_from="03042026")
        fill(
            page, correction__reason="mistyped", correction__remark="On the card it is the fourth."
        )
        press(page, "See what would follow", "button")
        expect(page.get_by_text("No service day and no claim changes.")).to_be_visible()
        page.keyboard.press("Enter")
        expect(page.get_by_text("mistyped: On the card it is the fourth.")).to_be_visible()
        expect(page.locator("s", has_text="2026-03-03")).to_be_visible()
        # What was sent is no page to go back to.
        page.go_back()
        heading(page, "Put right")
    assert len(stated(services, at.rpartition("/")[2], "membership")) == 1


def test_the_same_without_script_and_what_it_comes_to(
    browsed: LocalSystem, services: Services, story: PlayedStory
) -> None:
    """Of somebody who came: what is looked at is recorded nowhere."""
    reader = signed_in(browsed, "front_desk")
    [coverage, *_] = stated(services, story.client_id, "coverage")
    path = f"/clients/{story.client_id}/statements/{coverage.statement_id}/correct"
    form = reader.get(path).form(path)
    page = reader.send(form, step="look")
    assert (page.status, 'id="why-correction.reason"' in page.body) == (422, True)
    since = iso(story.group.service_date)
    said = {**MISTYPED, "recording.coverage.verified_from": since}
    page = reader.send(form, step="look", **said)
    assert page.status == 200
    assert "Service days" in page.text
    assert "on hold" in page.text
    assert len(stated(services, story.client_id, "coverage")[0].revisions) == 1


def coverage_typed(reader: Reader, client_id: str, number: str) -> Form:
    """As it is looked at, and to be recorded."""
    path = f"/clients/{client_id}/say/membership"
    page = reader.get(path)
    payer = page.body.partition('name="payer_id"')[2].split('<option value="')[2].partition('"')[0]
    looked = reader.send(
        page.form(path),
        step="look",
        payer_id=payer,
        member_number=number,
        effective_from="2026-03-02",
    )
    assert looked.status == 200
    return looked.form(path)


def said(page: Page, client_id: str, number: str) -> None:
    """A coverage, until it is looked at."""
    go(page, f"/clients/{client_id}/say/membership")
    page.locator("[name=payer_id]").select_option(index=1)
    page.locator("[name=effective_from]").fill("2026-03-02")
    page.locator("[name=member_number]").fill(number)
    page.keyboard.press("Enter")
    heading(page, "What would follow")


def test_while_a_service_is_away_what_was_typed_stays_and_sent_again_it_is_one_command(
    browsed: LocalSystem, browser: Browser, services: Services, story: PlayedStory
) -> None:
    client_id = registered(services, story, "Awayton")
    with tab(browser, browsed.console_url, "front_desk", answered=[AWAY]) as page:
        said(page, client_id, "AWAY-1")
        browsed.kill("intake-api", signal.SIGSTOP)
        try:
            page.keyboard.press("Enter")
            heading(page, "Something does not answer")
        finally:
            browsed.kill("intake-api", signal.SIGCONT)
        expect(page.get_by_role("alert")).to_contain_text("no answer at this moment")
        again = page.get_by_role("button", name="Send it", exact=True)
        expect(again).to_be_focused()
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: urlsplit(url).path == f"/clients/{client_id}")
        expect(page.get_by_text("AWAY-1").first).to_be_visible()
    assert len(stated(services, client_id, "membership")) == 1


def test_what_was_typed_outlives_the_session_and_counts_once_however_often_it_is_sent(
    browsed: LocalSystem, browser: Browser, services: Services, story: PlayedStory
) -> None:
    client_id = registered(services, story, "Twiceworth")
    with tab(browser, browsed.console_url, "front_desk", answered=[ENDED]) as page:
        said(page, client_id, "TWICE-1")
        other = page.context.new_page()
        go(other, "/clients")
        other.get_by_role("button", name="Sign out").press("Enter")
        heading(other, "Signed out")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("kept in this page")
        page.locator("[value=front_desk]").press("Enter")
        sent: list[str] = []
        page.on("request", lambda request: sent.append(request.method))
        page.get_by_role("button", name="Send it", exact=True).evaluate(
            "one => (one.click(), one.click())"
        )
        page.wait_for_url(lambda url: urlsplit(url).path == f"/clients/{client_id}")
        assert sent.count("POST") == 1
        expect(page.get_by_text("TWICE-1").first).to_be_visible()
    reader = signed_in(browsed, "front_desk")
    form = coverage_typed(reader, client_id, "TWICE-2")
    assert {reader.send(form, step="record").status for _ in range(2)} == {200}
    assert len(stated(services, client_id, "membership")) == 2
