"""Which coverage a date goes to: what payers said of it, the latest word by its time."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from services.billing.domain.history.history import BillingHistory, Coverage, CoverageEnd


@dataclass(frozen=True, slots=True)
class CoverageHeld:
    """A verification that no later one replaced, and the end that was said since, if any."""

    coverage: Coverage
    end: CoverageEnd | None = None

    @property
    def facts(self) -> frozenset[str]:
        return frozenset({self.coverage.fact, *([self.end.fact] if self.end else [])})

    def on(self, day: date) -> bool:
        last_days = (self.coverage.verified_to, self.end.last_day if self.end else None)
        return self.coverage.verified_from <= day and all(
            last is None or day <= last for last in last_days
        )


def coverage_on(history: BillingHistory, on: date) -> CoverageHeld | None:
    """The coverage that a date goes to.

    The primary first, and of several that one whose payer's word reaches back the farthest; of that
    payer's the one that was spoken of last, as a corrected member number is.
    """
    in_force = [coverage for coverage in holding(history) if coverage.on(on)]
    first = min(in_force, key=_primary, default=None)
    if first is None:
        return None
    of_payer = [
        held
        for held in in_force
        if (held.coverage.payer_id, held.coverage.order)
        == (first.coverage.payer_id, first.coverage.order)
    ]
    return max(of_payer, key=lambda covered: (covered.coverage.sequence, covered.coverage.fact))


def holding(history: BillingHistory) -> list[CoverageHeld]:
    """What was said last: of each coverage and first day one verification, with its end.

    Verifications of other first days stand side by side, as some verify month by month. An end is
    about what was verified before it; the last one counts.
    """
    latest: dict[tuple[str, date], Coverage] = {}
    for coverage in sorted(
        history.coverages, key=lambda coverage: (coverage.sequence, coverage.fact)
    ):
        latest[coverage.coverage_id, coverage.verified_from] = coverage
    return [
        CoverageHeld(verified, _end_of(verified, history.coverage_ends))
        for verified in latest.values()
    ]


def _end_of(coverage: Coverage, ends: Iterable[CoverageEnd]) -> CoverageEnd | None:
    since = (
        end
        for end in ends
        if end.coverage_id == coverage.coverage_id and end.sequence > coverage.sequence
    )
    return max(since, key=lambda end: (end.sequence, end.fact), default=None)


def _primary(held: CoverageHeld) -> tuple[int, date, int, str]:
    coverage = held.coverage
    return (coverage.order, coverage.verified_from, -coverage.sequence, coverage.fact)
