"""The part of intake's servicer that only asks: identities for claims, and safety tasks."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from uuid import UUID

from ninehours.intake.v1 import intake_service_pb2 as pb

from kernel.refusal import Malformed
from kernel.rpc.call import Call
from kernel.rpc.translate import reading, required_uuid, to_timestamp
from services.intake.adapters import sealed
from services.intake.api import reading as fields
from services.intake.app import questions
from services.intake.app.deciding import Intake
from services.intake.app.ports import Audit, Place, SafetyTask

PAGE, LARGEST_PAGE = 200, 1000


class AskingServicer:
    """Answers IntakeService's questions."""

    def __init__(self, intake: Intake, audit: Audit) -> None:
        self._intake = intake
        self._store = intake.book.store
        self._tasks = intake.tasks
        self._audit = audit

    def ReadIdentities(
        self, request: pb.ReadIdentitiesRequest, call: Call
    ) -> pb.ReadIdentitiesResponse:
        with reading(request) as read:
            asked = questions.IdentitiesAsked(
                actor=call.actor.id,
                purpose=call.actor.purpose,
                now=call.now,
                client_ids=read.value(fields.client_ids, "client_ids", ()),
                recipient_payer_id=str(read.uuid("recipient_payer_id")),
                on=read.date("on"),
                settled_client_ids=frozenset(request.settled_client_ids),
                programs={each.client_id: frozenset(each.program_ids) for each in request.programs},
                correlation=call.correlation_id,
            )
        answers = questions.read_identities(self._intake, self._audit, asked)
        return pb.ReadIdentitiesResponse(
            identities=[_covered(a) for a in answers if isinstance(a, questions.Identified)],
            withheld=[
                pb.Withheld(client_id=a.client_id, reason=a.reason)
                for a in answers
                if isinstance(a, questions.Withheld)
            ],
        )

    def ListSafetyTasks(
        self, request: pb.ListSafetyTasksRequest, call: Call
    ) -> pb.ListSafetyTasksResponse:
        with reading(request) as read:
            client_id = read.optional(required_uuid, "client_id")
            most = read.integer("page_size", low=0, high=LARGEST_PAGE) or PAGE
            after = read.optional(_place, "page_token")
        tasks = questions.list_safety_tasks(
            self._store,
            self._tasks,
            sites=call.actor.sites,
            client_id=None if client_id is None else str(client_id),
            open_only=request.open_only,
            after=after,
            most=most,
        )
        return pb.ListSafetyTasksResponse(
            tasks=[_task(task) for task in tasks],
            next_page_token=_token(tasks[-1]) if len(tasks) == most else "",
        )


def _covered(answer: questions.Identified) -> pb.CoveredIdentity:
    numbers = {
        coverage_id: sealed.membership_of(membership)
        for coverage_id, membership in answer.memberships.items()
    }
    member_number, group_number = numbers[answer.coverage_id]
    return pb.CoveredIdentity(
        client_id=answer.client_id,
        identity=sealed.identity_of(answer.identity),
        identity_version=answer.identity_version,
        coverage_id=answer.coverage_id,
        member_number=member_number,
        group_number=group_number,
        consent_id=answer.consent_id or "",
        coverages=[
            pb.MemberNumber(coverage_id=coverage_id, member_number=member, group_number=group)
            for coverage_id, (member, group) in numbers.items()
        ],
        permit_id=answer.permit_id,
        permit_sequence=answer.end.sequence,
        permit_fact_id=answer.end.fact_id,
        program_ids=sorted(answer.programs),
    )


def _task(task: SafetyTask) -> pb.SafetyTask:
    action = task.action or "UNSPECIFIED"
    return pb.SafetyTask(
        task_id=task.task_id,
        client_id=task.client_id,
        assessment_id=task.assessment_id,
        owner=task.owner,
        opened_at=to_timestamp(task.opened_at),
        due_at=to_timestamp(task.due_at),
        closed_at=None if task.closed_at is None else to_timestamp(task.closed_at),
        action=f"SAFETY_ACTION_{action}",
        risk=f"SAFETY_RISK_{task.risk}",
    )


def _token(task: SafetyTask) -> str:
    """Where a page ended, as text nobody needs to read."""
    place = f"{task.closed_at is not None:d}|{task.due_at.isoformat()}|{task.task_id}"
    return urlsafe_b64encode(place.encode()).decode()


def _place(request: pb.ListSafetyTasksRequest, field: str) -> Place:
    try:
        text = urlsafe_b64decode(getattr(request, field)).decode()
        closed, due_at, task_id = text.split("|")
        place = Place(
            closed={"0": False, "1": True}[closed],
            due_at=datetime.fromisoformat(due_at),
            task_id=str(UUID(task_id)),
        )
    except (ValueError, KeyError):
        raise Malformed(**{field: "is not one of ours"}) from None
    return place
