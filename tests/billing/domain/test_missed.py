"""What a client missed is paid by nobody: neither as a day, nor as a part of one, nor of a week."""

from dataclasses import replace
from typing import Any

import pytest

from services.billing.domain.claims.rows import DraftRow
from services.billing.domain.payers.rules import DiscreteService, PerDiem
from tests.harness.billing.history import (
    MONDAY,
    attended,
    billable,
    confirmed,
    corrected,
    day,
    days_of,
    missed,
    rows_of,
    session,
    signed,
)

GROUP = DiscreteService(service_kind="GROUP", code="90853", modifiers=(), revenue_code="0900")
RULES: tuple[dict[str, Any], ...] = (
    {},
    {"per_diem": PerDiem(code="H0015", modifiers=("HF",), minimum_minutes=0)},
    {"complete_weeks_only": True},
    {"discrete": (GROUP,), "discrete_fallback": True},
    {"authorization_required": False, "enrollment_required": False},
)


@pytest.mark.parametrize("rules", RULES, ids=lambda rules: " ".join(rules) or "as they are")
def test_a_missed_day_is_never_billed(rules: dict[str, Any]) -> None:
    """Whatever the payer's rules, though everything else is in order and a note was signed."""
    history = billable(MONDAY, day(1), confirmed=(confirmed(**rules),))
    told = replace(history, attendances=(missed(MONDAY), attended(day(1))))
    corrected_to = replace(
        history, attendances=(*history.attendances, corrected(MONDAY, 1, minutes=0))
    )
    for said in (told, corrected_to):
        first, second = days_of(said)
        assert (first.outcome, first.reasons) == ("NOT_BILLABLE", ("MISSED",))
        assert second.outcome != "NOT_BILLABLE"
        billed = {line.service_date for draft in rows_of(said, DraftRow) for line in draft.lines}
        assert billed == {day(1)}


def test_a_missed_session_makes_no_day_and_no_week_longer() -> None:
    """Even where its fact says minutes."""
    empty = replace(missed(MONDAY, "pm"), minutes=180)
    history = billable(
        sessions=(session(MONDAY, "am"), session(MONDAY, "pm")),
        attendances=(attended(MONDAY, 179, "am"), empty),
        notes=(signed(MONDAY, name="am"), signed(MONDAY, name="pm")),
    )
    [short] = days_of(history)
    assert (short.minutes, short.outcome) == (179, "NOT_BILLABLE")
    weekly = confirmed(weekly_minimum_minutes=360)
    week = billable(
        MONDAY,
        day(1),
        attendances=(attended(MONDAY), replace(missed(day(1)), minutes=180)),
        confirmed=(weekly,),
    )
    assert [found.reasons for found in days_of(week)] == [("WEEK_SHORT_OF_MINUTES",), ("MISSED",)]
