"""Which institutional bills follow each other, and what each says of its place in the course.

A course is of one payer, who bills, site, and episode. Sources: NUBC form locators 4 (the third
digit) and 17; domain guide section 5 ("Sequencing").
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from services.billing.domain.days.gates import admission_on
from services.billing.domain.days.release import may_open
from services.billing.domain.days.service_day import ServiceDay
from services.billing.domain.history.attended import unclosed
from services.billing.domain.history.history import BillingHistory, Discharge
from services.billing.domain.payers.rules import DayOutcome
from services.billing.domain.x12.t837.claim import STILL_A_PATIENT, ClaimFrequency

DAY = timedelta(days=1)
AT_HOME = "01"
WENT = {
    "LEFT_AGAINST_ADVICE": "07",
    "TRANSFERRED": "70",  # [GK] another institution, not defined elsewhere in the list
    "INCARCERATED": "21",
    "DEATH": "20",
}
"""Patient status by what ended the episode; whatever else did, the client went home."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstitutionalBill:
    """What was issued, or would be, of these dates; `first`: it left as the first of its course."""

    payer_id: str
    provider_id: str
    site_id: str
    dates: frozenset[date]
    first: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseTold:
    """`frequency`: ORIGINAL, or one of a course's bills; `patient_status` 30 while it goes on."""

    frequency: ClaimFrequency
    patient_status: str
    rests_on: frozenset[str] = frozenset()


class Courses:
    """The courses of these bills.

    `_given`: dates of an episode at a site which are billed or may be, to whomever.
    """

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

    def statement(
        self, bill: InstitutionalBill, period_end: date, *, interim: bool, alone: bool
    ) -> CourseTold:
        """What the bill says, and the facts which say so; `alone`: as if there were no other.

        It is its course's first where none is of an earlier date, and none left as the first. A
        bill that stands alone ends with the client at home; no payer takes 30 on frequency 1.
        """
        key = self._key(bill)
        *_, site_id, episode_id = key
        bills = [bill] if alone else [*self._bills.get(key, ()), bill]
        dates = frozenset[date]().union(*(of_course.dates for of_course in bills))
        given = set[date]() if alone else self._given.get((site_id, episode_id), set())
        begun = any(of_course.first for of_course in bills) or min(dates) < min(bill.dates)
        interim = interim and not alone
        until = None if interim else period_end
        ended = self._ended_with(bill.dates, site_id, episode_id, until)
        if ended and max(on for on in dates | given if on <= ended.discharged_on) not in bill.dates:
            ended = None  # a later bill may be nearer to it
        if ended is None and interim:
            frequency = ClaimFrequency.CONTINUING_INTERIM if begun else ClaimFrequency.FIRST_INTERIM
            return CourseTold(frequency=frequency, patient_status=STILL_A_PATIENT)
        return CourseTold(
            frequency=ClaimFrequency.LAST_INTERIM if interim and begun else ClaimFrequency.ORIGINAL,
            patient_status=WENT.get(ended.reason, AT_HOME) if ended else AT_HOME,
            rests_on=frozenset({ended.fact} if ended else ()),
        )

    def _ended_with(
        self, dates: Collection[date], site_id: str, episode_id: str, until: date | None
    ) -> Discharge | None:
        """What ended the episode there, a transfer too, after the bill of these dates began.

        `until`: of a bill that stands alone, whose period must hold it; an interim one is the last
        however long nothing was given before the discharge.
        """
        found = [
            discharge
            for discharge in (*self._history.discharges, *self._left(site_id))
            if discharge.episode_id == episode_id
            and min(dates) <= discharge.discharged_on
            and (until is None or discharge.discharged_on <= until)
        ]
        return min(
            found, key=lambda discharge: (discharge.discharged_on, discharge.fact), default=None
        )

    def _left(self, site_id: str) -> Iterator[Discharge]:
        """By whom the site was left, as if they had been discharged from it the day before."""
        for stay in self._history.admissions:
            for after in self._history.admissions:
                if (after.episode_id, stay.site_id) != (stay.episode_id, site_id):
                    continue
                if stay.last and after.first == stay.last + DAY and after.site_id != site_id:
                    yield Discharge(
                        fact=after.fact,
                        episode_id=stay.episode_id,
                        discharged_on=stay.last,
                        reason="TRANSFERRED",
                    )

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
