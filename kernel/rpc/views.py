"""ViewsService: by what people filter pages, each person's own; every service answers it."""

from ninehours.exchange.v1 import views_service_pb2 as pb

from kernel import views
from kernel.rpc.call import Call
from kernel.rpc.drafts import name_of, sealed_bytes
from kernel.rpc.translate import reading, to_timestamp
from kernel.store.store import Store
from kernel.views import PersonsView

SERVICE = pb.DESCRIPTOR.services_by_name["ViewsService"]
LARGEST = 16 * 1024  # bytes of one view's filters
LONGEST_NAME = 100


class ViewsServicer:
    """Answers from the service's own table."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def SaveView(self, request: pb.SaveViewRequest, call: Call) -> pb.SaveViewResponse:
        with reading(request.view, "view.") as read:
            kept = pb.SavedView(
                view_id=str(read.uuid("view_id")),
                page=read.value(name_of, "page", ""),
                name=read.text("name", max_length=LONGEST_NAME),
                filters=read.value(sealed_bytes, "filters", b"", largest=LARGEST),
            )
        view = PersonsView(
            person=call.actor.id,
            view_id=kept.view_id,
            page=kept.page,
            content=kept.SerializeToString(deterministic=True),
            saved_at=call.now,
        )
        with self._store.transaction() as tx:
            views.save(tx, view)
        return pb.SaveViewResponse()

    def ListViews(self, request: pb.ListViewsRequest, call: Call) -> pb.ListViewsResponse:
        with reading(request) as read:
            page = read.optional(name_of, "page") or ""
        with self._store.transaction() as tx:
            found = views.listed(tx, call.actor.id, page)
        return pb.ListViewsResponse(
            views=[
                pb.ListedView(
                    view=pb.SavedView.FromString(view.content), saved_at=to_timestamp(view.saved_at)
                )
                for view in found
            ]
        )

    def DropView(self, request: pb.DropViewRequest, call: Call) -> pb.DropViewResponse:
        with reading(request) as read:
            view_id = str(read.uuid("view_id"))
        with self._store.transaction() as tx:
            views.drop(tx, call.actor.id, view_id)
        return pb.DropViewResponse()
