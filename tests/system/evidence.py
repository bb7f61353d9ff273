"""What the API says of one client, taken once: it can be looked at when the system has stopped."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from google.protobuf.message import Message
from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from ninehours.billing.v1 import billing_events_pb2 as events
from ninehours.billing.v1 import billing_service_pb2 as billing
from ninehours.common.v1 import persons_pb2 as persons
from ninehours.common.v1 import statements_pb2 as statements
from ninehours.exchange.v1 import published_log_service_pb2 as log
from ninehours.intake.v1 import intake_events_pb2 as intake
from ninehours.intake.v1 import intake_service_pb2 as intake_service
from ninehours.plans.v1 import plans_events_pb2 as plans
from ninehours.plans.v1 import plans_service_pb2 as plans_service

from kernel.rpc.tokens import Actor
from kernel.rpc.translate import date_of, to_date
from kernel.services import SERVICES
from ninehours.story import days, summary
from ninehours.story.gateway import AUDITOR, OPERATOR, Gateway
from ninehours.story.requests import ClaimFrequency
from ninehours.story.summary import outcome_name

M = TypeVar("M", bound=Message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Lists as they were answered; `facts`: all that was published about the client."""

    client_id: str
    days: tuple[events.ServiceDayResolved, ...] = ()
    claims: tuple[billing.Claim, ...] = ()
    proposals: tuple[events.CorrectionProposed, ...] = ()
    authorizations: tuple[billing.AuthorizationBalance, ...] = ()
    progress: tuple[plans_service.WeekOfProgress, ...] = ()
    recommendations: tuple[plans_service.Recommendation, ...] = ()
    safety_tasks: tuple[intake_service.SafetyTask, ...] = ()
    facts: tuple[Message, ...] = ()

    def day(self, on: date) -> events.ServiceDayResolved | None:
        """The service day of a date."""
        return next((day for day in self.days if day.service_date == to_date(on)), None)

    def outcome(self, on: date) -> str:
        """PER_DIEM, DISCRETE, NOT_BILLABLE or HOLD; empty where there is no such day."""
        day = self.day(on)
        return "" if day is None else outcome_name(day)

    def reasons(self, on: date) -> set[str]:
        """Why gates of that day are closed."""
        day = self.day(on)
        return set() if day is None else set(closed_by(day))

    def issued(self, frequency: str = ClaimFrequency.ORIGINAL) -> list[billing.Claim]:
        """Claims that left the house, of one frequency."""
        return [
            claim
            for claim in self.claims
            if claim.state == billing.CLAIM_STATE_ISSUED and claim.frequency == frequency
        ]

    def claimed(self, frequency: str = ClaimFrequency.ORIGINAL) -> list[date]:
        """The dates of their lines, in order."""
        return sorted(
            date_of(line, "service_date")
            for claim in self.issued(frequency)
            for line in claim.lines
        )

    def week(self, week: int) -> plans_service.WeekOfProgress | None:
        """Progress of a week of the story."""
        monday = to_date(days.day_of(week))
        return next((progress for progress in self.progress if progress.week_start == monday), None)

    def recommended(self, week: int) -> plans_service.Recommendation | None:
        """What was recommended when that week was over."""
        monday = to_date(days.day_of(week))
        return next((found for found in self.recommendations if found.week_start == monday), None)

    def of(self, kind: type[M]) -> list[M]:
        """Facts of a type, as they were published."""
        return [fact for fact in self.facts if isinstance(fact, kind)]


def closed_by(day: events.ServiceDayResolved) -> list[str]:
    """Why gates of a day are closed, in the order of the gates."""
    return [verdict.reason for verdict in day.verdicts if not verdict.open]


def evidence_of(gateway: Gateway, client_id: str) -> Evidence:
    """Everything of a client, asked of the services through their API."""

    def ask(request: Any, actor: Actor = OPERATOR) -> Any:
        return gateway.ask(actor, request)

    authorizations = ask(billing.ListAuthorizationsRequest(client_id=client_id))
    progress = ask(plans_service.ListProgressRequest(client_id=client_id), AUDITOR)
    recommendations = ask(plans_service.ListRecommendationsRequest(client_id=client_id), AUDITOR)
    tasks = ask(intake_service.ListSafetyTasksRequest(client_id=client_id))
    return Evidence(
        client_id=client_id,
        days=tuple(summary.service_days(gateway, client_id)),
        claims=tuple(summary.claims(gateway, client_id)),
        proposals=tuple(summary.proposals(gateway, client_id)),
        authorizations=tuple(authorizations.authorizations),
        progress=tuple(progress.weeks),
        recommendations=tuple(recommendations.recommendations),
        safety_tasks=tuple(tasks.tasks),
        facts=tuple(fact for service in SERVICES for fact in _facts(gateway, service, client_id)),
    )


_TYPES: dict[str, type[Message]] = {
    message.DESCRIPTOR.full_name: message
    for module in (attendance, intake, plans, events, persons, statements)
    for name in module.DESCRIPTOR.message_types_by_name
    for message in [getattr(module, name)]
}


def _facts(gateway: Gateway, service: str, client_id: str) -> Iterator[Message]:
    after, more = 0, True
    while more:
        request = log.ReadRequest(subject=f"client/{client_id}", after_sequence=after)
        page = gateway.ask_operator(service, request)
        for fact in page.facts:
            after = fact.sequence
            yield _TYPES[fact.headers["ce_type"].decode()].FromString(fact.body)
        more = page.more and bool(page.facts)
