"""A real browser for tests: one that is here, or one that this machine may get."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Playwright, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SANDLESS = ["--no-sandbox"]  # as root it has none; pages are ours alone
PACKAGE = ("apt-get", "install", "--yes", "--quiet", "--no-install-recommends", "chromium")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Started when the first test asks, without a window. Fails in one line where there is none
    to be had.

    Of a module: while Playwright is there, nothing else in this thread can run an event loop.
    """
    found = _installed() or _packaged()
    with sync_playwright() as playwright:
        browser = _launched(playwright, found) if found else _downloaded(playwright)
        yield browser
        browser.close()


def _installed() -> Path | None:
    return next((Path(found) for name in NAMES if (found := shutil.which(name))), None)


def _packaged() -> Path | None:
    """The system's package, where we may install it."""
    if os.geteuid() != 0 or shutil.which(PACKAGE[0]) is None:
        return None
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in ((PACKAGE[0], "update", "--quiet"), PACKAGE):
        subprocess.run(command, env=quiet, check=False, capture_output=True)
    return _installed()


def _downloaded(playwright: Playwright) -> Browser:
    """Playwright's own."""
    command = [sys.executable, "-m", "playwright", "install", "chromium"]
    subprocess.run(command, check=False, capture_output=True)
    try:
        return _launched(playwright, None)
    except Error:
        pytest.fail(
            "pages are tested in a Chromium, and none is here or to be had: apt install chromium",
            pytrace=False,
        )


def _launched(playwright: Playwright, found: Path | None) -> Browser:
    return playwright.chromium.launch(executable_path=found, args=SANDLESS)
