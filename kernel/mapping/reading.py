"""From messages to dataclasses: facts are believed, requests are judged."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar, get_args, get_origin, get_type_hints
from uuid import UUID

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from kernel.codec import UnreadableFact
from kernel.mapping.declared import (
    DATE,
    IT,
    MINOR,
    MONEY,
    TIMESTAMP,
    Declared,
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
from kernel.mapping.fields import (
    ALL,
    INLINE,
    Read,
    all_dates,
    all_values,
    cents,
    civil_date,
    if_said,
    inside,
    one_of,
    one_value,
    under,
    uuid_text,
)
from kernel.refusal import Malformed
from kernel.rpc import translate

M = TypeVar("M", bound=Message)
T = TypeVar("T")
PLAIN: Mapping[int, type] = {
    FieldDescriptor.CPPTYPE_BOOL: bool,
    FieldDescriptor.CPPTYPE_DOUBLE: float,
    FieldDescriptor.CPPTYPE_FLOAT: float,
    FieldDescriptor.CPPTYPE_INT32: int,
    FieldDescriptor.CPPTYPE_INT64: int,
    FieldDescriptor.CPPTYPE_UINT32: int,
    FieldDescriptor.CPPTYPE_UINT64: int,
}


@dataclass(frozen=True, slots=True)
class Named:
    """The counterpart of a field, where another name is its."""

    path: str
    read: "Read | Reader[Any, Any] | None" = None
    also: tuple[str, ...] = ()


def named(path: str, read: "Read | Reader[Any, Any] | None" = None, *also: str) -> Named:
    """The field of that name, or path, read by its type or by `read`, which may use `also`, too."""
    return Named(path, read, also)


def each_of(reader: "Reader[Any, T]", at: str = "{field}.{number}.") -> Read:
    """A reader of a repeated field; `at` is how a refusal begins the path of an element's field."""

    def read_each(message: Any, field: str) -> tuple[T, ...]:
        try:
            return tuple([reader.read(element) for element in getattr(message, field)])
        except Malformed:
            return tuple(
                reader.read_at(element, at.format(field=field, number=number))
                for number, element in enumerate(getattr(message, field))
            )

    return read_each


def fact_reader(message: type[M], kind: type[T], /, **by_hand: Any) -> "Reader[M, T]":
    """A reader that believes, of facts and of what else comes from inside."""
    return Reader(message, kind, judges=False, **by_hand)


def request_reader(message: type[M], kind: type[T], /, **by_hand: Any) -> "Reader[M, T]":
    """A reader that judges, of requests and their parts."""
    return Reader(message, kind, judges=True, **by_hand)


class Reader(Generic[M, T]):
    """Makes a dataclass of a message.

    `given` is said at each call. `read` is as a call, but says of what is wrong only the first, and
    not where it stands. `fills` are the dataclass's fields that have a source, `reads` full names
    of the message's that somebody looks at.
    """

    def __init__(
        self,
        message: type[M],
        kind: type[T],
        /,
        *,
        judges: bool,
        given: Collection[str] = (),
        **by_hand: Any,
    ) -> None:
        self.message, self.kind = message, kind
        by_hand = unescaped(by_hand)
        self.name = f"{message.DESCRIPTOR.name} to {kind.__name__}"
        self._judges = judges
        self._hints = get_type_hints(kind)
        declared: tuple[Field[Any], ...] = fields(kind)  # type: ignore[arg-type]
        refuse_strangers(self.name, {*given, *by_hand}, {field.name for field in declared})
        self.fills = set(given)
        self.reads: set[str] = set()
        self._plan: list[tuple[str, Read, str]] = []
        self._constants: dict[str, Any] = {}
        for field in declared:
            if field.name not in given:
                self._add(field, by_hand)
        self.read = self._compiled(given)
        READERS.append(self)

    def __call__(self, message: M, /, **given: Any) -> T:
        """The dataclass; with everything that can't be read Malformed, of a fact Unreadable."""
        try:
            return self.read(message, **given)
        except Malformed as first:
            if not self._judges:
                wrong = "; ".join(f"{field} {what}" for field, what in first.details.items())
                raise UnreadableFact(f"{self.name}: {wrong}") from None
            return self.read_at(message, "", **given)

    def read_at(self, message: M, at: str, /, **given: Any) -> T:
        """As a call does; what is wrong is named by its path, which begins with `at`."""
        values = {**self._constants, **given}
        violations: dict[str, str] = {}
        for name, read, path in self._plan:
            try:
                values[name] = read(message, path)
            except Malformed as malformed:
                violations |= under(at, malformed)
        if violations:
            raise Malformed(**violations)
        return self.kind(**values)

    def _add(self, field: Field[Any], by_hand: Mapping[str, Any]) -> None:
        """What the field is read from, and by what."""
        name = field.name
        hand = by_hand.get(name)
        if name in by_hand and not callable(hand) and not isinstance(hand, Named):
            self._constants[name] = hand
        elif (
            path := hand.path if isinstance(hand, Named) else self._counterpart(name)
        ) is not None:
            source = self._source(path)
            for other in hand.also if isinstance(hand, Named) else ():
                self._source(other)
            read = hand.read if isinstance(hand, Named) else hand
            if read is None or isinstance(read, Reader):
                where = f"{self.name}: {name}"
                typed = _Typed(where, source, self._hints[name], field.default, self._judges, read)
                read = inside(typed.read()) if "." in path else typed.read()
            self._plan.append((name, read, path))
        elif callable(hand):
            self._plan.append((name, hand, name))
        elif field.default is MISSING and field.default_factory is MISSING:
            raise TypeError(f"{self.name}: nothing fills {name}")
        else:
            return
        self.fills.add(name)

    def _compiled(self, given: Collection[str]) -> Callable[..., T]:
        arguments = {name: f"constant_{name}" for name in self._constants}
        names = {f"constant_{name}": value for name, value in self._constants.items()}
        for name, read, path in self._plan:
            if read in INLINE:
                arguments[name] = INLINE[read].format(expression_of(path))
            else:
                arguments[name] = f"read_{name}({IT}, {path!r})"
                names[f"read_{name}"] = read
        return compiled(self.kind, given, arguments, names)

    def _counterpart(self, name: str) -> str | None:
        declared: Mapping[str, Declared] = self.message.DESCRIPTOR.fields_by_name
        money = name.removesuffix(MINOR)
        if name not in declared and money in declared and type_of(declared[money]) == MONEY:
            return money
        return name if name in declared else None

    def _source(self, path: str) -> Declared:
        """The message's field that the path leads to; it is noted as read."""
        holder: Any = self.message.DESCRIPTOR
        for step in path.split("."):
            if holder is None or step not in holder.fields_by_name:
                raise TypeError(f"{self.name}: the message has no {path}")
            field = holder.fields_by_name[step]
            self.reads.add(field.full_name)
            holder = field.message_type
        return field


