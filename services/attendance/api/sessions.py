"""CalendarService: what the calendar tells."""

from ninehours.attendance.v1 import calendar_service_pb2 as pb
from ninehours.common.v1 import common_pb2 as common

from kernel.rpc.call import Call
from kernel.rpc.due import due_asked, due_items
from kernel.rpc.translate import reading, timestamp_of, to_date, to_timestamp
from kernel.store.store import Store
from services.attendance.app import sessions as questions
from services.attendance.app.sessions import ClientSession, ProgramTold, Sessions

SERVICE = pb.DESCRIPTOR.services_by_name["CalendarService"]


class CalendarServicer:
    """Answers CalendarService."""

    def __init__(self, store: Store, sessions: Sessions) -> None:
        self._store = store
        self._sessions = sessions

    def ListSites(self, _: pb.ListSitesRequest, call: Call) -> pb.ListSitesResponse:
        return pb.ListSitesResponse(
            sites=[
                pb.ListedSite(
                    site_id=each.site_id,
                    name=each.name,
                    time_zone=each.time_zone,
                    programs=map(_program, each.programs),
                )
                for each in questions.list_sites(self._store, self._sessions, call.actor.sites)
            ]
        )

    def ListClientSessions(
        self, request: pb.ListClientSessionsRequest, call: Call
    ) -> pb.ListClientSessionsResponse:
        with reading(request) as read:
            client_id = str(read.uuid("client_id"))
            until = read.optional(timestamp_of, "as_of")
        found = questions.list_client_sessions(
            self._store, self._sessions, client_id, until, call.actor.sites
        )
        return pb.ListClientSessionsResponse(sessions=map(_session, found))

    def ListDue(self, request: pb.ListDueRequest, call: Call) -> pb.ListDueResponse:
        asked = due_asked(request, call)
        found = questions.list_due(self._store, self._sessions, asked)
        return pb.ListDueResponse(items=due_items(found, asked))


def _program(told: ProgramTold) -> pb.ListedProgram:
    return pb.ListedProgram(
        program=common.Program(
            program_id=told.program.program_id,
            kind=f"PROGRAM_KIND_{told.program.kind}",
            under_part2=told.program.under_part2,
        ),
        seats=told.seats,
    )


def _session(session: ClientSession) -> pb.ClientSession:
    return pb.ClientSession(
        session_id=session.session_id,
        site_id=session.site_id,
        service_date=to_date(session.service_date),
        starts_at=to_timestamp(session.starts_at),
        ends_at=to_timestamp(session.ends_at),
        service_kind=f"SERVICE_KIND_{session.service_kind}",
        modality=f"MODALITY_{session.modality}",
        state=f"SESSION_STATE_{session.state}",
        minutes=session.minutes,
        corrections=session.corrections,
        note_signed=session.note_signed,
    )
