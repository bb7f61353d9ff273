"""A service whose one command counts: with processes of its own, as any other has."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from ninehours.common.v1 import common_pb2, policy_pb2

from kernel.config import Settings
from kernel.process import Service, main
from kernel.rpc.commands import CommandRpcs, command_rpc
from kernel.rpc.policy import BindingKind
from kernel.store.store import Store
from tests.harness.kernel.counters import ADA, COUNTED, COUNTER, Count, executor_of


def _declared() -> ServiceDescriptor:
    """`Count`, of operators of the network, by its `meta`."""
    file = descriptor_pb2.FileDescriptorProto(
        name="made/counting.proto",
        syntax="proto3",
        package="made.counting",
        dependency=[common_pb2.DESCRIPTOR.name],
    )
    kinds = descriptor_pb2.FieldDescriptorProto
    for name, field, kind in (
        ("CountRequest", "meta", common_pb2.CommandMeta),
        ("CountResponse", "receipt", common_pb2.Receipt),
    ):
        file.message_type.add(name=name).field.add(
            name=field,
            number=1,
            type=kinds.TYPE_MESSAGE,
            type_name=f".{kind.DESCRIPTOR.full_name}",
            label=kinds.LABEL_OPTIONAL,
        )
    method = file.service.add(name="CountingService").method.add(
        name="Count",
        input_type=".made.counting.CountRequest",
        output_type=".made.counting.CountResponse",
    )
    options: Any = method.options
    policy: Any = policy_pb2.policy
    options.Extensions[policy].CopyFrom(
        policy_pb2.Policy(
            roles=["operator"],
            purposes=["OPERATIONS"],
            bound_by=[policy_pb2.Bound(kind="network")],
        )
    )
    pool = descriptor_pool.Default()
    pool.AddSerializedFile(file.SerializeToString())
    return pool.FindServiceByName("made.counting.CountingService")


COUNTING = _declared()


class WriteSide:
    def __init__(self, store: Store) -> None:
        self.executor = executor_of(store)


class Servicer(CommandRpcs[WriteSide]):
    Count = command_rpc(
        lambda _: Count(ADA, 5),
        lambda write_side, command, context: write_side.executor.execute(
            COUNTER, ADA, command, context
        ),
    )


def servicers(store: Store, _: Settings) -> Mapping[Any, object]:
    return {COUNTING: Servicer(WriteSide(store))}


def count_request(command_id: str) -> Message:
    request: Any = GetMessageClass(COUNTING.methods_by_name["Count"].input_type)()
    request.meta.command_id = command_id
    return request  # type: ignore[no-any-return]


def kinds() -> Mapping[str, BindingKind]:
    """It knows no clients, of whom drafts may be, as in any service."""
    return {"client": BindingKind(lambda _, __: frozenset())}


SERVICE = Service(
    name="attendance", codec=COUNTED, migrations=Path(), servicers=servicers, kinds=kinds
)

if __name__ == "__main__":
    main(SERVICE, sys.argv[1:])
