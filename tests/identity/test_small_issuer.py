"""The contract, held by the small issuer of the tests."""

import pytest

from tests.harness.identity.small_issuer import SmallIssuer
from tests.identity.contract import ProviderContract


@pytest.fixture
def provider(issuer: SmallIssuer) -> SmallIssuer:
    return issuer


class TestSmallIssuer(ProviderContract):
    """By default settings, but for the algorithm."""
