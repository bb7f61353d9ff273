"""Where a client is admitted, and until when, as far as attendance heard."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """Of a client, to a site; `last`: the day of its end, which is its own. None: it goes on."""

    site_id: str
    first: date
    last: date | None = None

    def covers(self, on: date) -> bool:
        return self.first <= on <= (self.last or date.max)


def is_admitted(admissions: Iterable[Admission], site_id: str, on: date) -> bool:
    """Whether one of them covers that day at the site."""
    return any(admission.site_id == site_id and admission.covers(on) for admission in admissions)
