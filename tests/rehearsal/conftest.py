"""Where a machine doesn't allow a rehearsal, one line says so, and nothing is begun."""

from pathlib import Path

import pytest

from tests.harness.deploy.machine.container import refusal

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Nothing is asked of a machine on which none of these tests is wanted."""
    if any(item.path.parent == HERE for item in items) and (why := refusal()):
        pytest.exit(f"make rehearsal: {why}", returncode=1)
