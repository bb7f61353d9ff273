"""DeadlinesService: what billing must not miss."""

from ninehours.billing.v1 import deadlines_service_pb2 as pb

from kernel.rpc.call import Call
from kernel.rpc.due import due_asked, due_items
from kernel.store.store import Store
from services.billing.app import deadlines as questions
from services.billing.app.deadlines import Deadlines

SERVICE = pb.DESCRIPTOR.services_by_name["DeadlinesService"]


class DeadlinesServicer:
    """Answers DeadlinesService."""

    def __init__(self, store: Store, deadlines: Deadlines) -> None:
        self._store = store
        self._deadlines = deadlines

    def ListDue(self, request: pb.ListDueRequest, call: Call) -> pb.ListDueResponse:
        asked = due_asked(request, call)
        found = questions.list_due(self._store, self._deadlines, asked)
        return pb.ListDueResponse(items=due_items(found, asked))
