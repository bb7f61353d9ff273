"""CalendarService: what the calendar tells."""

from ninehours.attendance.v1 import calendar_service_pb2 as pb

from kernel.mapping.writing import writer
from kernel.rpc.call import Call
from kernel.rpc.due import due_asked, due_items
from kernel.rpc.translate import reading, timestamp_of
from kernel.store.store import Store
from services.attendance.app import questions
from services.attendance.app.ports import Calendar, ClientSession, ListedSite

SERVICE = pb.DESCRIPTOR.services_by_name["CalendarService"]
to_listed_site = writer(pb.ListedSite, ListedSite)
to_client_session = writer(pb.ClientSession, ClientSession)


class CalendarServicer:
    """Answers CalendarService."""

    def __init__(self, store: Store, calendar: Calendar) -> None:
        self._store = store
        self._calendar = calendar

    def ListSites(self, _: pb.ListSitesRequest, call: Call) -> pb.ListSitesResponse:
        sites = questions.list_sites(self._store, self._calendar, call.actor.sites)
        return pb.ListSitesResponse(sites=map(to_listed_site, sites))

    def ListClientSessions(
        self, request: pb.ListClientSessionsRequest, call: Call
    ) -> pb.ListClientSessionsResponse:
        with reading(request) as read:
            client_id = str(read.uuid("client_id"))
            until = read.optional(timestamp_of, "as_of")
        found = questions.list_client_sessions(
            self._store, self._calendar, client_id, until, call.actor.sites
        )
        return pb.ListClientSessionsResponse(sessions=map(to_client_session, found))

    def ListDue(self, request: pb.ListDueRequest, call: Call) -> pb.ListDueResponse:
        asked = due_asked(request, call)
        found = questions.list_due(self._store, self._calendar, asked)
        return pb.ListDueResponse(items=due_items(found, asked))
