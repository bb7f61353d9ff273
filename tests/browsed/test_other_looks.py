"""What pages look like after their first look: refused, opened, signed out, without a service."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest
from ninehours.intake.v1 import chart_service_pb2 as chart
from ninehours.intake.v1 import intake_service_pb2 as intake
from playwright.sync_api import Browser, Page, expect

from kernel.roles import Role
from ninehours.local.system import LocalSystem
from ninehours.told.fields import iso
from tests.harness.console.altered import WithoutOne, altered
from tests.harness.console.browsing import tab
from tests.harness.console.looking import judged
from tests.harness.console.running import WAY_IN
from tests.harness.console.story import PlayedStory

LOOK = "See what would follow"
REFUSED = "[role=alert]"
UNTOLD = "[data-untold]"
AWAY = ", ".join(f"main {how}" for how in (REFUSED, ".alert", UNTOLD))
Act = Callable[[Page, PlayedStory], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherLook:
    """`at`: the page that it begins on; `act`: what leads to it; `shows`: what is seen then."""

    name: str
    at: Callable[[PlayedStory], str]
    act: Act = lambda page, story: None
    shows: str = REFUSED


def pressed(button: str, **typed: str) -> Act:
    """A button, once that was typed into fields by their names."""

    def act(page: Page, _: PlayedStory) -> None:
        for name, text in typed.items():
            page.locator(f"[name='{name.replace('__', '.')}']").last.press_sequentially(text)
        page.get_by_role("button", name=button, exact=True).last.press("Enter")

    return act


def opened(page: Page, _: PlayedStory) -> None:
    """All that is folded."""
    folded = page.locator("details:not([open]) > summary")
    while folded.count():
        folded.first.press("Enter")


def registered_again(page: Page, story: PlayedStory) -> None:
    """Who is there, as somebody new."""
    asked = chart.ReadPersonRequest(client_id=story.client_id)
    identity = story.ask(Role.FRONT_DESK, asked).identity
    page.locator("[name='identity.family_name']").fill(identity.family_name)
    page.locator("[name='identity.given_name']").fill(identity.given_name)
    page.locator("[name='identity.birth_date']").fill(iso(identity.birth_date))
    page.get_by_role("button", name="Who may be here already?").press("Enter")


def judged_meanwhile(page: Page, story: PlayedStory) -> None:
    """By somebody else, while this one looked."""
    page.locator("[name=verdict]").select_option(label="two people")
    page.locator("[name=reason]").fill("Another passport.")
    page.get_by_role("button", name=LOOK).press("Enter")
    expect(page.get_by_role("button", name="Record it")).to_be_focused()
    judging = intake.JudgeDoublesRequest(
        client_id=story.client_id,
        other_client_id=story.another,
        verdict=intake.DOUBLES_VERDICT_TWO_PEOPLE,
        reason="They came together.",
    )
    judging.meta.command_id = "0c11e700-0000-4000-8000-0000000000d0"
    story.ask(Role.BILLER, judging)
    page.keyboard.press("Enter")


def away(service: str, then: Act) -> Act:
    """A service doesn't answer meanwhile."""

    def act(page: Page, story: PlayedStory) -> None:
        WithoutOne.away = service
        try:
            then(page, story)
            page.wait_for_load_state()
            expect(page.locator(AWAY).first).to_be_visible()
        finally:
            WithoutOne.away = ""

    return act


def again(page: Page, _: PlayedStory) -> None:
    page.reload()


def signed_out(page: Page, _: PlayedStory) -> None:
    """Elsewhere, while somebody typed here."""
    other = page.context.new_page()
    other.goto("/worklist")
    other.get_by_role("button", name="Sign out").press("Enter")
    other.wait_for_load_state()
    other.close()
    page.locator("[name=reason]").press("n")
    page.get_by_role("button", name=LOOK).press("Enter")


def signed_in_again(page: Page, story: PlayedStory) -> None:
    page.locator("[value=biller]").press("Enter")
    signed_out(page, story)
    page.locator("[value=biller]").press("Enter")


