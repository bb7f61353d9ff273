"""Level of care: its rule table, its changes, and decisions on what is recommended."""

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from kernel.decider import filled
from kernel.execute import Outcome, decided, record, refuse_stale
from kernel.facts import Recorded, id_of
from kernel.messaging.caught_up import clients_not_caught_up
from kernel.messaging.persons import persons_of
from kernel.store.store import Context, Transaction
from services.plans.app.ports import Plans
from services.plans.app.streams import (
    RULES_STREAM,
    RULES_SUBJECT,
    client_subject,
    decision_stream,
    ending_stream,
    level_stream,
    recommendation_id,
)
from services.plans.domain.decision import DECISION, DecideRecommendation, RecommendedRevision
from services.plans.domain.ending import ENDING
from services.plans.domain.level import LEVELS, ChangeLevelOfCare, LevelOfCareChanged
from services.plans.domain.recommendation import Recommendation
from services.plans.domain.rules import LEVEL_RULES, ConfirmLevelRules, ProposeLevelRules


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRequest:
    """What a clinician decides; `reason` is sealed. `level_of_care` may follow an accepted step."""

    client_id: str
    recommendation_id: str
    accept: bool
    reason: str
    level_of_care: str
    effective_from: date | None


def propose_level_rules(plans: Plans, command: ProposeLevelRules, context: Context) -> Outcome:
    """Proposes the next version of the rule table; until it is confirmed it may be proposed anew.

    Refuses to change a confirmed version (LEVEL_RULES_CONFIRMED), or to leave one out.
    """
    return plans.executor.execute(LEVEL_RULES, RULES_STREAM, command, context)


def confirm_level_rules(plans: Plans, command: ConfirmLevelRules, context: Context) -> Outcome:
    """Confirms a proposed version: what is recommended for every client is derived again.

    Refuses a version nobody proposed, and the person who proposed it (CONFIRMED_BY_ITS_AUTHOR).
    """
    return plans.executor.execute(
        LEVEL_RULES, RULES_STREAM, command, context, locks=[RULES_SUBJECT]
    )


def change_level_of_care(plans: Plans, command: ChangeLevelOfCare, context: Context) -> Outcome:
    """Changes the clinical level from a day on; `admitted` and `discharged` are filled in here.

    Refuses an episode of which no admission was heard (EPISODE_UNKNOWN), a discharged one
    (EPISODE_DISCHARGED), the level that is in force (SAME_LEVEL), a day before the admission.
    """

    def decide(tx: Transaction) -> Sequence[Recorded]:
        stream = level_stream(command.episode_id)
        filled_in = _filled_in(tx, plans, command)
        return decided(context, LEVELS, stream, tx.load(stream), filled_in)

    return plans.executor.transact(context, decide, locks=[client_subject(command.client_id)])


def decide_recommendation(plans: Plans, asked: DecisionRequest, context: Context) -> Outcome:
    """Accepts a recommendation, or overrides it with a reason. Accepting a step with the level that
    follows changes the level in the same transaction. Decided so again, nothing changes, unless the
    level was not given before.

    Refuses an unknown recommendation, a withdrawn one (RECOMMENDATION_WITHDRAWN), one decided
    otherwise (ALREADY_DECIDED), one of a client of whom something is parked, behind or due
    (NOT_SETTLED), and an override without a reason (REASON_REQUIRED); beside what
    `change_level_of_care` refuses, a level the other way.
    """
    subject = client_subject(asked.client_id)
    stream = decision_stream(asked.recommendation_id)

    def decide(tx: Transaction) -> Sequence[Recorded]:
        found = plans.recommendation(tx, asked.client_id, asked.recommendation_id)
        command = filled(
            DecideRecommendation,
            asked,
            context,
            reasoned=bool(asked.reason),
            stepping=bool(asked.level_of_care),
            decided_by=context.actor,
            recommended=found and filled(RecommendedRevision, found, found.content),
            settled=not clients_not_caught_up(tx.connection, [subject]),
        )
        version = len(tx.load(stream))
        refuse_stale(context, version)
        so_far = decisions_on(tx, [found.content])[asked.recommendation_id] if found else []
        decision = DECISION.after(so_far)
        facts = record(context, stream, version, DECISION.decide(command, decision))
        if facts and asked.reason:
            facts = with_reason(facts, tx.documents.put(subject, stream, asked.reason.encode()))
        for level, changes in stepped(tx, plans, asked, context, anew=bool(facts)).items():
            facts += record(context, level, len(tx.load(level)), changes)
        return facts

    return plans.executor.transact(context, decide, locks=[subject])


def decisions_on(
    tx: Transaction, recommended: Sequence[Recommendation]
) -> Mapping[str, Sequence[Recorded]]:
    """What was decided on each, oldest first: its id → facts.

    On its week, under whichever id of a person who was ever merged with its client.
    """
    persons = persons_of(tx.connection, {client_subject(one.client_id) for one in recommended})
    streams = {
        recommendation_id(one): [
            decision_stream(recommendation_id(replace(one, client_id=id_of(client))))
            for client in sorted(persons.linked_with(client_subject(one.client_id)))
        ]
        for one in recommended
    }
    said = tx.load_many(sorted({stream for of_week in streams.values() for stream in of_week}))
    return {
        about: list(heapq.merge(*(said[stream] for stream in of_week), key=lambda one: one.at))
        for about, of_week in streams.items()
    }


def with_reason(facts: Iterable[Recorded], version: int) -> tuple[Recorded, ...]:
    """The facts, saying where the reason of each is sealed."""
    return tuple(
        replace(recorded, fact=replace(recorded.fact, reason_version=version)) for recorded in facts
    )


def stepped(
    tx: Transaction, plans: Plans, asked: DecisionRequest, context: Context, *, anew: bool
) -> Mapping[str, Sequence[LevelOfCareChanged]]:
    """The change of level that follows the decision: stream → facts.

    None, unless it was decided `anew`, if that change was recorded, whatever followed it.

    Refuses what `change_level_of_care` refuses, and a level the other way.
    """
    found = plans.recommendation(tx, asked.client_id, asked.recommendation_id)
    if found is None or not asked.level_of_care or asked.effective_from is None:
        return {}
    change = ChangeLevelOfCare(
        client_id=asked.client_id,
        episode_id=found.content.episode_id,
        level_of_care=asked.level_of_care,
        effective_from=asked.effective_from,
        changed_by=context.actor,
        step=found.content.kind,
    )
    stream = level_stream(change.episode_id)
    levels = LEVELS.after(tx.load(stream))
    if not anew and (change.effective_from, change.level_of_care) in levels.changes:
        return {}
    return {stream: list(LEVELS.decide(_filled_in(tx, plans, change), levels))}


def _filled_in(tx: Transaction, plans: Plans, command: ChangeLevelOfCare) -> ChangeLevelOfCare:
    ending = ENDING.after(tx.load(ending_stream(command.episode_id)))
    return replace(
        command,
        admitted=plans.episodes.admitted(tx, command.client_id, command.episode_id),
        discharged=ending.discharged is not None,
    )
