"""The chart and assessing, on the played story: with script and keys alone, without script, and
without a service."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from ninehours.common.v1 import common_pb2 as common
from ninehours.common.v1 import statements_pb2 as correcting
from ninehours.intake.v1 import chart_service_pb2 as intake
from ninehours.intake.v1 import intake_service_pb2 as intake_pb
from ninehours.intake.v1 import statements_service_pb2 as of_intake
from playwright.sync_api import Browser, expect

from kernel.roles import Role, person_in
from kernel.rpc.channel import Channel
from kernel.rpc.translate import to_date
from ninehours.console.services import AskedServices
from ninehours.local.system import LocalSystem
from ninehours.story import days
from ninehours.told.fields import iso
from tests.harness.console.altered import altered
from tests.harness.console.browsing import go, tab
from tests.harness.console.story import PlayedStory

CLINICIAN = person_in(Role.CLINICIAN).id
NO_ANSWER = "127.0.0.1:1"


class ServicesWithoutBilling(AskedServices):
    """Nothing listens where billing should."""

    def __init__(self, channel_to: Callable[[str], Channel]) -> None:
        super().__init__(
            lambda name: Channel(NO_ANSWER, name) if name == "billing" else channel_to(name)
        )


@pytest.fixture(scope="module")
def somebody(story: PlayedStory) -> str:
    """A client of this file's own."""
    registration = intake_pb.RegisterClientRequest(
        site_id=story.group.site_id,
        identity=intake_pb.Identity(
            family_name="Oquendo",
            given_name="Ines",
            birth_date=to_date(days.LONG_BEFORE.replace(year=1990)),
            sex=intake_pb.SEX_FEMALE,
            address=common.PostalAddress(
                line="1 Umber Lane", city="Chicago", state="IL", zip="60601"
            ),
        ),
    )
    registration.meta.command_id = str(uuid4())
    return str(story.ask(Role.FRONT_DESK, registration).client_id)


def scored(story: PlayedStory, client_id: str) -> list[Any]:
    asked = intake.ListAssessmentsRequest(client_id=client_id)
    return list(story.ask(Role.CLINICIAN, asked).assessments)


def test_an_instrument_is_answered_by_keys_alone_and_kept_as_one_goes(
    browser: Browser, browsed: LocalSystem, story: PlayedStory, somebody: str
) -> None:
    with tab(browser, browsed.console_url, "clinician") as page:
        go(page, f"/clients/{somebody}/assess")
        page.get_by_role("link", name="PHQ-9").press("Enter")
        expect(page.locator("#item-1-0")).to_be_focused()
        for _ in range(9):
            page.keyboard.press("ArrowRight")  # from "not at all" to "several days"
            page.keyboard.press("Tab")
        expect(page.get_by_text("Kept.", exact=True)).to_be_visible()
        page.reload()
        expect(page.locator(":checked")).to_have_count(9)
        expect(page.locator("#item-10-0")).to_be_focused()
        page.get_by_role("button", name="Score it").press("Enter")
        # Item 9 was answered with more than never: said at once.
        expect(page.get_by_role("alert")).to_contain_text("Safety task open, moderate risk")
        expect(page.locator("section:focus")).to_contain_text("9, mild, safety task")
        page.go_back()
        page.get_by_role("button", name="Score it").press("Enter")
        expect(page.get_by_role("alert").last).to_be_visible()
    [found] = scored(story, somebody)
    assert (found.score, found.partial, found.safety_flag) == (9, False, True)


def test_without_script_it_is_kept_refused_at_the_form_and_scored_once(
    browsed: LocalSystem, story: PlayedStory, somebody: str
) -> None:
    with altered(browsed) as sign_in:
        reader = sign_in("clinician")
        path = f"/clients/{somebody}/assess/c_ssrs"
        kept = reader.send(reader.get(path).form(path), act="keep", **{"item-3": "1"})
        assert "As you left it on" in kept.text
        refused = reader.send(kept.form(path), act="finish", **{"item-3": "1"})
        assert refused.status == 422
        assert "asked only after a yes to 2" in refused.text
        assert 'id="item-3-1" name="item-3" value="1" checked' in refused.body
        form = refused.form(path)
        answers = {f"item-{item}": "0" for item in (1, 2, 6)}
        for _ in range(2):
            assert "C-SSRS is scored" in reader.send(form, act="finish", **answers).text
        assert "As you left it on" not in reader.get(path).text
    told = [each for each in scored(story, somebody) if each.instrument == "c_ssrs/1"]
    assert [each.band for each in told] == ["NONE"]


