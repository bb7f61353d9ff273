"""Sites, programs, staff, and what is on the calendar: request to command, outcome to response."""

from ninehours.attendance.v1 import attendance_service_pb2 as pb

from kernel.execute import Book
from kernel.rpc.call import Call
from kernel.rpc.commands import context_of, receipt_of
from kernel.rpc.translate import (
    date_of,
    reading,
    required_enum,
    required_state,
    required_text,
    required_uuid,
    to_date,
    to_timestamp,
)
from kernel.store.store import Context
from services.attendance.api import reading as fields
from services.attendance.app import questions, scheduling, templates, use_cases
from services.attendance.app.ports import Calendar, Listed, Wanted
from services.attendance.domain.site import (
    Address,
    DeclareHoliday,
    OpenProgram,
    OpenSite,
    Program,
    SetGrace,
)
from services.attendance.domain.staff import CredentialStaff, EndCredential
from services.attendance.domain.template import DefineTemplate


class CalendarRpcs:
    """The part of AttendanceService that comes before anybody does."""

    def __init__(self, book: Book, calendar: Calendar) -> None:
        self._book = book
        self._calendar = calendar

    def OpenSite(self, request: pb.OpenSiteRequest, call: Call) -> pb.OpenSiteResponse:
        context = self._context(request, call)
        with reading(request) as read:
            command = OpenSite(
                site_id=context.new_id("site"),
                name=read.value(fields.claim_text, "name", "", longest=60),
                time_zone=read.value(fields.time_zone, "time_zone", "UTC"),
                address=Address(
                    line=read.value(fields.claim_text, "address.line", "", longest=55),
                    city=read.value(fields.claim_text, "address.city", "", shortest=2, longest=30),
                    state=read.value(required_state, "address.state", ""),
                    zip=read.digits("address.zip", count=9),
                ),
                npi=read.digits("npi", count=10),
            )
        outcome = use_cases.open_site(self._book, command, context)
        return pb.OpenSiteResponse(receipt=receipt_of(outcome.published), site_id=command.site_id)

    def OpenProgram(self, request: pb.OpenProgramRequest, call: Call) -> pb.OpenProgramResponse:
        context = self._context(request, call)
        with reading(request) as read:
            command = OpenProgram(
                site_id=str(read.uuid("site_id")),
                program=Program(
                    program_id=context.new_id("program"),
                    kind=read.enum("kind"),
                    under_part2=read.value(fields.under_part2, "governed_by", True),
                ),
            )
        outcome = use_cases.open_program(self._book, command, context)
        return pb.OpenProgramResponse(
            receipt=receipt_of(outcome.published), program_id=command.program.program_id
        )

    def CredentialStaff(
        self, request: pb.CredentialStaffRequest, call: Call
    ) -> pb.CredentialStaffResponse:
        context = self._context(request, call)
        with reading(request) as read:
            known = read.optional(required_uuid, "staff_id")
            command = CredentialStaff(
                staff_id=str(known or context.new_id("staff")),
                credential=read.optional(required_text, "credential", max_length=20) or "",
                npi=read.digits("npi", count=10),
                effective_from=read.date("effective_from"),
                type=read.optional(required_enum, "type") or "",
                state=read.value(required_state, "state", ""),
                effective_to=read.optional(date_of, "effective_to"),
                token_subject=read.optional(required_text, "token_subject", max_length=200) or "",
                again=known is not None,
            )
        outcome = use_cases.credential_staff(self._book, command, context)
        return pb.CredentialStaffResponse(
            receipt=receipt_of(outcome.published), staff_id=command.staff_id
        )

    def EndCredential(
        self, request: pb.EndCredentialRequest, call: Call
    ) -> pb.EndCredentialResponse:
        context = self._context(request, call)
        with reading(request) as read:
            command = EndCredential(
                staff_id=str(read.uuid("staff_id")),
                credential=read.optional(required_text, "credential", max_length=20) or "",
                type=read.optional(required_enum, "type") or "",
                state=read.optional(required_state, "state") or "",
                last_day=read.date("last_day"),
                reason=read.enum("reason"),
            )
        outcome = use_cases.end_credential(self._book, command, context)
        return pb.EndCredentialResponse(receipt=receipt_of(outcome.published))

    def ScheduleSession(
        self, request: pb.ScheduleSessionRequest, call: Call
    ) -> pb.ScheduleSessionResponse:
        context = self._context(request, call)
        with reading(request) as read:
            asked = scheduling.SessionRequest(
                site_id=str(read.uuid("site_id")),
                program_id=str(read.uuid("program_id")),
                facilitator_id=str(read.uuid("facilitator_id")),
                service_kind=read.enum("service_kind"),
                modality=read.enum("modality"),
                starts_at=read.timestamp("starts_at"),
                ends_at=read.timestamp("ends_at"),
                roster=read.value(fields.roster, "roster", ()),
                capacity=read.value(fields.capacity, "capacity", 0),
                breaks=read.value(fields.breaks, "breaks", ()),
                makes_up_session_id=read.value(fields.optional_uuid, "makes_up_session_id", None),
            )
        session_id = context.new_id("session")
        outcome = scheduling.schedule_session(
            self._book, self._calendar, session_id, asked, context
        )
        return pb.ScheduleSessionResponse(
            receipt=receipt_of(outcome.published),
            session_id=session_id,
            service_date=to_date(scheduling.service_date_of(outcome)),
        )

    def DefineTemplate(
        self, request: pb.DefineTemplateRequest, call: Call
    ) -> pb.DefineTemplateResponse:
        context = self._context(request, call)
        with reading(request) as read:
            command = DefineTemplate(
                template_id=context.new_id("template"),
                site_id=str(read.uuid("site_id")),
                program_id=str(read.uuid("program_id")),
                sessions=read.value(fields.template_sessions, "sessions", ()),
            )
        outcome = templates.define_template(self._book, command, context)
        return pb.DefineTemplateResponse(
            receipt=receipt_of(outcome.published), template_id=command.template_id
        )

    def DeclareHoliday(
        self, request: pb.DeclareHolidayRequest, call: Call
    ) -> pb.DeclareHolidayResponse:
        context = self._context(request, call)
        with reading(request) as read:
            command = DeclareHoliday(site_id=str(read.uuid("site_id")), on=read.date("date"))
        outcome = use_cases.declare_holiday(self._book, command, context)
        return pb.DeclareHolidayResponse(receipt=receipt_of(outcome.published))

    def SetGrace(self, request: pb.SetGraceRequest, call: Call) -> pb.SetGraceResponse:
        context = self._context(request, call)
        with reading(request) as read:
            command = SetGrace(
                site_id=str(read.uuid("site_id")),
                seconds=read.integer("seconds", low=0, high=fields.LONGEST_GRACE),
            )
        outcome = use_cases.set_grace(self._book, command, context)
        return pb.SetGraceResponse(receipt=receipt_of(outcome.published))

    def ExpandTemplate(
        self, request: pb.ExpandTemplateRequest, call: Call
    ) -> pb.ExpandTemplateResponse:
        context = self._context(request, call)
        with reading(request) as read:
            asked = templates.ExpansionRequest(
                template_id=str(read.uuid("template_id")),
                first=read.date("from"),
                last=read.date("to"),
                facilitator_id=str(read.uuid("facilitator_id")),
                roster=read.value(fields.roster, "roster", ()),
            )
        expanded = templates.expand_template(self._book, self._calendar, asked, context)
        return pb.ExpandTemplateResponse(
            receipt=receipt_of(expanded.outcome.published),
            sessions=[
                pb.ScheduledSession(
                    session_id=each.session_id,
                    service_date=to_date(each.service_date),
                    starts_at=to_timestamp(each.span.starts_at),
                    ends_at=to_timestamp(each.span.ends_at),
                )
                for each in expanded.sessions
            ],
            skipped=map(to_date, expanded.skipped),
        )

    def CancelSession(
        self, request: pb.CancelSessionRequest, call: Call
    ) -> pb.CancelSessionResponse:
        context = self._context(request, call)
        with reading(request) as read:
            session_id = str(read.uuid("session_id"))
        outcome = scheduling.cancel_session(
            self._book, self._calendar, session_id, context, not_held=request.not_held
        )
        return pb.CancelSessionResponse(receipt=receipt_of(outcome.published))

    def ListSessions(self, request: pb.ListSessionsRequest, call: Call) -> pb.ListSessionsResponse:
        with reading(request) as read:
            wanted = Wanted(
                site_id=str(read.uuid("site_id")),
                first=read.date("from"),
                last=read.date("to"),
                due_only=request.due_only,
                now=call.now,
                after=read.value(fields.page_token, "page_token", None),
                limit=read.value(fields.page_size, "page_size", fields.PAGE),
            )
        page, more = questions.list_sessions(self._book.store, self._calendar, wanted)
        token = fields.to_page_token(page[-1].span.starts_at, page[-1].session_id) if more else ""
        return pb.ListSessionsResponse(sessions=map(_listed, page), next_page_token=token)

    def _context(self, request: object, call: Call) -> Context:
        return context_of(request, call, self._book.store.vault)


def _listed(session: Listed) -> pb.ListedSession:
    return pb.ListedSession(
        session_id=session.session_id,
        service_date=to_date(session.service_date),
        starts_at=to_timestamp(session.span.starts_at),
        ends_at=to_timestamp(session.span.ends_at),
        facilitator_id=session.facilitator_id,
        client_ids=session.client_ids,
        closed=session.closed,
        cancelled=session.cancelled,
        unsigned_client_ids=session.unsigned,
    )
