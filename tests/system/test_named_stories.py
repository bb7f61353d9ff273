"""The stories of README's table, as the API told them while the system ran."""

import pytest

from ninehours.story.stories import STORIES, check
from tests.system.played import Played


@pytest.mark.parametrize("name", STORIES)
def test_the_story_is_as_it_is_told(calm: Played, name: str) -> None:
    check(name, calm.evidence[name])
