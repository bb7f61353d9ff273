"""Why a client is at a level of care: now, or as plans had heard it by then.

What is derived is derived again from the facts signed by then; decisions are this service's own.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from kernel.facts import Recorded
from kernel.ids import derived_id
from kernel.refusal import Unknown
from kernel.store.store import Store, Transaction
from services.plans.app.questions import Asked
from services.plans.app.streams import client_subject, decision_stream, level_stream
from services.plans.domain.decision import RecommendationDecided
from services.plans.domain.explain import Clause, Segment, clauses_of, sayings, segments_of
from services.plans.domain.history import Assessed, LevelChange, ProgressFact
from services.plans.domain.level import LevelOfCareChanged
from services.plans.domain.progress import Bands, Episode, episodes_of
from services.plans.domain.recommendation import Recommendation, recommend
from services.plans.domain.rules import LevelRules

PROGRESS, RECOMMENDATION = "progress", "recommendation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Then:
    """What was known of a client by a moment; `rules`: each with the id of its fact."""

    facts: Sequence[ProgressFact]
    rules: Mapping[LevelRules, str]
    bands: Bands


class Past(Protocol):
    """What was known by a moment."""

    def known(self, tx: Transaction, client_id: str, until: datetime | None) -> Then:
        """Of a client, by then."""
        ...

    def revisions(self, tx: Transaction, row_ids: Sequence[str]) -> Mapping[str, int]:
        """Row → its current revision."""
        ...

    def commands(self, tx: Transaction, facts: Sequence[UUID]) -> Mapping[UUID, UUID]:
        """Private fact → the command that made it."""
        ...

    def episodes_at(
        self, tx: Transaction, client_id: str, sites: Collection[str]
    ) -> Callable[[str], bool]:
        """Whether an episode of the client's is shown to who has these sites."""
        ...

    def unsettled(self, tx: Transaction, client_id: str) -> bool:
        """Whether something of the client is parked, behind or due."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WhySegment:
    """`change` None: the admission began it. `recommendation_id` empty: it followed none."""

    segment: Segment
    change: Recorded | None
    recommendation_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyRecommendation:
    """`decision`: the last by then on what is recommended; `revision` 0: asked of the past.

    `scored`: those of `facts` that say a score.
    """

    recommendation_id: str
    made: Recommendation
    clauses: Sequence[Clause]
    rules_fact: str
    facts: Mapping[str, str]
    scored: Collection[str]
    revision: int
    decision: Recorded | None
    reasoned: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyEpisode:
    episode: Episode
    segments: Sequence[WhySegment]
    recommendations: Sequence[WhyRecommendation]


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyLevel:
    client_id: str
    episodes: Sequence[WhyEpisode]
    stale: bool


def why_level_of_care(
    store: Store,
    past: Past,
    asked: Asked,
    on: date | None,
    until: datetime | None,
) -> WhyLevel:
    """Every episode at the asker's sites; with `on` that of the day, its segment, the weeks to it.

    Refuses a client of whom no admission was heard by then, or none on that day (Unknown).
    """
    client_id = asked.client_id
    with store.transaction() as tx:
        here = past.episodes_at(tx, client_id, asked.sites)
        stale = past.unsettled(tx, client_id)
        then = past.known(tx, client_id, until)
        asking = _Asking(tx, past, client_id, then, on, until)
        episodes = [
            asking.episode(each)
            for each in episodes_of(then.facts)
            if _is_of(each, on) and here(each.admission.episode_id)
        ]
    if not episodes:
        raise Unknown("admission", client_id if on is None else f"{client_id}|{on}")
    return WhyLevel(client_id=client_id, episodes=episodes, stale=stale)


def _is_of(episode: Episode, on: date | None) -> bool:
    if on is None:
        return True
    end = episode.discharge.discharged_on if episode.discharge else date.max
    return episode.admission.admitted_on <= on <= end


@dataclass(frozen=True, slots=True)
class _Asking:
    tx: Transaction
    past: Past
    client_id: str
    then: Then
    on: date | None
    until: datetime | None

    def episode(self, episode: Episode) -> WhyEpisode:
        made = [
            each
            for each in recommend(self.then.facts, self.then.rules, self.then.bands)
            if each.episode_id == episode.admission.episode_id
            and (self.on is None or each.week_start <= self.on)
        ]
        recommended = self._recommendations(made)
        return WhyEpisode(
            episode=episode,
            segments=[
                each
                for each in self._segments(episode, recommended)
                if self.on is None or _holds(each.segment, self.on)
            ],
            recommendations=recommended,
        )

    def _segments(
        self, episode: Episode, recommended: Sequence[WhyRecommendation]
    ) -> list[WhySegment]:
        """A change that one command made together with a decision followed that recommendation."""
        stream = level_stream(episode.admission.episode_id)
        changes = {_change_key(each): each for each in self._by_then(stream)}
        decided = {each.decision.id: each for each in recommended if each.decision is not None}
        commands = self.past.commands(self.tx, [*decided, *(each.id for each in changes.values())])
        followed = {commands[fact]: each.recommendation_id for fact, each in decided.items()}
        found = []
        for segment in segments_of(episode):
            change = None
            if isinstance(segment.fact, LevelChange):
                change = changes.get((segment.start, segment.level_of_care))
            followed_one = followed.get(commands[change.id], "") if change else ""
            found.append(WhySegment(segment=segment, change=change, recommendation_id=followed_one))
        return found

    def _recommendations(self, made: Sequence[Recommendation]) -> list[WhyRecommendation]:
        said = sayings(self.then.facts, self.then.rules)
        scored = {fact.id for fact in self.then.facts if isinstance(fact, Assessed)}
        ids = [self._row_id(each) for each in made]
        revisions = {} if self.until else self.past.revisions(self.tx, ids)
        found = []
        for row_id, each in zip(ids, made, strict=True):
            table = next(t for t in self.then.rules if t.version == each.rules_version)
            decisions = [
                recorded
                for recorded in self._by_then(decision_stream(row_id))
                if isinstance(recorded.fact, RecommendationDecided)
                and recorded.fact.kind == each.kind
            ]
            subject, stream = client_subject(self.client_id), decision_stream(row_id)
            found.append(
                WhyRecommendation(
                    recommendation_id=row_id,
                    made=each,
                    clauses=clauses_of(each.kind, each.reasons, table),
                    rules_fact=self.then.rules[table],
                    facts={fact: said[fact] for fact in sorted(each.rests_on)},
                    scored=scored & each.rests_on,
                    revision=revisions.get(row_id, 0),
                    decision=decisions[-1] if decisions else None,
                    reasoned=bool(decisions)
                    and self.tx.documents.open(subject, stream) is not None,
                )
            )
        return found

    def _row_id(self, made: Recommendation) -> str:
        key = f"{self.client_id}|{made.episode_id}|{made.week_start}"
        return str(derived_id(PROGRESS, RECOMMENDATION, key))

    def _by_then(self, stream: str) -> list[Recorded]:
        history = self.tx.load(stream)
        return [each for each in history if self.until is None or each.at <= self.until]


def _holds(segment: Segment, on: date) -> bool:
    return segment.start <= on and (segment.end is None or on <= segment.end)


def _change_key(recorded: Recorded) -> tuple[date, str]:
    fact: LevelOfCareChanged = recorded.fact
    return fact.effective_from, fact.level_of_care
