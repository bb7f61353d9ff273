"""What is due, asked and answered over gRPC: the same words in every service."""

from collections.abc import Iterable

from google.protobuf.message import Message
from ninehours.common.v1 import due_pb2

from kernel.due import Due, DueAsked, due_of
from kernel.rpc.call import Call
from kernel.rpc.translate import reading, required_text, required_uuid, to_date, to_timestamp

FARTHEST_DAYS = 365


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
    return [
        due_pb2.DueItem(
            kind=task.kind,
            client_id=task.client_id,
            site_id=task.site_id,
            about_id=task.about_id,
            person=task.person,
            roles=task.roles,
            since=to_date(task.since),
            until=None if task.until is None else to_date(task.until),
            overdue=task.overdue,
            detail=task.detail,
            due_at=None if task.due_at is None else to_timestamp(task.due_at),
        )
        for task in due_of(found, asked)
    ]
