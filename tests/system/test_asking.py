"""A question to a system that stands still: started for it, answered, stopped again."""

from ninehours.local import leftovers
from tests.harness.commands import ninehours
from tests.system.played import Played


def test_a_system_that_stands_still_is_started_for_one_question_and_left_as_it_was(
    calm: Played,
) -> None:
    ran = ninehours("clients", "--data", str(calm.data))
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines()[-1].startswith(f"{calm.summary.clients} clients, ")
    assert "starting it for this command" in ran.stderr
    assert leftovers.of_run(str(calm.data), run=lambda _: True) == []
