"""What a browser that comes for the first time makes of a page: all of it, at every width."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, Literal

from playwright.sync_api import Browser, Page, StorageState

from kernel.roles import Role
from tests.harness.console.axe import EVERY, OF_COLOR, OF_WIDTH, violations
from tests.harness.console.browsing import PATIENCE
from tests.harness.console.figures import unexplained

# What a program judges: all of it once, then what layouts change by width, and colors by theme.
JUDGED: Mapping[int, Sequence[tuple[Literal["dark", "light"], tuple[str, ...]]]] = {
    320: (("light", OF_WIDTH),),
    800: (),
    1400: (("light", EVERY), ("dark", OF_COLOR)),
}
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


def signed_in(browser: Browser, way_in: str, role: Role) -> StorageState:
    """What a browser keeps of somebody who went the way in, in this role."""
    with closing(browser.new_context()) as context:
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.goto(way_in)
        page.locator(f"[value={role}]").press("Enter")
        page.wait_for_url(lambda url: "/sign-in" not in url, wait_until="commit")
        return context.storage_state()


def look(
    browser: Browser,
    at: str,
    who: StorageState,
    address: str,
    *,
    press: str = "",
    sums: str = "",
) -> Seen:
    """At the page of the console `at`, or at what it answers to a button, with nothing else kept
    but who is signed in. `sums`: figures whose parts a table has."""
    seen = Seen()
    # Colors that still change are none that somebody reads.
    options: dict[str, Any] = {"storage_state": who, "reduced_motion": "reduce"}
    with closing(browser.new_context(base_url=at, **options)) as context:
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
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
        seen.widths, seen.broken = judged(page)
    return seen


def judged(page: Page) -> tuple[dict[int, int], dict[str, list[str]]]:
    """As it looks now: how wide it gets, by how wide it may be; and what keeps somebody out of it,
    by theme and width."""
    widths, broken = {}, {}
    for width, themes in JUDGED.items():
        page.set_viewport_size({"width": width, "height": HEIGHT})
        widths[width] = page.evaluate("document.documentElement.scrollWidth")
        for theme, only in themes:
            page.emulate_media(color_scheme=theme)
            if found := violations(page, only):
                broken[f"{theme}, {width}"] = found
    return widths, broken


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
