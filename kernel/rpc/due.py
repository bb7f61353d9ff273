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
            kind=each.kind,
            client_id=each.client_id,
            site_id=each.site_id,
            about_id=each.about_id,
            person=each.person,
            roles=each.roles,
            since=to_date(each.since),
            until=None if each.until is None else to_date(each.until),
            overdue=each.overdue,
            detail=each.detail,
            due_at=None if each.due_at is None else to_timestamp(each.due_at),
        )
        for each in due_of(found, asked)
    ]
