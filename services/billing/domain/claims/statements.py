"""What an institutional bill says of its place in the course: its frequency and patient status.

Sources: NUBC form locators 4 (the third digit) and 17; domain guide section 5 ("Sequencing").
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from services.billing.domain.claims.courses import Course
from services.billing.domain.history.history import BillingHistory, Discharge
from services.billing.domain.x12.t837.claim import (
    CONTINUING_INTERIM,
    FIRST_INTERIM,
    LAST_INTERIM,
    ORIGINAL,
    STILL_A_PATIENT,
)

AT_HOME = "01"
WENT = {
    "LEFT_AGAINST_ADVICE": "07",
    "TRANSFERRED": "70",  # [GK] another institution, not defined elsewhere in the list
    "INCARCERATED": "21",
    "DEATH": "20",
}
"""Patient status by what ended the episode; whatever else did, the client went home."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """`frequency` 1, or 2 to 4 of a course's bills; `patient_status` 30 while it goes on."""

    frequency: str
    patient_status: str
    rests_on: frozenset[str]


def statement(
    history: BillingHistory,
    dates: Collection[date],
    course: Course,
    period_end: date,
    *,
    interim: bool,
) -> Statement:
    """What a bill of these dates says.

    It is its course's first where none is of an earlier date, and none left as the first. A bill
    that stands alone ends with the client at home; no payer takes 30 on frequency 1.
    """
    status, rests_on = patient_status(history, dates, course, period_end, interim=interim)
    begun = course.begun or min(course.dates) < min(dates)
    if status == STILL_A_PATIENT:
        frequency = CONTINUING_INTERIM if begun else FIRST_INTERIM
    else:
        frequency = LAST_INTERIM if interim and begun else ORIGINAL
    return Statement(frequency=frequency, patient_status=status, rests_on=rests_on)


def patient_status(
    history: BillingHistory,
    dates: Collection[date],
    course: Course,
    period_end: date,
    *,
    interim: bool,
) -> tuple[str, frozenset[str]]:
    """Where the client is when the bill of these dates ends, and the facts which say so."""
    ended = _ended_with(history, dates, course, None if interim else period_end)
    if ended is None:
        return STILL_A_PATIENT if interim else AT_HOME, frozenset()
    return WENT.get(ended.reason, AT_HOME), frozenset({ended.fact})


def _ended_with(
    history: BillingHistory, dates: Collection[date], course: Course, until: date | None
) -> Discharge | None:
    """What ended the episode, where no later bill may be nearer to it.

    `until`: of a bill that stands alone, whose period must hold it; an interim one is the last
    however long nothing was given before the discharge.
    """
    found = [
        discharge
        for discharge in history.discharges
        if discharge.episode_id == course.episode_id
        and min(dates) <= discharge.discharged_on
        and (until is None or discharge.discharged_on <= until)
    ]
    ended = min(
        found, key=lambda discharge: (discharge.discharged_on, discharge.fact), default=None
    )
    if ended is None:
        return None
    last = max(on for on in {*dates, *course.given} if on <= ended.discharged_on)
    return ended if last in dates else None
