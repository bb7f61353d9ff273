"""Readings that are audited: entered before an answer leaves, and before a refusal does."""

from collections.abc import Iterable, Iterator
from uuid import UUID

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from kernel.rpc.call import Call
from kernel.store.read_audit import ANSWERED, AuditedRead, enter
from kernel.store.store import Store

MOST_REFUSED = 1000  # clients that a refused call is entered for, however many it named


def enter_reading(
    store: Store, rpc: str, call: Call, said: Iterable[Message], outcome: str
) -> None:
    """Who asked, and about each client that `said`, the question and the answer, names.

    Of an answer each is entered; of what was refused, as many as any question may be about.
    """
    read = AuditedRead(
        at=call.now,
        actor=call.actor.id,
        roles=tuple(sorted(call.actor.roles)),
        purpose=call.actor.purpose,
        rpc=rpc,
        outcome=outcome,
        correlation=call.correlation_id,
    )
    clients = sorted({client_id for message in said for client_id in clients_in(message)})
    with store.by_statement() as tx:
        enter(tx, read, clients if outcome == ANSWERED else clients[:MOST_REFUSED])


def clients_in(message: Message) -> Iterator[str]:
    """The UUIDs in fields that are called client ids, wherever in the message they stand."""
    for field, held in message.ListFields():
        if field.message_type is not None:
            if field.message_type.GetOptions().map_entry:
                continue
            for inner in held if field.is_repeated else (held,):
                yield from clients_in(inner)
        elif names_clients(field):
            for text in held if field.is_repeated else (held,):
                try:
                    yield str(UUID(text))
                except ValueError:  # that it is none is for the reader of the question to say
                    continue


def names_clients(field: FieldDescriptor) -> bool:
    """`client_id`, `client_ids`, `other_client_id`: the name is what makes it a client's."""
    return field.name.removesuffix("s").endswith("client_id")
