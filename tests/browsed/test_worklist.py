"""A biller's day on the played story: what waits, why, what is next of it, and what would leave."""

import csv
import io

import pytest
from ninehours.billing.v1 import billing_service_pb2 as billing
from ninehours.billing.v1 import explanation_service_pb2 as explanation
from playwright.sync_api import Browser, expect

from kernel.roles import Role
from ninehours.local.system import LocalSystem
from ninehours.told.fields import iso
from tests.harness.console.browsing import tab
from tests.harness.console.reader import Reader
from tests.harness.console.story import PlayedStory


@pytest.fixture
def biller(browsed: LocalSystem) -> Reader:
    at, _, way_in = browsed.console_url.partition("/sign-in?")
    reader = Reader(at.partition("://")[2])
    roles = reader.get(f"/sign-in?{way_in}")
    assert reader.send(roles.form("/sign-in"), role="biller").status == 200
    return reader


def test_by_keys_alone_from_the_list_to_what_opens_the_day(
    browsed: LocalSystem, browser: Browser, story: PlayedStory
) -> None:
    """Looked at, and not recorded: the story stays as it was played."""
    with tab(browser, browsed.console_url, "biller") as page:
        page.goto("/worklist?reason=AUTHORIZATION_USED_UP")
        page.keyboard.press("d")
        page.wait_for_url(lambda url: "order=dollars" in url)
        page.keyboard.press("j")
        expect(page.locator("tr a").first).to_be_focused()
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "/why/days/" in url)
        page.get_by_role("link", name="Bill it without authorization").press("Enter")
        page.get_by_label("Reason").press("n")
        page.keyboard.press("Enter")
        page.get_by_role("button", name="See what would follow").press("Enter")
        expect(page.get_by_role("heading", name="What would follow")).to_be_visible()
        assert "paid by the day" in page.inner_text("main")


def test_the_file_names_no_client_and_holds_all_that_the_page_tells(
    biller: Reader, story: PlayedStory
) -> None:
    file = biller.get("/worklist/file?kind=hold")
    rows = list(csv.DictReader(io.StringIO(file.body)))
    total = sum(float(row["at_stake"] or 0) for row in rows)
    assert f"On hold: {len(rows)}, ${total:,.2f}" in biller.get("/worklist?kind=hold").text
    assert [name for name in story.names if name in file.body] == []
    assert "attachment" in file.headers["content-disposition"]


def test_a_view_is_kept_once_under_its_name_and_dropped(biller: Reader) -> None:
    shown = biller.get("/worklist?kind=draft&order=dollars")
    refused = biller.send(shown.form("/worklist/views"), name="x" * 101)
    assert refused.status == 422
    form = refused.form("/worklist/views")
    assert form.fields["name"] == "x" * 101
    for _ in range(2):
        kept = biller.send(form, name="Drafts by dollars")
    assert kept.body.count(">Drafts by dollars</a>") == 1
    assert 'href="/worklist?kind=draft&amp;order=dollars">Drafts by dollars' in kept.body
    dropped = biller.send(kept.form("/worklist/views/drop"))
    assert "Drafts by dollars" not in dropped.text


@pytest.mark.parametrize(
    ("filters", "field"), [("first=someday", "first"), ("payer=nobody", "payer")]
)
def test_a_filter_that_cannot_be_used_says_so_at_its_field(
    biller: Reader, filters: str, field: str
) -> None:
    shown = biller.get(f"/worklist?{filters}")
    assert shown.status == 422
    assert f'id="why-{field}"' in shown.body


def test_what_would_leave_is_told_before_anything_does(biller: Reader, story: PlayedStory) -> None:
    draft = story.draft
    address = f"/issue?payer={draft.payer_id}&through={iso(draft.last)}"
    shown = biller.get(address)
    assert "REVOKED_AFTER_SERVICE" in shown.text
    assert biller.post("/issue", {}).status == 403  # no form of ours
    asked = billing.ListClaimsRequest(client_id=draft.client_id, state="CLAIM_STATE_DRAFTED")
    found = [claim.claim_id for claim in story.ask(Role.BILLER, asked).claims]
    assert draft.claim_id in found
    late = biller.get(f"/issue?payer={draft.payer_id}&through=2026-13-01")
    assert (late.status, 'id="why-through"' in late.body) == (422, True)


def test_a_refused_answer_of_a_payer_stays_as_it_was_typed(
    biller: Reader, story: PlayedStory
) -> None:
    path = f"/claims/{story.correction.claim_id}/answer"
    form = biller.get(path).form(path)
    typed = {"payer_control_number": "  ", "status": "ADJUDICATION_STATUS_PAID", "paid": "1,0x"}
    shown = biller.send(form, step="look", **typed)
    assert shown.status == 422
    assert shown.form(path).fields["paid"] == "1,0x"
    assert 'aria-describedby="why-paid"' in shown.body
    assert form.fields["command_id"] == shown.form(path).fields["command_id"]


def test_every_figure_leads_to_why_with_names_beside_ids(
    biller: Reader, story: PlayedStory
) -> None:
    claim_id = story.correction.claim_id
    told = story.ask(Role.BILLER, explanation.ExplainClaimRequest(claim_id=claim_id)).claim
    shown = biller.get(f"/claims/{claim_id}")
    for line in told.lines:
        assert f'href="/why/days/{told.client_id}/{iso(line.service_date)}"' in shown.body
    why = biller.get(f"/why/claims/{claim_id}").text
    assert f"Prairie Example Health Plan ({told.payer_id})" in why
    assert "(staff/" in why


def test_other_rules_are_replayed_and_what_was_typed_stays(
    biller: Reader, story: PlayedStory
) -> None:
    address = f"/what-if?payer={story.draft.payer_id}"
    form = biller.get(address).forms_of("/what-if")[-1]
    minutes = "rule_set.per_diem.minimum_minutes"
    for typed in ("many", "2000"):  # no number, and none of a day: refused here, and by billing
        refused = biller.send(form, **{minutes: typed, "first": "2026-03-01"})
        assert (refused.status, f'id="why-{minutes}"' in refused.body) == (422, True)
        assert refused.forms_of("/what-if")[-1].fields[minutes] == typed
    shown = biller.send(form, **{minutes: "600", "first": "2026-03-01"})
    assert shown.status == 200
    assert "Per diem: Minutes at least" in shown.text
    assert "could not be confirmed" in shown.text
    assert "paid by the day, $285.00" in shown.text
    same = biller.send(form, first="2026-03-01")  # as the form was given: nothing is otherwise
    assert "Nothing would change." in same.text
    assert "What is otherwise" not in same.text
