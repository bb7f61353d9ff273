"""SearchService: clients found by what somebody knows of them, and likely doubles."""

from collections.abc import Collection

from ninehours.intake.v1 import search_service_pb2 as pb

from kernel.mapping.fields import bounded, left_out, text
from kernel.mapping.reading import named, request_reader
from kernel.mapping.writing import writer
from kernel.rpc.call import Call
from kernel.rpc.translate import reading, required_uuid
from kernel.store.store import Store
from services.intake.adapters.search import (
    ClientInBrief,
    FoundAs,
    FoundClient,
    LikelyDouble,
    find,
    likely_doubles,
)
from services.intake.adapters.search_mending import Mended, mend
from services.intake.adapters.search_tokens import SearchTokens
from services.intake.domain.search import ClientsSought, Findable, parts_of

SERVICE = pb.DESCRIPTOR.services_by_name["SearchService"]
PAGE, LARGEST_PAGE = 10, 50
a_line = left_out(text(200))
one_or_none = left_out(lambda request, field: (text(200)(request, field),), ())
to_sought = request_reader(
    pb.FindClientsRequest,
    ClientsSought,
    text=a_line,
    family_name=a_line,
    given_name=a_line,
    member_number=a_line,
    phone=a_line,
)
to_findable = request_reader(
    pb.LookForDoublesRequest,
    Findable,
    family_name=text(200),
    given_name=a_line,
    member_numbers=named("member_number", one_or_none),
    phones=named("phone", one_or_none),
)
to_brief = writer(
    pb.ClientInBrief,
    ClientInBrief,
    family_name=lambda client: client.identity.family_name,
    given_name=lambda client: client.identity.given_name,
    birth_date=lambda client: client.identity.birth_date,
)
to_found_as = writer(
    pb.FoundAs,
    FoundAs,
    family_name=lambda found: found.identity.family_name,
    given_name=lambda found: found.identity.given_name,
)
to_found = writer(
    pb.FoundClient,
    FoundClient,
    client=to_brief,
    found_as=to_found_as,
    matched_by=lambda found: [by.name for by in found.matched_by],
)
to_double = writer(pb.LikelyDouble, LikelyDouble, client=to_brief, found_as=to_found_as)

to_mended = writer(pb.RebuildSearchResponse, Mended)


class SearchServicer:
    """Answers SearchService."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._hashed: SearchTokens | None = None

    def FindClients(self, request: pb.FindClientsRequest, call: Call) -> pb.FindClientsResponse:
        with reading(request) as read:
            sought = read.whole(to_sought)
            site_id = read.optional(required_uuid, "site_id")
            most = read.value(bounded(0, LARGEST_PAGE), "page_size", PAGE) or PAGE
        sites: Collection[str] = call.actor.sites if site_id is None else {str(site_id)}
        parts, hashed = parts_of(sought), self._tokens()
        with self._store.by_statement() as tx:
            found = find(tx, hashed, parts, sites, most=most + 1)
        return pb.FindClientsResponse(clients=map(to_found, found[:most]), more=len(found) > most)

    def LookForDoubles(
        self, request: pb.LookForDoublesRequest, call: Call
    ) -> pb.LookForDoublesResponse:
        with reading(request) as read:
            person = read.whole(to_findable)
            client_id = read.optional(required_uuid, "client_id")
        of_client = None if client_id is None else str(client_id)
        hashed, sites = self._tokens(), call.actor.sites
        with self._store.by_statement() as tx:
            found = likely_doubles(tx, hashed, person, sites, of_client=of_client, most=PAGE)
        return pb.LookForDoublesResponse(doubles=map(to_double, found))

    def RebuildSearch(self, request: pb.RebuildSearchRequest, _: Call) -> pb.RebuildSearchResponse:
        with reading(request) as read:
            after = read.optional(required_uuid, "after_client_id")
        with self._store.transaction() as tx:
            return to_mended(mend(tx, None if after is None else str(after)))

    def _tokens(self) -> SearchTokens:
        """Their key is made once for good: once it is recorded, no question reads it again."""
        if self._hashed is None:
            with self._store.transaction() as tx:
                hashed = SearchTokens(tx)
            self._hashed = hashed
        return self._hashed
