"""Billing on a fresh database, for each test that asks."""

from collections.abc import Callable

import pytest

from kernel.process import Service
from kernel.store.store import Store
from services.billing.__main__ import SERVICE
from tests.harness.billing.facts import Story
from tests.harness.billing.service import Office


@pytest.fixture
def new_office(new_store: Callable[[Service], Store]) -> Callable[[], Office]:
    return lambda: Office(new_store(SERVICE))


@pytest.fixture
def office(new_office: Callable[[], Office]) -> Office:
    return new_office()


@pytest.fixture
def story() -> Story:
    return Story()
