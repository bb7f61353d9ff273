"""Where a client is admitted, and until when, as far as attendance heard."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """Of a client, to a site, or a transfer there; `last`: the day of its end, which is its own, or
    the one before a transfer. None: it goes on."""

    site_id: str
    first: date
    last: date | None = None

    def covers(self, on: date) -> bool:
        return self.first <= on <= (self.last or date.max)


def stays(places: Sequence[tuple[date, str]], ended: date | None) -> list[Admission]:
    """Of an episode that was at these sites, each from its first day on, and ended then."""
    lasts = [*(first - DAY for first, _ in places[1:]), ended]
    return [
        Admission(site_id=site_id, first=first, last=min(last, ended) if last and ended else last)
        for (first, site_id), last in zip(places, lasts, strict=True)
    ]


def is_admitted(admissions: Iterable[Admission], site_id: str, on: date) -> bool:
    """Whether one of them covers that day at the site."""
    return any(admission.site_id == site_id and admission.covers(on) for admission in admissions)
