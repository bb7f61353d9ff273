"""A request as a form, and read of what was typed in it.

`meta`, the revision of a statement, ids that nobody chooses from a list and files aren't asked:
they stay as the page put them into the request. Everything else is asked as its type says it.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, tzinfo
from typing import Any

from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message
from ninehours.common.v1 import common_pb2 as common
from ninehours.common.v1 import statements_pb2

from ninehours.console.forms import typed as values
from ninehours.console.forms.fields import NO, YES, Choice, Field, Fieldset
from ninehours.console.forms.typed import is_map, is_nested, kind_of, text_of
from ninehours.console.texts import words

NEVER_TYPED = frozenset(
    {
        common.CommandMeta.DESCRIPTOR.full_name,
        statements_pb2.StatementRevision.DESCRIPTOR.full_name,
    }
)


class Mistyped(Exception):
    """What can't stand in a request at all: by the name of its field, what is wrong."""

    def __init__(self, wrong: Mapping[str, str]) -> None:
        super().__init__(", ".join(wrong))
        self.wrong = wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestForm:
    """`request`: what holds before anybody types. `choices`: of a field, by its last name, the list
    that it is chosen from. `without`: names that aren't asked. `more`: of a repeated message, by
    its last name, how many empty ones there are to fill in. `legends`: of an entry of one, by its
    place (`ratings.0.`), what it is called instead of its number. `labels`: of a field, by its last
    name, what it is called here. `zone`: of times."""

    request: Message = field(repr=False)
    choices: Mapping[str, Sequence[Choice]] = field(default_factory=dict)
    without: Collection[str] = ()
    more: Mapping[str, int] = field(default_factory=dict)
    legends: Mapping[str, str] = field(default_factory=dict, repr=False)
    labels: Mapping[str, str] = field(default_factory=dict)
    zone: tzinfo = UTC

    def fieldsets(
        self, typed: Mapping[str, str] | None = None, wrong: Mapping[str, str] | None = None
    ) -> list[Fieldset]:
        """As they stand in the request; `typed` instead of what holds, and what is `wrong`."""
        made = self._fieldsets(self.request, "", "", typed or {}, wrong or {})
        return [each for each in made if each.fields]

    def fields(self, typed: Mapping[str, str] | None = None) -> list[Field]:
        """All of them."""
        return [each for some in self.fieldsets(typed) for each in some.fields]

    def said(self) -> list[Fieldset]:
        """Of which something is said."""
        made = (
            Fieldset(some.legend, [each for each in some.fields if each.is_said])
            for some in self.fieldsets()
        )
        return [some for some in made if some.fields]

    def read(self, typed: Mapping[str, str]) -> Any:
        """The request with what was typed; a field that wasn't sent stays as it is. Mistyped."""
        read = _copy(self.request)
        wrong: dict[str, str] = {}
        self._fill(read, "", typed, wrong)
        if wrong:
            raise Mistyped(wrong)
        return read

    def expecting(self, version: int) -> "RequestForm":
        """The same, of a request that is refused once what it rests on has another version."""
        request: Any = _copy(self.request)
        request.meta.expected_version = version
        return replace(self, request=request)

    def _asked(self, message: Message, at: str) -> Iterator[tuple[str, Any]]:
        for declared in list[Any](message.DESCRIPTOR.fields):
            name, holder = f"{at}{declared.name}", declared.containing_oneof
            is_other = (
                holder is not None
                and len(holder.fields) > 1
                and message.WhichOneof(holder.name) != declared.name
            )
            is_kept = (
                values.message_of(declared) in NEVER_TYPED
                or declared.type == FieldDescriptor.TYPE_BYTES
                or (declared.name.endswith(("_id", "_ids")) and declared.name not in self.choices)
            )
            if not (is_other or is_kept or {name, declared.name} & {*self.without}):
                yield name, declared

    def _fieldsets(
        self,
        message: Message,
        at: str,
        legend: str,
        typed: Mapping[str, str],
        wrong: Mapping[str, str],
    ) -> Iterator[Fieldset]:
        fields: list[Field] = []
        within: list[Fieldset] = []
        for name, declared in self._asked(message, at):
            if not is_nested(declared):
                for each in _places(message, declared, name):
                    fields.append(self._field(message, declared, each, typed, wrong))
                continue
            called = words().fields[declared.name]
            if declared.is_repeated:
                for number, entry in enumerate(self._entries(message, declared, name, typed)):
                    place, legend_of = f"{name}.{number}.", f"{called} {number + 1}"
                    if _is_entry(at):
                        legend_of = f"{legend}, {legend_of}"
                    legend_of = self.legends.get(place, legend_of)
                    within += self._fieldsets(entry, place, legend_of, typed, wrong)
            else:
                nested = getattr(message, declared.name)
                within += self._fieldsets(nested, f"{name}.", called, typed, wrong)
        yield Fieldset(legend, fields)
        yield from within

    def _entries(
        self, message: Message, declared: FieldDescriptor, name: str, typed: Mapping[str, str]
    ) -> list[Message]:
        """Those that are there, the empty ones, and those that were sent."""
        found: list[Message] = list(getattr(message, declared.name))
        sent = [number + 1 for number in _numbers(name, typed)]
        most = max(len(found) + self.more.get(declared.name, 0), *sent, 0)
        holder = type(message)()
        return found + [getattr(holder, declared.name).add() for _ in range(most - len(found))]

    def _field(
        self,
        message: Message,
        declared: FieldDescriptor,
        name: str,
        typed: Mapping[str, str],
        wrong: Mapping[str, str],
    ) -> Field:
        choices = self._choices(declared)
        called = self.labels.get(declared.name) or words().fields[declared.name]
        value = typed.get(name, text_of(message, declared, name, self.zone))
        if choices and value not in (choice.value for choice in choices):
            choices = [*choices, Choice(value, value)]  # what holds, whatever the list has by now
        return Field(
            name=name,
            label=f"{called} {values.key_of(name)}" if is_map(declared) else called,
            kind=kind_of(declared, chosen=bool(choices)),
            value=value,
            hint=words().hints.get(declared.name, ""),
            choices=choices,
            wrong=wrong.get(name, ""),
        )

    def _choices(self, declared: FieldDescriptor) -> Sequence[Choice]:
        not_said = Choice("", words().forms.not_said)
        if declared.name in self.choices:
            return [not_said, *self.choices[declared.name]]
        if declared.is_repeated:
            return ()
        if declared.enum_type is not None:
            first = not_said if declared.has_presence else Choice("", words().forms.choose)
            return [first, *_values(declared.enum_type)]
        if declared.type == FieldDescriptor.TYPE_BOOL:
            said = [Choice(each, words().forms[each]) for each in (YES, NO)]
            return [not_said, *said] if declared.has_presence else said
        return ()

    def _fill(
        self, message: Message, at: str, typed: Mapping[str, str], wrong: dict[str, str]
    ) -> None:
        for name, declared in self._asked(message, at):
            if not is_nested(declared):
                for each in _places(message, declared, name):
                    self._put(message, declared, each, typed, wrong)
            elif declared.is_repeated:
                entries = self._entries(message, declared, name, typed)
                filled = [_copy(entry) for entry in entries]
                for number, entry in enumerate(filled):
                    self._fill(entry, f"{name}.{number}.", typed, wrong)
                message.ClearField(declared.name)
                getattr(message, declared.name).extend(each for each in filled if each.ByteSize())
            else:
                nested = _copy(getattr(message, declared.name))
                self._fill(nested, f"{name}.", typed, wrong)
                message.ClearField(declared.name)
                if nested.ByteSize() or declared.containing_oneof is not None:
                    getattr(message, declared.name).CopyFrom(nested)

    def _put(
        self,
        message: Message,
        declared: FieldDescriptor,
        name: str,
        typed: Mapping[str, str],
        wrong: dict[str, str],
    ) -> None:
        text = typed.get(name, "").replace("\r\n", "\n").strip()
        if name not in typed or text == text_of(message, declared, name, self.zone):
            return  # as it held: a moment keeps its seconds
        try:
            values.put(message, declared, name, text, self.zone)
        except values.UNREADABLE:
            kind = kind_of(declared, chosen=bool(self._choices(declared)))
            wrong[name] = words().forms.mistyped[kind]


