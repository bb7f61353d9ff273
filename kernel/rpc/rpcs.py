"""Which RPC takes a request, and which of several objects, each for a concept, answers it."""

from types import SimpleNamespace
from typing import Any

from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
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


def composed(service: ServiceDescriptor, *parts: object) -> Any:
    """A servicer that has each RPC's method from the one part that has it.

    Raises TypeError where none of them has it, or more than one.
    """
    answers = {}
    for method in service.methods:
        having = [part for part in parts if hasattr(part, method.name)]
        if len(having) != 1:
            raise TypeError(f"{method.full_name} is answered by {len(having)} of the parts")
        answers[method.name] = getattr(having[0], method.name)
    return SimpleNamespace(**answers)
