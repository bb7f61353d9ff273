"""An identity provider of the tests, for each test its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.identity.small_issuer import SmallIssuer


@pytest.fixture
def issuer(tmp_path: Path) -> Iterator[SmallIssuer]:
    made = SmallIssuer(tmp_path / "issuer")
    yield made
    made.stop()
