"""The RPCs of AttendanceService about sessions to come: scheduled, cancelled, listed."""

from collections.abc import Mapping
from typing import Any

from ninehours.attendance.v1 import attendance_service_pb2 as pb

from kernel.mapping.reading import named
from kernel.mapping.writing import writer
from kernel.rpc.call import Call
from kernel.rpc.commands import NOW, Accepted, CommandRpcs, command_rpc, new_id
from kernel.rpc.translate import to_date
from services.attendance.adapters.schedule import ListedSession, sessions
from services.attendance.api import requests
from services.attendance.app.ports import BookAndSchedule, FilledSlot
from services.attendance.app.scheduling import (
    SessionRequest,
    cancel_session,
    schedule_session,
    service_date_of,
)
from services.attendance.app.templates import (
    ExpansionRequest,
    define_template,
    expand_template,
    expansion_of,
)

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


def _service_date(scheduled: Accepted[BookAndSchedule, SessionRequest]) -> Mapping[str, Any]:
    return {"service_date": to_date(service_date_of(scheduled.outcome))}


def _expansion(expanded: Accepted[BookAndSchedule, ExpansionRequest]) -> Mapping[str, Any]:
    expansion = expansion_of(expanded.write_side, expanded.command)
    return {
        "sessions": map(to_scheduled_session, expansion.sessions),
        "skipped": map(to_date, expansion.skipped),
    }


class SchedulingRpcs(CommandRpcs[BookAndSchedule]):
    """What is on the schedule, one session at a time or by a template."""

    ScheduleSession = command_rpc(
        requests.to_session_request, schedule_session, _service_date, session_id=new_id("session")
    )
    CancelSession = command_rpc(requests.to_cancel_session, cancel_session, now=NOW)
    DefineTemplate = command_rpc(
        requests.to_define_template, define_template, template_id=new_id("template")
    )
    ExpandTemplate = command_rpc(requests.to_expansion_request, expand_template, _expansion)

    def ListSessions(self, request: pb.ListSessionsRequest, call: Call) -> pb.ListSessionsResponse:
        query = requests.to_sessions_query(request, now=call.now)
        with self.write_side.book.store.transaction() as tx:
            page, more = sessions(tx, query)
        last = page[-1] if more else None
        token = requests.to_page_token(last.span.starts_at, last.session_id) if last else ""
        return pb.ListSessionsResponse(sessions=map(to_listed_session, page), next_page_token=token)
