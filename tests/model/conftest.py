"""Fresh databases for each history, and how many histories are played."""

import os
import secrets
from base64 import b64encode
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from hypothesis import settings

from tests.conftest import NewStore, stores
from tests.harness.kernel.databases import Databases

LONG = int(os.environ.get("NINEHOURS_MODEL_EXAMPLES", "0"))
"""So many histories are played, others each time; 0: a few, and each time the same."""


@pytest.fixture
def new_stores(
    databases: Databases, secrets_dir: Path
) -> Callable[[], AbstractContextManager[NewStore]]:
    """Opens a maker of stores, whose databases are gone at its end."""
    for name in ("counting", "tallying"):
        key = secrets_dir / f"{name}.master"
        if not key.exists():
            key.write_bytes(b64encode(secrets.token_bytes(32)))
    return lambda: stores(databases, secrets_dir)


@pytest.fixture
def histories() -> Callable[[int, int], settings]:
    """A few histories of so many steps, or as many as are asked for."""

    def of(few: int, steps: int) -> settings:
        return settings(
            max_examples=LONG or few,
            stateful_step_count=steps,
            derandomize=not LONG,
            print_blob=bool(LONG),
        )

    return of
