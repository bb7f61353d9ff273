"""The contracts, held by a real Keycloak; named by `make keycloak` alone, for it takes a while.

Not of those that every run collects: it wants 450 MB, and half a minute to start. Where it can't be
fetched or doesn't start, these tests fail.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from kernel.services import SERVICES
from ninehours.local.authority import Authority, Wire
from ninehours.local.servers import LocalServers
from services.intake.__main__ import SERVICE as INTAKE
from tests.conftest import NewStore
from tests.harness.api import api
from tests.harness.console.running import Running, consoles
from tests.harness.identity.keycloak import Keycloak
from tests.identity.contract import ProviderContract
from tests.identity.journey_contract import JourneyContract, signed_in
from tests.identity.sign_in_contract import SignInContract

AWAY = "127.0.0.1:1"


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keycloak]:
    keycloak = Keycloak(tmp_path_factory.mktemp("keycloak"))
    yield keycloak
    keycloak.stop()


@pytest.fixture(scope="module")
def console(
    postgres: LocalServers,
    secrets_dir: Path,
    new_store_of_module: NewStore,
    tmp_path_factory: pytest.TempPathFactory,
    provider: Keycloak,
) -> Iterator[Running]:
    """Which asks intake, whose people come from there, too; the other services are away."""
    folder = tmp_path_factory.mktemp("console")
    authority = Authority(folder / "tls")
    authority.issue(INTAKE.name, Wire.RPC)
    told = {"oidc": provider.settings, "rpc_tls_dir": authority.folder_of(INTAKE.name, Wire.RPC)}
    store, now = new_store_of_module(INTAKE), datetime.now(UTC)
    with api(INTAKE, store, secrets_dir, now, **told) as intake:
        peers = {**dict.fromkeys(SERVICES, AWAY), INTAKE.name: f"127.0.0.1:{intake.server.port}"}
        with consoles(
            postgres, secrets_dir, folder, peers, provider=provider, authority=authority
        ) as running:
            yield running


class TestKeycloak(ProviderContract):
    """By the settings that docs/operations.md gives as an example."""


class TestSigningInAtKeycloak(SignInContract):
    """By the registration that it gives as an example."""


# Last: while a browser is there, nothing else in this thread runs an event loop.
class TestJourneyAtKeycloak(JourneyContract):
    """At Keycloak's own page."""

    def test_services_believe_who_signed_in_there(
        self, console: Running, provider: Keycloak, browser: Browser
    ) -> None:
        with signed_in(browser, console, provider) as page:
            page.goto("/clients")
            page.locator("[name=text]").fill("Nobody Known")
            page.locator("[name=text]").press("Enter")
            expect(page.get_by_text("Nobody at your sites meets all of that")).to_be_visible()
