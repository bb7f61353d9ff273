"""From dataclasses to messages."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, is_dataclass
from typing import Any, Generic, TypeVar, get_args, get_origin
from uuid import UUID

from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from ninehours.common.v1 import common_pb2 as common
from ninehours.common.v1 import mapping_pb2

from kernel.mapping.declared import (
    DATE,
    IT,
    MINOR,
    MONEY,
    TIMESTAMP,
    Declared,
    attribute,
    closed_set,
    compiled,
    expression_of,
    is_map,
    refuse_strangers,
    type_of,
    unescaped,
    without_none,
    words_of,
)
from kernel.mapping.reading import Named
from kernel.rpc.translate import to_date, to_timestamp

M = TypeVar("M", bound=Message)
T = TypeVar("T")
Convert = Callable[[Any], Any]
"""Of a value that is said, which isn't None: what the message's field takes."""
CURRENCY = "USD"


class Writer(Generic[T, M]):
    """Makes a message of a dataclass that says the same.

    `given` is said at each call; fields of what stands in `through` count as the dataclass's own.
    `fills` are full names of the fields that have a source.
    """

    def __init__(
        self,
        message: type[M],
        kind: type[T],
        /,
        *,
        given: Collection[str] = (),
        through: Collection[str] = (),
        **by_hand: Any,
    ) -> None:
        self.message, self.kind = message, kind
        self._through = through
        by_hand = unescaped(by_hand)
        self.name = f"{kind.__name__} to {message.DESCRIPTOR.name}"
        declared: Mapping[str, Declared] = message.DESCRIPTOR.fields_by_name
        refuse_strangers(self.name, {*given, *by_hand}, set(declared))
        self.fills: set[str] = set()
        self._arguments: dict[str, str] = {}
        self._names: dict[str, Any] = {}
        for name, field in declared.items():
            if name in given:
                self._add(field, name, self._typed(field))
            else:
                self._find(field, by_hand)
        self.write = compiled(message, given, self._arguments, self._names)
        WRITERS.append(self)

    def __call__(self, value: T, /, **given: Any) -> M:
        """The message; what is None is left out."""
        message: M = self.write(value, **given)
        return message

    def _find(self, field: Declared, by_hand: Mapping[str, Any]) -> None:
        """What the field is filled from."""
        name = field.name
        hand = by_hand.get(name)
        path = hand.path if isinstance(hand, Named) else self._counterpart(field)
        if name in by_hand and not isinstance(hand, Named | Writer):
            self._names[f"hand_{name}"] = hand
            expression = f"hand_{name}({IT})" if callable(hand) else f"hand_{name}"
            self._add(field, expression, self._typed(field))
        elif path is not None:
            nested = hand if isinstance(hand, Writer) else None
            self._add(field, expression_of(path), self._typed(field, path, nested))
        elif not _may_stay_empty(field):
            raise TypeError(f"{self.name}: nothing fills {name}, and protos/ don't say why")

    def _add(self, field: Declared, expression: str, typed: "_Typed") -> None:
        """Fills the field from what the expression gives, by its types."""
        convert = typed.convert()
        if convert is not _as_it_is:
            self._names[f"write_{field.name}"] = convert
            expression = f"write_{field.name}({expression})"
        self._arguments[field.name] = expression
        self.fills.add(field.full_name)

    def _counterpart(self, field: Declared) -> str | None:
        names = [str(field.name)]
        if type_of(field) == MONEY:
            names.append(f"{field.name}{MINOR}")
        for path in (*names, *(f"{step}.{name}" for step in self._through for name in names)):
            try:
                attribute(self.kind, path)
            except KeyError:
                continue
            return path
        return None

    def _typed(
        self, field: Declared, path: str = "", nested: "Writer[Any, Any] | None" = None
    ) -> "_Typed":
        where = f"{self.name}: {field.name}"
        if not path:
            return _Typed(where, field)
        try:
            hint, default = attribute(self.kind, path)
        except KeyError:
            raise TypeError(f"{where}: the dataclass has no {path}") from None
        return _Typed(where, field, hint, default, nested)


writer = Writer
"""As modules call it that make a pair: it is used like a function."""
WRITERS: list[Writer[Any, Any]] = []
"""Those of all modules that were imported: what tests walk."""


@dataclass(frozen=True, slots=True)
class _Typed:
    """A field that is written by its types; `hint` is missing of what is computed or said."""

    where: str
    field: Declared
    hint: Any = None
    default: Any = None
    nested: Writer[Any, Any] | None = None

    def convert(self) -> Convert:
        hint, may_be_none = without_none(self.hint)
        if is_map(self.field):
            return dict
        if not self.field.is_repeated:
            convert = self._one(hint, may_be_none or hint is None or self.default == "")
            return _unless_none(convert) if may_be_none or hint is None else convert
        one = self._one(get_args(hint)[0] if get_args(hint) else None, False)
        # A set has no order: what is written of it is the same each time.
        return _each_sorted(one) if get_origin(hint) is frozenset else _each(one)

    def _one(self, hint: Any, may_be_empty: bool) -> Convert:
        field = self.field
        if field.enum_type is not None:
            return self._number(hint, may_be_empty)
        if field.message_type is None:
            return str if hint is UUID else _as_it_is
        by_type: dict[str, Convert] = {DATE: to_date, TIMESTAMP: to_timestamp, MONEY: _money}
        if (convert := by_type.get(type_of(field))) is not None:
            return convert
        if self.nested is not None:
            return self.nested.write
        if hint is None:
            return _as_it_is  # computed: a message already
        if not isinstance(hint, type) or not is_dataclass(hint):
            raise TypeError(f"{self.where} is {type_of(field)}, and filled from {hint}")
        return Writer(GetMessageClass(field.message_type), hint).write

    def _number(self, hint: Any, may_be_empty: bool) -> Convert:
        numbers = {word: number for number, word in words_of(self.field.enum_type).items()}
        if unknown := sorted(set(closed_set(hint)) - set(numbers) - {""}):
            raise TypeError(f"{self.where}: the enum has no {', '.join(unknown)}")
        if may_be_empty or "" in closed_set(hint):
            numbers[""] = 0

        def number_of(word: str) -> int:
            if word not in numbers:
                raise ValueError(f"{self.where}: the enum has no {word!r}")
            return numbers[word]

        return number_of


def _may_stay_empty(field: Declared) -> bool:
    options = field.GetOptions()
    return bool(options.deprecated or options.Extensions[mapping_pb2.unfilled])


def _as_it_is(value: Any) -> Any:
    return value


def _unless_none(convert: Convert) -> Convert:
    if convert is _as_it_is:
        return convert
    return lambda value: None if value is None else convert(value)


def _money(minor_units: int) -> common.Money:
    return common.Money(currency_code=CURRENCY, minor_units=minor_units)


def _each(convert: Convert) -> Convert:
    if convert is _as_it_is:
        return convert
    return lambda values: [convert(value) for value in values]


def _each_sorted(convert: Convert) -> Convert:
    return lambda values: [convert(value) for value in sorted(values)]
