"""Asking a decider: what commands yield one after the other, and why the last is refused."""

from typing import Any

import pytest

from kernel.decider import Decider
from kernel.refusal import Malformed, Refusal


def after(decider: Decider[Any, Any, Any], *commands: Any) -> list[Any]:
    facts: list[Any] = []
    for command in commands:
        facts += decider.decide(command, decider.fold(facts))
    return facts


def reason_of(decider: Decider[Any, Any, Any], *commands: Any) -> str:
    """Why the last of them is refused; those before must be taken."""
    facts = after(decider, *commands[:-1])
    with pytest.raises(Refusal) as refused:
        list(decider.decide(commands[-1], decider.fold(facts)))
    if isinstance(refused.value, Malformed):
        return ", ".join(refused.value.details)
    return refused.value.reason
