"""What plans is asked: one function a question."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from kernel.facts import Position
from kernel.messaging.standing import unsettled_clients, wait_until_heard
from kernel.store.store import Store
from services.plans.app.ports import Derived, MeasuredWeek, RecommendedWeek
from services.plans.app.streams import client_subject, decision_stream
from services.plans.domain.decision import DECISION


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """A recommendation with what became of it: empty, ACCEPTED or OVERRIDDEN."""

    recommended: RecommendedWeek
    stale: bool
    decision: str


def list_progress(
    store: Store, derived: Derived, client_id: str, after: Sequence[Position], deadline: float
) -> Sequence[MeasuredWeek]:
    """The client's progress, week by week, once `after` was heard and nothing of it is due.

    Refuses with NOT_HEARD_YET when that takes longer than `deadline` seconds.
    """
    wait_until_heard(store, after, deadline)
    with store.transaction() as tx:
        return derived.weeks(tx, client_id)


def progress_as_of(
    store: Store, derived: Derived, client_id: str, until: datetime
) -> Sequence[MeasuredWeek]:
    """The client's progress as it would have been measured by then; its revisions are not told."""
    with store.transaction() as tx:
        return derived.weeks_as_of(tx, client_id, until)


def list_recommendations(
    store: Store, derived: Derived, client_id: str, after: Sequence[Position], deadline: float
) -> Sequence[Advice]:
    """The client's recommendations, oldest first, each marked stale while anything of the client is
    parked, behind or due; refuses as `list_progress` does.

    A decision on a recommendation that was of another kind then is not shown: this one is open.
    """
    wait_until_heard(store, after, deadline)
    subject = client_subject(client_id)
    with store.transaction() as tx:
        # Asked first: what is read after it is at least as fresh as the answer.
        stale = bool(unsettled_clients(tx.connection, [subject]))
        found = derived.recommendations(tx, client_id)
        streams = {
            each.recommendation_id: decision_stream(each.recommendation_id) for each in found
        }
        decisions = tx.load_many(sorted(streams.values()))
    advice = []
    for each in found:
        history = decisions[streams[each.recommendation_id]]
        made = DECISION.fold(recorded.fact for recorded in history).on(each.kind)
        outcome = "" if made is None else made.outcome
        advice.append(Advice(recommended=each, stale=stale, decision=outcome))
    return advice
