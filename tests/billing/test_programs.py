"""Days and claims go by the program of the session, whatever an admission said of its own."""

from typing import Any

import pytest
from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from ninehours.billing.v1 import billing_events_pb2 as events
from ninehours.billing.v1 import billing_service_pb2 as pb
from ninehours.common.v1 import common_pb2 as common
from ninehours.intake.v1 import intake_events_pb2 as intake
from ninehours.plans.v1 import plans_events_pb2 as plans

from kernel.messaging.hearing import Record
from tests.billing.known import day
from tests.billing.office import Office, covered
from tests.billing.told import COVERAGE, SITE, Story

CLIENT = "0c11e700-0000-4000-8000-000000000001"
SUBSTANCE_USE = common.Program(
    program_id="90000000-0000-4000-8000-000000000001",
    kind=common.PROGRAM_KIND_SUBSTANCE_USE,
    under_part2=True,
)
MENTAL_HEALTH = common.Program(
    program_id="90000000-0000-4000-8000-000000000003", kind=common.PROGRAM_KIND_MENTAL_HEALTH
)
OF_SESSIONS = (attendance.SessionScheduled, attendance.SessionAttended)


def retold(
    records: list[Record], sessions: common.Program | None, admission: common.Program
) -> list[Record]:
    """The same history without consent, with these programs; None: nobody says which."""
    story, found = Story(), []
    for record in records:
        message = message_of(record)
        if isinstance(message, intake.ConsentGiven):
            continue
        if isinstance(message, intake.ClientAdmitted):
            message.program.CopyFrom(admission)
        if isinstance(message, OF_SESSIONS):
            message.ClearField("program")
            if sessions is not None:
                message.program.CopyFrom(sessions)
        found.append(story.log.tell(message, label="PART2"))
    return found


def message_of(record: Record) -> Any:
    kind = record.headers["ce_type"].decode()
    package = kind.rpartition(".")[0]
    [module] = [m for m in (intake, plans, attendance) if m.DESCRIPTOR.package == package]
    return getattr(module, kind.rpartition(".")[2]).FromString(record.body)


def treated(
    office: Office, story: Story, sessions: common.Program | None, admission: common.Program
) -> None:
    office.set_up(SITE, [CLIENT])
    records = story.admitted(CLIENT, office.payer_id)
    records += story.attended(CLIENT, [day(0), day(2), day(4)])
    office.hear(retold(records, sessions, admission))
    office.identities.cover(office.payer_id, covered(CLIENT, COVERAGE, consent_id=""))


def outcomes(office: Office) -> list[tuple[str, list[str]]]:
    listed = office.call("ListServiceDays", pb.ListServiceDaysRequest(client_id=CLIENT))
    return [
        (
            events.Outcome.Name(each.outcome).removeprefix("OUTCOME_"),
            [verdict.reason for verdict in each.verdicts if not verdict.open],
        )
        for each in listed.days
    ]


@pytest.mark.parametrize("sessions", [SUBSTANCE_USE, None], ids=["under Part 2", "not known"])
def test_a_day_of_a_program_under_part_2_waits_for_consent(
    office: Office, story: Story, sessions: common.Program | None
) -> None:
    treated(office, story, sessions, admission=MENTAL_HEALTH)
    assert outcomes(office) == [("HOLD", ["NO_CONSENT"])] * 3
    assert office.issue(day(6)).claims == 0


def test_a_day_of_another_program_needs_none(office: Office, story: Story) -> None:
    treated(office, story, MENTAL_HEALTH, admission=SUBSTANCE_USE)
    assert outcomes(office) == [("PER_DIEM", [])] * 3
    assert office.issue(day(6)).claims == 1
