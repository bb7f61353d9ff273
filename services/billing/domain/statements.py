"""What an institutional bill says of its place in the course: its frequency and patient status.

Sources: NUBC form locators 4 (the third digit) and 17; domain guide section 5 ("Sequencing").
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from services.billing.domain.attended import programs_on
from services.billing.domain.gates import admission_on
from services.billing.domain.heard import Discharge
from services.billing.domain.known import Known, Line
from services.billing.domain.x12.claim import (
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
    known: Known, lines: Sequence[Line], period_end: date, *, interim: bool, begun: bool
) -> Statement:
    """What a bill of these lines says.

    `begun`: an earlier bill of the course was drafted or stands. A bill that stands alone ends
    with the client at home; no payer takes 30 on frequency 1.
    """
    status, rests_on = patient_status(known, lines, period_end, interim=interim)
    if status == STILL_A_PATIENT:
        frequency = CONTINUING_INTERIM if begun else FIRST_INTERIM
    else:
        frequency = LAST_INTERIM if interim and begun else ORIGINAL
    return Statement(frequency=frequency, patient_status=status, rests_on=rests_on)


def patient_status(
    known: Known, lines: Sequence[Line], period_end: date, *, interim: bool
) -> tuple[str, frozenset[str]]:
    """Where the client is when the bill of these lines ends, and the facts which say so."""
    ended = ended_in(known, min(line.service_date for line in lines), period_end)
    if ended is None:
        return STILL_A_PATIENT if interim else AT_HOME, frozenset()
    return WENT.get(ended.reason, AT_HOME), frozenset({ended.fact})


def course_of(known: Known, on: date) -> str:
    """The episode a service date belongs to; empty: none."""
    admission = admission_on(known, on, programs_on(known, on))
    return admission.episode_id if admission else ""


def ended_in(known: Known, first: date, period_end: date) -> Discharge | None:
    """What ended the bill's episode by the end of its period."""
    episode_id = course_of(known, first)
    found = [
        each
        for each in known.discharges
        if each.episode_id == episode_id and first <= each.discharged_on <= period_end
    ]
    return min(found, key=lambda each: (each.discharged_on, each.fact), default=None)
