"""What a browser that comes for the first time makes of a page: all of it, at every width."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, Literal

from playwright.sync_api import Browser, Page

from tests.harness.console.axe import EVERY, OF_COLOR, OF_WIDTH, violations
from tests.harness.console.browsing import PATIENCE
from tests.harness.console.figures import unexplained

WIDTHS = (320, 800, 1400)
# What a program judges: all of it once, then what layouts change by width, and colors by theme.
JUDGED: tuple[tuple[int, Literal["dark", "light"], tuple[str, ...]], ...] = (
    (1400, "light", EVERY),
    (1400, "dark", OF_COLOR),
    (320, "light", OF_WIDTH),
)
HEIGHT = 900
STORED = """async () => [
  ...Object.keys(localStorage), ...Object.keys(sessionStorage), ...await caches.keys(),
  ...(await indexedDB.databases()).map((each) => each.name),
  ...(await navigator.serviceWorker.getRegistrations()).map((each) => each.scope),
]"""


@dataclass(kw_only=True)
class Seen:
    """`loaded`: bytes as transferred, of all that it loads. `strange`: what was asked of elsewhere,
    failed or was refused by the policy. `broken`: what keeps somebody out, by theme and width.
    `stored`: what the browser holds of it beside the page. `unexplained`: figures from which
    nothing leads to why."""

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    address: str = ""
    title: str = ""
    headings: list[str] = field(default_factory=list)
    loaded: int = 0
    strange: list[str] = field(default_factory=list)
    stored: list[str] = field(default_factory=list)
    broken: dict[str, list[str]] = field(default_factory=dict)
    unexplained: list[str] = field(default_factory=list)
    widths: dict[int, int] = field(default_factory=dict)


def look(
    browser: Browser, way_in: str, role: str, address: str, *, press: str = "", sums: str = ""
) -> Seen:
    """At the page, or at what it answers to a button; by somebody signed in in this role. `sums`:
    figures whose parts a table has."""
    at = way_in.partition("/sign-in")[0]
    seen = Seen()
    # Colors that still change are none that somebody reads.
    with closing(browser.new_context(base_url=at, reduced_motion="reduce")) as context:
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.goto(way_in)
        page.locator(f"[value={role}]").press("Enter")
        page.wait_for_url(lambda url: "/sign-in" not in url)
        if press:
            page.goto(address)
        listen(page, at, seen)
        if press:
            with page.expect_navigation() as answered:
                page.get_by_role("button", name=press, exact=True).first.press("Enter")
            answer = answered.value
        else:
            arrived = page.goto(address)
            assert arrived is not None
            answer = arrived
        page.wait_for_load_state()
        seen.status, seen.headers = answer.status, answer.headers
        seen.address, seen.title = page.url.removeprefix(at), page.title()
        seen.unexplained = unexplained(page, sums)
        seen.headings = page.locator("h1").all_inner_texts()
        seen.stored = page.evaluate(STORED)
        seen.widths, seen.broken = widths(page), broken(page)
    return seen


def widths(page: Page) -> dict[int, int]:
    """How wide it gets, by how wide it may be."""
    found = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": HEIGHT})
        found[width] = page.evaluate("document.documentElement.scrollWidth")
    return found


def broken(page: Page) -> dict[str, list[str]]:
    """What keeps somebody out of it as it looks now, by theme and width."""
    found = {}
    for width, theme, only in JUDGED:
        page.set_viewport_size({"width": width, "height": HEIGHT})
        page.emulate_media(color_scheme=theme)
        if judged := violations(page, only):
            found[f"{theme}, {width}"] = judged
    return found


def listen(page: Page, at: str, seen: Seen) -> None:
    """From here on, with nothing kept of before."""
    told = page.context.new_cdp_session(page)
    told.send("Network.enable")
    told.send("Network.setCacheDisabled", {"cacheDisabled": True})
    asked: dict[str, str] = {}

    def transferred(event: dict[str, Any]) -> None:
        seen.loaded += int(event["encodedDataLength"])

    def requested(event: dict[str, Any]) -> None:
        asked[event["requestId"]] = url = event["request"]["url"]
        if not url.startswith((f"{at}/", "data:")):
            seen.strange.append(url)

    def failed(event: dict[str, Any]) -> None:
        seen.strange.append(f"{asked[event['requestId']]}: {event['errorText']}")

    told.on("Network.loadingFinished", transferred)
    told.on("Network.requestWillBeSent", requested)
    told.on("Network.loadingFailed", failed)
    page.on("console", lambda said: _said(said.type, said.text, seen))
    page.on("pageerror", lambda error: seen.strange.append(str(error)))


def _said(kind: str, text: str, seen: Seen) -> None:
    """All but that the page itself is a refusal."""
    if kind == "error" and "the server responded with a status of" not in text:
        seen.strange.append(text)
