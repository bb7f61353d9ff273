"""Private facts as stored: hand-written names ↔ frozen dataclasses, as JSON, upcast on read."""

from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from typing import Any

from pydantic import TypeAdapter

Upcast = Callable[[dict[str, Any]], dict[str, Any]]


class UnknownFact(Exception):
    """A stored name this release doesn't know: a newer release wrote it."""


class Codec:
    """`names` maps `<service>.<snake>.v<n>` to its dataclass.

    `upcasters` maps a retired name to the name that follows it, and a pure function from the old
    body to the new one.
    """

    def __init__(
        self,
        names: Mapping[str, type],
        upcasters: Mapping[str, tuple[str, Upcast]] | None = None,
    ) -> None:
        for name, kind in names.items():
            if not is_dataclass(kind):
                raise TypeError(f"{name} must name a dataclass")
        self.names = dict(names)
        self._adapters = {name: TypeAdapter[Any](kind) for name, kind in names.items()}
        self._name_of = {kind: name for name, kind in names.items()}
        self._upcasters = dict(upcasters or {})

    def encode(self, fact: object) -> tuple[str, str]:
        """The fact's stored name, and its body as JSON."""
        name = self._name_of[type(fact)]
        return name, self._adapters[name].dump_json(fact).decode()

    def decode(self, name: str, body: dict[str, Any]) -> Any:
        """The fact, as today's code knows it."""
        while name in self._upcasters:
            name, upcast = self._upcasters[name]
            body = upcast(body)
        try:
            adapter = self._adapters[name]
        except KeyError:
            raise UnknownFact(name) from None
        return adapter.validate_python(body)
