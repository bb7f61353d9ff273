"""The model's machine itself, tried: what breaks a promise it finds, and tells in a short history.

`make test ARGS="tests/model/planted.py --timeout 0"`: half a minute each. (`make planted` is of
tests that are named for such faults.)
"""

import inspect
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from kernel import execute
from kernel.messaging import exchange, inbox, inbox_facts, projections, relay, subscriptions

# Where, in which function, which words; and what stands in their place.
FAULTS: dict[str, tuple[Any, str, str, str]] = {
    "the relay marks what it sends before that arrived": (
        relay.Relay,
        "send_batch",
        "            try:\n                future.get",
        "            arrived.append(row)\n            try:\n                future.get",
    ),
    "a command is decided each time it comes": (
        execute,
        "recall",
        "if command is None:",
        "if True:",
    ),
    "a command is answered with another's answer": (
        execute,
        "recall",
        'tx.load_where("command_id = :id", **by_id)',
        'tx.load_where("command_id <> :id", **by_id)',
    ),
    "an id says nothing of the content": (
        execute,
        "recall",
        "!= (context.digest, context.actor)",
        "== ()",
    ),
    "a hole is gone past": (
        inbox.Inbox,
        "_take",
        "envelope.sequence > checkpoint.sequence + 1",
        "False",
    ),
    "what comes twice is heard twice": (
        inbox.Inbox,
        "_take",
        "envelope.sequence <= checkpoint.sequence and not checkpoint.anew",
        "False",
    ),
    "what is of another epoch is heard": (
        inbox.Inbox,
        "_of_this_epoch",
        "topic.epoch in (0, envelope.epoch)",
        "True",
    ),
    "facts are read in the order in which they came": (
        subscriptions.Subscriptions,
        "_said_about",
        "ORDER BY topic, subject, sequence",
        "ORDER BY ctid",
    ),
    "what is heard makes nothing pending": (
        inbox_facts.InboxFacts,
        "admit",
        "self.mark_what_follows({fact.subject for fact in facts}, facts)",
        "pass",
    ),
    "a row that nothing leads to stays": (
        projections,
        "difference",
        "        if not was.withdrawn:\n            stored",
        "        if False:\n            stored",
    ),
    "what an owner has no more stays heard": (
        exchange._Exchange,
        "_write",
        "DELETE FROM heard_fact WHERE id",
        "DELETE FROM heard_fact WHERE false AND id",
    ),
    "a new release leaves rows as they are": (
        projections.Projections,
        "mark_outdated",
        "mark_pending(tx, keys)",
        "pass",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_told_in_a_short_history(
    new_world: Any, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    where, name, _, _ = FAULTS[fault]
    function = getattr(where, name)
    made: dict[str, Any] = {}
    exec(planted(fault), function.__globals__, made)
    monkeypatch.setattr(where, name, made[name])
    with pytest.raises(Exception) as found:
        run_state_machine_as_test(
            new_world,
            settings=settings(
                max_examples=300,
                stateful_step_count=12,
                derandomize=True,
                report_multiple_bugs=False,
            ),
        )
    told = "\n".join(found.value.__notes__)
    assert 1 <= told.count("state.") <= 9, told


def planted(fault: str) -> str:
    """The function's source with the fault in it, whose words stand there once."""
    where, name, was, instead = FAULTS[fault]
    source = inspect.getsource(getattr(where, name))
    assert source.count(was) == 1, "that is written otherwise by now"
    return dedent(source.replace(was, instead))
