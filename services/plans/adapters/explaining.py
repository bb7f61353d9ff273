"""Why a client is at a level of care: now, or as plans had heard it by then.

What is projected is projected again from the facts signed by then; decisions are plans' own.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from kernel.facts import Recorded
from kernel.messaging.caught_up import clients_not_caught_up
from kernel.refusal import Unknown
from kernel.statements import standing
from kernel.store.store import Transaction
from services.plans.adapters.episodes import episodes_at
from services.plans.adapters.history import history_of
from services.plans.adapters.subscriptions import SUBSCRIPTIONS
from services.plans.app.levels_of_care import decisions_on
from services.plans.app.streams import (
    client_subject,
    decision_stream,
    level_stream,
)
from services.plans.domain.decision import RecommendationDecided
from services.plans.domain.explain import (
    LevelSegment,
    RuleClause,
    clauses_of,
    facts_in_words,
    segments_of,
)
from services.plans.domain.history import Assessed, CareHistory, LevelChange
from services.plans.domain.level import LevelOfCareChanged
from services.plans.domain.progress import Episode, episodes_of
from services.plans.domain.recommendation import MadeRecommendation, recommend


@dataclass(frozen=True, slots=True, kw_only=True)
class WhySegment:
    """`change` None: the admission began it. `recommendation_id` empty: it followed none."""

    segment: LevelSegment
    change: Recorded | None
    recommendation_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyRecommendation:
    """`decision`: the last by then on what is recommended; `revision` 0: asked of the past.

    `facts`: what it rests on, in words; `scored`: those of them that say a score.
    """

    recommendation_id: str
    made: MadeRecommendation
    clauses: Sequence[RuleClause]
    rules_fact_id: str
    facts: Mapping[str, str]
    scored: Collection[str]
    revision: int
    decision: Recorded | None
    reasoned: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyEpisode:
    """An episode with its level segments and what was recommended in it, oldest first."""

    episode: Episode
    segments: Sequence[WhySegment]
    recommendations: Sequence[WhyRecommendation]


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyLevel:
    """`stale`: something of the client is parked, behind or pending."""

    episodes: Sequence[WhyEpisode]
    stale: bool


def why_level_of_care(
    tx: Transaction,
    client_id: str,
    sites: Collection[str],
    on: date | None,
    until: datetime | None,
) -> WhyLevel:
    """Every episode at the asker's sites; with `on` that of the day, its segment, the weeks to it.

    Refuses a client of whom no admission was heard by then, or none on that day (Unknown).
    """
    client = client_subject(client_id)
    here = episodes_at(tx, client_id, sites)
    stale = bool(clients_not_caught_up(tx.connection, [client]))
    history = history_of(client, SUBSCRIPTIONS.read_history(tx.connection, client, until))
    explaining = _Explaining(tx, history, on, until)
    episodes = [
        explaining.episode(episode)
        for episode in episodes_of(history.facts)
        if _is_of(episode, on) and here(episode.admission.episode_id)
    ]
    if not episodes:
        raise Unknown("admission", client_id if on is None else f"{client_id}|{on}")
    return WhyLevel(episodes=episodes, stale=stale)


def _is_of(episode: Episode, on: date | None) -> bool:
    if on is None:
        return True
    end = episode.discharge.discharged_on if episode.discharge else date.max
    return episode.admission.admitted_on <= on <= end


@dataclass(frozen=True, slots=True)
class _Explaining:
    tx: Transaction
    history: CareHistory
    on: date | None
    until: datetime | None

    def episode(self, episode: Episode) -> WhyEpisode:
        recommended = self._recommendations(
            [
                made
                for made in recommend(self.history)
                if made.episode_id == episode.admission.episode_id
                and (self.on is None or made.week_start <= self.on)
            ]
        )
        segments = self._segments(episode, recommended)
        return WhyEpisode(
            episode=episode,
            segments=[why for why in segments if self.on is None or why.segment.has(self.on)],
            recommendations=recommended,
        )

    def _segments(
        self, episode: Episode, recommended: Sequence[WhyRecommendation]
    ) -> list[WhySegment]:
        """A change that one command made together with a decision followed that recommendation."""
        stream = level_stream(episode.admission.episode_id)
        changes = {
            _change_key(recorded): recorded for recorded in self._by_then(self.tx.load(stream))
        }
        decided = {why.decision.id: why for why in recommended if why.decision is not None}
        facts = [*decided, *(recorded.id for recorded in changes.values())]
        commands = _commands(self.tx, facts)
        followed = {commands[fact]: why.recommendation_id for fact, why in decided.items()}
        found = []
        for segment in segments_of(episode):
            change = None
            if isinstance(segment.fact, LevelChange):
                change = changes.get((segment.first, segment.level_of_care))
            followed_one = followed.get(commands[change.id], "") if change else ""
            found.append(WhySegment(segment=segment, change=change, recommendation_id=followed_one))
        return found

    def _recommendations(self, made: Sequence[MadeRecommendation]) -> list[WhyRecommendation]:
        words = facts_in_words(self.history)
        scored = {fact.id for fact in self.history.facts if isinstance(fact, Assessed)}
        decisions = decisions_on(self.tx, made)
        revisions = {} if self.until else _revisions(self.tx, list(decisions))
        return [
            self._recommendation(
                one,
                words,
                scored,
                row_id=row_id,
                revision=revisions.get(row_id, 0),
                decided=decided,
            )
            for one, (row_id, decided) in zip(made, decisions.items(), strict=True)
        ]

    def _recommendation(
        self,
        made: MadeRecommendation,
        words: Mapping[str, str],
        scored: Collection[str],
        *,
        row_id: str,
        revision: int,
        decided: Sequence[Recorded],
    ) -> WhyRecommendation:
        [rules] = [rules for rules in self.history.rules if rules.version == made.rules_version]
        decisions = [
            recorded for recorded in self._by_then(decided) if recorded.fact.kind == made.kind
        ]
        return WhyRecommendation(
            recommendation_id=row_id,
            made=made,
            clauses=clauses_of(made.checks, rules),
            rules_fact_id=self.history.rules[rules],
            facts={fact: words[fact] for fact in sorted(made.rests_on)},
            scored=made.rests_on.intersection(scored),
            revision=revision,
            decision=decisions[-1] if decisions else None,
            reasoned=bool(decisions) and self._is_reasoned(decisions[-1].fact),
        )

    def _is_reasoned(self, decided: RecommendationDecided) -> bool:
        owner = client_subject(decided.client_id)
        reason = decision_stream(decided.recommendation_id)
        return self.tx.documents.open(owner, reason) is not None

    def _by_then(self, history: Iterable[Recorded]) -> list[Recorded]:
        """As it stood then."""
        return standing(
            [recorded for recorded in history if self.until is None or recorded.at <= self.until]
        )


def _change_key(recorded: Recorded) -> tuple[date, str]:
    fact: LevelOfCareChanged = recorded.fact
    return fact.effective_from, fact.level_of_care


def _revisions(tx: Transaction, row_ids: Sequence[str]) -> Mapping[str, int]:
    """Row → its current revision."""
    rows = tx.execute(
        "SELECT id, revision FROM derived WHERE current AND id = ANY(CAST(:ids AS uuid[]))",
        ids=list(row_ids),
    )
    return {str(row.id): row.revision for row in rows}


def _commands(tx: Transaction, facts: Sequence[UUID]) -> Mapping[UUID, UUID]:
    """Private fact → the command that made it."""
    rows = tx.execute(
        "SELECT id, command_id FROM fact WHERE id = ANY(CAST(:ids AS uuid[]))", ids=list(facts)
    )
    return {row.id: row.command_id for row in rows}
