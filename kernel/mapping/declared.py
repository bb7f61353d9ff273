"""What a message's and a dataclass's field say of their types; how a pair of them is compiled."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import MISSING, fields
from enum import StrEnum
from keyword import iskeyword
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from google.protobuf.timestamp_pb2 import Timestamp
from ninehours.common.v1 import common_pb2 as common

from kernel.rpc.translate import UNSPECIFIED

DATE, MONEY = common.Date.DESCRIPTOR.full_name, common.Money.DESCRIPTOR.full_name
TIMESTAMP = Timestamp.DESCRIPTOR.full_name
MINOR = "_minor"  # what a dataclass's field of cents ends with
Declared = Any  # a field's descriptor, of which there are two implementations


def type_of(field: Declared) -> str:
    """The full name of the field's message or enum; empty: it is plain."""
    declared = field.message_type or field.enum_type
    return "" if declared is None else str(declared.full_name)


def is_map(field: Declared) -> bool:
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def without_none(hint: Any) -> tuple[Any, bool]:
    """The type but for None, and whether it had it."""
    if not _is_union(hint):
        return hint, False
    others = tuple(argument for argument in get_args(hint) if argument is not NoneType)
    return Union[others], len(others) < len(get_args(hint))  # noqa: UP007 - of what is found


def attribute(kind: type, path: str) -> tuple[Any, Any]:
    """The type of what the path leads to in a dataclass, and its default; KeyError: to nothing."""
    hint: Any = kind
    default: Any = MISSING
    for step in path.split("."):
        holder, _ = without_none(hint)
        found = getattr(holder, step, None)
        if isinstance(found, property):
            hint, default = get_type_hints(found.fget)["return"], MISSING
        else:
            hint = get_type_hints(holder)[step]
            [default] = [field.default for field in fields(holder) if field.name == step]
    return hint, default


def words_of(enum: Declared) -> dict[int, str]:
    """Number → name without the enum's prefix."""
    prefix = enum.values_by_number[0].name.removesuffix(UNSPECIFIED)
    return {
        number: value.name.removeprefix(prefix) for number, value in enum.values_by_number.items()
    }


def _is_union(hint: Any) -> bool:
    return get_origin(hint) in (Union, UnionType)


def closed_set(hint: Any) -> dict[str, Any]:
    """Word → value of a StrEnum, a Literal, or a union of them; empty: it is no closed set."""
    if _is_union(hint):
        sets = [closed_set(argument) for argument in get_args(hint)]
        return {word: value for words in sets for word, value in words.items()} if all(sets) else {}
    if get_origin(hint) is Literal:
        return {word: word for word in get_args(hint)}
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return {member.value: member for member in hint}
    return {}


def unescaped(by_hand: Mapping[str, Any]) -> dict[str, Any]:
    """Names as fields have them: `from_` is `from`, which can't be a keyword argument."""
    return {
        name.removesuffix("_") if iskeyword(name.removesuffix("_")) else name: hand
        for name, hand in by_hand.items()
    }


def refuse_strangers(pair: str, names: set[str], declared: set[str]) -> None:
    """TypeError for names that aren't declared."""
    if strangers := sorted(names - declared):
        raise TypeError(f"{pair}: there is no {', '.join(strangers)}")


IT = "_it"  # what is mapped, in an expression


def expression_of(path: str) -> str:
    """What the path leads to from `IT`; a step may be a word of Python's, such as `from`."""
    found = IT
    for step in path.split("."):
        found = f"getattr({found}, {step!r})" if iskeyword(step) else f"{found}.{step}"
    return found


def compiled(
    make: Callable[..., Any],
    given: Collection[str],
    arguments: Mapping[str, str],
    names: Mapping[str, Any],
) -> Callable[..., Any]:
    """`make(name=expression, …)` as a function of `IT`, and of `given` by keyword.

    `names` are what expressions use. A loop over fields takes half as long again, and facts are
    read by the hundred thousand: so Python compiles the call, as it does a dataclass's `__init__`.
    """
    plain = [f"{name}={it}" for name, it in arguments.items() if not iskeyword(name)]
    others = [f"{name!r}: {it}" for name, it in arguments.items() if iskeyword(name)]
    call = ", ".join([*plain, *(f"{name}={name}" for name in given if name not in arguments)])
    call = f"_make({call}, **{{{', '.join(others)}}})" if others else f"_make({call})"
    parameters = ", ".join([IT, "/", *(["*", *given] if given else [])])
    # Nothing of it is from outside: names of fields, and of what was imported.
    function: Callable[..., Any] = eval(f"lambda {parameters}: {call}", {"_make": make, **names})  # noqa: S307
    return function
