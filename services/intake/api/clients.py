"""ClientsService: what intake tells of its clients by id."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from uuid import UUID

from ninehours.common.v1 import common_pb2 as common
from ninehours.intake.v1 import clients_service_pb2 as pb

from kernel.credentials import Credentials, sees_clinical
from kernel.refusal import Malformed
from kernel.rpc.call import Call
from kernel.rpc.due import due_asked, due_items
from kernel.rpc.translate import reading, required_uuid, timestamp_of, to_date, to_timestamp
from kernel.store.store import Store
from services.intake.app import clients as questions
from services.intake.app.clients import Clients, ClientsWanted, ClientTold, Stay

SERVICE = pb.DESCRIPTOR.services_by_name["ClientsService"]
PAGE, LARGEST_PAGE = 200, 1000


class ClientsServicer:
    """Answers ClientsService."""

    def __init__(self, store: Store, clients: Clients, credentials: Credentials) -> None:
        self._store = store
        self._clients = clients
        self._credentials = credentials

    def ListClients(self, request: pb.ListClientsRequest, call: Call) -> pb.ListClientsResponse:
        with reading(request) as read:
            wanted = ClientsWanted(
                site_id=str(read.optional(required_uuid, "site_id") or ""),
                program_id=str(read.optional(required_uuid, "program_id") or ""),
                active_only=request.active_only,
                sites=call.actor.sites,
                after=read.optional(_place, "page_token"),
                limit=read.integer("page_size", low=0, high=LARGEST_PAGE) or PAGE,
            )
        found, more = questions.list_clients(self._store, self._clients, wanted)
        return pb.ListClientsResponse(
            clients=[
                pb.ListedClient(
                    client_id=each.client_id,
                    registered_at=to_timestamp(each.registered_at),
                    newest_episode=_episode(each.stays[-1]) if each.stays else None,
                )
                for each in found
            ],
            next_page_token=_token(found[-1]) if more else "",
        )

    def ReadClient(self, request: pb.ReadClientRequest, call: Call) -> pb.ReadClientResponse:
        with reading(request) as read:
            client_id = str(read.uuid("client_id"))
            until = read.optional(timestamp_of, "as_of")
        found = questions.read_client(
            self._store, self._clients, client_id, until, call.actor.sites
        )
        told = sees_clinical(call.actor.roles)
        scores = questions.tells_scores(
            self._store, self._clients, self._credentials, client_id, call.reader
        )
        return pb.ReadClientResponse(
            client_id=client_id,
            registered_at=to_timestamp(found.registered_at),
            episodes=[_episode(each) for each in found.stays],
            scores=[
                pb.Score(
                    assessment_id=each.assessment_id,
                    instrument=each.instrument,
                    total=each.total,
                    band=each.band,
                    partial=each.partial,
                    safety_flag=each.safety_flag,
                    completed_at=to_timestamp(each.completed_at),
                )
                for each in found.scores
                if scores
            ],
            diagnoses=[
                pb.EffectiveDiagnosis(
                    code=code,
                    rank=rank,
                    effective_from=to_date(day),
                    last_day=to_date(last_day) if last_day else None,
                )
                for rank, day, code, last_day in found.diagnoses
                if told
            ],
            diagnoses_withheld=not told,
            scores_withheld=not scores,
        )

    def ListDue(self, request: pb.ListDueRequest, call: Call) -> pb.ListDueResponse:
        asked = due_asked(request, call)
        found = questions.list_due(self._store, self._clients, asked)
        return pb.ListDueResponse(items=due_items(found, asked))


def _episode(stay: Stay) -> pb.ClientEpisode:
    return pb.ClientEpisode(
        episode_id=stay.episode_id,
        site_id=stay.site_id,
        program=common.Program(
            program_id=stay.program_id,
            kind=f"PROGRAM_KIND_{stay.kind}",
            under_part2=stay.under_part2,
        ),
        admitted_level=stay.admitted_level,
        admitted_on=to_date(stay.admitted_on),
        closed_on=None if stay.closed_on is None else to_date(stay.closed_on),
        previous_episode_id=stay.previous_episode_id,
    )


def _token(client: ClientTold) -> str:
    """Where a page ended, as text nobody needs to read."""
    place = f"{client.registered_at.isoformat()}|{client.client_id}"
    return urlsafe_b64encode(place.encode()).decode()


def _place(request: pb.ListClientsRequest, field: str) -> tuple[datetime, str]:
    try:
        at, client_id = urlsafe_b64decode(getattr(request, field)).decode().split("|")
        return datetime.fromisoformat(at), str(UUID(client_id))
    except ValueError:
        raise Malformed(**{field: "is not one of ours"}) from None
