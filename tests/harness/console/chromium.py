"""A real browser for tests: one that is here, or one that this machine may get."""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Playwright, sync_playwright

# Without what only a window needs it takes half the processor's time for the same pages.
SHELLS = ("chromium-headless-shell",)
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SANDLESS = ["--no-sandbox"]  # as root it has none; pages are ours alone
APT = "apt-get"
INSTALL = (APT, "install", "--yes", "--quiet", "--no-install-recommends")
WITHIN = 300  # seconds


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Started when the first test asks, without a window. Fails in one line where there is none
    to be had.

    Of a module: while Playwright is there, nothing else in this thread can run an event loop.
    """
    found = _found()
    with sync_playwright() as playwright:
        browser = _launched(playwright, found) if found else _downloaded(playwright)
        yield browser
        browser.close()


@cache
def _found() -> Path | None:
    """One that is here, or comes as a package of the system, where we may install it."""
    lock = Path(tempfile.gettempdir()) / f"ninehours-chromium-{os.geteuid()}.lock"
    with lock.open("a") as alone:
        fcntl.flock(alone, fcntl.LOCK_EX)  # who comes second finds it installed
        return (
            _installed(*SHELLS)
            or _packaged("chromium-headless-shell", *SHELLS)
            or _installed(*NAMES)
            or _packaged("chromium", *NAMES)
        )


def _installed(*names: str) -> Path | None:
    return next((Path(found) for name in names if (found := shutil.which(name))), None)


def _packaged(package: str, *names: str) -> Path | None:
    if os.geteuid() != 0 or shutil.which(APT) is None:
        return None
    for commands in ([(*INSTALL, package)], [(APT, "update", "--quiet"), (*INSTALL, package)]):
        for command in commands:
            _run(*command)
        if found := _installed(*names):
            return found
    return None


def _run(*command: str) -> None:
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with suppress(subprocess.TimeoutExpired):
        subprocess.run(command, env=quiet, check=False, capture_output=True, timeout=WITHIN)


def _downloaded(playwright: Playwright) -> Browser:
    """Playwright's own."""
    _run(sys.executable, "-m", "playwright", "install", "chromium")
    try:
        return _launched(playwright, None)
    except Error:
        pytest.fail(
            "pages are tested in a Chromium, and none is here or to be had: apt install chromium",
            pytrace=False,
        )


def _launched(playwright: Playwright, found: Path | None) -> Browser:
    return playwright.chromium.launch(executable_path=found, args=SANDLESS)
