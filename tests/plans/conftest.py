"""Plans on a fresh database, for each test that asks."""

from collections.abc import Callable
from uuid import uuid4

import pytest

from kernel.process import Service
from kernel.store.store import Store
from services.plans.__main__ import SERVICE
from tests.harness.plans.service import Log, Plans


@pytest.fixture
def new_plans(new_store: Callable[[Service], Store]) -> Callable[[], Plans]:
    return lambda: Plans(new_store(SERVICE))


@pytest.fixture
def plans(new_plans: Callable[[], Plans]) -> Plans:
    return new_plans()


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def client_id() -> str:
    return str(uuid4())


@pytest.fixture
def episode_id() -> str:
    return str(uuid4())
