"""Views of the worklist: what one person filters by, under a name of their own."""

from urllib.parse import parse_qsl
from uuid import UUID

from ninehours.exchange.v1 import views_service_pb2 as pb

from kernel.rpc.remote_refusal import RemoteRefusal
from ninehours.console.pages.worklist.filters import Filters
from ninehours.console.pages.worklist.page import VIEWS, screen_of
from ninehours.console.texts import words
from ninehours.console.visit import GoTo, NoSuchPage, Screen, Visit


def keep(visit: Visit) -> GoTo | Screen:
    """Under the id that the form was made with: sent twice, it is one view."""
    filters = _filters(visit)
    name = visit.form.get("name", "").strip()
    view = pb.SavedView(
        view_id=_id_of(visit, "command_id"), page=VIEWS, name=name, filters=filters.query.encode()
    )
    try:
        visit.ask(pb.SaveViewRequest(view=view), service="billing")
    except RemoteRefusal as refusal:
        told = words().worklist.refusals
        says = told[refusal.reason] if refusal.reason in told else _said(refusal)
        return screen_of(visit, filters, {"name": name, "says": says})
    return GoTo(filters.address())


def drop(visit: Visit) -> GoTo:
    """Dropped before, it is dropped."""
    visit.ask(pb.DropViewRequest(view_id=_id_of(visit, "view_id")), service="billing")
    return GoTo(_filters(visit).address())


def _filters(visit: Visit) -> Filters:
    return Filters.of(dict(parse_qsl(visit.form.get("filters", ""))))


def _said(refusal: RemoteRefusal) -> str:
    return next(iter(refusal.details.values()), refusal.message)


def _id_of(visit: Visit, field: str) -> str:
    try:
        return str(UUID(visit.form.get(field, "")))
    except ValueError:
        raise NoSuchPage from None