def test_a_session_that_ended_in_the_middle_takes_no_answer_with_it(
    browser: Browser, browsed: LocalSystem, somebody: str
) -> None:
    with tab(browser, browsed.console_url, "clinician", answered=(401,)) as page:
        go(page, f"/clients/{somebody}/assess/gad7")
        page.keyboard.press("ArrowRight")
        expect(page.get_by_text("Kept.", exact=True)).to_be_visible()
        page.context.clear_cookies(name="ninehours")
        page.locator("#item-2-3").focus()
        page.keyboard.press("Space")
        expect(page.get_by_text("You are signed out, so it is not kept.")).to_be_visible()
        page.get_by_role("button", name="Keep it for later").press("Enter")
        expect(page.get_by_text("It is kept in this page")).to_be_visible()
        page.locator("[value=clinician]").press("Enter")
        expect(page.get_by_text("You are signed in again")).to_be_visible()
        page.get_by_role("button", name="Send it").press("Enter")
        expect(page.get_by_text("As you left it on")).to_be_visible()
        expect(page.locator(":checked")).to_have_count(2)
        expect(page.locator("#item-3-0")).to_be_focused()


def test_a_double_click_scores_once(
    browser: Browser, browsed: LocalSystem, story: PlayedStory, somebody: str
) -> None:
    with tab(browser, browsed.console_url, "clinician") as page:
        go(page, f"/clients/{somebody}/assess/dast10")
        page.keyboard.press("Space")
        page.get_by_role("button", name="Score it").dblclick()
        expect(page.get_by_text("DAST-10 is scored")).to_be_visible()
    told = [each for each in scored(story, somebody) if each.instrument == "dast10/1"]
    assert [each.partial for each in told] == [True]


def test_a_head_says_who_under_which_label_and_what_is_open(
    browsed: LocalSystem, story: PlayedStory, somebody: str
) -> None:
    known_on = iso(story.group.service_date)
    with altered(browsed) as sign_in:
        of_story = sign_in("clinician").get(f"/clients/{story.client_id}/chart?known_on={known_on}")
        of_somebody = sign_in("front_desk").get(f"/clients/{somebody}/chart")
    head = of_story.text.partition("All of it stands")[0]
    for says in ("born", "level ", "HIPAA alone", "Consent: ", "Why this level"):
        assert says in head
    head = of_somebody.text
    assert "Oquendo, Ines" in head
    assert "born" in head
    assert "not in care" in head
    assert "42 CFR part 2 prohibits" in head
    assert "No consent is in force: no payer may be told." in head


def test_what_was_said_otherwise_is_struck_with_its_reason_from_the_day_it_was_known(
    browsed: LocalSystem, story: PlayedStory, somebody: str
) -> None:
    registration = of_intake.ListStatementsRequest(client_id=somebody)
    [said] = story.ask(Role.FRONT_DESK, registration).statements[:1]
    correction = of_intake.CorrectStatementRequest(recording=said.revisions[-1].recording)
    correction.meta.command_id = str(uuid4())
    correction.statement.statement_id = said.statement_id
    correction.statement.revision = said.revisions[-1].revision
    correction.correction.reason = correcting.CORRECTION_REASON_MISTYPED
    correction.correction.remark = "On the letter it is another street."
    correction.recording.registration.identity.address.line = "7 Sienna Road"
    story.ask(Role.FRONT_DESK, correction)
    path = f"/clients/{somebody}/chart"
    with altered(browsed) as sign_in:
        now, before = (
            sign_in("front_desk").get(at) for at in (path, f"{path}?known_on=2020-01-01")
        )
    assert "<del>1 Umber Lane</del>" in now.body
    assert "mistyped: On the letter it is another street." in now.text
    assert "Umber Lane" not in before.text


def test_each_role_is_told_its_bands_and_a_service_away_takes_its_own_alone(
    browsed: LocalSystem, story: PlayedStory
) -> None:
    path = f"/clients/{story.client_id}/chart"
    with altered(browsed, services=ServicesWithoutBilling) as sign_in:
        desk, biller = sign_in("front_desk").get(path), sign_in("biller").get(path)
        early = sign_in("clinician").get(f"{path}?known_on=2026-03-01")
    for bands in ("Scores", "Plans", "Claims"):
        assert bands in desk.text.partition("For other roles:")[2]
    assert "Levels of care" in desk.text.partition("For other roles:")[0]
    assert "Days and claims (billing): no answer at this moment" in biller.text
    assert "Hours a week" in biller.text.partition("For other roles:")[0]
    assert "What was recorded, or put right, after it is not in it" in early.text