OTHER_LOOKS: dict[Role, Sequence[OtherLook]] = {
    Role.FRONT_DESK: (
        OtherLook(name="find, with nothing typed", at=lambda _: "/clients", act=pressed("Find")),
        OtherLook(
            name="find, with nobody found",
            at=lambda _: "/clients",
            act=pressed("Find", text="Nobodyhere"),
            shows="[role=status], .alert",
        ),
        OtherLook(
            name="find, with a list",
            at=lambda _: "/clients",
            act=lambda page, story: pressed("Find", text=story.names[0])(page, story),
            shows="[data-found]",
        ),
        OtherLook(
            name="registering, beside who may be here already",
            at=lambda _: "/clients/new",
            act=registered_again,
            shows="#doubles table",
        ),
        OtherLook(name="registering, refused", at=lambda _: "/clients/new", act=pressed(LOOK)),
        OtherLook(
            name="putting right, refused",
            at=lambda story: f"/clients/{story.client_id}/statements/{story.registration}/correct",
            act=pressed(LOOK),
        ),
        OtherLook(
            name="judged meanwhile",
            at=lambda story: f"/clients/{story.client_id}/doubles/{story.another}",
            act=judged_meanwhile,
            shows="table",
        ),
        OtherLook(
            name="today, all opened",
            at=lambda story: f"/today?{story.day}",
            act=opened,
            shows="#help dl",
        ),
        OtherLook(
            name="today, without billing",
            at=lambda story: f"/today?{story.day}",
            act=away("billing", again),
            shows=UNTOLD,
        ),
        OtherLook(
            name="today, without attendance",
            at=lambda story: f"/today?{story.day}",
            act=away("attendance", again),
        ),
        OtherLook(
            name="a form, without its service",
            at=lambda story: f"/clients/{story.client_id}/say/consent",
            act=away("intake", pressed(LOOK)),
        ),
    ),
    Role.CLINICIAN: (
        OtherLook(name="my day, all opened", at=lambda _: "/my-day", act=opened, shows="#help dl"),
        OtherLook(
            name="my day, without billing",
            at=lambda _: "/my-day",
            act=away("billing", again),
            shows=".alert",
        ),
        OtherLook(
            name="reviewing, refused",
            at=lambda story: f"/my-day/plans/{story.plan[0]}/{story.plan[1]}/review",
            act=pressed(LOOK),
        ),
        OtherLook(
            name="closing a safety task, refused",
            at=lambda story: f"/my-day/safety/{story.safety_task}/close",
            act=pressed(LOOK),
        ),
        OtherLook(
            name="to sign, refused",
            at=lambda _: "/to-sign?kind=TO_SIGN_KIND_RECOMMENDATION",
            act=pressed("Override"),
        ),
        OtherLook(
            name="notes, all opened",
            at=lambda story: f"/my-day/notes?{story.day}&session={story.group.session_id}",
            act=opened,
            shows="main",
        ),
        OtherLook(
            name="chart, all opened",
            at=lambda story: f"/clients/{story.client_id}/chart",
            act=opened,
            shows="details[open] table",
        ),
    ),
    Role.BILLER: (
        OtherLook(name="worklist, refused", at=lambda _: "/worklist?first=someday"),
        OtherLook(
            name="worklist, all opened", at=lambda _: "/worklist", act=opened, shows="#help dl"
        ),
        OtherLook(
            name="a view, refused",
            at=lambda _: "/worklist?kind=draft",
            act=pressed("Save it", name="x" * 101),
        ),
        OtherLook(
            name="the payer's answer, refused",
            at=lambda story: f"/claims/{story.correction.claim_id}/answer",
            act=pressed(LOOK),
        ),
        OtherLook(
            name="what would follow",
            at=lambda story: f"/days/{story.held_day}/without_authorization",
            act=pressed(LOOK, reason="n"),
            shows="#consequences",
        ),
        OtherLook(
            name="issue, refused",
            at=lambda story: f"/issue?payer={story.draft.payer_id}&through=2026-13-01",
        ),
        OtherLook(
            name="what if, refused",
            at=lambda story: f"/what-if?payer={story.draft.payer_id}",
            act=pressed("Replay them", rule_set__per_diem__minimum_minutes="many"),
        ),
        OtherLook(
            name="why a day, all opened",
            at=lambda story: f"/why/days/{story.held_day}",
            act=opened,
            shows="details[open] dl, details[open] table, details[open] ul",
        ),
        OtherLook(
            name="signed out while somebody typed",
            at=lambda story: f"/days/{story.held_day}/without_authorization",
            act=signed_out,
            shows="[value=biller]",
        ),
        OtherLook(
            name="what was typed, once one is signed in again",
            at=lambda story: f"/days/{story.held_day}/without_authorization",
            act=signed_in_again,
            shows="button:text-is('Send it')",
        ),
    ),
}


@pytest.mark.parametrize("role", OTHER_LOOKS)
def test_no_other_look_of_a_page_keeps_anybody_out_or_scrolls_sideways(
    browsed: LocalSystem, browser: Browser, story: PlayedStory, role: Role
) -> None:
    wrong: dict[str, object] = {}
    with altered(browsed, services=WithoutOne) as sign_in:
        way_in = f"http://{sign_in(role).address}/sign-in?way-in={WAY_IN}"
        with tab(browser, way_in, role, answered=(401, 503), reduced_motion="reduce") as page:
            for look in OTHER_LOOKS[role]:
                page.goto(look.at(story))
                look.act(page, story)
                expect(page.locator(look.shows).first).to_be_visible()
                widths, broken = judged(page)
                wide = {width for width, is_wide in widths.items() if is_wide != width}
                if broken or wide:
                    wrong[look.name] = (broken, wide)
    assert wrong == {}
