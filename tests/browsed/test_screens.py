"""The screens that README opens with show what pages show now.

NINEHOURS_WRITE_GOLDEN=1 takes them anew, with what they say in heads; nobody compares pixels.
"""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from ninehours.local.system import LocalSystem
from tests.harness.console.browsing import tab
from tests.harness.console.story import PlayedStory
from tests.harness.golden import assert_as_kept

ROOT = Path(__file__).resolve().parents[2]
SCREENS = ROOT / "docs" / "screens"
LARGEST = 200_000  # bytes
SIZE = {"width": 1200, "height": 750}
SHOWN: dict[str, tuple[str, Callable[[PlayedStory], str]]] = {
    "today": ("front_desk", lambda story: f"/today?{story.day}"),
    "chart": ("clinician", lambda story: f"/clients/{story.client_id}/chart"),
    "worklist": ("biller", lambda _: "/worklist"),
}


@pytest.mark.parametrize("name", SHOWN)
def test_a_screen_says_what_its_page_says(
    browser: Browser, browsed: LocalSystem, story: PlayedStory, name: str
) -> None:
    role, at = SHOWN[name]
    picture = SCREENS / f"{name}.png"
    with tab(browser, browsed.console_url, role, viewport=SIZE, reduced_motion="reduce") as page:
        page.goto(at(story))
        page.evaluate("document.activeElement.blur()")
        if os.environ.get("NINEHOURS_WRITE_GOLDEN"):
            picture.parent.mkdir(exist_ok=True)
            page.screenshot(path=picture)
        heads = page.locator("h2, th[scope=col]").all_text_contents()
    said = dict.fromkeys(" ".join(head.split()) for head in heads)
    assert_as_kept(SCREENS / f"{name}.txt", "".join(f"{head}\n" for head in said))
    assert picture.stat().st_size <= LARGEST


def test_readme_opens_with_them() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    opening = readme[: readme.index("\n## ")]
    assert [name for name in SHOWN if f"](docs/screens/{name}.png)" not in opening] == []
    assert {path.stem for path in SCREENS.glob("*.png")} == {*SHOWN}
