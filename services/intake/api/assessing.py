"""The part of intake's servicer about assessments: request to command, outcome to response."""

from functools import partial

from ninehours.intake.v1 import intake_service_pb2 as pb

from kernel.rpc.call import Call
from kernel.rpc.commands import context_of, receipt_of
from kernel.rpc.translate import reading, required_enum, required_level, required_text
from services.intake.adapters import sealed
from services.intake.api import reading as fields
from services.intake.app import assessing
from services.intake.app.deciding import Intake
from services.intake.domain.areas import Area, AssessAreas
from services.intake.domain.assessment import CloseSafetyTask, CompleteAssessment
from services.intake.domain.dimensions import RateDimensions


class AssessingServicer:
    """Answers IntakeService's RPCs about instruments, safety tasks, areas and dimensions."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._vault = intake.book.store.vault

    def CompleteAssessment(
        self, request: pb.CompleteAssessmentRequest, call: Call
    ) -> pb.CompleteAssessmentResponse:
        context = context_of(request, call, self._vault)
        with reading(request) as read:
            command = CompleteAssessment(
                client_id=str(read.uuid("client_id")),
                assessment_id=context.new_id("assessment"),
                task_id=context.new_id("safety_task"),
                instrument=read.text("instrument", max_length=40),
                answers=dict(request.answers),
                completed_by=context.actor,
                completed_at=context.now,
            )
        outcome = assessing.complete_assessment(self._intake, command, context)
        completed = assessing.assessment_of(outcome)
        return pb.CompleteAssessmentResponse(
            receipt=receipt_of(outcome.published),
            assessment_id=completed.assessment_id,
            score=completed.score,
            band=completed.band,
            partial=completed.partial,
            safety_flag=completed.safety_flag,
            subscales=completed.subscales,
            safety_task_id=assessing.task_of(outcome) or "",
            incomplete=completed.incomplete,
        )

    def CloseSafetyTask(
        self, request: pb.CloseSafetyTaskRequest, call: Call
    ) -> pb.CloseSafetyTaskResponse:
        context = context_of(request, call, self._vault)
        with reading(request) as read:
            command = CloseSafetyTask(
                client_id=str(read.uuid("client_id")),
                task_id=str(read.uuid("task_id")),
                action=read.enum("action"),
                closed_by=context.actor,
                closed_at=context.now,
            )
            note = read.optional(required_text, "note", max_length=fields.LONGEST_WORDS)
        outcome = assessing.close_safety_task(
            self._intake, command, None if note is None else note.encode(), context
        )
        return pb.CloseSafetyTaskResponse(receipt=receipt_of(outcome.published))

    def AssessAreas(self, request: pb.AssessAreasRequest, call: Call) -> pb.AssessAreasResponse:
        context = context_of(request, call, self._vault)
        areas, narratives = _areas(request)
        with reading(request) as read:
            command = AssessAreas(
                client_id=str(read.uuid("client_id")),
                assessment_id=context.new_id("assessment"),
                occasion=read.enum("occasion"),
                areas=areas,
                assessed_by=context.actor,
                assessed_on=read.date("assessed_on"),
            )
        content = sealed.narratives_bytes(narratives)
        outcome = assessing.assess_areas(self._intake, command, content, context)
        return pb.AssessAreasResponse(
            receipt=receipt_of(outcome.published), assessment_id=command.assessment_id
        )

    def RateDimensions(
        self, request: pb.RateDimensionsRequest, call: Call
    ) -> pb.RateDimensionsResponse:
        context = context_of(request, call, self._vault)
        with reading(request) as read:
            edition = read.enum("edition")
            level = partial(required_level, edition=edition)
            command = RateDimensions(
                client_id=str(read.uuid("client_id")),
                rating_id=context.new_id("rating"),
                edition=edition,
                ratings=tuple((each.dimension, each.rating) for each in request.ratings),
                indicated_level=read.value(level, "indicated_level", ""),
                chosen_level=read.value(level, "chosen_level", ""),
                discrepancy_reason=read.optional(required_enum, "discrepancy_reason"),
                rated_by=context.actor,
                rated_on=read.date("rated_on"),
            )
        outcome = assessing.rate_dimensions(self._intake, command, context)
        return pb.RateDimensionsResponse(
            receipt=receipt_of(outcome.published), rating_id=command.rating_id
        )


def _areas(request: pb.AssessAreasRequest) -> tuple[tuple[Area, ...], dict[str, str]]:
    """The areas, and what was told in each."""
    areas: list[Area] = []
    narratives: dict[str, str] = {}
    for number, item in enumerate(request.areas):
        with reading(item, at=f"areas.{number}.") as read:
            area = read.enum("area")
            narrative = read.text("narrative", max_length=fields.LONGEST_WORDS)
            need = read.answer("need")
        areas.append(Area(area=area, need=need))
        narratives[area] = narrative
    return tuple(areas), narratives
