"""A shape is written once: what a message and a dataclass both have goes through a pair, whole."""

import ast
import pkgutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from ninehours.common.v1 import mapping_pb2

import services
from kernel.mapping.reading import READERS, Reader
from kernel.mapping.writing import WRITERS

ROOT = Path(__file__).resolve().parents[2]
# What the kernel reads of a request, whatever it asks.
OF_EVERY_COMMAND = {"ninehours.common.v1.CommandMeta", "ninehours.common.v1.Position"}
OF_THE_SUBJECT = "client_id"  # of a fact: its subject says it


@pytest.fixture(scope="module", autouse=True)
def everything_imported() -> None:
    for module in pkgutil.walk_packages(services.__path__, "services."):
        if not module.name.endswith("__main__"):
            import_module(module.name)


def of_services(pairs: Sequence[Any]) -> list[Any]:
    """Those of modules, not those of tests."""
    return [pair for pair in pairs if pair.kind.__module__.startswith("services.")]


@cache
def words_by_module() -> list[frozenset[str]]:
    """Of each module that reads messages: the attributes and texts that it names.

    Publications write, and are left out.
    """
    paths = [
        path
        for path in ROOT.glob("services/*/a[dp]*/**/*.py")
        if path.name not in ("publication.py", "messages.py")
    ]
    assert len(paths) > 100
    return [frozenset(words_in(ast.parse(path.read_text()))) for path in paths]


def words_in(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        match node:
            case ast.Attribute(attr=name) | ast.Constant(value=str(name)):
                yield name


def is_read_by_hand(field: FieldDescriptor) -> bool:
    """Whether some module names both the message and the field."""
    both = {holder_of(field).name, field.name}
    return any(both <= words for words in words_by_module())


def unread(readers: Sequence[Reader[Any, Any]]) -> Iterator[FieldDescriptor]:
    """Fields of messages that have readers, at which nobody looks."""
    read = {name for reader in readers for name in reader.reads}
    messages: dict[str, Descriptor] = {
        reader.message.DESCRIPTOR.full_name: reader.message.DESCRIPTOR for reader in readers
    }
    for message in messages.values():
        for field in message.fields:
            if not (field.full_name in read or is_read_elsewhere(field) or is_read_by_hand(field)):
                yield field


def is_read_elsewhere(field: FieldDescriptor) -> bool:
    if field.message_type is not None:
        return field.message_type.full_name in OF_EVERY_COMMAND
    is_fact = holder_of(field).file.name.endswith("_events.proto")
    return is_fact and field.name == OF_THE_SUBJECT


def holder_of(field: FieldDescriptor) -> Any:
    return field.containing_type


def excuse(field: FieldDescriptor, extension: Any) -> str:
    options: Any = field.GetOptions()
    return str(options.Extensions[extension])


def test_there_are_pairs() -> None:
    assert len(of_services(READERS)) >= 1
    assert len(of_services(WRITERS)) >= 5


def test_every_field_of_a_message_that_is_read_is_read_by_somebody(
    record_property: Callable[[str, object], None],
) -> None:
    without = list(unread(of_services(READERS)))
    excused = {field.full_name: excuse(field, mapping_pb2.unread) for field in without}
    assert [name for name, why in excused.items() if not why] == []
    record_property("fields of messages that nobody reads", len(excused))


def test_no_field_that_is_read_has_an_excuse() -> None:
    readers = of_services(READERS)
    read = {name for reader in readers for name in reader.reads}
    messages = {reader.message.DESCRIPTOR.full_name: reader.message for reader in readers}
    assert [
        field.full_name
        for message in messages.values()
        for field in message.DESCRIPTOR.fields
        if field.full_name in read and excuse(field, mapping_pb2.unread)
    ] == []


def test_every_field_of_a_dataclass_that_is_read_is_filled_by_some_message() -> None:
    filled: dict[type, set[str]] = {}
    for reader in of_services(READERS):
        filled.setdefault(reader.kind, set()).update(reader.fills)
    assert [
        f"{kind.__name__}.{field.name}"
        for kind, names in filled.items()
        for field in fields(kind)
        if field.name not in names
    ] == []


def test_every_field_of_a_message_that_is_written_is_filled_or_says_why_not(
    record_property: Callable[[str, object], None],
) -> None:
    filled: dict[str, set[str]] = {}
    messages: dict[str, Descriptor] = {}
    for writer in of_services(WRITERS):
        descriptor = writer.message.DESCRIPTOR
        messages[descriptor.full_name] = descriptor
        filled.setdefault(descriptor.full_name, set()).update(writer.fills)
    empty = [
        field
        for name, message in messages.items()
        for field in message.fields
        if field.full_name not in filled[name]
    ]
    excused = {
        field.full_name: excuse(field, mapping_pb2.unfilled) or field.GetOptions().deprecated
        for field in empty
    }
    assert [name for name, why in excused.items() if not why] == []
    record_property("fields of messages that nothing fills", len(excused))