READERS: list[Reader[Any, Any]] = []
"""Those of all modules that were imported: what tests walk."""


@dataclass(frozen=True, slots=True)
class _Typed:
    """A field that is read by its types."""

    where: str
    source: Declared
    hint: Any
    default: Any
    judges: bool
    nested: "Reader[Any, Any] | None"

    def read(self) -> Read:
        hint, may_be_none = without_none(self.hint)
        source, presence = self.source, self.source.has_presence
        if source.is_repeated:
            return self._several(get_origin(hint), get_args(hint))
        otherwise = None if may_be_none and self.default is MISSING else self.default
        if source.enum_type is not None:
            values = self._values(hint)
            if otherwise is not MISSING and not presence:
                values[0] = otherwise
            elif not self.judges and hint is str:
                values[0] = ""
            return (
                if_said(one_value(values), otherwise, presence) if presence else one_value(values)
            )
        read, zero = self._one(hint)
        if otherwise is MISSING or (read is getattr and otherwise == zero):
            return read
        if source.type == FieldDescriptor.TYPE_BOOL and not presence:
            raise TypeError(f"{self.where}: a no, and what is left out, are the same here")
        return if_said(read, otherwise, presence)

    def _one(self, hint: Any) -> tuple[Read, Any]:
        """What reads the field, and what it holds where nothing is said."""
        source = self.source
        if source.message_type is not None:
            return self._message(hint), None
        if source.type == FieldDescriptor.TYPE_STRING:
            return self._text(hint), ""
        plain = PLAIN.get(source.cpp_type, bytes)
        if hint is not plain:
            raise self._differs()
        if self.judges and plain in (int, float):
            raise TypeError(f"{self.where}: a number from outside has bounds, said by hand")
        if self.judges and source.has_presence and plain is bool:
            return translate.required_said, None
        return getattr, plain()

    def _several(self, container: Any, inner: tuple[Any, ...]) -> Read:
        source = self.source
        if is_map(source):
            plain = source.message_type.fields_by_name["value"].message_type is None
            if self.judges or not plain or container is not Mapping:
                raise TypeError(f"{self.where}: such a map is read by hand")
            return ALL[dict]
        if container not in (tuple, frozenset):
            raise self._differs()
        if source.enum_type is not None:
            return all_values(container, self._values(inner[0]))
        if source.message_type is None:
            if self.judges:
                raise TypeError(f"{self.where}: a list from outside has limits, said by hand")
            return ALL[container]
        if type_of(source) == DATE:
            return all_dates(container)
        return each_of(self._reader_of(inner[0]))

    def _message(self, hint: Any) -> Read:
        declared = type_of(self.source)
        if declared == DATE and hint is date:
            return civil_date
        if declared == TIMESTAMP and hint is datetime:
            return translate.timestamp_of
        if declared == MONEY and hint is int:
            if self.judges:
                raise TypeError(f"{self.where}: an amount from outside has limits, said by hand")
            return cents
        return _nested(self._reader_of(hint))

    def _text(self, hint: Any) -> Read:
        if hint is UUID:
            return translate.required_uuid
        if closed := closed_set(hint):
            return one_of(closed)
        if hint is not str:
            raise self._differs()
        if not self.judges:
            return getattr
        return uuid_text if self.source.name.endswith("_id") else translate.required_text

    def _values(self, hint: Any) -> dict[int, Any]:
        """Number of the enum → what the dataclass calls it; 0 only where that is the empty word."""
        words = {n: word for n, word in words_of(self.source.enum_type).items() if n}
        closed = closed_set(hint)
        if hint is str:
            return dict(words)
        if not closed:
            raise self._differs()
        if unknown := sorted(set(words.values()) - set(closed)):
            raise TypeError(f"{self.where}: {hint} has no {', '.join(unknown)}")
        if "" in closed:
            words[0] = ""
        return {number: closed[word] for number, word in words.items()}

    def _reader_of(self, hint: Any) -> "Reader[Any, Any]":
        if self.nested is not None:
            return self.nested
        if not isinstance(hint, type) or not is_dataclass(hint):
            raise self._differs()
        return Reader(GetMessageClass(self.source.message_type), hint, judges=self.judges)

    def _differs(self) -> TypeError:
        declared = type_of(self.source) or "plain"
        return TypeError(f"{self.where} is {self.hint}, and {self.source.name} is {declared}")


def _nested(reader: Reader[Any, T]) -> Read:
    def read_nested(message: Any, field: str) -> T:
        try:
            return reader.read(getattr(message, field))
        except Malformed:
            return reader.read_at(getattr(message, field), f"{field}.")

    return read_nested
