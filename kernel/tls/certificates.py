"""Which certificates a process shows, for those who run it: names and times, and no more."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kernel.tls.identity import Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What is shown on a wire: `rpc`, `kafka` or `database`."""

    wire: str
    name: str
    valid_from: datetime
    valid_until: datetime

    def as_json(self) -> dict[str, str]:
        """For a heartbeat's row."""
        return {
            "wire": self.wire,
            "name": self.name,
            "valid_from": self.valid_from.isoformat(),
            "valid_until": self.valid_until.isoformat(),
        }

    @classmethod
    def of_json(cls, kept: Mapping[str, Any]) -> "Certificate":
        return cls(
            wire=kept["wire"],
            name=kept["name"],
            valid_from=datetime.fromisoformat(kept["valid_from"]),
            valid_until=datetime.fromisoformat(kept["valid_until"]),
        )


Shown = Callable[[], Sequence[Certificate]]
"""What a process shows at that moment, on each of its wires that isn't plain."""


def shown_on(**identities: Identity | None) -> Shown:
    """By wire; None: that one is plain."""

    def shown() -> Iterator[Certificate]:
        for wire, identity in identities.items():
            if identity is not None:
                material = identity.current()
                yield Certificate(
                    wire=wire,
                    name=material.name,
                    valid_from=material.valid_from,
                    valid_until=material.valid_until,
                )

    return lambda: [*shown()]
