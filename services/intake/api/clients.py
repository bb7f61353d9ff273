"""ClientsService: what intake tells of its clients by id."""

from dataclasses import replace

from ninehours.intake.v1 import clients_service_pb2 as pb

from kernel.credentials import sees_clinical
from kernel.mapping.writing import writer
from kernel.messaging.public_facts import HeardCredentials
from kernel.rpc.call import Call
from kernel.rpc.due import due_asked, due_items
from kernel.rpc.pages import page_token
from kernel.rpc.translate import reading, timestamp_of
from kernel.store.store import Store
from services.intake.api import requests
from services.intake.app import questions
from services.intake.app.ports import ClientRecord, Clients

SERVICE = pb.DESCRIPTOR.services_by_name["ClientsService"]
to_listed = writer(pb.ListedClient, ClientRecord)
to_read = writer(
    pb.ReadClientResponse, ClientRecord, given=("diagnoses_withheld", "scores_withheld")
)


class ClientsServicer:
    """Answers ClientsService."""

    def __init__(self, store: Store, clients: Clients, credentials: HeardCredentials) -> None:
        self._store = store
        self._clients = clients
        self._credentials = credentials

    def ListClients(self, request: pb.ListClientsRequest, call: Call) -> pb.ListClientsResponse:
        query = requests.to_clients_query(request, sites=call.actor.sites)
        found, more = questions.list_clients(self._store, self._clients, query)
        return pb.ListClientsResponse(
            clients=map(to_listed, found), next_page_token=_token(found[-1]) if more else ""
        )

    def ReadClient(self, request: pb.ReadClientRequest, call: Call) -> pb.ReadClientResponse:
        with reading(request) as read:
            client_id = str(read.uuid("client_id"))
            until = read.optional(timestamp_of, "as_of")
        found = questions.read_client(
            self._store, self._clients, client_id, until, call.actor.sites
        )
        diagnoses = sees_clinical(call.actor.roles)
        scores = questions.tells_scores(
            self._store, self._clients, self._credentials, client_id, call.reader
        )
        shown = replace(
            found,
            diagnoses=found.diagnoses if diagnoses else (),
            scores=found.scores if scores else (),
        )
        return to_read(shown, diagnoses_withheld=not diagnoses, scores_withheld=not scores)

    def ListDue(self, request: pb.ListDueRequest, call: Call) -> pb.ListDueResponse:
        asked = due_asked(request, call)
        found = questions.list_due(self._store, self._clients, asked)
        return pb.ListDueResponse(items=due_items(found, asked))


def _token(client: ClientRecord) -> str:
    return page_token(client.registered_at.isoformat(), client.client_id)
