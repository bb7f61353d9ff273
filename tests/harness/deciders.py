"""Three properties of every decider, over whatever commands and facts a test's strategies make."""

from collections.abc import Iterable, Sequence
from typing import Any

from kernel.decider import Decider
from kernel.refusal import Refusal


def facts_of(decider: Decider[Any, Any, Any], commands: Iterable[Any]) -> list[Any]:
    """What accepted commands yield, one after the other; refused ones yield nothing."""
    facts: list[Any] = []
    for command in commands:
        facts += decided(decider, command, facts)
    return facts


def decided(decider: Decider[Any, Any, Any], command: Any, facts: Iterable[Any]) -> list[Any]:
    """The facts of one command after these; none when it is refused."""
    try:
        return list(decider.decide(command, decider.fold(facts)))
    except Refusal:
        return []


def assert_repeating_adds_nothing(
    decider: Decider[Any, Any, Any], commands: Sequence[Any], again: Any
) -> None:
    """A command given again at once yields nothing, or is refused."""
    facts = facts_of(decider, [*commands, again])
    assert decided(decider, again, facts) == []


def assert_evolving_never_refuses(
    decider: Decider[Any, Any, Any], facts: Sequence[Any], cut: int
) -> None:
    """Every fact is taken in every state, and two halves make the whole."""
    whole = decider.fold(facts)
    half = Decider(decider.decide, decider.evolve, decider.fold(facts[:cut]))
    assert half.fold(facts[cut:]) == whole
