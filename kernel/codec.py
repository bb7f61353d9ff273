"""Private facts and rows as stored: hand-written names ↔ frozen dataclasses, as JSON.

What an earlier release stored says less: its unset fields are read at their defaults.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from kernel.statements import StatementAmended


class UnreadableFact(ValueError):
    """A fact or row says what this release can't read: a newer one wrote it, or it was altered.

    No caller is to blame, so it is no refusal. It names fields, and never what they hold.
    """


class UnknownFact(UnreadableFact):
    """Of a stored name that this release doesn't know."""


class Codec:
    """`names` maps a stored name to its dataclass: `<service>.<snake>.v<n>`, or a kind of row.

    `left_out`: fields that are stored only where they say something, by dataclass; they came later
    than the rest, and what says nothing of them is stored as ever.
    """

    def __init__(
        self,
        names: Mapping[str, type],
        *,
        left_out: Mapping[type, Collection[str]] | None = None,
    ) -> None:
        for name, kind in names.items():
            if not is_dataclass(kind):
                raise TypeError(f"{name} must name a dataclass")
        self.names = dict(names)
        self._adapters = {name: TypeAdapter[Any](kind) for name, kind in names.items()}
        self._name_of = {kind: name for name, kind in names.items()}
        self._left_out = dict(left_out or {})

    def encode(self, fact: object) -> tuple[str, str]:
        """The fact's or row's stored name, and its body as JSON."""
        name = self.name_of(type(fact))
        if isinstance(fact, StatementAmended):
            return name, self._encode_amended(fact)
        if not self._left_out:
            return name, self._adapters[name].dump_json(fact).decode()
        body = self._adapters[name].dump_python(fact, mode="json")
        return name, json.dumps(self._said(fact, body))

    def name_of(self, kind: type) -> str:
        """The name under which it is stored."""
        return self._name_of[kind]

    def decode(self, name: str, body: Mapping[str, Any]) -> Any:
        """The fact or row, as today's code knows it; UnreadableFact for what none could say."""
        try:
            adapter = self._adapters[name]
        except KeyError:
            raise UnknownFact(name) from None
        if self.names[name] is StatementAmended:
            body = self._with_content(name, body)
        try:
            return adapter.validate_python(body)
        except ValidationError as invalid:
            wrong = sorted({".".join(map(str, error["loc"])) for error in invalid.errors()})
            raise UnreadableFact(f"{name}: {', '.join(wrong)}") from None

    def _encode_amended(self, amended: StatementAmended) -> str:
        """Its content as it would be stored by itself, and under which name."""
        name, content = self.encode(amended.content)
        said = {
            "statement": str(amended.statement),
            "revision": amended.revision,
            "type": name,
            "content": json.loads(content),
            "voided": amended.voided,
            "reason": amended.reason,
            "remark_version": amended.remark_version,
        }
        return json.dumps(said)

    def _with_content(self, name: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            content = self.decode(body["type"], body["content"])
        except KeyError:
            raise UnreadableFact(f"{name}: content") from None
        return {key: said for key, said in body.items() if key != "type"} | {"content": content}

    def _said(self, value: object, body: Any) -> Any:
        """The body without the fields that are left out, as they say nothing."""
        if isinstance(value, tuple):
            return [self._said(item, part) for item, part in zip(value, body, strict=True)]
        if not is_dataclass(value):
            return body
        kind: Any = type(value)
        left_out = self._left_out.get(kind, ())
        return {
            name: self._said(part, body[name])
            for name in _names_of(kind)
            if (part := getattr(value, name)) or name not in left_out
        }


@cache
def _names_of(kind: type) -> Sequence[str]:
    return tuple(field.name for field in fields(kind))
