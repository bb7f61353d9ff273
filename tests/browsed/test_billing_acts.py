"""What a biller records on the played story: by keys alone and without script, once however often
it is sent, refused at its field. On days and claims that nobody else's tests look at."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from ninehours.billing.v1 import billing_events_pb2 as events
from ninehours.billing.v1 import billing_service_pb2 as billing
from ninehours.billing.v1 import billing_work_service_pb2 as work
from ninehours.billing.v1 import explanation_service_pb2 as explanation
from ninehours.intake.v1 import intake_service_pb2 as intake
from playwright.sync_api import Browser, Page, expect

from kernel.roles import Role
from ninehours.local.system import LocalSystem
from ninehours.story import days
from ninehours.story.catching_up import wait_until_caught_up
from ninehours.told.fields import iso
from tests.browsed.test_clients import fill, press
from tests.browsed.test_my_day import signed_in
from tests.harness.console.altered import ServicesOfThen, altered
from tests.harness.console.axe import violations
from tests.harness.console.browsing import tab
from tests.harness.console.figures import unexplained
from tests.harness.console.reader import Reader, Shown
from tests.harness.console.running import WAY_IN
from tests.harness.console.story import PlayedStory

ORIGINAL = "1"
PAID = {"payer_control_number": "PC7002", "status": "ADJUDICATION_STATUS_PAID", "paid": "1.00"}


@pytest.fixture(scope="module")
def biller(browsed: LocalSystem) -> Iterator[Reader]:
    """Without script, at a console that asks as in the week after the story."""
    with altered(browsed, services=ServicesOfThen) as sign_in:
        yield sign_in("biller")


@pytest.fixture
def page(browser: Browser, biller: Reader) -> Iterator[Page]:
    """With script, at the same console."""
    way_in = f"http://{biller.address}/sign-in?way-in={WAY_IN}"
    with tab(browser, way_in, "biller", reduced_motion="reduce") as page:
        yield page


def caught_up(story: PlayedStory) -> None:
    wait_until_caught_up(
        lambda service, request, **_: story.ask(Role.OPERATOR, request, service=service)
    )


def explained(story: PlayedStory, claim_id: str) -> explanation.ExplainedClaim:
    asked = explanation.ExplainClaimRequest(claim_id=claim_id)
    return story.ask(Role.BILLER, asked).claim  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def unanswered(story: PlayedStory) -> list[str]:
    """Claims whose payer hasn't answered; but for the one that others look at."""
    asked = billing.ListClaimsRequest(state=billing.CLAIM_STATE_ISSUED, page_size=1000)
    claims = story.ask(Role.BILLER, asked).claims
    return [
        each.claim_id
        for each in claims
        if not each.adjudication
        and each.frequency == ORIGINAL
        and each.claim_id != story.correction.claim_id
    ]


@pytest.fixture(scope="module")
def mine(story: PlayedStory) -> work.WorkItem:
    """A correction of this file's own: a client whose claim was paid keeps its last date from the
    payer."""
    others = {story.correction.client_id, story.draft.client_id, *story.held_day.split("/")}
    asked = billing.ListClaimsRequest(state=billing.CLAIM_STATE_ISSUED, page_size=1000)
    claim = next(
        each
        for each in story.ask(Role.BILLER, asked).claims
        if each.adjudication == events.ADJUDICATION_STATUS_PAID
        and each.frequency == ORIGINAL
        and not each.followed_by_claim_id
        and each.client_id not in others
        and each.lines[-1].service_date != each.lines[0].service_date
    )
    on: dict[str, Any] = dict.fromkeys(("from", "to"), claim.lines[-1].service_date)
    restricted = intake.RestrictDisclosureRequest(
        client_id=claim.client_id, payer_id=claim.payer_id, **on
    )
    restricted.meta.command_id = str(uuid4())
    story.ask(Role.FRONT_DESK, restricted)
    caught_up(story)
    found = story.ask(Role.BILLER, work.ListWorkRequest(kind=work.WORK_KIND_PROPOSAL)).items
    return next(  # type: ignore[no-any-return]
        each for each in found if each.claim_id == claim.claim_id
    )


