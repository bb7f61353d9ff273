"""Requests with every leaf filled, each with what nothing else says; and what answers say."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from kernel.keys.privileges import KEY_STORE
from kernel.rpc.translate import to_date, to_timestamp
from kernel.store.store import Store
from tests.harness.kernel.tables import every_table

META = "meta"
RULE_SET = "ninehours.billing.v1.RuleSet"
DATE, MONEY = "ninehours.common.v1.Date", "ninehours.common.v1.Money"
TIMESTAMP = "google.protobuf.Timestamp"
WHOLE = (DATE, TIMESTAMP, MONEY, RULE_SET)
"""Messages that are one leaf. A rule set is told as it was proposed, byte for byte."""
NAMES = ("code", "replaces_code", "state", "credential")  # of what is recorded, as ids are


@dataclass(frozen=True, slots=True)
class Leaf:
    """Of a request: `path` leads there, `name` is the field's, `kind` what it holds."""

    path: str
    name: str
    kind: str

    @property
    def is_unique(self) -> bool:
        """Text, dates, times and amounts are said by one leaf alone; by a name many are meant."""
        named = self.name.endswith(("_id", "_ids")) or self.name in NAMES
        return self.kind in ("text", *WHOLE) and not named


def leaves(message: Descriptor, at: str = "") -> Iterator[Leaf]:
    """Every leaf of a request but its meta; a map, a date, a moment and an amount are one."""
    for held in message.fields:
        path = f"{at}{held.name}"
        if held.name == META:
            continue
        if _is_branch(held):
            yield from leaves(held.message_type, f"{path}.")
        else:
            yield Leaf(path, held.name, _kind(held))


def said(message: Message, at: str = "") -> Iterator[tuple[str, str, Any]]:
    """Path, field's name and value of each leaf that says anything; a list says several."""
    for held, value in message.ListFields():
        path = f"{at}{held.name}"
        if held.name == META:
            continue
        for one in value if held.is_repeated and not _is_map(held) else (value,):
            if _is_branch(held):
                yield from said(one, f"{path}.")
            else:
                yield path, held.name, _plain(held, one)


def nos(answer: Message) -> Iterator[tuple[str, str, Any]]:
    """Of an answer's flags those that are a no, which a message doesn't list."""
    for held in answer.DESCRIPTOR.fields:
        if held.type == FieldDescriptor.TYPE_BOOL and not getattr(answer, held.name):
            yield held.name, held.name, ("number", False)
    for held, value in answer.ListFields():
        if _is_branch(held):
            for one in value if held.is_repeated else (value,):
                yield from nos(one)


def _is_map(held: FieldDescriptor) -> bool:
    return held.message_type is not None and held.message_type.GetOptions().map_entry


def _is_branch(held: FieldDescriptor) -> bool:
    return (
        held.message_type is not None
        and held.message_type.full_name not in WHOLE
        and not _is_map(held)
    )


def _kind(held: FieldDescriptor) -> str:
    if held.message_type is not None:
        return "map" if _is_map(held) else str(held.message_type.full_name)
    if held.enum_type is not None:
        return str(held.enum_type.full_name)
    return "text" if held.type == FieldDescriptor.TYPE_STRING else "number"


def _plain(held: FieldDescriptor, value: Any) -> tuple[str, Any]:
    """With its kind: an enum's number is another enum's, too."""
    kind = _kind(held)
    if kind == "map":
        return kind, tuple(sorted(value.items()))
    return kind, value.SerializeToString() if held.message_type is not None else value


