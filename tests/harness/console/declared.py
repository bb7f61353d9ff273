"""What can be put right of a service's statements, as its protos say it."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from ninehours.console.forms.request_form import NEVER_TYPED


def fields_put_right(service: str) -> list[FieldDescriptor]:
    """Each field of whatever its CorrectStatement is told."""
    module: Any = import_module(f"ninehours.{service}.v1.statements_service_pb2")
    return fields_within(module.CorrectStatementRequest.DESCRIPTOR)


def fields_within(message: Descriptor) -> list[FieldDescriptor]:
    """Each field of a message, and of whatever stands in it."""
    return [*_declared(message, set())]


def _declared(message: Descriptor, seen: set[str]) -> Iterator[FieldDescriptor]:
    if message.full_name in seen | NEVER_TYPED or message.GetOptions().map_entry:
        return
    seen.add(message.full_name)
    for field in message.fields:
        yield field
        if field.message_type is not None and "ninehours" in field.message_type.full_name:
            yield from _declared(field.message_type, seen)