@pytest.mark.parametrize("script", [True, False])
def test_what_a_payer_answered_is_recorded_by_keys_alone(
    browser: Browser, browsed: LocalSystem, story: PlayedStory, unanswered: list[str], script: bool
) -> None:
    claim_id = unanswered[int(script)]
    with tab(browser, browsed.console_url, "biller", java_script_enabled=script) as page:
        page.goto(f"/claims/{claim_id}/answer")
        for typed in ("PC7001", "paid", "1,0x"):
            page.keyboard.type(typed)
            page.keyboard.press("Tab")
        page.get_by_label("Paid (dollars)").press("Enter")
        wrong = page.get_by_label("Paid (dollars)")
        expect(wrong).to_be_focused()
        expect(wrong).to_have_attribute("aria-invalid", "true")
        if script:
            assert violations(page) == []
        page.keyboard.press("Control+A")
        page.keyboard.type("1.00")
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Record it")).to_be_focused()
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/claims/{claim_id}")
        expect(page.locator("h1")).to_contain_text("paid")
    assert explained(story, claim_id).answer.paid.minor_units == 100


def test_what_a_payer_answered_counts_once_and_another_answer_wants_a_reason(
    browsed: LocalSystem, story: PlayedStory, unanswered: list[str]
) -> None:
    claim_id, biller = unanswered[2], signed_in(browsed, "biller")
    path = f"/claims/{claim_id}/answer"
    looked = biller.send(biller.get(path).form(path), step="look", **PAID)
    assert looked.status == 200, looked.text
    recorded, again = (biller.send(looked.form(path), step="record") for _ in range(2))
    assert recorded.at == again.at == f"/claims/{claim_id}"
    assert "paid, $1.00 paid" in recorded.text
    assert again.text == recorded.text
    assert "Nothing is to be done about it now." in recorded.text  # another one is a link below
    assert f'href="{path}">The payer answered again' in recorded.body
    # From a client to their claims.
    client = f"/clients/{explained(story, claim_id).client_id}"
    assert f'href="{client}/chart#band-claims"' in biller.get(client).body
    chart = biller.get(f"{client}/chart").body
    assert chart.index('id="band-claims"') < chart.index(f'href="/claims/{claim_id}"')
    other = {**PAID, "paid": "2.00"}
    refused = biller.send(biller.get(path).form(path), step="look", **other)
    assert (refused.status, "Another answer stands there already" in refused.text) == (422, True)
    kept = refused.form(path)
    assert kept.fields["paid"] == "2.00"
    looked = biller.send(kept, step="look", overrides="ADJUDICATION_OVERRIDE_ENTERED_WRONG")
    assert "$2.00 paid" in biller.send(looked.form(path), step="record").text
    assert explained(story, claim_id).answer.paid.minor_units == 200


def test_a_correction_that_changed_stands_beside_what_was_ticked_and_is_refused_in_its_row(
    biller: Reader, story: PlayedStory, mine: work.WorkItem
) -> None:
    path, tick = "/issue/corrections", f"named {mine.claim_id}"
    shown = biller.get(f"{path}?payer={mine.payer_id}")
    form = shown.forms_of(path)[-1]
    nothing = biller.send(form, step="look")
    assert (nothing.status, "tick those" in nothing.text) == (422, True)
    changed = biller.send(form, step="look", **{tick: "7 void, $9.00 → $0.00"})
    assert changed.status == 422
    assert "You looked at: void, $9.00 → $0.00" in changed.text
    assert f'aria-describedby="why-{mine.claim_id}"' in changed.body
    assert "Issue these corrections" not in changed.text
    gone = biller.send(form, step="look", **{f"named {story.draft.claim_id}": "1 void"})
    assert (gone.status, "This is not proposed any more: void" in gone.text) == (422, True)
    proposed = story.ask(Role.BILLER, work.ListWorkRequest(kind=work.WORK_KIND_PROPOSAL)).items
    awaiting = events.PROPOSAL_STATE_AWAITING_CONTROL_NUMBER
    waits = next(each for each in proposed if each.state == awaiting)
    named = {f"named {waits.claim_id}": f"{waits.revision} as it was"}
    form = biller.get(f"{path}?payer={waits.payer_id}").forms_of(path)[-1]
    refused = biller.send(form, step="look", **named)
    assert (refused.status, f'id="why-{waits.claim_id}"' in refused.body) == (422, True)


