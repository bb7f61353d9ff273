"""A clinician's day on the played story: what waits, and notes of a group, written and signed."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from ninehours.attendance.v1 import calendar_service_pb2 as calendar
from ninehours.attendance.v1 import roster_service_pb2 as roster
from ninehours.billing.v1 import billing_work_service_pb2 as work
from ninehours.intake.v1 import intake_service_pb2 as intake
from ninehours.plans.v1 import care_service_pb2 as care
from ninehours.plans.v1 import plans_service_pb2 as plans
from playwright.sync_api import Browser, Page, expect

from kernel.roles import Role
from ninehours.cli.connection import Services
from ninehours.local.system import LocalSystem
from tests.harness.console.altered import PeopleOfNoCredential, altered
from tests.harness.console.browsing import go, tab
from tests.harness.console.clinical import open_task
from tests.harness.console.reader import Reader
from tests.harness.console.story import PlayedStory
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


def test_who_signed_stands_by_name_beside_their_id_in_no_address_and_no_title(
    browsed: LocalSystem, story: PlayedStory
) -> None:
    named = story.ask(Role.CLINICIAN, work.NameStaffRequest()).staff
    session = f"{story.day}&session={story.group.session_id}"
    page = signed_in(browsed, "clinician").get(f"/my-day/notes?{session}")
    signer, *_ = [each for each in named if f"(staff/{each.staff_id})" in page.text]
    name = f"{signer.given_name} {signer.family_name}"
    assert f"Signed by {name} (staff/{signer.staff_id})" in page.text
    assert f"{name}, " in page.text  # where one says who one is
    assert signer.family_name not in page.at + page.body.partition("</title>")[0]


def test_nobody_is_attested_for_whom_nobody_chose(browsed: LocalSystem, story: PlayedStory) -> None:
    reader = signed_in(browsed, "clinician")
    session = f"{story.day}&session={story.group.session_id}"
    form = reader.get(f"/my-day/notes?{session}").form("/my-day/notes/add")
    form.action = "/my-day/notes/attest"
    assert reader.send(form, statement="It was given as the note says.").status == 422
    read = roster.ReadRosterRequest(site_id=story.group.site_id, on=story.group.service_date)
    [group] = [
        each
        for each in story.ask(Role.CLINICIAN, read).sessions
        if each.session_id == story.group.session_id
    ]
    assert not any(presence.HasField("attestation") for presence in group.presences)


def test_who_signs_as_nobody_says_who_they_are_and_keeps_what_they_typed(
    browsed: LocalSystem, services: Services
) -> None:
    group = unsigned_group(services, ["Vandermeer", "Whitlock"])
    first, second = own(group, "Vandermeer"), own(group, "Whitlock")
    with altered(browsed, people=PeopleOfNoCredential) as sign_in:
        reader = sign_in("clinician")
        form = reader.get(group.address).form("/my-day/notes/sign")
        refused = reader.send(form, act="sign", group_text="Sleep.", **{first: "Slept well."})
        assert (refused.status, "Choose who you are here" in refused.text) == (422, True)
        assert "administrator" not in refused.text
        assert refused.body.index('id="why-subject"') < refused.body.index('id="group_text"')
        typed = refused.form("/my-day/notes/sign").fields
        chosen = reader.post("/sign-in/as", {**typed, "subject": group.signer})
        assert "You go on as whom you chose" in chosen.text
        kept = reader.send(chosen.form("/my-day/notes/draft"))
        assert kept.at == group.address
        form = kept.form("/my-day/notes/sign")
        assert (form.fields["group_text"], form.fields[first]) == ("Sleep.", "Slept well.")

        signed = reader.send(form, act="sign")
        assert "Signed: Vandermeer, Robin." in signed.text
        assert "Vandermeer" not in signed.at
        assert "autofocus>" in signed.body[signed.body.index(f'name="{second}"') :][:90]
        add = signed.form("/my-day/notes/add")
        assert add.fields["to"] == ""
        unsaid = reader.send(add, addendum="And came late.")
        assert (unsaid.status, "Say whose note" in unsaid.text) == (422, True)
        assert unsaid.form("/my-day/notes/add").fields["addendum"] == "And came late."
        signed = reader.send(
            signed.form("/my-day/notes/sign"), act="sign", **{second: "Woke at four."}
        )
        assert "Signed: Whitlock, Robin." in signed.text
        assert 'id="just-signed" autofocus' in signed.body
        assert 'id="addendum" name="addendum" rows="3">' in signed.body


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


def to_row(page: Page, link: str) -> None:
    """By keys, to the row of my day that has this link."""
    go(page, "/my-day")
    row = page.locator(f"[data-item]:has(a[href='{link}'])")
    for _ in range(page.locator("[data-item]").count()):
        if row.locator(":focus").count():
            break
        page.keyboard.press("j")
    expect(row.locator(":focus")).to_have_count(1)


def test_a_safety_task_is_handed_on_and_closed_by_keyboard_alone(
    browsed: LocalSystem, services: Services, browser: Browser
) -> None:
    task = open_task(services, "Tiverton")
    with tab(browser, browsed.console_url, "clinician") as page:
        to_row(page, f"{task.address}/close")
        expect(page.locator(f"a[href='/clients/{task.client_id}']")).to_have_count(1)
        page.keyboard.press("h")
        expect(page.get_by_role("heading", name="Hand a safety task on")).to_be_visible()
        expect(page.locator("[autofocus]")).to_be_focused()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_text("Reason is required.")).to_be_visible()
        expect(page.locator("[autofocus]")).to_be_focused()
        page.keyboard.type("Leads their group.")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Record it")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="My day")).to_be_visible()
        assert task.stands().owner.startswith("staff/")
        to_row(page, f"{task.address}/close")
        page.keyboard.press("c")
        expect(page.locator("[autofocus]")).to_be_focused()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Tab")
        page.keyboard.type("Made a plan for the night.")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Record it")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="My day")).to_be_visible()
        expect(page.locator(f"[id='{task.task_id}']")).to_have_count(0)
        assert task.stands().action == intake.SAFETY_ACTION_SAFETY_PLAN_MADE


def test_a_safety_task_is_closed_once_without_script_and_refused_at_its_field(
    browsed: LocalSystem, services: Services
) -> None:
    task = open_task(services, "Ulverston")
    reader = signed_in(browsed, "clinician")
    form = reader.get(f"{task.address}/close").form(f"{task.address}/close")
    refused = reader.send(form, step="look", note=PLANTED)
    assert (refused.status, "What was done" in refused.text) == (422, True)
    form = refused.form(f"{task.address}/close")
    assert form.fields["note"] == PLANTED
    done = {"action": "SAFETY_ACTION_REFERRED_TO_CRISIS"}
    looked = reader.send(form, step="look", **done)
    assert task.stands().action == intake.SAFETY_ACTION_UNSPECIFIED
    form = looked.form(f"{task.address}/close")
    for _ in range(2):
        assert reader.send(form, step="record").at == "/my-day"
    late = reader.get(f"{task.address}/hand_on")
    owner = late.form(f"{task.address}/hand_on")
    gone = reader.send(owner, step="look", owner=staff_in(services), reason="Too late.")
    assert (gone.status, "Somebody closed it meanwhile" in gone.text) == (422, True)
    assert reader.get(f"{task.address}/vanish").status == 404
    assert signed_in(browsed, "front_desk").get(f"{task.address}/close").status == 403


def to_field(page: Page, name: str) -> None:
    """By Tab, which goes through the parts of a date, too."""
    field = page.locator(f"[id='{name}']:focus")
    for _ in range(5):
        if field.count():
            break
        page.keyboard.press("Tab")
    expect(field).to_have_count(1)


def staff_in(services: Services) -> str:
    """Somebody who is staff."""
    site = services.ask(Role.CLINICIAN, calendar.ListSitesRequest()).sites[0]
    staff = services.ask(Role.CLINICIAN, roster.ListStaffRequest(site_id=site.site_id)).staff
    return f"staff/{staff[0].staff_id}"


def test_a_plan_is_reviewed_from_the_day_and_the_version_that_follows_is_drafted(
    browsed: LocalSystem, services: Services, story: PlayedStory, browser: Browser
) -> None:
    client_id, plan_id, episode_id = story.plan
    address = f"/my-day/plans/{client_id}/{plan_id}/review"
    with tab(browser, browsed.console_url, "clinician") as page:
        to_row(page, address)
        page.keyboard.press("p")
        expect(page.locator("#next_review_by")).to_be_focused()
        # It stays late, as whoever else looks at the story finds it.
        page.locator("#reviewed_on").fill("2026-04-20")
        page.locator("#next_review_by").focus()
        page.keyboard.type("04272026")
        statuses = page.get_by_label("Status")
        for number in range(statuses.count()):
            to_field(page, f"ratings.{number}.status")
            page.keyboard.type("met")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Record it")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="My day")).to_be_visible()
    reader = signed_in(browsed, "clinician")
    refused = reader.send(reader.get(address).form(address), step="look")
    assert (refused.status, "Status" in refused.text) == (422, True)
    found = services.ask(Role.CLINICIAN, care.ReadPlansRequest(client_id=client_id)).plans
    plan = next(each for each in found if each.plan_id == plan_id)
    assert {each.status for each in plan.reviews[-1].ratings} == {plans.OBJECTIVE_STATUS_MET}

    address = f"/my-day/plans/{client_id}/{episode_id}/draft"
    form = reader.get(address).form(address)
    assert form.fields["goals.0.in_the_clients_words"] == plan.goals[0].in_the_clients_words
    refused = reader.send(form, step="look", **{"interventions.0.times_per_week": "99"})
    assert (refused.status, "aria-invalid" in refused.body) == (422, True)
