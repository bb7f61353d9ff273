"""The played story, for whoever goes through its pages."""

from collections.abc import Iterator

import pytest

from ninehours.local.system import LocalSystem
from tests.harness.console.story import PlayedStory, told_by


@pytest.fixture(scope="session")
def story(browsed: LocalSystem) -> Iterator[PlayedStory]:
    """Asked of the system that `browsed` is."""
    with told_by(browsed) as story:
        yield story