def test_a_correction_leaves_by_keys_alone_and_once_however_often_it_is_sent(
    page: Page, story: PlayedStory, mine: work.WorkItem
) -> None:
    page.goto(f"/claims/{mine.claim_id}")
    assert unexplained(page) == []
    page.get_by_role("link", name="See the correction").press("Enter")
    page.wait_for_url("**/issue/corrections?**")
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(1)
    page.get_by_role("button", name="See what would leave").press("Enter")
    issue = page.get_by_role("button", name="Issue these corrections")
    expect(issue).to_be_focused()
    assert violations(page) == []
    assert unexplained(page, "[role=status]") == []
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Issued")
    assert violations(page) == []
    assert unexplained(page, "[role=status]") == []
    file = page.get_by_role("link", name="File 1")
    first = file.get_attribute("href")
    page.reload()
    assert file.get_attribute("href") == first
    assert explained(story, mine.claim_id).followed_by_claim_id != ""
    page.get_by_role("cell").get_by_role("link").last.press("Enter")
    expect(page.locator("h1")).to_contain_text(re.compile("Why (replacement|void) claim"))


def test_a_day_is_billed_without_authorization_and_its_claim_leaves_once_by_keys_alone(
    page: Page, browser: Browser, biller: Reader, story: PlayedStory
) -> None:
    """The day is said in a browser with script, its claim issued in one without."""
    asked = work.ListWorkRequest(kind=work.WORK_KIND_HOLD, reason="AUTHORIZATION_USED_UP")
    held = [f"{each.client_id}/{iso(each.first)}" for each in story.ask(Role.BILLER, asked).items]
    day = next(each for each in held if each != story.held_day)
    assert story.draft.claim_id  # the others' is known before there is another
    path = f"/days/{day}/without_authorization"
    form = biller.get(path).form(path)
    refused = biller.send(form, step="look")
    assert (refused.status, 'aria-describedby="why-reason' in refused.body) == (422, True)
    looked = biller.send(form, step="look", reason="WAIVER_REASON_NETWORK_DECISION")
    assert "a new draft" in looked.text
    assert f'href="/why/days/{day}"' in looked.body
    page.goto(f"/why/days/{day}")
    press(page, "Bill it without authorization")
    fill(page, reason="network")
    looked_and_recorded(page, f"/why/days/{day}")
    # Of who looked before, the same; it is said once.
    assert biller.send(looked.form(path), step="record").at == f"/why/days/{day}"
    caught_up(story)
    assert "PER_DIEM" in biller.get(f"/why/days/{day}").text

    way_in = f"http://{biller.address}/sign-in?way-in={WAY_IN}"
    with tab(browser, way_in, "biller", java_script_enabled=False) as plain:
        plain.goto("/issue")
        plain.get_by_label("Payer").focus()
        plain.keyboard.type(payer_name(story, story.draft.payer_id))
        plain.keyboard.press("Tab")
        plain.keyboard.type(f"{ServicesOfThen.NOW:%m%d%Y}")
        plain.keyboard.press("Enter")
        plain.get_by_role("button", name="Issue: 1 claim, ").press("Enter")
        expect(plain.locator("h1")).to_have_text("Issued")
        expect(plain.locator(f"a[href='/why/days/{day}']")).to_have_count(1)
        file = plain.get_by_role("link", name="File 1")
        first = str(file.get_attribute("href"))
        plain.reload()
        assert file.get_attribute("href") == first
    content = biller.get(first)
    assert content.headers["cache-control"] == "no-store"
    assert "attachment" in content.headers["content-disposition"]
    assert content.body.startswith("ISA*")