def in_words(
    request: Message,
    choices: Mapping[str, Sequence[Choice]] | None = None,
    *,
    without: Collection[str] = (),
) -> list[Fieldset]:
    """What a request says but `without`; of ids those that `choices` have a word for."""
    return RequestForm(request=request, choices=choices or {}, without=without).said()


def _copy(message: Message) -> Message:
    copied = type(message)()
    copied.CopyFrom(message)
    return copied


def _places(message: Message, declared: FieldDescriptor, name: str) -> list[str]:
    """Of a map one for each entry."""
    if not is_map(declared):
        return [name]
    return [f"{name}.{key}" for key in sorted(getattr(message, declared.name))]


def _is_entry(at: str) -> bool:
    """Whether that is a place within one of several."""
    return at.rstrip(".").rpartition(".")[2].isdecimal()


def _numbers(name: str, typed: Mapping[str, str]) -> Iterator[int]:
    """Of a repeated field's entries those that were sent: `areas.4.need` is of the fifth."""
    for each in typed:
        number, _, rest = each.removeprefix(f"{name}.").partition(".")
        if each.startswith(f"{name}.") and rest and number.isdecimal() and len(number) < 3:
            yield int(number)


def _values(kind: EnumDescriptor) -> list[Choice]:
    return [Choice(each.name, words().values[each.name]) for each in kind.values if each.number]
