"""A clinician's day on the played story: what waits, and notes of a group, written and signed."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, expect

from ninehours.cli.connection import Services
from ninehours.local.system import LocalSystem
from tests.harness.console.browsing import go, tab
from tests.harness.console.reader import Reader
from tests.harness.console.unsigned import UnsignedGroup, asked, unsigned_group

PLANTED = "<script>document.title='planted'</script>"


@pytest.fixture(scope="module")
def services(browsed: LocalSystem) -> Iterator[Services]:
    with asked(browsed) as services:
        yield services


def signed_in(browsed: LocalSystem, role: str, subject: str = "") -> Reader:
    """Without script; `subject`: as whom."""
    way_in = urlsplit(browsed.console_url)
    reader = Reader(way_in.netloc)
    page = reader.send(reader.get(f"{way_in.path}?{way_in.query}").form("/sign-in"), role=role)
    if subject:
        assert parse_qs(way_in.query)
        reader.send(page.form("/sign-in/as"), subject=subject)
    return reader


def own(group: UnsignedGroup, family: str) -> str:
    return f"part {group.clients[family]}"


def test_a_day_says_what_waits_on_each_note_and_which_plans_are_late(browsed: LocalSystem) -> None:
    page = signed_in(browsed, "clinician").get("/my-day")
    assert "can't be billed until they are signed" in page.text
    assert "$285.00" in page.text
    assert "the plan is to be reviewed" in page.text
    assert "late" in page.text


def test_notes_are_kept_signed_and_added_to_without_script(
    browsed: LocalSystem, services: Services
) -> None:
    group = unsigned_group(services, ["Okonjo", "Pemberly"])
    first, second = own(group, "Okonjo"), own(group, "Pemberly")
    nobody = signed_in(browsed, "clinician", "person/nobody")
    page = nobody.get(group.address)
    texts = {"group_text": PLANTED, first: "Spoke of a craving.", second: "Spoke of a craving."}
    refused = nobody.send(page.form("/my-day/notes/sign"), act="sign", **texts)
    assert (refused.status, "You hold no credential" in refused.text) == (422, False)
    assert refused.body.count("this text stands twice") == 2
    texts[second] = "Named two people to call."
    refused = nobody.send(refused.form("/my-day/notes/sign"), act="sign", **texts)
    assert (refused.status, "You hold no credential that signs notes" in refused.text) == (
        422,
        True,
    )
    assert refused.form("/my-day/notes/sign").fields[second] == "Named two people to call."

    reader = signed_in(browsed, "clinician", group.signer)
    form = reader.get(group.address).form("/my-day/notes/sign")
    kept = reader.send(form, act="keep", **{"group_text": PLANTED, first: "Spoke of a craving."})
    assert "This is your draft" in kept.text
    assert PLANTED not in kept.body
    form = kept.form("/my-day/notes/sign")
    assert (form.fields["group_text"], form.fields[first]) == (PLANTED, "Spoke of a craving.")
    assert "This is your draft" not in nobody.get(group.address).text

    signed = reader.send(form, act="sign")
    assert signed.form("/my-day/notes/sign").fields[second] == ""
    assert [note is not None for note in group.notes().values()] == [True, False]
    # Sent again it is the same; with another text it isn't taken, and mine stands beside it.
    assert reader.send(form, act="sign").status == 200
    other = reader.send(form, act="sign", **{first: "Something else.", second: "Hers."})
    assert (other.status, "Something else." in other.text) == (422, True)
    reader.send(other.form("/my-day/notes/sign"), act="sign", **{second: "Named two people."})
    assert all(note is not None for note in group.notes().values())
    page = reader.get(group.address)
    assert "This is your draft" not in page.text
    to = group.clients["Pemberly"]
    added = reader.send(page.form("/my-day/notes/add"), to=to, addendum="And came late.")
    assert "And came late." in added.text
    assert added.text.count("Added") == 1
    assert "Okonjo" not in added.at


@pytest.mark.parametrize("path", ["/my-day", "/my-day/notes"])
def test_a_day_is_not_for_every_role(browsed: LocalSystem, path: str) -> None:
    biller = signed_in(browsed, "biller")
    assert "/my-day" not in biller.get("/").body
    assert biller.get(path).status == 403


def test_a_group_note_is_signed_by_keyboard_alone(
    browsed: LocalSystem, services: Services, browser: Browser
) -> None:
    group = unsigned_group(services, ["Quayle", "Rasmusen"])
    with tab(browser, browsed.console_url, "clinician") as page:
        page.get_by_label("Who you are").select_option(group.signer)
        page.get_by_role("button", name="Go on as that").press("Enter")
        expect(page.get_by_text("Everybody's")).to_be_visible()
        row = page.locator(f"a[href*='{group.session_id}']")
        row.press("Enter")
        expect(page.locator("[autofocus]")).to_be_focused()
        page.keyboard.type("Psychoeducation on sleep.")
        page.keyboard.press("Tab")
        page.keyboard.type("Slept well.")
        page.keyboard.press("Tab")
        expect(page.get_by_text("Kept.")).to_be_visible()
        page.keyboard.type("Slept well.")
        page.keyboard.press("Control+Enter")
        expect(page.get_by_text("this text stands twice").first).to_be_visible()
        expect(page.locator("[autofocus]")).to_be_focused()
        page.keyboard.press("Control+a")
        page.keyboard.type("Woke at four.")
        page.keyboard.press("Control+Enter")
        expect(page.get_by_role("heading", name="Signed", exact=True)).to_be_visible()
        page.set_viewport_size({"width": 320, "height": 640})
        assert page.evaluate("document.documentElement.scrollWidth") == 320
    notes = group.notes()
    assert [note.text for note in notes.values() if note] == ["Woke at four.", "Slept well."]
    assert {note.group_text for note in notes.values() if note} == {"Psychoeducation on sleep."}


def test_what_is_typed_is_there_again_after_a_reload(
    browsed: LocalSystem, services: Services, browser: Browser
) -> None:
    group = unsigned_group(services, ["Sandoval"])
    with tab(browser, browsed.console_url, "clinician") as page:
        go(page, group.address)
        page.keyboard.type("Half a sent")
        expect(page.get_by_text("Kept.")).to_be_visible()
        page.reload()
        expect(page.get_by_label("What the group did")).to_have_value("Half a sent")
