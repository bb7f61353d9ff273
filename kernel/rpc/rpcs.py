"""Which RPC takes a request."""

from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.descriptor_pool import Default
from google.protobuf.message import Message


def rpc_of(request: Message) -> MethodDescriptor:
    """The RPC with this request: `DoItRequest` is `DoIt`'s, and stands in the same file."""
    name = request.DESCRIPTOR.full_name
    for service in Default().FindFileContainingSymbol(name).services_by_name.values():
        for method in service.methods:
            if method.input_type.full_name == name:
                return method
    raise LookupError(f"no RPC takes {name}")


def service_of(request: Message) -> str:
    """The service that answers it: `intake`, `plans`, …; of what all answer, `exchange`."""
    package: str = request.DESCRIPTOR.full_name
    return package.split(".")[1]
