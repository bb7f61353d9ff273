"""What a request is made of, as JSON to be filled in: each value says what stands there."""

from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor

REQUEST = "Request"
PLAIN = {
    FieldDescriptor.CPPTYPE_STRING: "text",
    FieldDescriptor.CPPTYPE_BOOL: "true or false",
}
WRITTEN = {"google.protobuf.Timestamp": "2026-03-02T14:00:00Z"}


def shape_of(message: Descriptor) -> dict[str, Any]:
    """Its fields, those of its messages within; of a choice every alternative.

    A request within a request is that of another RPC, which is named; what is said there stands
    here without its `meta`.
    """
    return {field.name: _held(field) for field in message.fields}


def _held(field: FieldDescriptor) -> Any:
    of = field.message_type
    if of is not None and of.GetOptions().map_entry:
        key, value = (_value(each) for each in of.fields)
        return {key: value}
    held = _value(field)
    return [held] if field.is_repeated else held


def _value(field: FieldDescriptor) -> Any:
    if field.message_type is not None:
        return _of_message(field.message_type, chosen=field.containing_oneof is not None)
    if field.enum_type is not None:
        return " or ".join(value.name for value in field.enum_type.values if value.number)
    if field.type == FieldDescriptor.TYPE_BYTES:
        return "base64"
    if field.name.endswith(("_id", "_ids")):
        return "id"
    return PLAIN.get(field.cpp_type, "number")


def _of_message(message: Descriptor, *, chosen: bool) -> Any:
    if message.full_name in WRITTEN:
        return WRITTEN[message.full_name]
    if not message.name.endswith(REQUEST):
        return shape_of(message)
    rpc = message.name.removesuffix(REQUEST)
    return f"{'or ' if chosen else ''}what {rpc} takes, without meta"
