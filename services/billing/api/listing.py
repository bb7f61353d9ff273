"""What the lists have in common: filters, pages, and following changes instead."""

from collections.abc import Collection
from typing import Any

from kernel.refusal import Malformed
from kernel.rpc.call import Call
from kernel.rpc.translate import reading, required_text, required_uuid
from kernel.sites import require_network
from services.billing.app.changes import Since

PAGE, LARGEST_PAGE = 200, 1000
LONGEST_REASON = 60
NOT_FILTERS = frozenset({"client_id", "after", "page_size", "changed_since", "on"})


def id_or_any(read: reading, field: str) -> str:
    """An id to filter by; empty: any."""
    found = read.optional(required_uuid, field)
    return str(found) if found else ""


def text_or_any(read: reading, field: str) -> str:
    """A code to filter by; empty: any."""
    return read.optional(required_text, field, max_length=LONGEST_REASON) or ""


def limit_of(request: Any, field: str = "page_size") -> int:
    """How many rows a page has."""
    asked: int = getattr(request, field)
    if not 0 <= asked <= LARGEST_PAGE:
        raise Malformed(**{field: f"is not between 0 and {LARGEST_PAGE}"})
    return asked or PAGE


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
            client_id=id_or_any(read, "client_id"),
            limit=read.value(limit_of, "page_size", PAGE),
        )
