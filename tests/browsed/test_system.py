"""What waits for a person is looked at and gone past by an operator, who says why."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from kernel.store.roles import ACT_AS_OWNER
from ninehours.local.system import LocalSystem
from tests.harness.console.browsing import tab
from tests.system.played import connect

SERVICE = "intake"
PARK = """
INSERT INTO parked (topic, partition, record_offset, headers, body, error, digest)
VALUES ('ninehours.plans.v1', 0, 987654321, '{}', 'sent by nobody', 'NoEnvelope at a place', 'x')
RETURNING id
"""
GIVEN_UP = "SELECT given_up_by, reason FROM given_up WHERE parked_id = %s"


@pytest.fixture
def parked(browsed: LocalSystem) -> Iterator[int]:
    """A record of nobody's log: it holds up nobody, and can only be given up."""
    with connect(browsed, SERVICE) as connection:
        connection.execute(ACT_AS_OWNER)
        [row] = connection.execute(PARK).fetchall()
    yield row["id"]
    with connect(browsed, SERVICE) as connection:
        connection.execute(ACT_AS_OWNER)
        connection.execute("DELETE FROM given_up WHERE parked_id = %s", [row["id"]])
        connection.execute("DELETE FROM parked WHERE id = %s", [row["id"]])


@pytest.mark.parametrize("script", [True, False])
def test_a_record_is_gone_past_with_a_reason_by_keyboard_alone(
    browser: Browser, browsed: LocalSystem, parked: int, script: bool
) -> None:
    reason = "sent by hand, by somebody who is gone"
    with tab(browser, browsed.console_url, "operator", java_script_enabled=script) as page:
        page.goto("/system")
        page.locator(f"a[href*='id=record%3A{parked}'], a[href*='id=record:{parked}']").press(
            "Enter"
        )
        expect(page.get_by_text("This can't be taken back")).to_be_visible()
        assert page.get_by_role("button", name="Try it again").count() == 0
        assert "sent by nobody" not in page.content()
        page.get_by_role("button", name="Go past it for good").press("Enter")
        why = page.get_by_label("Why, for those who ask later")
        expect(why).to_be_focused()
        expect(why).to_have_attribute("aria-invalid", "true")
        page.keyboard.type(reason)
        page.keyboard.press("Enter")
        expect(page.get_by_text("It is gone past for good.")).to_be_visible()
    with connect(browsed, SERVICE) as connection:
        connection.execute(ACT_AS_OWNER)
        [kept] = connection.execute(GIVEN_UP, [parked]).fetchall()
    assert kept["reason"] == reason
    assert kept["given_up_by"] == "person/local-operator"
