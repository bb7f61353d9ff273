"""Names of plans' streams, subjects, documents and rows; and deciding on one of several streams."""

from typing import TypeVar

from kernel.decider import Decider
from kernel.execute import record, refuse_stale
from kernel.facts import Recorded, derived_id
from kernel.store.store import Context, Transaction
from services.plans.domain.progress import WeekOfProgress
from services.plans.domain.recommendation import Recommendation

C = TypeVar("C")
F = TypeVar("F")
S = TypeVar("S")

PROGRESS = "progress"  # the projection, and a kind of its rows
RECOMMENDATION = "recommendation"  # another kind of its rows: made of the same weeks
RULES_STREAM = "level_rules/network"
# The reference that every admission leads to: confirming rules concerns every client.
RULES_SUBJECT = f"rules/{derived_id('level_rules', 'network')}"


def client_subject(client_id: str) -> str:
    return f"client/{client_id}"


def plan_stream(plan_id: str) -> str:
    """Of the sealed document too."""
    return f"plan/{plan_id}"


def level_stream(episode_id: str) -> str:
    return f"level/{episode_id}"


def over_safety_of(episode_id: str) -> str:
    """The document with the reason of a discharge over an open safety task."""
    return f"discharge_over_safety/{episode_id}"


def ending_stream(episode_id: str) -> str:
    return f"episode_course/{episode_id}"


def decision_stream(recommendation_id: str) -> str:
    """Of the sealed reason too."""
    return f"recommendation/{recommendation_id}"


def row_key(of: WeekOfProgress | Recommendation) -> str:
    """Of its row, within the row's kind: a week keeps its row, whatever is said of it."""
    return f"{of.client_id}|{of.episode_id}|{of.week_start}"


def recommendation_id(of: Recommendation) -> str:
    """The id of its row."""
    return str(derived_id(PROGRESS, RECOMMENDATION, row_key(of)))


def state_of(tx: Transaction, decider: Decider[C, F, S], stream: str) -> S:
    """As it stands in this transaction."""
    return decider.after(tx.load(stream))


def decided(
    tx: Transaction,
    context: Context,
    decider: Decider[C, F, S],
    stream: str,
    command: C,
    *,
    expected: bool = True,
) -> tuple[Recorded, ...]:
    """What the command adds to the stream; `expected`: it is the one the caller's version is of."""
    history = tx.load(stream)
    if expected:
        refuse_stale(context, len(history))
    facts = decider.decide(command, decider.after(history))
    return record(context, stream, len(history), facts)
