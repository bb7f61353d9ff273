"""What plans hears, and what it projects from it: progress and recommendations, week by week."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from google.protobuf.message import Message
from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from ninehours.intake.v1 import intake_events_pb2 as intake
from ninehours.plans.v1 import plans_events_pb2 as plans
from ninehours.plans.v1 import plans_service_pb2 as pb

from kernel.decider import filled
from kernel.facts import Row
from kernel.keys.forgetting import forget_when_told
from kernel.mapping.reading import named
from kernel.mapping.writing import writer
from kernel.messaging.persons import ids_of
from kernel.messaging.subscriptions import Facts, Projection, Reaction, Subscription, Subscriptions
from kernel.store.store import Context, Store
from services.plans.adapters.history import history_of
from services.plans.adapters.stored import ROWS
from services.plans.app.streams import (
    PROGRESS,
    RECOMMENDATION,
    RULES_SUBJECT,
    client_subject,
    recommendation_id,
    row_key,
)
from services.plans.domain.progress import MeasuredWeek, WeekOfProgress, measure
from services.plans.domain.recommendation import MadeRecommendation, Recommendation, recommend
from services.plans.domain.scores import Trend

CODE = "6"  # raised when the projection's meaning changes: everything is projected again

trend_message = writer(pb.ScoreTrend, Trend, known=True, lowest=named("least"))
_measured = writer(
    plans.ProgressMeasured, WeekOfProgress, given=("revision", "withdrawn"), phq9=trend_message
)
_recommended = writer(
    plans.LevelOfCareRecommended,
    Recommendation,
    given=("revision", "withdrawn"),
    reasons=named("in_words"),
)


def derive(client: str, facts: Facts) -> Sequence[Row]:
    """A row for each week of each episode, and one for each week that something is recommended."""
    history = history_of(client, facts)
    return [
        *(_week_row(week, history.bands.version) for week in measure(history)),
        *(_recommendation_row(made) for made in recommend(history)),
    ]


def publish(_: str, content: Any, revision: int, withdrawn: bool) -> Message:
    """The public fact of a row that changed."""
    write = _measured if isinstance(content, WeekOfProgress) else _recommended
    message: Message = write(content, revision=revision, withdrawn=withdrawn)
    return message


def _week_row(week: MeasuredWeek, bands: str) -> Row:
    return Row(
        kind=PROGRESS,
        key=row_key(week),
        content=filled(WeekOfProgress, week),
        rests_on=week.rests_on,
        rules=bands,
    )


def _recommendation_row(made: MadeRecommendation) -> Row:
    content = filled(Recommendation, made, recommendation_id=recommendation_id(made))
    rules = f"level_rules/{made.rules_version}"
    return Row(
        kind=RECOMMENDATION, key=row_key(made), content=content, rests_on=made.rests_on, rules=rules
    )


def _rules_and_site(admitted: Any) -> Iterable[str]:
    """Level rules concern everybody who was admitted; the site's clocks, those admitted there."""
    return RULES_SUBJECT, f"site/{admitted.site_id}"


def _subscriptions() -> Iterator[Subscription]:
    yield Subscription(intake.ClientAdmitted, _rules_and_site)
    yield Subscription(intake.ClientTransferred)
    yield Subscription(plans.LevelRulesConfirmed)
    for message in (
        intake.AssessmentCompleted,
        intake.SafetyTaskOpened,
        intake.SafetyTaskClosed,
        intake.ClientForgotten,
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


def forget(store: Store, fact: intake.ClientForgotten, context: Context) -> None:
    """Destroys the person's keys."""
    with store.transaction() as tx:
        ids = ids_of(tx.connection, fact.client_id)
    forget_when_told(store, map(client_subject, ids), context)


SUBSCRIPTIONS = Subscriptions(
    _subscriptions(),
    [Projection(name=PROGRESS, code=CODE, derive=derive, publish=publish, rows=ROWS)],
    [Reaction(name="forget", to=intake.ClientForgotten, react=forget)],
)
