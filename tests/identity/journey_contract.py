"""What holds in a browser wherever people sign in: at a small provider, and at a real one."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from tests.harness.console.browsing import PATIENCE
from tests.harness.console.running import Running
from tests.harness.identity.signing_in import SignInProvider


@contextmanager
def signed_in(
    browser: Browser, console: Running, provider: SignInProvider, *, script: bool = True
) -> Iterator[Page]:
    """Ada, as a clinician, at the console on 127.0.0.1, by the provider on localhost: another site.

    At the end: the console's own pages did nothing that a browser complains of.
    """
    at = address_of(console)
    provider.register(at)
    context = browser.new_context(base_url=at, ignore_https_errors=True, java_script_enabled=script)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    wrong: list[str] = []
    page.on("console", partial(_note_error, wrong, at))
    page.goto("/sign-in")
    go_to_provider(page, provider)
    page.locator("[name=username]").fill("ada")
    page.locator("[name=password]").fill(provider.password)
    page.locator("[name=password]").press("Enter")
    page.wait_for_url(lambda url: url.startswith(at) and "/sign-in" not in url)
    yield page
    context.close()
    assert wrong == []


def go_to_provider(page: Page, provider: SignInProvider) -> None:
    """In the clinician's role, until the provider asks for the password."""
    page.locator("[value=clinician]").press("Enter")
    page.wait_for_url(lambda url: url.startswith(origin_of(provider)))
    expect(page.locator("[name=password]")).to_be_visible()


def address_of(console: Running) -> str:
    return f"https://{console.addresses[0]}"


def origin_of(provider: SignInProvider) -> str:
    return "{0.scheme}://{0.netloc}".format(urlsplit(provider.settings["issuer"]))


class JourneyContract:
    """Each test is given `provider`, and `console`, which is a client of it."""

    @pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
    def test_a_clinician_signs_in_by_way_of_another_site_and_out_there_too(
        self, console: Running, provider: SignInProvider, browser: Browser, script: bool
    ) -> None:
        """On the way back from there, browsers show no cookie that is Strict."""
        with signed_in(browser, console, provider, script=script) as page:
            page.get_by_role("button", name="Sign out").press("Enter")
            if not script:
                page.get_by_role("button", name="Sign out there, too").press("Enter")
            page.wait_for_url(f"{address_of(console)}/sign-out")
            expect(page.get_by_role("link", name="Sign in again")).to_be_visible()
            assert urlsplit(page.url).query == ""
            page.goto("/")
            go_to_provider(page, provider)


def _note_error(wrong: list[str], at: str, said: ConsoleMessage) -> None:
    """Of the console's pages, all but that nobody is signed in, and that services are away."""
    refused = any(status in said.text for status in ("401", "503"))
    if said.type == "error" and not refused and said.location["url"].startswith(at):
        wrong.append(said.text)
