"""What waits for whoever signs, on the played story: looked at, decided, refused at its field."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from ninehours.plans.v1 import care_service_pb2 as care
from ninehours.plans.v1 import courses_service_pb2 as courses
from ninehours.plans.v1 import plans_service_pb2 as plans
from playwright.sync_api import Browser, expect

from kernel.roles import Role
from kernel.rpc.translate import to_date
from ninehours.cli.connection import Services
from ninehours.local.system import LocalSystem
from ninehours.story.gateway import AUDITOR, PHYSICIAN
from tests.browsed.test_my_day import PLANTED, signed_in
from tests.harness.console.browsing import go, tab
from tests.harness.console.unsigned import asked

IN_A_WEEK = datetime.now(UTC).date() + timedelta(days=7)
LEVELS = "/to-sign?kind=TO_SIGN_KIND_RECOMMENDATION"
CERTIFICATIONS = "/to-sign?kind=TO_SIGN_KIND_CERTIFICATION"


def test_a_recommendation_is_looked_at_with_its_inputs_and_overridden_with_a_reason(
    browsed: LocalSystem,
) -> None:
    reader = signed_in(browsed, "clinician", AUDITOR.id)
    page = reader.get(LEVELS)
    assert "What it rests on" in page.text
    assert "now at level 2.1" in page.text
    form = page.form("/to-sign/decide")
    refused = reader.send(form, act="override")
    assert (refused.status, "To override takes a reason" in refused.text) == (422, True)
    assert refused.form("/to-sign/decide").fields["about"] == form.fields["about"]
    assert 'aria-describedby="why-reason"' in refused.body
    form = refused.form("/to-sign/decide")
    why = "Stays with us for family sessions."
    decided = reader.send(form, act="override", reason=why)
    assert decided.status == 200
    assert form.fields["about"] not in decided.body
    # Sent again it is the same; said otherwise, from an old page, it is refused.
    assert (
        reader.send(form, act="override", reason="Stays with us for family sessions.").status == 200
    )
    assert reader.send(form, act="accept").status == 422
    assert reader.send(form, act="vanish").status == 404


def test_a_plan_is_shown_beside_the_one_before_refused_at_fields_and_signed(
    browsed: LocalSystem,
) -> None:
    with asked(browsed) as services:
        plan_id = _drafted(services)
    nobody = signed_in(browsed, "clinician", "person/nobody")
    page = nobody.get(f"/to-sign?about={plan_id}")
    assert "+ new" in page.text
    assert "− taken away" in page.text
    assert PLANTED not in page.body
    form = page.form("/to-sign/decide")
    refused = nobody.send(form, act="sign")
    assert (refused.status, "You hold no credential" in refused.text) == (422, True)
    refused = nobody.send(form, act="refuse")
    assert (refused.status, "Choose why it isn't signed" in refused.text) == (422, True)
    refused = nobody.send(form, act="attest", signed_on="soon")
    assert (refused.status, "This is no date" in refused.text) == (422, True)
    refused = nobody.send(form, act="attest", signed_on=str(IN_A_WEEK))
    assert (refused.status, "Signed on is in the future" in refused.text) == (422, True)
    reader = signed_in(browsed, "clinician", AUDITOR.id)
    form = reader.get(f"/to-sign?about={plan_id}").form("/to-sign/decide")
    assert reader.send(form, act="sign").status == 200
    page = reader.get(f"/to-sign?about={plan_id}")
    assert "Signed by the clinician" in page.text
    reader.send(page.form("/to-sign/decide"), act="attest")
    # In force, it waits for a physician.
    assert "no physician certified it" in reader.get(f"/to-sign?about={plan_id}").text


def _drafted(services: Services) -> str:
    """What follows the plan in force of somebody who is late for a review."""
    on = to_date(datetime.now(UTC).date())
    due = services.ask(Role.CLINICIAN, courses.ListDueRequest(on=on)).items
    client_id, before = next(
        (item.client_id, item.about_id) for item in due if item.kind == "REVIEW_PLAN"
    )
    found = services.ask(Role.CLINICIAN, care.ReadPlansRequest(client_id=client_id)).plans
    plan = next(each for each in found if each.plan_id == before)
    goal = plans.Goal(in_the_clients_words=PLANTED, objectives=plan.goals[0].objectives)
    drafted = plans.DraftPlanRequest(
        client_id=client_id,
        episode_id=plan.episode_id,
        goals=[goal],
        interventions=plan.interventions,
        supersedes_plan_id=before,
    )
    drafted.meta.command_id = str(uuid4())
    return str(services.ask(Role.CLINICIAN, drafted).plan_id)


def test_what_waits_is_not_for_every_role(browsed: LocalSystem) -> None:
    for role in ("biller", "front_desk"):
        assert signed_in(browsed, role).get("/to-sign").status == 403


@pytest.mark.usefixtures("story")  # whose clinician may see scores
def test_one_is_accepted_by_keyboard_alone(browsed: LocalSystem, browser: Browser) -> None:
    with tab(browser, browsed.console_url, "clinician") as page:
        go(page, LEVELS)
        first = page.get_by_role("navigation", name="What waits").get_by_role("link").first
        about = urlsplit(first.get_attribute("href") or "").query
        page.keyboard.press("Enter")
        said = page.locator("#just-said")
        expect(said).to_contain_text("Accepted: ")
        expect(page.locator(f"a[href$='{about}']")).to_have_count(0)
        # The same key again decides nothing for the next, who is unread: it opens them.
        following = page.get_by_role("link", name="Look at the next")
        expect(following).to_be_focused()
        expect(page.locator("form[action='/to-sign/decide']")).to_have_count(0)
        about = urlsplit(following.get_attribute("href") or "").query
        page.keyboard.press("Enter")
        expect(page.locator("button[value=accept]")).to_be_focused()
        expect(page.locator(f"a[href$='{about}'][aria-current]")).to_have_count(1)


def test_a_physician_certifies_by_keyboard_alone_and_nobody_else_does(
    browsed: LocalSystem, browser: Browser
) -> None:
    reader = signed_in(browsed, "clinician", AUDITOR.id)
    form = reader.get(CERTIFICATIONS).form("/to-sign/decide")
    refused = reader.send(form, act="certify")
    assert (refused.status, "You hold no credential" in refused.text) == (422, True)
    about = form.fields["about"]
    with tab(browser, browsed.console_url, "clinician") as page:
        page.get_by_label("Who you are").select_option(PHYSICIAN.id)
        page.get_by_role("button", name="Go on as that").press("Enter")
        go(page, CERTIFICATIONS)
        expect(page.get_by_text("no physician certified it")).to_be_visible()
        page.get_by_label("To be certified anew by").fill(str(IN_A_WEEK + timedelta(days=60)))
        page.locator("button[value=certify]").press("Enter")
        expect(page.get_by_text("is not within 60 days after the certification")).to_be_visible()
        expect(page.locator("#recertify_by")).to_be_focused()
        go(page, CERTIFICATIONS)
        page.keyboard.press("Enter")
        expect(page.locator(f"a[href*='{about}']")).to_have_count(0)
    # Sent again by somebody who looked before, it waits no more.
    assert "waits no more" in reader.get(f"/to-sign?about={about}").text
