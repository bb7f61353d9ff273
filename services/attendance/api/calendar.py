"""CalendarService: what the calendar tells, of sites that the caller speaks for."""

from ninehours.attendance.v1 import calendar_service_pb2 as pb

from kernel.mapping.writing import writer
from kernel.rpc.call import Call
from kernel.rpc.due import due_asked, due_items
from kernel.rpc.translate import reading, timestamp_of
from kernel.sites import speaks_for
from kernel.store.store import Store
from services.attendance.adapters import calendar
from services.attendance.adapters.calendar import ClientSession, ListedSite, NearestDays

SERVICE = pb.DESCRIPTOR.services_by_name["CalendarService"]
to_listed_site = writer(pb.ListedSite, ListedSite)
to_client_session = writer(pb.ClientSession, ClientSession)
to_nearest_days = writer(pb.FindNearestDaysResponse, NearestDays)


class CalendarServicer:
    """Answers CalendarService."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def ListSites(self, _: pb.ListSitesRequest, call: Call) -> pb.ListSitesResponse:
        with self._store.transaction() as tx:
            found = calendar.sites(tx)
        here = [site for site in found if speaks_for(call.actor.sites, site.site_id)]
        return pb.ListSitesResponse(sites=map(to_listed_site, here))

    def ListClientSessions(
        self, request: pb.ListClientSessionsRequest, call: Call
    ) -> pb.ListClientSessionsResponse:
        with reading(request) as read:
            client_id = str(read.uuid("client_id"))
            until = read.optional(timestamp_of, "as_of")
        with self._store.transaction() as tx:
            found = calendar.sessions_of_client(tx, client_id, until)
        here = [session for session in found if speaks_for(call.actor.sites, session.site_id)]
        return pb.ListClientSessionsResponse(sessions=map(to_client_session, here))

    def ListDue(self, request: pb.ListDueRequest, call: Call) -> pb.ListDueResponse:
        asked = due_asked(request, call)
        with self._store.transaction() as tx:
            found = calendar.due(tx, asked)
        return pb.ListDueResponse(items=due_items(found, asked))

    def FindNearestDays(
        self, request: pb.FindNearestDaysRequest, _: Call
    ) -> pb.FindNearestDaysResponse:
        with reading(request) as read:
            site_id = str(read.uuid("site_id"))
            on = read.date("on")
        with self._store.transaction() as tx:
            return to_nearest_days(calendar.nearest_days(tx, site_id, on))
