"""A gRPC service whose RPCs are answered by several objects, each for a concept of it."""

from types import SimpleNamespace
from typing import Any

from google.protobuf.descriptor import ServiceDescriptor


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
