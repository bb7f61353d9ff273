"""A command that is only supposed: decided and answered as ever, and nothing of it is recorded."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from ninehours.common.v1 import common_pb2

from kernel.execute import recall
from kernel.refusal import Malformed
from kernel.rpc.call import Call
from kernel.rpc.commands import RECEIPT, context_of
from kernel.rpc.rpcs import rpc_of
from kernel.store.store import Store, Transaction

LABEL: Any = common_pb2.Label
PUBLISHED = """
SELECT id, subject, type, body, headers->>'label' AS label FROM published
WHERE command_id = :id ORDER BY position
"""


def answered(store: Store, behaviour: Callable[[Any, Call], Any], request: Any, call: Call) -> Any:
    """What is answered; of a dry run, with what the command would publish in its receipt.

    A dry run is refused what the command is. One that was accepted before is answered what it was.
    """
    if "meta" in request.DESCRIPTOR.fields_by_name and request.meta.dry_run:
        return _supposed(store, behaviour, request, call)
    return behaviour(request, call)


def _supposed(store: Store, behaviour: Callable[[Any, Call], Any], request: Any, call: Call) -> Any:
    response: type[Message] = GetMessageClass(rpc_of(request).output_type)
    if RECEIPT not in response.DESCRIPTOR.fields_by_name:
        raise Malformed(meta__dry_run="isn't there for this command: it publishes nothing")
    context = context_of(request, call, store.vault)
    with store.supposing() as tx:
        accepted = recall(tx, context) is not None
        answer = behaviour(request, call)
        if not accepted:
            answer.receipt.CopyFrom(common_pb2.Receipt(supposed=_published(tx, context.command_id)))
    return answer


def _published(tx: Transaction, command_id: UUID) -> list[common_pb2.SupposedFact]:
    return [
        common_pb2.SupposedFact(
            topic=tx.store.topic,
            subject=row.subject,
            fact_id=str(row.id),
            type=row.type,
            body=bytes(row.body),
            label=LABEL.Value(f"LABEL_{row.label}"),
        )
        for row in tx.execute(PUBLISHED, id=command_id)
    ]
