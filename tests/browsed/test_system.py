"""What waits for a person is looked at, tried again or gone past by an operator, who says why; what
travels meanwhile shows by itself."""

from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest
from ninehours.attendance.v1 import attendance_service_pb2 as attendance
from playwright.sync_api import Browser, expect

from kernel.roles import Role
from kernel.rpc.translate import to_date
from kernel.store.roles import ACT_AS_OWNER
from ninehours.local.system import LocalSystem
from ninehours.story import days
from tests.harness.console.browsing import tab
from tests.harness.console.story import PlayedStory
from tests.system.played import connect

SERVICE = "intake"
OFFSET = 987654321
PARK = """
INSERT INTO parked (topic, partition, record_offset, subject, headers, body, error, digest)
VALUES ('ninehours.plans.v1', 0, %s, %s, '{}', 'sent by nobody', 'NoEnvelope at a place', 'x')
RETURNING id
"""
GIVEN_UP = "SELECT given_up_by AS by, reason FROM given_up WHERE parked_id = %s"
RELEASED = "SELECT released_by AS by, reason FROM released WHERE parked_id = %s"
Park = Callable[[str | None], int]


def asked(system: LocalSystem, statement: str, *values: object) -> list[dict[str, object]]:
    """Of what an operator's acts left, as its owner sees it."""
    with connect(system, SERVICE) as connection:
        connection.execute(ACT_AS_OWNER)
        cursor = connection.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


@pytest.fixture
def park(browsed: LocalSystem) -> Iterator[Park]:
    """A record that can't be used, of this subject: None, and it holds up nobody, and can only be
    given up."""
    made: list[int] = []

    def parked(subject: str | None) -> int:
        [row] = asked(browsed, PARK, OFFSET, subject)
        made.append(int(str(row["id"])))
        return made[-1]

    yield parked
    for number in made:
        asked(browsed, "DELETE FROM given_up WHERE parked_id = %s", number)
        asked(browsed, "DELETE FROM released WHERE parked_id = %s", f"record:{number}")
    asked(browsed, "DELETE FROM parked WHERE record_offset = %s", OFFSET)


@pytest.mark.parametrize("script", [True, False])
@pytest.mark.parametrize(
    ("whose", "button", "done", "kept_in"),
    [
        (False, "Go past it for good", "It is gone past for good.", GIVEN_UP),
        (True, "Try it again", "It is tried again.", RELEASED),
    ],
)
def test_an_operator_says_why_by_keyboard_alone(
    browser: Browser,
    browsed: LocalSystem,
    park: Park,
    *,
    whose: bool,
    button: str,
    done: str,
    kept_in: str,
    script: bool,
) -> None:
    reason = "sent by hand, by somebody who is gone"
    number = park(f"client/{uuid4()}" if whose else None)
    with tab(browser, browsed.console_url, "operator", java_script_enabled=script) as page:
        page.goto("/system")
        page.locator(f"a[href*='id=record%3A{number}'], a[href*='id=record:{number}']").press(
            "Enter"
        )
        expect(page.get_by_role("button", name="Try it again")).to_have_count(int(whose))
        assert "sent by nobody" not in page.content()
        page.get_by_role("button", name=button).press("Enter")
        why = page.locator("[aria-invalid=true]")
        expect(why).to_be_focused()
        expect(page.get_by_text("The reason is required.")).to_be_visible()
        page.keyboard.type(reason)
        page.keyboard.press("Enter")
        expect(page.get_by_text(done)).to_be_visible()
    [kept] = asked(browsed, kept_in, f"record:{number}" if whose else number)
    assert kept == {"by": "person/local-operator", "reason": reason}


def test_facts_show_as_they_travel(
    browser: Browser, browsed: LocalSystem, story: PlayedStory
) -> None:
    """Somebody of no story is credentialed, of whom nobody else hears."""
    request = attendance.CredentialStaffRequest(
        type=attendance.CREDENTIAL_TYPE_RN,
        state="IL",
        npi="1234567893",
        effective_from=to_date(days.LONG_BEFORE),
        token_subject=f"person/{uuid4()}",
    )
    request.meta.command_id = str(uuid4())
    with tab(browser, browsed.console_url, "operator") as page:
        page.goto("/system")
        expect(page.get_by_text("What others record shows here by itself.")).to_be_visible()
        staff_id = story.ask(Role.ADMINISTRATOR, request).staff_id
        row = page.locator("#travelling tr", has_text=f"staff/{staff_id}")
        expect(row).to_contain_text("StaffCredentialed")
        expect(row).to_contain_text("new")
