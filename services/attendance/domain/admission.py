"""Where a client is admitted, and until when, as far as attendance heard."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """An admission; `last`: the day of its end, which is still its own. None: it goes on."""

    site_id: str
    first: date
    last: date | None = None


def is_admitted(stays: Iterable[Stay], site_id: str, on: date) -> bool:
    """Whether one of them covers that day at the site."""
    return any(
        stay.site_id == site_id and stay.first <= on and (stay.last is None or on <= stay.last)
        for stay in stays
    )
