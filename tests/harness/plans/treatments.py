"""Clients in treatment, told by other services, and what clinicians ask of plans about them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import uuid4

from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from ninehours.attendance.v1 import attendance_service_pb2 as attendance_enums
from ninehours.common.v1 import common_pb2 as common
from ninehours.intake.v1 import intake_events_pb2 as intake
from ninehours.plans.v1 import plans_service_pb2 as pb

from kernel.messaging.envelope import Record
from kernel.rpc.translate import to_date, to_timestamp
from tests.harness.plans.service import Log, Plans, in_force, march

MONDAY = date(2026, 3, 2)
COLLEAGUE = "staff/22222222-2222-4222-8222-222222222222"


@dataclass
class Treated:
    """One client and episode, admitted on the first Monday, as intake and attendance tell of it."""

    log: Log
    client_id: str = field(default_factory=lambda: str(uuid4()))
    episode_id: str = field(default_factory=lambda: str(uuid4()))
    site_id: str = field(default_factory=lambda: str(uuid4()))

    def registered(self) -> Record:
        return self.log.tell(
            intake.ClientRegistered(client_id=self.client_id, site_id=self.site_id)
        )

    def admitted(self) -> Record:
        return self.log.tell(
            intake.ClientAdmitted(
                client_id=self.client_id,
                episode_id=self.episode_id,
                site_id=self.site_id,
                level_of_care="2.1",
                admitted_on=to_date(MONDAY),
            )
        )

    def score(self, value: int, day: int, assessment_id: str = "") -> Record:
        return self.log.tell(
            intake.AssessmentCompleted(
                client_id=self.client_id,
                assessment_id=assessment_id or str(uuid4()),
                instrument="phq9/1",
                score=value,
                completed_at=to_timestamp(_at(day)),
            )
        )

    def task_opened(self, task_id: str, day: int) -> Record:
        return self.log.tell(
            intake.SafetyTaskOpened(
                client_id=self.client_id, task_id=task_id, due_at=to_timestamp(_at(day))
            )
        )

    def task_closed(self, task_id: str, day: int) -> Record:
        return self.log.tell(
            intake.SafetyTaskClosed(
                client_id=self.client_id, task_id=task_id, closed_at=to_timestamp(_at(day))
            )
        )

    def session(self, day: int, *, attended: bool = True) -> list[Record]:
        """On a day counted from the first Monday; its id is the day's."""
        told = self._of(day)
        kept = attendance.SessionAttended(**told, minutes=180)
        return [
            self.scheduled(day),
            self.log.tell(kept if attended else attendance.SessionMissed(**told)),
        ]

    def scheduled(self, day: int) -> Record:
        return self.log.tell(
            attendance.SessionScheduled(**self._of(day), starts_at=to_timestamp(_at(day)))
        )

    def cancelled(self, day: int) -> Record:
        return self.log.tell(attendance.SessionCancelled(**self._of(day)))

    def corrected(self, day: int, number: int, *, attended: bool) -> Record:
        return self.log.tell(
            attendance.AttendanceCorrected(
                **self._of(day),
                correction=number,
                attended=attended,
                minutes=180 if attended else 0,
                reason=attendance_enums.CORRECTION_REASON_WAS_THERE,
            )
        )

    def weeks(self, number: int, *, missed: int = 0) -> list[Record]:
        """Three sessions a week, all attended but the last ones."""
        days = [7 * week + day for week in range(number) for day in (0, 2, 4)]
        kept = len(days) - missed
        return [
            record
            for place, day in enumerate(days)
            for record in self.session(day, attended=place < kept)
        ]

    def _of(self, day: int) -> dict[str, Any]:
        return {
            "client_id": self.client_id,
            "session_id": f"00000000-0000-4000-8000-{day:012}",
            "site_id": self.site_id,
            "service_date": to_date(MONDAY + timedelta(days=day)),
        }


def rules(version: int = 1, **changes: Any) -> pb.LevelRules:
    fields: dict[str, Any] = {
        "version": version,
        "effective_from": march(1),
        "step_up_consecutive_missed": 3,
        "step_up_on_reliable_deterioration": True,
        "step_up_on_open_safety_task": True,
        "step_down_objectives_met_percent": 50,
        "step_down_attended_percent": 80,
        "step_down_needs_reliable_improvement": True,
        "minimum_weeks": 1,
        "complete_objectives_met_percent": 100,
        "complete_weeks": 2,
        **changes,
    }
    return pb.LevelRules(**fields)


def confirm(plans: Plans, version: int = 1, **changes: Any) -> None:
    """Proposed by the clinician, confirmed by a colleague; nothing is drained yet."""
    plans.call("ProposeLevelRules", pb.ProposeLevelRulesRequest(rules=rules(version, **changes)))
    clinician, plans.actor = plans.actor, COLLEAGUE
    plans.call("ConfirmLevelRules", pb.ConfirmLevelRulesRequest(version=version))
    plans.actor = clinician


def review(plan_id: str, day: int, status: int) -> pb.ReviewPlanRequest:
    request = pb.ReviewPlanRequest(
        plan_id=plan_id,
        reviewed_on=march(day),
        next_review_by=common.Date(year=2026, month=6, day=1),
    )
    request.ratings.add(goal=1, objective=1).status = status  # type: ignore[assignment]
    return request


def recommended(plans: Plans, client_id: str, after: Sequence[common.Position] = ()) -> list[Any]:
    request = pb.ListRecommendationsRequest(client_id=client_id, after=after)
    return list(plans.call("ListRecommendations", request, deadline=0.6).recommendations)


def kinds(plans: Plans, client_id: str) -> list[str]:
    return [
        pb.RecommendationKind.Name(advice.kind).removeprefix("RECOMMENDATION_KIND_")
        for advice in recommended(plans, client_id)
    ]


def decide(plans: Plans, client: Treated, found: Any, *, accept: bool = True, **fields: Any) -> Any:
    request = pb.DecideRecommendationRequest(
        client_id=client.client_id,
        recommendation_id=found.recommendation_id,
        accept=accept,
        **fields,
    )
    return plans.call("DecideRecommendation", request)


def stepping_down(plans: Plans, client: Treated) -> Any:
    """One week in which everything speaks for a step down."""
    plan_id = in_force(plans, client.client_id, client.episode_id)
    confirm(plans)
    plans.call("ReviewPlan", review(plan_id, 6, pb.OBJECTIVE_STATUS_MET))
    plans.hear([client.admitted(), client.score(18, 0), client.score(12, 4), *client.weeks(1)])
    [found] = recommended(plans, client.client_id)
    assert found.kind == pb.RECOMMENDATION_KIND_STEP_DOWN
    return found


def _at(day: int) -> datetime:
    return datetime.combine(MONDAY + timedelta(days=day), time(15), UTC)
