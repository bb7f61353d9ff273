"""ExplanationService: why a client is at a level of care."""

from ninehours.plans.v1 import explanation_service_pb2 as pb
from ninehours.plans.v1 import plans_events_pb2 as events

from kernel.facts import Recorded, public_id
from kernel.rpc.call import Call
from kernel.rpc.translate import date_of, reading, timestamp_of, to_date, to_timestamp
from kernel.store.store import Store
from services.plans.app.explaining import (
    Past,
    WhyEpisode,
    WhyRecommendation,
    WhySegment,
    why_level_of_care,
)
from services.plans.app.ports import Outside
from services.plans.app.questions import Asked, tells_scores
from services.plans.app.streams import client_subject
from services.plans.domain.decision import RecommendationDecided
from services.plans.domain.recommendation import names_score

SERVICE = pb.DESCRIPTOR.services_by_name["ExplanationService"]
SCORED = "an assessment"  # what is said of one to who may not see its score


class ExplanationServicer:
    """Answers ExplanationService from one record."""

    def __init__(self, store: Store, past: Past, outside: Outside) -> None:
        self._store = store
        self._past = past
        self._outside = outside

    def ExplainLevelOfCare(
        self, request: pb.ExplainLevelOfCareRequest, call: Call
    ) -> pb.ExplainLevelOfCareResponse:
        with reading(request) as read:
            asked = Asked(client_id=str(read.uuid("client_id")), sites=call.actor.sites)
            on = read.optional(date_of, "on")
            until = read.optional(timestamp_of, "as_of")
        why = why_level_of_care(self._store, self._past, asked, on, until)
        told = tells_scores(self._store, self._outside, asked.client_id, call.reader)
        return pb.ExplainLevelOfCareResponse(
            client_id=asked.client_id,
            episodes=[_episode(each, told) for each in why.episodes],
            stale=why.stale,
            scores_withheld=not told,
        )


def _episode(why: WhyEpisode, scores: bool) -> pb.ExplainedEpisode:
    episode = why.episode
    found = pb.ExplainedEpisode(
        episode_id=episode.admission.episode_id,
        admitted_on=to_date(episode.admission.admitted_on),
        segments=[_segment(each) for each in why.segments],
        recommendations=[_recommendation(each, scores) for each in why.recommendations],
    )
    if episode.discharge is not None:
        found.discharged_on.CopyFrom(to_date(episode.discharge.discharged_on))
        found.discharge_fact_id = episode.discharge.id
    return found


def _segment(why: WhySegment) -> pb.ExplainedSegment:
    segment = why.segment
    found = pb.ExplainedSegment(
        level_of_care=segment.level_of_care,
        to=to_date(segment.end) if segment.end else None,
        fact_id=segment.fact.id,
        changed_by=why.change.actor if why.change else "",
        recommendation_id=why.recommendation_id,
    )
    getattr(found, "from").CopyFrom(to_date(segment.start))  # a word of Python's
    return found


def _recommendation(why: WhyRecommendation, scores: bool) -> pb.ExplainedRecommendation:
    made = why.made
    return pb.ExplainedRecommendation(
        recommendation_id=why.recommendation_id,
        week_start=to_date(made.week_start),
        kind=f"RECOMMENDATION_KIND_{made.kind}",
        reasons=[each for each in made.reasons if scores or not names_score(each)],
        clauses=[pb.RuleClause(field=each.field, value=each.value) for each in why.clauses],
        rules_version=made.rules_version,
        rules_fact_id=why.rules_fact,
        facts=[
            pb.RecommendationEvidence(
                fact_id=fact, says=SCORED if fact in why.scored and not scores else says
            )
            for fact, says in why.facts.items()
        ],
        revision=why.revision,
        decision=_decision(why.decision, why.reasoned) if why.decision else None,
    )


def _decision(recorded: Recorded, reasoned: bool) -> pb.RecommendationDecision:
    fact: RecommendationDecided = recorded.fact
    subject = client_subject(fact.client_id)
    return pb.RecommendationDecision(
        fact_id=str(public_id(recorded, subject, events.RecommendationDecided)),
        outcome=fact.outcome,
        decided_by=fact.decided_by,
        decided_at=to_timestamp(fact.decided_at),
        reasoned=reasoned,
    )
