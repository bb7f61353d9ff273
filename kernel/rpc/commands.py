"""From a request that commands to the context the kernel decides in, and back to a receipt."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from google.protobuf.message import Message
from ninehours.common.v1 import common_pb2

from kernel.facts import Position
from kernel.messaging.envelope import is_subject
from kernel.patience import Patience
from kernel.refusal import Malformed
from kernel.rpc.call import Call
from kernel.rpc.plausible import refuse_implausible
from kernel.rpc.translate import required_uuid
from kernel.store.store import Context
from kernel.vault import Vault

MARGIN = 0.5  # seconds kept for the command itself
LONGEST_AFTER = 1000


def context_of(request: Any, call: Call, vault: Vault) -> Context:
    """The command's id, who gives it and when; its content, without `after`, as a keyed digest.

    Refuses dates that can't be true of any such command.
    """
    meta: common_pb2.CommandMeta = request.meta
    command_id: UUID = required_uuid(request, "meta.command_id")
    refuse_implausible(request, call.now)
    return Context(
        command_id=command_id,
        digest=vault.digest(_content(request)),
        actor=call.actor.id,
        now=call.now,
        correlation=call.correlation_id,
        traceparent=call.traceparent,
        sites=call.actor.sites,
        expected_version=meta.expected_version if meta.HasField("expected_version") else None,
        after=positions_of(meta.after),
        deadline=patience_of(call),
    )


def patience_of(call: Call, margin: float = MARGIN) -> Patience:
    """How long an answer may wait for what it rests on: the caller's deadline, less a margin."""
    return Patience.within(call.deadline(), margin, call.active, call.place)


def positions_of(after: Iterable[common_pb2.Position]) -> tuple[Position, ...]:
    """The positions a request waits for; at most 1000."""
    positions = tuple(Position(item.topic, item.subject, item.sequence) for item in after)
    if len(positions) > LONGEST_AFTER:
        raise Malformed(after=f"has more than {LONGEST_AFTER} positions")
    if not all(is_subject(position.subject) for position in positions):
        raise Malformed(after="names no subject")
    return positions


def receipt_of(published: Iterable[Position]) -> common_pb2.Receipt:
    """Where what the command published stands."""
    return common_pb2.Receipt(
        published=[
            common_pb2.Position(topic=p.topic, subject=p.subject, sequence=p.sequence)
            for p in published
        ]
    )


def _content(request: Message) -> bytes:
    copy: Any = type(request)()
    copy.CopyFrom(request)
    copy.ClearField("meta")
    name = request.DESCRIPTOR.full_name.encode()
    return name + b"\x00" + bytes(copy.SerializeToString(deterministic=True))