@dataclass
class Canaries:
    """Fills requests; `first`: dates begin there, a day apart, moments beside them."""

    first: date
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def text(self) -> str:
        return f"canary {next(self.numbers)} sings"

    def day(self) -> Any:
        return to_date(self.first + timedelta(days=next(self.numbers)))

    def filled(self, kind: type[Message], /, **given: Any) -> Any:
        """A request; `given` by the names of its fields, for what must be valid or is an id.

        None leaves a field out: another request says it.
        """
        made: Any = kind()
        for held in made.DESCRIPTOR.fields:
            if held.name == META:
                continue
            if held.name in given:
                if given[held.name] is not None:
                    _put(made, held, given[held.name])
            elif held.containing_oneof is None or len(held.containing_oneof.fields) == 1:
                self._fill(made, held)
        if strangers := set(given) - set(made.DESCRIPTOR.fields_by_name):
            raise TypeError(f"{made.DESCRIPTOR.name} has no {', '.join(sorted(strangers))}")
        return made

    def _fill(self, made: Any, held: FieldDescriptor) -> None:
        if held.message_type is not None and _is_branch(held):
            inner = self.filled(GetMessageClass(held.message_type))
            _put(made, held, [inner] if held.is_repeated else inner)
            return
        value = self._value(held)
        _put(made, held, [value] if held.is_repeated else value)

    def _value(self, held: FieldDescriptor) -> Any:
        if held.message_type is not None:
            if held.message_type.full_name == TIMESTAMP:
                day = self.first + timedelta(days=next(self.numbers))
                return to_timestamp(datetime.combine(day, time(12)).astimezone())
            if held.message_type.full_name == DATE:
                return self.day()
            raise TypeError(f"{held.full_name} is said by hand")
        if held.enum_type is not None:
            return held.enum_type.values[-1].number
        if held.type == FieldDescriptor.TYPE_STRING:
            return self.text()
        return True if held.type == FieldDescriptor.TYPE_BOOL else next(self.numbers)


def _put(made: Any, held: FieldDescriptor, value: Any) -> None:
    place = getattr(made, held.name)
    if _is_map(held):
        place.update(value)
    elif held.is_repeated:
        place.extend(value)
    elif held.message_type is not None:
        place.CopyFrom(value)
    else:
        setattr(made, held.name, value)


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRun:
    """A command that was supposed first, and then given.

    `kept`: whether supposing it left anything; `published` by the command, as receipts suppose it.
    """

    command: Any
    supposed: Any
    kept: bool
    answer: Any
    published: Sequence[tuple[str, str, bytes]]


@dataclass
class Played:
    """Commands that were accepted, and what questions answered after them."""

    commands: list[Message] = field(default_factory=list, repr=False)
    answers: list[Message] = field(default_factory=list, repr=False)
    dry_runs: list[DryRun] = field(default_factory=list, repr=False)

    def give(self, store: Store, request: Any, ask: Callable[[str], Any]) -> Any:
        """Asks it under one command id, as a dry run first; gives the answer."""
        command_id = str(uuid4())
        before = record_of(store)
        request.meta.dry_run = True
        supposed = ask(command_id)
        kept = record_of(store) != before
        request.meta.dry_run = False
        answer = ask(command_id)
        with store.transaction() as tx:
            published = [
                (str(row.id), row.type, bytes(row.body))
                for row in tx.execute(
                    "SELECT id, type, body FROM published WHERE command_id = :id ORDER BY position",
                    id=request.meta.command_id,
                )
            ]
        self.commands.append(request)
        self.dry_runs.append(
            DryRun(
                command=request, supposed=supposed, kept=kept, answer=answer, published=published
            )
        )
        return answer

    def given(self) -> Mapping[tuple[str, str], set[tuple[str, Any]]]:
        """Request and path of each leaf that was said → with which values."""
        found: dict[tuple[str, str], set[tuple[str, Any]]] = {}
        for command in self.commands:
            for path, _, value in said(command):
                found.setdefault((command.DESCRIPTOR.name, path), set()).add(value)
        return found

    def told(self) -> Mapping[str, set[tuple[str, Any]]]:
        """Name of a field in some answer → all that it said."""
        found: dict[str, set[tuple[str, Any]]] = {}
        for answer in self.answers:
            for _, name, value in (*said(answer), *nos(answer)):
                found.setdefault(name, set()).add(value)
        return found


def record_of(store: Store) -> Mapping[str, str]:
    """Every table but those of the key store, which stands for itself: a key may be made for what
    is only supposed."""
    return {name: rows for name, rows in every_table(store).items() if name not in KEY_STORE}


def is_id(text: object) -> bool:
    try:
        UUID(str(text))
    except ValueError:
        return False
    return True


def names(pairs: Iterable[tuple[str, str]]) -> list[str]:
    """As exceptions call them."""
    return sorted(f"{request.removesuffix('Request')}.{path}" for request, path in pairs)
