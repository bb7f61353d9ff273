"""What plans is asked: one function a question."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from kernel.credentials import ScoreReader
from kernel.facts import Position
from kernel.messaging.caught_up import clients_not_caught_up, wait_until_heard
from services.plans.app.ports import Plans, ProjectedRow, episodes_at
from services.plans.app.streams import client_subject, decision_stream
from services.plans.domain.decision import DECISION, DecisionOutcome
from services.plans.domain.progress import WeekOfProgress
from services.plans.domain.recommendation import Recommendation


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """A recommendation with what became of it; `decision` None: nobody decided on it."""

    row: ProjectedRow[Recommendation]
    stale: bool
    decision: DecisionOutcome | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutClient:
    """About whom, by who has which sites: of episodes elsewhere nothing is told."""

    client_id: str
    sites: frozenset[str]


def tells_scores(plans: Plans, client_id: str, reader: ScoreReader) -> bool:
    """Whether scores of this client, and what is concluded from them, are told to who asks."""
    with plans.book.store.transaction() as tx:
        sites = plans.episodes.client_sites(tx, client_id)
        return plans.credentials.sees_scores(tx, reader, sites)


def list_progress(
    plans: Plans, about: AboutClient, after: Sequence[Position], deadline: float
) -> Sequence[ProjectedRow[WeekOfProgress]]:
    """The client's progress, week by week, once `after` was heard and nothing of it is due.

    Refuses with NOT_HEARD_YET when that takes longer than `deadline` seconds.
    """
    wait_until_heard(plans.book.store, after, deadline)
    with plans.book.store.transaction() as tx:
        here = episodes_at(tx, plans.episodes, about.client_id, about.sites)
        rows = plans.rows.weeks(tx, about.client_id)
    return [row for row in rows if here(row.content.episode_id)]


def progress_as_of(plans: Plans, about: AboutClient, until: datetime) -> Sequence[WeekOfProgress]:
    """The client's progress as it would have been measured by then."""
    with plans.book.store.transaction() as tx:
        here = episodes_at(tx, plans.episodes, about.client_id, about.sites)
        weeks = plans.rows.weeks_as_of(tx, about.client_id, until)
    return [week for week in weeks if here(week.episode_id)]


def list_recommendations(
    plans: Plans, about: AboutClient, after: Sequence[Position], deadline: float
) -> Sequence[Advice]:
    """The client's recommendations, oldest first, each marked stale while anything of the client is
    parked, behind or due; refuses as `list_progress` does.

    A decision on a recommendation that was of another kind then is not shown: this one is open.
    """
    wait_until_heard(plans.book.store, after, deadline)
    subject = client_subject(about.client_id)
    with plans.book.store.transaction() as tx:
        # Asked first: what is read after it is at least as fresh as the answer.
        stale = bool(clients_not_caught_up(tx.connection, [subject]))
        here = episodes_at(tx, plans.episodes, about.client_id, about.sites)
        rows = plans.rows.recommendations(tx, about.client_id)
        found = [row for row in rows if here(row.content.episode_id)]
        decisions = tx.load_many(sorted(decision_stream(row.row_id) for row in found))
    advice = []
    for row in found:
        history = decisions[decision_stream(row.row_id)]
        decided = DECISION.after(history).on(row.content.kind)
        outcome = None if decided is None else decided.outcome
        advice.append(Advice(row=row, stale=stale, decision=outcome))
    return advice
