"""Which institutional bills follow each other: by payer, who bills, site, and episode."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from services.billing.domain.days.gates import admission_on
from services.billing.domain.days.release import may_open
from services.billing.domain.days.service_day import ServiceDay
from services.billing.domain.history.attended import unclosed
from services.billing.domain.history.history import BillingHistory
from services.billing.domain.payers.rules import DayOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class InstitutionalBill:
    """What was issued, or would be, of these dates; `first`: it left as the first of its course."""

    payer_id: str
    provider_id: str
    site_id: str
    dates: frozenset[date]
    first: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """`dates`: of its bills. `begun`: the first one was sent.

    `given`: dates of the episode at the site which are billed or may be, to whomever.
    """

    episode_id: str
    dates: frozenset[date]
    given: frozenset[date] = frozenset()
    begun: bool = False


class Courses:
    """The courses of these bills."""

    def __init__(
        self,
        bills: Iterable[InstitutionalBill],
        days: Sequence[ServiceDay],
        history: BillingHistory,
    ) -> None:
        self._history = history
        self._programs = {day.service_date: day.programs for day in days}
        self._bills: dict[tuple[str, str, str, str], list[InstitutionalBill]] = {}
        for bill in bills:
            self._bills.setdefault(self._key(bill), []).append(bill)
        self._given: dict[tuple[str, str], set[date]] = {}
        if self._bills:
            for site_id, on in sorted({*_given(days, history)}):
                self._given.setdefault((site_id, self._episode_on(on)), set()).add(on)

    def of(self, bill: InstitutionalBill) -> Course:
        """The bill's own, which it may be the only one of."""
        key = self._key(bill)
        bills = (*self._bills.get(key, ()), bill)
        dates = frozenset[date]().union(*(bill.dates for bill in bills))
        *_, site_id, episode_id = key
        return Course(
            episode_id=episode_id,
            dates=dates,
            given=dates | self._given.get((site_id, episode_id), set()),
            begun=any(bill.first for bill in bills),
        )

    def alone(self, bill: InstitutionalBill) -> Course:
        """As if there were no other."""
        episode_id = self._episode_on(min(bill.dates))
        return Course(episode_id=episode_id, dates=bill.dates, given=bill.dates)

    def _key(self, bill: InstitutionalBill) -> tuple[str, str, str, str]:
        episode_id = self._episode_on(min(bill.dates))
        return bill.payer_id, bill.provider_id, bill.site_id, episode_id

    def _episode_on(self, on: date) -> str:
        """The episode that the date's own sessions are of; empty: none."""
        admission = admission_on(self._history, on, self._programs.get(on, ()))
        return admission.episode_id if admission else ""


def _given(days: Iterable[ServiceDay], history: BillingHistory) -> Iterator[tuple[str, date]]:
    """Site and date of what is billable, waits for what may come, or wasn't closed."""
    for day in days:
        closed = [verdict for verdict in day.verdicts if not verdict.open]
        waits = day.outcome == DayOutcome.HOLD and all(
            may_open(verdict, day, history) for verdict in closed
        )
        if day.billable or waits:
            for site_id in {day.site_id, *day.sites}:
                yield site_id, day.service_date
    for session in unclosed(history, date.min, date.max):
        yield session.site_id, session.service_date
