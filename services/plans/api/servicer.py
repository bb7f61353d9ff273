"""Plans' gRPC servicer: request to command, outcome to response. It decides nothing."""

from dataclasses import replace

from ninehours.plans.v1 import plans_service_pb2 as pb

from kernel.rpc.call import Call
from kernel.rpc.commands import patience_of, positions_of
from kernel.rpc.translate import reading, timestamp_of, to_date
from services.plans.adapters.subscriptions import trend_message
from services.plans.api.course_rpcs import CourseRpcs
from services.plans.api.level_rpcs import LevelRpcs
from services.plans.api.plan_rpcs import PlanRpcs
from services.plans.app import questions
from services.plans.app.ports import MeasuredWeek
from services.plans.domain.recommendation import names_score

SERVICE = pb.DESCRIPTOR.services_by_name["PlansService"]


class PlansServicer(PlanRpcs, LevelRpcs, CourseRpcs):
    """Answers PlansService over one book of record: commands by its bases, questions here."""

    def ListProgress(self, request: pb.ListProgressRequest, call: Call) -> pb.ListProgressResponse:
        with reading(request) as read:
            asked = questions.Asked(client_id=str(read.uuid("client_id")), sites=call.actor.sites)
            until = read.optional(timestamp_of, "as_of")
        store, outside = self._book.store, self._outside
        if until is not None:
            weeks = questions.progress_as_of(store, outside, asked, until)
        else:
            weeks = questions.list_progress(
                store, outside, asked, positions_of(request.after), patience_of(call)
            )
        told = questions.tells_scores(store, outside, asked.client_id, call.reader)
        return pb.ListProgressResponse(
            weeks=[_week(week if told else replace(week, phq9=None)) for week in weeks],
            scores_withheld=not told,
        )

    def ListRecommendations(
        self, request: pb.ListRecommendationsRequest, call: Call
    ) -> pb.ListRecommendationsResponse:
        with reading(request) as read:
            asked = questions.Asked(client_id=str(read.uuid("client_id")), sites=call.actor.sites)
        store, outside = self._book.store, self._outside
        advice = questions.list_recommendations(
            store, outside, asked, positions_of(request.after), patience_of(call)
        )
        told = questions.tells_scores(store, outside, asked.client_id, call.reader)
        return pb.ListRecommendationsResponse(
            recommendations=[_advice(each, told) for each in advice], scores_withheld=not told
        )


def _week(week: MeasuredWeek) -> pb.WeekOfProgress:
    return pb.WeekOfProgress(
        episode_id=week.episode_id,
        week_start=to_date(week.week_start),
        planned_minutes=week.planned_minutes,
        delivered_minutes=week.delivered_minutes,
        attended=week.attended,
        missed=week.missed,
        complete=week.complete,
        reaches_band=week.reaches_band,
        revision=week.revision,
        consecutive_missed=week.consecutive_missed,
        objectives=week.objectives,
        objectives_met=week.objectives_met,
        phq9=trend_message(week.phq9),
        cancelled_minutes=week.cancelled_minutes,
    )


def _advice(advice: questions.Advice, scores: bool) -> pb.Recommendation:
    made = advice.recommended
    return pb.Recommendation(
        recommendation_id=made.recommendation_id,
        episode_id=made.episode_id,
        week_start=to_date(made.week_start),
        kind=f"RECOMMENDATION_KIND_{made.kind}",
        reasons=[each for each in made.reasons if scores or not names_score(each)],
        rules_version=made.rules_version,
        facts=made.facts,
        revision=made.revision,
        stale=advice.stale,
        decision=advice.decision,
    )
