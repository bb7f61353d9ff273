"""ExplanationService: why a client is at a level of care."""

from ninehours.plans.v1 import explanation_service_pb2 as pb
from ninehours.plans.v1 import plans_events_pb2 as events

from kernel.facts import Recorded, public_id
from kernel.mapping.reading import named
from kernel.mapping.writing import writer
from kernel.rpc.call import Call
from kernel.rpc.translate import date_of, reading, timestamp_of, to_date
from kernel.store.store import Store
from services.plans.adapters.episodes import tells_scores
from services.plans.adapters.explaining import (
    WhyEpisode,
    WhyRecommendation,
    WhySegment,
    why_level_of_care,
)
from services.plans.app.streams import client_subject
from services.plans.domain.decision import RecommendationDecided
from services.plans.domain.explain import LevelSegment, RuleClause
from services.plans.domain.recommendation import Recommendation

SERVICE = pb.DESCRIPTOR.services_by_name["ExplanationService"]
SCORED = "an assessment"  # what is said of one to who may not see its score

_segment_message = writer(
    pb.ExplainedSegment,
    LevelSegment,
    given=("changed_by", "recommendation_id"),
    from_=named("first"),
    to=named("last"),
    fact_id=lambda segment: segment.fact.id,
)
_clause = writer(pb.RuleClause, RuleClause)
_decision_message = writer(
    pb.RecommendationDecision, RecommendationDecided, given=("fact_id", "reasoned")
)
_recommendation_message = writer(
    pb.ExplainedRecommendation,
    Recommendation,
    given=("recommendation_id", "clauses", "rules_fact_id", "facts", "revision", "decision"),
    reasons=named("in_words"),
)


class ExplanationServicer:
    """Answers ExplanationService from one record."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def ExplainLevelOfCare(
        self, request: pb.ExplainLevelOfCareRequest, call: Call
    ) -> pb.ExplainLevelOfCareResponse:
        with reading(request) as read:
            client_id = str(read.uuid("client_id"))
            on = read.optional(date_of, "on")
            until = read.optional(timestamp_of, "as_of")
        with self._store.transaction() as tx:
            why = why_level_of_care(tx, client_id, call.actor.sites, on, until)
            scores = tells_scores(tx, client_id, call.reader)
        return pb.ExplainLevelOfCareResponse(
            client_id=client_id,
            episodes=[_episode(episode, scores) for episode in why.episodes],
            stale=why.stale,
            scores_withheld=not scores,
        )


def _episode(why: WhyEpisode, scores: bool) -> pb.ExplainedEpisode:
    admission, discharge = why.episode.admission, why.episode.discharge
    return pb.ExplainedEpisode(
        episode_id=admission.episode_id,
        admitted_on=to_date(admission.admitted_on),
        discharged_on=to_date(discharge.discharged_on) if discharge else None,
        discharge_fact_id=discharge.id if discharge else "",
        segments=[_segment(segment) for segment in why.segments],
        recommendations=[_recommendation(made, scores) for made in why.recommendations],
    )


def _segment(why: WhySegment) -> pb.ExplainedSegment:
    return _segment_message(
        why.segment,
        changed_by=why.change.actor if why.change else "",
        recommendation_id=why.recommendation_id,
    )


def _recommendation(why: WhyRecommendation, scores: bool) -> pb.ExplainedRecommendation:
    return _recommendation_message(
        why.made if scores else why.made.without_scores(),
        recommendation_id=why.recommendation_id,
        clauses=[_clause(clause) for clause in why.clauses],
        rules_fact_id=why.rules_fact_id,
        facts=[
            pb.RecommendationEvidence(
                fact_id=fact, says=SCORED if fact in why.scored and not scores else words
            )
            for fact, words in why.facts.items()
        ],
        revision=why.revision,
        decision=_decision(why.decision, why.reasoned) if why.decision else None,
    )


def _decision(recorded: Recorded, reasoned: bool) -> pb.RecommendationDecision:
    fact: RecommendationDecided = recorded.fact
    message = events.RecommendationDecided
    fact_id = public_id(recorded, client_subject(fact.client_id), message)
    return _decision_message(fact, fact_id=str(fact_id), reasoned=reasoned)
