"""Whoever watches the console is told of its database as of a service's."""

import pytest

from ninehours.console.sessions.figures import SessionsUp


def fails() -> bool:
    raise ConnectionError


@pytest.mark.parametrize(
    ("answers", "told"), [(lambda: True, 1.0), (fails, 0.0)], ids=["answers", "fails"]
)
def test_whether_its_database_answers(answers: object, told: float) -> None:
    assert callable(answers)
    [metric] = SessionsUp(answers).collect()
    [sample] = metric.samples
    assert (sample.name, sample.value) == ("ninehours_database_up", told)
