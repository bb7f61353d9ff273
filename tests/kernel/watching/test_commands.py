"""Commands are counted, each once, by what became of them."""

from typing import Any
from uuid import uuid4

import pytest

from kernel.refusal import NotYet, Refusal
from kernel.store.store import Conflict, Store
from kernel.watching.commands import Became
from tests.harness.kernel.counters import ADA, COUNTER, Count, context, executor_of
from tests.harness.kernel.health import assert_counts


def became(outcome: Became, number: int = 1) -> tuple[str, dict[str, str], int]:
    return ("ninehours_commands_total", {"outcome": outcome.value}, number)


def test_a_command_is_counted_by_what_became_of_it(counting: Store) -> None:
    executor = executor_of(counting)

    def give(amount: int, **changes: Any) -> Any:
        command = Count(ADA, amount)
        return executor.execute(COUNTER, "counter/1", command, context(**changes), locks=[ADA])

    once = uuid4()
    with assert_counts(became(Became.ACCEPTED), became(Became.UNCHANGED), became(Became.REPEATED)):
        give(60, command_id=once)
        give(60, command_id=once)
        give(0)
    for refusing, outcome in [
        (lambda: give(60), Became.REFUSED),
        (lambda: give(1, expected_version=7), Became.CONFLICT),
    ]:
        with assert_counts(became(outcome)), pytest.raises(Refusal):
            refusing()


@pytest.mark.parametrize(
    ("raised", "outcome", "conflicts"),
    [
        (Conflict(), Became.CONFLICT, 3),
        (NotYet("NOT_HEARD_YET", "not yet"), Became.NOT_YET, 0),
        (RuntimeError("nobody foresaw it"), Became.FAILED, 0),
    ],
)
def test_a_command_that_is_not_decided_is_counted_too(
    counting: Store, raised: Exception, outcome: Became, conflicts: int
) -> None:
    def attempt() -> Any:
        raise raised

    with (
        assert_counts(became(outcome), ("ninehours_conflicts_total", {}, conflicts)),
        pytest.raises((Refusal, RuntimeError)),
    ):
        executor_of(counting).attempts(context(), attempt)
