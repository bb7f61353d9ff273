"""What plans is asked: one function a question."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from kernel.credentials import Reader, sees_scores
from kernel.facts import Position
from kernel.messaging.caught_up import clients_not_caught_up, wait_until_heard
from kernel.store.store import Store
from services.plans.app.ports import MeasuredWeek, Outside, RecommendedWeek, episodes_at
from services.plans.app.streams import client_subject, decision_stream
from services.plans.domain.decision import DECISION


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """A recommendation with what became of it: empty, ACCEPTED or OVERRIDDEN."""

    recommended: RecommendedWeek
    stale: bool
    decision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """About whom, by who has which sites: of episodes elsewhere nothing is told."""

    client_id: str
    sites: frozenset[str]


def tells_scores(store: Store, outside: Outside, client_id: str, reader: Reader) -> bool:
    """Whether scores of this client, and what is concluded from them, are told to who asks."""
    with store.transaction() as tx:
        sites = outside.episodes.client_sites(tx, client_id)
        return sees_scores(tx, outside.credentials, reader, sites)


def list_progress(
    store: Store, outside: Outside, asked: Asked, after: Sequence[Position], deadline: float
) -> Sequence[MeasuredWeek]:
    """The client's progress, week by week, once `after` was heard and nothing of it is due.

    Refuses with NOT_HEARD_YET when that takes longer than `deadline` seconds.
    """
    wait_until_heard(store, after, deadline)
    with store.transaction() as tx:
        here = episodes_at(tx, outside.episodes, asked.client_id, asked.sites)
        weeks = outside.derived.weeks(tx, asked.client_id)
    return [week for week in weeks if here(week.episode_id)]


def progress_as_of(
    store: Store, outside: Outside, asked: Asked, until: datetime
) -> Sequence[MeasuredWeek]:
    """The client's progress as it would have been measured by then; its revisions are not told."""
    with store.transaction() as tx:
        here = episodes_at(tx, outside.episodes, asked.client_id, asked.sites)
        weeks = outside.derived.weeks_as_of(tx, asked.client_id, until)
    return [week for week in weeks if here(week.episode_id)]


def list_recommendations(
    store: Store, outside: Outside, asked: Asked, after: Sequence[Position], deadline: float
) -> Sequence[Advice]:
    """The client's recommendations, oldest first, each marked stale while anything of the client is
    parked, behind or due; refuses as `list_progress` does.

    A decision on a recommendation that was of another kind then is not shown: this one is open.
    """
    wait_until_heard(store, after, deadline)
    subject = client_subject(asked.client_id)
    with store.transaction() as tx:
        # Asked first: what is read after it is at least as fresh as the answer.
        stale = bool(clients_not_caught_up(tx.connection, [subject]))
        here = episodes_at(tx, outside.episodes, asked.client_id, asked.sites)
        made = outside.derived.recommendations(tx, asked.client_id)
        found = [each for each in made if here(each.episode_id)]
        streams = {
            each.recommendation_id: decision_stream(each.recommendation_id) for each in found
        }
        decisions = tx.load_many(sorted(streams.values()))
    advice = []
    for each in found:
        history = decisions[streams[each.recommendation_id]]
        decided = DECISION.fold(recorded.fact for recorded in history).on(each.kind)
        outcome = "" if decided is None else decided.outcome
        advice.append(Advice(recommended=each, stale=stale, decision=outcome))
    return advice
