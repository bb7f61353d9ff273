"""A client's plans and care read from the service's own log, with the words that were sealed."""

import json
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from ninehours.plans.v1 import plans_events_pb2 as events

from kernel.decider import filled
from kernel.facts import Recorded
from kernel.messaging.persons import ids_of
from kernel.messaging.public_facts import public_facts
from kernel.refusal import Unknown
from kernel.statements import content_of
from kernel.store.store import Transaction
from kernel.store.telling import Facts, Telling
from services.plans.adapters import told
from services.plans.adapters.episodes import episodes_at
from services.plans.adapters.rows import episode_recommended
from services.plans.app.streams import (
    RULES_STREAM,
    client_subject,
    decision_stream,
    ending_stream,
    level_stream,
    over_safety_of,
    plan_stream,
    scans_of,
)
from services.plans.app.treatment_plans import GoalInWords, ProblemInWords
from services.plans.domain.decision import RecommendationDecided
from services.plans.domain.ending import (
    AftercareArranged,
    ClientDischarged,
    FollowedUp,
    ProgramCompleted,
)
from services.plans.domain.level import LevelOfCareChanged
from services.plans.domain.plan_facts import (
    PlanActivated,
    PlanCertified,
    PlanDrafted,
    PlanRefused,
    PlanReviewed,
    PlanSigned,
    PlanSuperseded,
)
from services.plans.domain.rules import LevelRulesConfirmed, LevelRulesProposed

# The type as a literal: that is what the index of drafts is for.
DRAFTS = """
SELECT stream FROM fact
WHERE type = 'plans.plan_drafted.v1' AND body->>'client_id' = ANY(CAST(:clients AS text[]))
ORDER BY recorded_at, stream
"""
STREAM_OF = {
    events.LevelOfCareChanged: lambda fact: level_stream(fact.episode_id),
    events.RecommendationDecided: lambda fact: decision_stream(fact.recommendation_id),
    events.ProgramCompleted: lambda fact: ending_stream(fact.episode_id),
    events.ClientDischarged: lambda fact: ending_stream(fact.episode_id),
    events.AftercareArranged: lambda fact: ending_stream(fact.episode_id),
    events.FollowedUp: lambda fact: ending_stream(fact.episode_id),
}
"""Public facts of a client → the stream in which the private ones stand."""


def plans(
    tx: Transaction, client_id: str, sites: Collection[str], until: datetime | None
) -> list[told.ToldPlan]:
    """Of episodes at these sites, in all versions."""
    telling = Telling(tx, until)
    is_shown = episodes_at(tx, client_id, sites)
    by_stream = telling.load(plans_of(tx, client_id)).by_stream()
    return [
        _plan(telling, drafted, facts)
        for facts in by_stream.values()
        for drafted in facts.of(PlanDrafted)
        if is_shown(drafted.fact.episode_id)
    ]


def plans_of(tx: Transaction, client_id: str) -> list[str]:
    """Streams of the client's plans, drafts too, in the order in which they were drafted."""
    return [row.stream for row in tx.execute(DRAFTS, clients=ids_of(tx.connection, client_id))]


def care(
    tx: Transaction, client_id: str, sites: Collection[str], until: datetime | None
) -> told.ToldCare:
    """Of episodes at these sites."""
    telling = Telling(tx, until)
    is_shown = episodes_at(tx, client_id, sites)
    public = public_facts(tx.connection, STREAM_OF, subject=client_subject(client_id))
    streams = dict.fromkeys(STREAM_OF[type(fact.message)](fact.message) for fact in public)
    facts = Facts(
        recorded
        for recorded in telling.load(list(streams))
        if is_shown(_episode_of(tx, recorded.fact))
    )
    return told.ToldCare(
        levels=telling.wholes(told.ToldLevel, facts.of(LevelOfCareChanged)),
        decisions=tuple(_decisions(telling, facts.of(RecommendationDecided))),
        completions=telling.wholes(told.ToldCompletion, facts.of(ProgramCompleted)),
        discharges=tuple(_discharge(telling, each) for each in facts.of(ClientDischarged)),
        aftercare=telling.wholes(told.ToldAftercare, facts.of(AftercareArranged)),
        follow_ups=telling.wholes(told.ToldFollowUp, facts.of(FollowedUp)),
    )


