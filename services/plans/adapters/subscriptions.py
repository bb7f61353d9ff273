"""What plans hears, and what it derives from it: progress and recommendations, week by week."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from google.protobuf.message import Message
from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from ninehours.intake.v1 import intake_events_pb2 as intake
from ninehours.plans.v1 import plans_events_pb2 as plans
from ninehours.plans.v1 import plans_service_pb2 as pb

from kernel.facts import Row, id_of
from kernel.ids import derived_id
from kernel.messaging.subscriptions import Facts, Projection, Subscription, Subscriptions
from kernel.rpc.translate import to_date
from services.plans.adapters.history import known_of, rules_of
from services.plans.app.streams import RULES_SUBJECT
from services.plans.domain.progress import Bands, WeekOfProgress, measure
from services.plans.domain.recommendation import Recommendation, recommend
from services.plans.domain.scores import Trend

PROGRESS = "progress"  # the projection, and the kind of its rows
RECOMMENDATION = "recommendation"  # a kind of row of the same projection: made of the same weeks
CODE = "4"  # raised when the projection's meaning changes: everything is derived again
# Intensive outpatient, adults: at least nine hours a week (ASAM level 2.1; domain.md, section 1.1).
BANDS = Bands(version="asam-adults/1", floor_minutes={"2.1": 540})


def derive(client: str, facts: Facts) -> Sequence[Row]:
    """A row for each week of each episode, and one for each week that something is recommended."""
    client_id = id_of(client)
    known = known_of(client, facts)
    rules = rules_of(facts.get(RULES_SUBJECT, ()))
    return [
        *(_progress(client_id, week) for week in measure(known, BANDS)),
        *(_recommendation(client_id, made) for made in recommend(known, rules, BANDS)),
    ]


def publish(kind: str, content: Mapping[str, Any], revision: int, withdrawn: bool) -> Message:
    """The public fact of a row that changed."""
    if kind == RECOMMENDATION:
        return plans.LevelOfCareRecommended(
            **_of_week(content),
            recommendation_id=content["recommendation_id"],
            kind=f"RECOMMENDATION_KIND_{content['kind']}",
            reasons=content["reasons"],
            rules_version=content["rules_version"],
            revision=revision,
            withdrawn=withdrawn,
        )
    return plans.ProgressMeasured(
        **_of_week(content),
        planned_minutes=content["planned_minutes"],
        delivered_minutes=content["delivered_minutes"],
        attended=content["attended"],
        missed=content["missed"],
        complete=content["complete"],
        reaches_band=content["reaches_band"],
        revision=revision,
        withdrawn=withdrawn,
        # Rows of the release before have none of these until they are derived again.
        consecutive_missed=content.get("consecutive_missed", 0),
        objectives=content.get("objectives", 0),
        objectives_met=content.get("objectives_met", 0),
        phq9=trend_message(trend_in(content)),
        cancelled_minutes=content.get("cancelled_minutes", 0),
    )


def trend_in(content: Mapping[str, Any]) -> Trend | None:
    """The trend as a row's content holds it."""
    found = content.get("phq9")
    if found is None:
        return None
    # Rows of releases before know the first score and the latest alone.
    return Trend(**{"lowest": min(found["first"], found["latest"]), **found})


def trend_message(trend: Trend | None) -> pb.ScoreTrend | None:
    """The trend for a fact or a response; left out when there is none."""
    if trend is None:
        return None
    return pb.ScoreTrend(
        known=True,
        first=trend.first,
        latest=trend.latest,
        change=f"SCORE_CHANGE_{trend.change}",
        lowest=trend.lowest,
    )


def _rules_and_site(admitted: Any) -> Iterable[str]:
    """Level rules concern everybody who was admitted; the site's clocks, those admitted there."""
    return RULES_SUBJECT, f"site/{admitted.site_id}"


def _subscriptions() -> Iterator[Subscription]:
    yield Subscription(intake.ClientAdmitted, _rules_and_site)
    yield Subscription(plans.LevelRulesConfirmed)
    for message in (
        intake.AssessmentCompleted,
        intake.SafetyTaskOpened,
        intake.SafetyTaskClosed,
        attendance.SiteOpened,
        attendance.ProgramOpened,
        attendance.StaffCredentialed,
        attendance.CredentialEnded,
        attendance.SessionScheduled,
        attendance.SessionCancelled,
        attendance.SessionAttended,
        attendance.SessionMissed,
        attendance.AttendanceCorrected,
        plans.PlanActivated,
        plans.PlanReviewed,
        plans.LevelOfCareChanged,
        plans.ClientDischarged,
    ):
        yield Subscription(message)


SUBSCRIPTIONS = Subscriptions(
    _subscriptions(), [Projection(name=PROGRESS, code=CODE, derive=derive, publish=publish)]
)


def _progress(client_id: str, week: WeekOfProgress) -> Row:
    trend = week.phq9
    return Row(
        kind=PROGRESS,
        key=f"{client_id}|{week.episode_id}|{week.week_start}",
        content={
            "client_id": client_id,
            "episode_id": week.episode_id,
            "week_start": week.week_start.isoformat(),
            "planned_minutes": week.planned_minutes,
            "delivered_minutes": week.delivered_minutes,
            "attended": week.attended,
            "missed": week.missed,
            "complete": week.complete,
            "reaches_band": week.reaches_band,
            "consecutive_missed": week.consecutive_missed,
            "objectives": week.objectives,
            "objectives_met": week.objectives_met,
            "phq9": None if trend is None else asdict(trend),
            "cancelled_minutes": week.cancelled_minutes,
        },
        rests_on=week.rests_on,
        rules=BANDS.version,
    )


def _recommendation(client_id: str, made: Recommendation) -> Row:
    key = f"{client_id}|{made.episode_id}|{made.week_start}"
    return Row(
        kind=RECOMMENDATION,
        key=key,
        content={
            "client_id": client_id,
            "episode_id": made.episode_id,
            # The row's own id: client, episode and week give it, whatever is recommended.
            "recommendation_id": str(derived_id(PROGRESS, RECOMMENDATION, key)),
            "week_start": made.week_start.isoformat(),
            "kind": made.kind,
            "reasons": list(made.reasons),
            "rules_version": made.rules_version,
        },
        rests_on=made.rests_on,
        rules=f"level_rules/{made.rules_version}",
    )


def _of_week(content: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "client_id": content["client_id"],
        "episode_id": content["episode_id"],
        "week_start": to_date(date.fromisoformat(content["week_start"])),
    }
