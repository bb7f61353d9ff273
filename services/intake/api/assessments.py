"""The RPCs of IntakeService about assessments: instruments, safety tasks, areas, dimensions."""

from ninehours.intake.v1 import intake_service_pb2 as pb

from kernel.mapping.writing import writer
from kernel.rpc.call import Call
from kernel.rpc.commands import context_of, receipt_of
from kernel.rpc.pages import page_token
from kernel.rpc.translate import reading, required_text, required_uuid
from services.intake.adapters import sealed
from services.intake.api import requests
from services.intake.app import assessments, questions
from services.intake.app.deciding import Intake
from services.intake.app.ports import SafetyTask
from services.intake.domain.assessment import AssessmentCompleted

to_completed = writer(
    pb.CompleteAssessmentResponse, AssessmentCompleted, given=("receipt", "safety_task_id")
)
to_task = writer(pb.SafetyTask, SafetyTask)


class AssessmentRpcs:
    """What was asked of a client, and what somebody must do about the answers."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._vault = intake.book.store.vault

    def CompleteAssessment(
        self, request: pb.CompleteAssessmentRequest, call: Call
    ) -> pb.CompleteAssessmentResponse:
        context = context_of(request, call, self._vault)
        command = requests.to_complete_assessment(
            request,
            assessment_id=context.new_id("assessment"),
            task_id=context.new_id("safety_task"),
            completed_by=context.actor,
            completed_at=context.now,
        )
        outcome = assessments.complete_assessment(self._intake, command, context)
        completed = assessments.assessment_of(outcome)
        return to_completed(
            completed,
            receipt=receipt_of(outcome.published),
            safety_task_id=assessments.task_of(outcome) or "",
        )

    def CloseSafetyTask(
        self, request: pb.CloseSafetyTaskRequest, call: Call
    ) -> pb.CloseSafetyTaskResponse:
        context = context_of(request, call, self._vault)
        with reading(request) as read:
            command = read.whole(
                requests.to_close_safety_task, closed_by=context.actor, closed_at=context.now
            )
            note = read.optional(required_text, "note", max_length=requests.LONGEST_WORDS)
        outcome = assessments.close_safety_task(
            self._intake, command, None if note is None else note.encode(), context
        )
        return pb.CloseSafetyTaskResponse(receipt=receipt_of(outcome.published))

    def AssessAreas(self, request: pb.AssessAreasRequest, call: Call) -> pb.AssessAreasResponse:
        context = context_of(request, call, self._vault)
        with reading(request) as read:
            command = read.whole(
                requests.to_assess_areas,
                assessment_id=context.new_id("assessment"),
                assessed_by=context.actor,
            )
            narratives: dict[str, str] = read.value(requests.narratives, "areas", {})
        content = sealed.narratives_bytes(narratives)
        outcome = assessments.assess_areas(self._intake, command, content, context)
        return pb.AssessAreasResponse(
            receipt=receipt_of(outcome.published), assessment_id=command.assessment_id
        )

    def RateDimensions(
        self, request: pb.RateDimensionsRequest, call: Call
    ) -> pb.RateDimensionsResponse:
        context = context_of(request, call, self._vault)
        command = requests.to_rate_dimensions(
            request, rating_id=context.new_id("rating"), rated_by=context.actor
        )
        outcome = assessments.rate_dimensions(self._intake, command, context)
        return pb.RateDimensionsResponse(
            receipt=receipt_of(outcome.published), rating_id=command.rating_id
        )

    def ListSafetyTasks(
        self, request: pb.ListSafetyTasksRequest, call: Call
    ) -> pb.ListSafetyTasksResponse:
        with reading(request) as read:
            client_id = read.optional(required_uuid, "client_id")
            most = read.value(requests.page_size, "page_size", requests.PAGE)
            after = read.optional(requests.safety_task_cursor, "page_token")
        tasks = questions.list_safety_tasks(
            self._intake.book.store,
            self._intake.tasks,
            sites=call.actor.sites,
            client_id=None if client_id is None else str(client_id),
            open_only=request.open_only,
            after=after,
            most=most,
        )
        return pb.ListSafetyTasksResponse(
            tasks=map(to_task, tasks),
            next_page_token=_token(tasks[-1]) if len(tasks) == most else "",
        )


def _token(task: SafetyTask) -> str:
    closed = f"{task.closed_at is not None:d}"
    return page_token(closed, task.due_at.isoformat(), task.task_id)
