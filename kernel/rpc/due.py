"""What is due, asked and answered over gRPC: the same words in every service."""

from collections.abc import Iterable

from google.protobuf.message import Message
from ninehours.common.v1 import due_pb2

from kernel.due import Due, DueAsked, due_of
from kernel.mapping.writing import writer
from kernel.rpc.call import Call
from kernel.rpc.translate import reading, required_text, required_uuid

FARTHEST_DAYS = 365

_due_item = writer(due_pb2.DueItem, Due)


def due_asked(request: Message, call: Call) -> DueAsked:
    """Of a service's own ListDueRequest; what is due at the caller's sites."""
    with reading(request) as read:
        site_id = read.optional(required_uuid, "site_id")
        return DueAsked(
            on=read.date("on"),
            now=call.now,
            ahead_days=read.integer("ahead_days", low=0, high=FARTHEST_DAYS),
            site_id=str(site_id) if site_id else "",
            person=read.optional(required_text, "person") or "",
            sites=call.actor.sites,
        )


def due_items(found: Iterable[Due], asked: DueAsked) -> list[due_pb2.DueItem]:
    """Those that were asked for, what is late first."""
    return [_due_item(task) for task in due_of(found, asked)]
