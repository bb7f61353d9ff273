"""Reacting: each fact leads to its command, whoever drains at once and whatever is refused."""

from typing import Any

import pytest

from kernel.execute import Book
from kernel.messaging.draining import Draining
from kernel.messaging.interests import Interests
from kernel.messaging.reacting import Reaction
from kernel.store.store import Context, Store
from tests.kernel.made import (
    ADA,
    BOB,
    COUNTER,
    INPUTS,
    Count,
    Gate,
    Listener,
    Log,
    SessionAttended,
    attended,
    book_of,
    held,
)

TOO_MUCH = 101  # a counter ends at 100


def count_up(store: Store, fact: SessionAttended, context: Context) -> None:
    book: Book = book_of(store)
    client = f"client/{fact.client_id}"
    book.execute(COUNTER, f"counter/{fact.session_id}", Count(client, fact.minutes), context)


COUNT_UP = Reaction(name="count_up", to=SessionAttended, react=count_up)
REACTING = Interests(INPUTS.by_type.values(), reactions=[COUNT_UP])


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def listener(tallying: Store, log: Log) -> Listener:
    return Listener(tallying, log, interests=REACTING)


def counted(listener: Listener) -> list[str]:
    """The streams that a command was given on."""
    return [row.stream for row in listener.ask("SELECT stream FROM fact ORDER BY stream")]


@pytest.mark.xfail(strict=True, reason="9.9: settled at a mark that was deleted and raised anew")
def test_a_fact_heard_while_two_react_to_the_one_before_is_reacted_to(
    listener: Listener, log: Log
) -> None:
    listener.hear(log.tell(ADA, attended("first", 1)))
    gate = Gate("reacted")
    slow = Draining(listener.store, REACTING, barrier=gate)
    with held(gate, slow.drain):
        listener.draining.drain()
        listener.hear(log.tell(ADA, attended("second", 1)))
    listener.draining.drain()
    assert counted(listener) == ["counter/first", "counter/second"]


@pytest.mark.xfail(strict=True, reason="9.9: a refused reaction blocks its client's later ones")
def test_a_reaction_that_is_refused_is_parked_alone(listener: Listener, log: Log) -> None:
    listener.hear(
        log.tell(ADA, attended("refused", TOO_MUCH)),
        log.tell(ADA, attended("second", 1)),
        log.tell(BOB, attended("third", 1, client=BOB)),
    )
    listener.draining.drain()
    assert counted(listener) == ["counter/second", "counter/third"]
    listener.hear(log.tell(ADA, attended("fourth", 1)))
    listener.draining.drain()
    assert counted(listener) == ["counter/fourth", "counter/second", "counter/third"]
