"""What the lists have in common: filters, pages, and following changes instead."""

from collections.abc import Collection
from typing import Any

from kernel.mapping.fields import left_out, text
from kernel.mapping.reading import M, Reader, named, request_reader
from kernel.refusal import Malformed
from kernel.rpc.call import Call
from kernel.rpc.translate import reading, required_uuid
from kernel.sites import require_network
from services.billing.app.changes import Since
from services.billing.app.ports import RowsQuery

PAGE, LARGEST_PAGE = 200, 1000
NOT_FILTERS = frozenset({"client_id", "after", "page_size", "changed_since", "on"})
REASON = left_out(text(60))
"""A reader of a reason's code to filter by; empty: any."""


def limit_of(request: Any, field: str = "page_size") -> int:
    """How many rows a page has."""
    asked: int = getattr(request, field)
    if not 0 <= asked <= LARGEST_PAGE:
        raise Malformed(**{field: f"is not between 0 and {LARGEST_PAGE}"})
    return asked or PAGE


def rows_query(message: type[M], **by_hand: Any) -> Reader[M, RowsQuery]:
    """A reader of what a page of rows is asked for; `sites` is said at each call."""
    return request_reader(
        message,
        RowsQuery,
        given=("sites",),
        until=None,  # of drafts alone
        after_key=named("page_token", getattr),
        limit=named("page_size", limit_of),
        **by_hand,
    )


def since_of(request: Any, call: Call, allowed: Collection[str] = ()) -> Since | None:
    """What a caller who follows changes asks; None: they ask for what is current.

    Refuses filters that a row can leave: that it left could not be told. A site is one, so that the
    whole network's changes are followed, or none (SITE_NOT_ALLOWED).
    """
    if not request.HasField("changed_since"):
        return None
    require_network(call.actor.sites)
    filters = {field.name for field, _ in request.ListFields()} - NOT_FILTERS - set(allowed)
    if filters:
        said = "doesn't go with changed_since: a row that leaves the filter could not be told"
        raise Malformed(**dict.fromkeys(sorted(filters), said))
    with reading(request) as read:
        return Since(
            cursor=request.changed_since,
            client_id=str(read.optional(required_uuid, "client_id") or ""),
            limit=read.value(limit_of, "page_size", PAGE),
        )
