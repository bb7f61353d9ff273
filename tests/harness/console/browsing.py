"""Tabs of a real browser, signed in, in which nothing strange is loaded and nothing refused."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Page, expect

PATIENCE = 120_000  # milliseconds, however busy the machine is
expect.set_options(timeout=PATIENCE)


@contextmanager
def tab(
    browser: Browser, way_in: str, role: str, *, answered: Collection[int] = (), **options: Any
) -> Iterator[Page]:
    """Of somebody who went the way in, in this role; `options`: of a browser's context.
    `answered`: with which troubles pages are, beside refusals.

    At the end: nothing was asked of elsewhere, no script failed, no policy was broken.
    """
    at = "{0.scheme}://{0.netloc}".format(urlsplit(way_in))
    context = browser.new_context(base_url=at, **options)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    wrong: list[str] = []
    page.on("request", lambda asked: _note_strange(asked.url, at, wrong))
    page.on("console", lambda said: _note_said(said, answered, wrong))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    go(page, way_in)
    page.locator(f"[value={role}]").press("Enter")
    page.wait_for_url(lambda url: "/sign-in" not in url)
    yield page
    context.close()
    assert wrong == []


def go(page: Page, path: str) -> None:
    """There, until a key can be pressed."""
    page.goto(path)
    expect(page.locator("[autofocus]")).to_be_focused()


def _note_said(said: ConsoleMessage, answered: Collection[int], wrong: list[str]) -> None:
    """All but what is refused, which is told as an error, too."""
    if said.type == "error" and not any(str(status) in said.text for status in (422, *answered)):
        wrong.append(said.text)


def _note_strange(url: str, at: str, wrong: list[str]) -> None:
    if not url.startswith((f"{at}/", "data:")):
        wrong.append(url)
