"""Intake's servicer on a database of its own, and the people who call it."""

from collections.abc import Callable

import pytest

from kernel.process import Service
from kernel.store.store import Store
from services.intake.__main__ import SERVICE
from tests.harness.intake.service import Desk


@pytest.fixture
def desk(new_store: Callable[[Service], Store]) -> Desk:
    return Desk(new_store(SERVICE))
