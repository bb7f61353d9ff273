"""Two services of our own, each on a fresh database: one that counts, one that tallies."""

import secrets
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import pytest

from kernel.process import Service
from kernel.store.store import Store
from tests.harness.kernel.counters import COUNTED


@pytest.fixture(scope="session")
def no_migrations(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("migrations")
    return folder


@pytest.fixture
def new_of_kernel(
    new_store: Callable[[Service], Store], secrets_dir: Path, no_migrations: Path
) -> Callable[[str], Store]:
    """A store of the kernel's tables alone, for a service of this name."""

    def make(name: str) -> Store:
        key = secrets_dir / f"{name}.master"
        if not key.exists():
            key.write_bytes(b64encode(secrets.token_bytes(32)))
        return new_store(
            Service(name=name, codec=COUNTED, migrations=no_migrations, servicers=lambda *_: {})
        )

    return make


@pytest.fixture
def counting(new_of_kernel: Callable[[str], Store]) -> Store:
    return new_of_kernel("counting")


@pytest.fixture
def tallying(new_of_kernel: Callable[[str], Store]) -> Store:
    return new_of_kernel("tallying")