def scan(
    tx: Transaction, client_id: str, plan_id: str, version: int, sites: Collection[str]
) -> bytes | None:
    """A sheet of the client's plan, in an episode at these sites; None: it was forgotten.

    Refuses what is no plan of theirs (PLAN_UNKNOWN), and a version nobody sealed (SCAN_UNKNOWN).
    """
    stream = plan_stream(plan_id)
    if stream not in plans_of(tx, client_id):
        raise Unknown("plan", plan_id)
    history = tx.load(stream)
    if not episodes_at(tx, client_id, sites)(history[0].fact.episode_id):
        raise Unknown("plan", plan_id)
    said = [content_of(recorded) for recorded in history]
    signed = [fact.paper for fact in said if isinstance(fact, PlanSigned | PlanCertified)]
    if version not in {paper.scan_version for paper in signed if paper is not None}:
        raise Unknown("scan", str(version))
    return Telling(tx).content(client_subject(client_id), scans_of(plan_id), version)


def level_rules(tx: Transaction) -> list[told.ToldLevelRules]:
    """As they were proposed; the last proposal of a version is what was confirmed."""
    telling = Telling(tx)
    facts = telling.load([RULES_STREAM])
    confirmed = {each.fact.rules: each for each in facts.of(LevelRulesConfirmed)}
    last = {each.fact.rules: each.version for each in facts.of(LevelRulesProposed)}
    found = []
    for proposed in facts.of(LevelRulesProposed):
        rules = proposed.fact.rules
        confirming = confirmed.get(rules) if last[rules] == proposed.version else None
        found.append(
            telling.whole(
                told.ToldLevelRules,
                proposed,
                confirmed=confirming and telling.part(told.ToldRulesConfirmation, confirming),
            )
        )
    return found


def _plan(telling: Telling, drafted: Recorded, facts: Facts) -> told.ToldPlan:
    fact: PlanDrafted = drafted.fact
    owner, document = client_subject(fact.client_id), plan_stream(fact.plan_id)
    content = telling.content(owner, document, fact.content_version)
    words: Mapping[str, Any] = json.loads(content) if content is not None else {}
    activated, superseded = facts.of(PlanActivated), facts.of(PlanSuperseded)
    return telling.whole(
        told.ToldPlan,
        drafted,
        goals=tuple(
            filled(GoalInWords, goal, in_the_clients_words=said)
            for goal, said in zip(
                fact.goals, words_of(words, "goals", len(fact.goals)), strict=True
            )
        ),
        problems=tuple(
            filled(ProblemInWords, problem, description=said)
            for problem, said in zip(
                fact.problems, words_of(words, "problems", len(fact.problems)), strict=True
            )
        ),
        text_forgotten=content is None,
        signatures=telling.parts(told.ToldSignature, facts.of(PlanSigned)),
        refusals=telling.parts(told.ToldRefusal, facts.of(PlanRefused)),
        activated=activated[-1].fact if activated else None,
        certifications=telling.parts(told.ToldCertification, facts.of(PlanCertified)),
        reviews=telling.parts(told.ToldReview, facts.of(PlanReviewed)),
        superseded=superseded[-1].fact if superseded else None,
    )


FIRST = 1  # of a document's versions
IN_WORDS = {"goals": "in_the_clients_words", "problems": "description"}


def words_of(words: Mapping[str, Any], what: str, number: int) -> list[str]:
    """The words of each goal or problem, as they were sealed; empty where they were forgotten."""
    if not words:
        return [""] * number
    return [each[IN_WORDS[what]] for each in words[what]]


def _decisions(telling: Telling, decided: Facts) -> Iterator[told.ToldDecision]:
    """Of before versions were kept, the reason that is sealed is the last decision's.

    To override takes one.
    """
    last = {each.fact.recommendation_id: each.id for each in decided}
    for recorded in decided:
        fact: RecommendationDecided = recorded.fact
        is_last, version = last[fact.recommendation_id] == recorded.id, fact.reason_version
        before = is_last and (not fact.accepted or None)
        words = telling.words(
            client_subject(fact.client_id),
            decision_stream(fact.recommendation_id),
            version,
            said=before if version is None else bool(version),
        )
        yield telling.whole(told.ToldDecision, recorded, words=words)


def _discharge(telling: Telling, recorded: Recorded) -> told.ToldDischarge:
    fact: ClientDischarged = recorded.fact
    owner, document = client_subject(fact.client_id), over_safety_of(fact.episode_id)
    version, before = fact.reason_version, bool(fact.over_safety_tasks) or None
    said = before if version is None else bool(version)
    words = telling.words(owner, document, FIRST if version is None else version, said=said)
    return telling.whole(told.ToldDischarge, recorded, words=words)


def _episode_of(tx: Transaction, fact: Any) -> str:
    """A decision is of the episode of what it is a decision on."""
    if not isinstance(fact, RecommendationDecided):
        return str(fact.episode_id)
    about = episode_recommended(tx, fact.recommendation_id)
    return about[1] if about else ""