def test_an_authorization_is_recorded_once_and_refused_at_its_fields(
    biller: Reader, story: PlayedStory
) -> None:
    """Of years in which nobody came yet."""
    path = f"/days/{story.held_day}/authorization"
    form = biller.get(path).form(path)
    typed = {"number": "A-7001", "units": "many", "effective_from": "2031-01-01"}
    refused = biller.send(form, step="look", effective_to="2031-01-02", **typed)
    assert (refused.status, 'aria-describedby="why-units' in refused.body) == (422, True)
    typed["units"] = "7"
    refused = biller.send(form, step="look", effective_to="2030-01-02", **typed)
    assert refused.status == 422
    assert refused.form(path).fields["number"] == "A-7001"
    assert 'aria-describedby="why-' in refused.body
    looked = biller.send(
        form,
        step="look",
        effective_to="2031-01-02",
        unit="AUTHORIZATION_UNIT_DAYS",
        site_id="",
        any_site="yes",
        **typed,
    )
    assert looked.status == 200, looked.text
    client_id = story.held_day.partition("/")[0]
    asked = billing.ListAuthorizationsRequest(client_id=client_id)
    before = len(story.ask(Role.BILLER, asked).authorizations)
    for _ in range(2):
        assert biller.send(looked.form(path), step="record").at == f"/why/days/{story.held_day}"
    assert len(story.ask(Role.BILLER, asked).authorizations) == before + 1


def test_a_revocation_is_settled_from_where_the_claim_stays(
    biller: Reader, story: PlayedStory
) -> None:
    """Settled at the end as it was in the story."""
    draft = story.draft
    preview = f"/issue?payer={draft.payer_id}&through={iso(draft.last)}"
    stays = biller.get(preview)
    assert "REVOKED_AFTER_SERVICE" in stays.text
    path = next(each for each in paths_to(stays, "/days/") if each.endswith("/revocation"))
    form = biller.get(path).form(path)
    refused = biller.send(form, step="look", disclose="yes")
    assert (refused.status, 'aria-describedby="why-revoked_on' in refused.body) == (422, True)
    other = biller.send(form, step="look", disclose="yes", revoked_on="2026-01-01")
    assert (other.status, other.form(path).fields["revoked_on"]) == (422, "2026-01-01")
    told = {"disclose": "yes", "revoked_on": str(days.REVOKED)}
    looked = biller.send(form, step="look", **told)
    assert looked.status == 200, looked.text
    for _ in range(2):
        assert biller.send(looked.form(path), step="record").status == 200
    assert "REVOKED_AFTER_SERVICE" not in biller.get(preview).text
    looked = biller.send(biller.get(path).form(path), step="look", disclose="no")
    assert biller.send(looked.form(path), step="record").status == 200
    assert "REVOKED_AFTER_SERVICE" in biller.get(preview).text


def test_what_opens_a_day_is_recorded_by_keys_alone(
    page: Page, biller: Reader, story: PlayedStory
) -> None:
    """An authorization of years in which nobody came yet, and what a revocation lets be told, which
    is settled at the end as it was in the story."""
    page.goto(f"/why/days/{story.held_day}")
    press(page, "Record an authorization")
    fill(page, number="A-7002", unit="days", units="7")
    fill(page, effective_from="02012032", effective_to="02022032")
    looked_and_recorded(page, f"/why/days/{story.held_day}")
    client_id = story.held_day.partition("/")[0]
    asked = billing.ListAuthorizationsRequest(client_id=client_id)
    firsts = [iso(each.effective_from) for each in story.ask(Role.BILLER, asked).authorizations]
    assert firsts.count("2032-02-01") == 1

    preview = f"/issue?payer={story.draft.payer_id}&through={iso(story.draft.last)}"
    page.goto(preview)
    press(page, "Settle the revocation")
    page.wait_for_url("**/revocation")
    path = urlsplit(page.url).path
    why = path.replace("/days/", "/why/days/").removesuffix("/revocation")
    for disclose, revoked_on in (("yes", f"{days.REVOKED:%m%d%Y}"), ("no", "")):
        page.goto(path)
        fill(page, disclose=disclose, revoked_on=revoked_on)
        looked_and_recorded(page, why)
        assert ("REVOKED_AFTER_SERVICE" in biller.get(preview).text) == (disclose == "no")


def looked_and_recorded(page: Page, at: str) -> None:
    """What would follow, then where it is read."""
    press(page, "See what would follow", "button")
    expect(page.get_by_role("button", name="Record it")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: urlsplit(url).path == at)


def paths_to(shown: Shown, begins: str) -> list[str]:
    return re.findall(f'href="({begins}[^"]*)"', shown.body)


def payer_name(story: PlayedStory, payer_id: str) -> str:
    payers = story.ask(Role.BILLER, work.NamePayersRequest()).payers
    return next(str(payer.name) for payer in payers if payer.payer_id == payer_id)
