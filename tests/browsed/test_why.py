"""Why, on the played story: as it was known on a day before, printed, and with names beside ids."""

from datetime import timedelta

import pytest
from ninehours.billing.v1 import explanation_service_pb2 as explanation
from playwright.sync_api import Browser, expect

from kernel.roles import Role
from ninehours.local.system import LocalSystem
from ninehours.story import days
from ninehours.told.fields import iso
from tests.browsed.test_my_day import signed_in
from tests.harness.console.browsing import tab
from tests.harness.console.reader import Reader
from tests.harness.console.story import PlayedStory


@pytest.fixture
def biller(browsed: LocalSystem) -> Reader:
    return signed_in(browsed, "biller")


def test_a_day_is_told_as_it_was_known_before_its_attendance_was_corrected(
    biller: Reader, story: PlayedStory
) -> None:
    client_id, on = story.correction.client_id, story.correction.first
    asked = explanation.ExplainDayRequest(client_id=client_id, service_date=on)
    last = story.ask(Role.BILLER, asked).day.revisions[-1].revision
    before = story.issued.issued_at.ToDatetime().date() - timedelta(days=1)
    why = f"/why/days/{client_id}/{iso(on)}"
    assert f"revision {last}:" in biller.get(why).text
    then = biller.get(f"{why}?as_of={before}")
    assert f"revision {last}:" not in then.text
    assert f"As it was known at the end of {before}" in then.text
    assert biller.get(f"{why}?as_of=2025-01-01").status == 404
    refused = biller.get(f"{why}?as_of=someday")
    assert (refused.status, 'aria-describedby="why-as_of"' in refused.body) == (422, True)
    # Where one reads on, it is of that day, too.
    claim = biller.get(
        f"/why/claims/{story.correction.claim_id}?as_of={days.LAST_SUNDAY.year + 9}-01-01"
    )
    assert f"/{iso(on)}?as_of=" in claim.body


def test_payers_sites_and_staff_stand_by_name_beside_their_ids(
    biller: Reader, story: PlayedStory
) -> None:
    asked = explanation.ExplainClaimRequest(claim_id=story.correction.claim_id)
    told = story.ask(Role.BILLER, asked).claim
    why = biller.get(f"/why/claims/{story.correction.claim_id}").text
    for named_id in (told.payer_id, told.site_id, told.provider_id):
        assert f"({named_id})" in why


def test_what_stands_in_the_way_of_a_day_comes_before_all_that_is_open(
    biller: Reader, story: PlayedStory
) -> None:
    why = biller.get(f"/why/days/{story.held_day}").text
    section = why[why.index("gates") :]
    assert section.index("AUTHORIZATION_USED_UP") < section.index("are open: what each rests on")
    assert "MINUTES:" not in section[: section.index("AUTHORIZATION_USED_UP")]


@pytest.mark.parametrize("script", [True, False])
def test_on_paper_stands_the_answer_and_nothing_to_press(
    browser: Browser, browsed: LocalSystem, story: PlayedStory, script: bool
) -> None:
    with tab(browser, browsed.console_url, "biller", java_script_enabled=script) as page:
        page.goto(f"/why/days/{story.held_day}")
        says = page.locator("h1").inner_text()
        assert page.get_by_role("button", name="Print it").is_visible() == script
        page.emulate_media(media="print")
        expect(page.locator("h1")).to_have_text(says)
        expect(page.get_by_text("AUTHORIZATION_USED_UP").first).to_be_visible()
        expect(page.get_by_text("MINUTES:").first).to_be_visible()  # which is open, and folded
        pressed = page.locator("main :is(a, button, input, select, summary)")
        shown = [each for each in pressed.all() if each.is_visible()]
        assert [each.inner_text() for each in shown] == []
