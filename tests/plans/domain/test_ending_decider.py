"""The decider of an episode's course: completed, discharged, cared for, called."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from kernel.refusal import AgainstTheRules
from services.plans.domain.completion import CompletionCriteria, criteria_of
from services.plans.domain.ending import (
    ENDING,
    AftercareArranged,
    AftercareKind,
    ArrangeAftercare,
    ClientDischarged,
    CompleteProgram,
    DischargeClient,
    DischargeReason,
    FollowedUp,
    ProgramCompleted,
    RecordFollowUp,
)
from services.plans.domain.episode import Admitted
from services.plans.domain.progress import WeekOfProgress
from tests.harness.plans.deciding import after, reason_of
from tests.harness.plans.history import RULES

NOW = datetime(2026, 5, 1, 15, 0, tzinfo=UTC)
ADMITTED = Admitted(client_id="client-1", level_of_care="2.1", admitted_on=date(2026, 3, 2))


def week(number: int, met: int, *, counts: bool = True) -> WeekOfProgress:
    return WeekOfProgress(
        client_id="client-1",
        episode_id="episode-1",
        week_start=date(2026, 3, 2 + 7 * number),
        planned_minutes=540,
        delivered_minutes=540,
        attended=3,
        missed=0,
        complete=counts,
        reaches_band=True,
        objectives=4,
        objectives_met=met,
    )


def test_criteria_are_the_objectives_of_the_latest_week_and_the_weeks_that_count() -> None:
    day = date(2026, 3, 20)
    good = [week(2, 4), week(0, 1), week(1, 2)]
    assert criteria_of(good, [RULES], day) == CompletionCriteria(missing=(), rules_version=1)
    assert criteria_of([*good, week(3, 0)], [RULES], day).missing == ()
    assert criteria_of(good, [RULES], date(2026, 3, 14)).missing == (
        "objectives_met_percent 50 < 100",
        "complete_weeks 2 < 3",
    )
    assert criteria_of([week(0, 4), week(1, 4, counts=False)], [RULES], day).missing == (
        "complete_weeks 1 < 3",
    )
    assert criteria_of([], [RULES], day).missing[0] == "objectives_met_percent 0 < 100"
    assert criteria_of(good, [], day).missing == ("no level rules in effect",)


OF = {
    "client_id": "client-1",
    "episode_id": "episode-1",
    "actor": "ada",
    "now": NOW,
    "admitted": ADMITTED,
}
COMPLETE = CompleteProgram(
    **OF,  # type: ignore[arg-type]
    completed_on=date(2026, 4, 24),
    criteria=CompletionCriteria(missing=(), rules_version=1),
    settled=True,
)
DISCHARGE = DischargeClient(
    **OF,  # type: ignore[arg-type]
    reason=DischargeReason.COMPLETED,
    discharged_on=date(2026, 4, 24),
    heard=True,
)
LEFT = replace(DISCHARGE, reason=DischargeReason.LEFT_AGAINST_ADVICE)
ALUMNI = ArrangeAftercare(
    **OF,  # type: ignore[arg-type]
    aftercare_id="aftercare-1",
    kind=AftercareKind.ALUMNI,
    starts_on=date(2026, 5, 8),
    alumni_consent=True,
)
CONTACT = RecordFollowUp(
    **OF,  # type: ignore[arg-type]
    follow_up_id="follow-up-1",
    contacted_on=date(2026, 4, 27),
    reached=False,
)


def test_a_program_is_completed_and_the_client_discharged_cared_for_and_called() -> None:
    facts = after(ENDING, COMPLETE, DISCHARGE, ALUMNI, CONTACT, replace(CONTACT, follow_up_id="2"))
    assert [type(fact) for fact in facts] == [
        ProgramCompleted,
        ClientDischarged,
        AftercareArranged,
        FollowedUp,
        FollowedUp,
    ]
    assert facts[0].rules_version == 1
    assert facts[2].alumni_consent


@pytest.mark.parametrize(
    ("commands", "reason"),
    [
        ([replace(COMPLETE, admitted=None)], "EPISODE_UNKNOWN"),
        ([replace(COMPLETE, client_id="client-2")], "EPISODE_UNKNOWN"),
        ([replace(COMPLETE, settled=False)], "NOT_SETTLED"),
        ([replace(LEFT, heard=False)], "NOT_SETTLED"),
        (
            [replace(COMPLETE, criteria=CompletionCriteria(missing=("x 1 < 2",), rules_version=1))],
            "COMPLETION_CRITERIA_NOT_MET",
        ),
        ([replace(COMPLETE, completed_on=date(2026, 3, 1))], "completed_on"),
        ([replace(COMPLETE, completed_on=date(2026, 5, 3))], "completed_on"),
        ([COMPLETE, replace(COMPLETE, completed_on=date(2026, 4, 23))], "ALREADY_COMPLETED"),
        ([LEFT, COMPLETE], "EPISODE_DISCHARGED"),
        ([DISCHARGE], "PROGRAM_NOT_COMPLETED"),
        ([COMPLETE, replace(LEFT, discharged_on=date(2026, 4, 23))], "discharged_on"),
        ([replace(LEFT, discharged_on=date(2026, 3, 1))], "discharged_on"),
        ([replace(LEFT, discharged_on=date(2026, 5, 3))], "discharged_on"),
        ([LEFT, replace(LEFT, reason="DEATH")], "ALREADY_DISCHARGED"),
        ([replace(ALUMNI, alumni_consent=False)], "ALUMNI_CONSENT_REQUIRED"),
        ([replace(ALUMNI, kind="OUTPATIENT")], "alumni_consent"),
        ([replace(ALUMNI, starts_on=date(2026, 3, 1))], "starts_on"),
        ([COMPLETE, CONTACT], "NOT_DISCHARGED"),
        ([LEFT, replace(CONTACT, contacted_on=date(2026, 4, 23))], "contacted_on"),
        ([LEFT, replace(CONTACT, contacted_on=date(2026, 5, 3))], "contacted_on"),
    ],
)
def test_what_a_course_does_not_take(commands: list[Any], reason: str) -> None:
    assert reason_of(ENDING, *commands) == reason


def test_a_refused_completion_names_what_it_lacks() -> None:
    lacking = replace(
        COMPLETE, criteria=CompletionCriteria(missing=("complete_weeks 1 < 3",), rules_version=1)
    )
    with pytest.raises(AgainstTheRules, match="complete_weeks 1 < 3"):
        after(ENDING, lacking)
