"""The contract, held by a real Keycloak; named by `make keycloak` alone, for it takes a while.

Not of those that every run collects: it wants 450 MB, and half a minute to start. Where it can't be
fetched or doesn't start, these tests fail.
"""

from collections.abc import Iterator

import pytest

from tests.harness.identity.keycloak import Keycloak
from tests.identity.contract import ProviderContract


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keycloak]:
    keycloak = Keycloak(tmp_path_factory.mktemp("keycloak"))
    yield keycloak
    keycloak.stop()


class TestKeycloak(ProviderContract):
    """By the settings that docs/operations.md gives as an example."""
