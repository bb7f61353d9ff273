"""The RPCs of AttendanceService about sessions to come: scheduled, cancelled, listed."""

from ninehours.attendance.v1 import attendance_service_pb2 as pb

from kernel.execute import Book
from kernel.mapping.reading import named
from kernel.mapping.writing import writer
from kernel.rpc.call import Call
from kernel.rpc.commands import context_of, receipt_of
from kernel.rpc.translate import reading, to_date
from services.attendance.api import requests
from services.attendance.app import questions, scheduling, templates
from services.attendance.app.ports import FilledSlot, ListedSession, Schedule

to_scheduled_session = writer(
    pb.ScheduledSession,
    FilledSlot,
    starts_at=named("span.starts_at"),
    ends_at=named("span.ends_at"),
)
to_listed_session = writer(
    pb.ListedSession,
    ListedSession,
    starts_at=named("span.starts_at"),
    ends_at=named("span.ends_at"),
    unsigned_client_ids=named("unsigned"),
)


class SchedulingRpcs:
    """What is on the schedule, one session at a time or by a template."""

    def __init__(self, book: Book, schedule: Schedule) -> None:
        self._book = book
        self._vault = book.store.vault
        self._schedule = schedule

    def ScheduleSession(
        self, request: pb.ScheduleSessionRequest, call: Call
    ) -> pb.ScheduleSessionResponse:
        context = context_of(request, call, self._vault)
        asked = requests.to_session_request(request)
        session_id = context.new_id("session")
        outcome = scheduling.schedule_session(
            self._book, self._schedule, session_id, asked, context
        )
        return pb.ScheduleSessionResponse(
            receipt=receipt_of(outcome.published),
            session_id=session_id,
            service_date=to_date(scheduling.service_date_of(outcome)),
        )

    def CancelSession(
        self, request: pb.CancelSessionRequest, call: Call
    ) -> pb.CancelSessionResponse:
        context = context_of(request, call, self._vault)
        with reading(request) as read:
            session_id = str(read.uuid("session_id"))
        outcome = scheduling.cancel_session(
            self._book, self._schedule, session_id, context, not_held=request.not_held
        )
        return pb.CancelSessionResponse(receipt=receipt_of(outcome.published))

    def DefineTemplate(
        self, request: pb.DefineTemplateRequest, call: Call
    ) -> pb.DefineTemplateResponse:
        context = context_of(request, call, self._vault)
        command = requests.to_define_template(request, template_id=context.new_id("template"))
        outcome = templates.define_template(self._book, command, context)
        return pb.DefineTemplateResponse(
            receipt=receipt_of(outcome.published), template_id=command.template_id
        )

    def ExpandTemplate(
        self, request: pb.ExpandTemplateRequest, call: Call
    ) -> pb.ExpandTemplateResponse:
        context = context_of(request, call, self._vault)
        asked = requests.to_expansion_request(request)
        expansion = templates.expand_template(self._book, self._schedule, asked, context)
        return pb.ExpandTemplateResponse(
            receipt=receipt_of(expansion.outcome.published),
            sessions=map(to_scheduled_session, expansion.sessions),
            skipped=map(to_date, expansion.skipped),
        )

    def ListSessions(self, request: pb.ListSessionsRequest, call: Call) -> pb.ListSessionsResponse:
        query = requests.to_sessions_query(request, now=call.now)
        page, more = questions.list_sessions(self._book.store, self._schedule, query)
        last = page[-1] if more else None
        token = requests.to_page_token(last.span.starts_at, last.session_id) if last else ""
        return pb.ListSessionsResponse(sessions=map(to_listed_session, page), next_page_token=token)
