"""ClientsService: what intake tells of its clients by id."""

from dataclasses import replace

from ninehours.intake.v1 import clients_service_pb2 as pb

from kernel.credentials import sees_clinical
from kernel.mapping.writing import writer
from kernel.rpc.call import Call
from kernel.rpc.due import due_asked, due_items
from kernel.rpc.pages import page_token
from kernel.rpc.translate import reading, timestamp_of
from kernel.store.store import Store
from services.intake.adapters.bindings import sites_of
from services.intake.adapters.clients import ClientRecord, client, clients, due
from services.intake.adapters.network import CREDENTIALS
from services.intake.api import requests

SERVICE = pb.DESCRIPTOR.services_by_name["ClientsService"]
to_listed = writer(pb.ListedClient, ClientRecord)
to_read = writer(
    pb.ReadClientResponse, ClientRecord, given=("diagnoses_withheld", "scores_withheld")
)


class ClientsServicer:
    """Answers ClientsService."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def ListClients(self, request: pb.ListClientsRequest, call: Call) -> pb.ListClientsResponse:
        query = requests.to_clients_query(request, sites=call.actor.sites)
        with self._store.transaction() as tx:
            found = clients(tx, query)
        return pb.ListClientsResponse(
            clients=map(to_listed, found),
            next_page_token=_token(found[-1]) if len(found) == query.limit else "",
        )

    def ReadClient(self, request: pb.ReadClientRequest, call: Call) -> pb.ReadClientResponse:
        with reading(request) as read:
            client_id = str(read.uuid("client_id"))
            until = read.optional(timestamp_of, "as_of")
        with self._store.transaction() as tx:
            found = client(tx, client_id, until, call.actor.sites)
            scores = CREDENTIALS.sees_scores(tx, call.reader, sites_of(tx, client_id))
        diagnoses = sees_clinical(call.actor.roles)
        shown = replace(
            found,
            diagnoses=found.diagnoses if diagnoses else (),
            scores=found.scores if scores else (),
        )
        return to_read(shown, diagnoses_withheld=not diagnoses, scores_withheld=not scores)

    def ListDue(self, request: pb.ListDueRequest, call: Call) -> pb.ListDueResponse:
        asked = due_asked(request, call)
        with self._store.transaction() as tx:
            found = due(tx, asked)
        return pb.ListDueResponse(items=due_items(found, asked))


def _token(last: ClientRecord) -> str:
    return page_token(last.registered_at.isoformat(), last.client_id)
