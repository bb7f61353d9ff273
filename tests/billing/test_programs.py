"""Days and claims go by the program of the session, whatever an admission said of its own."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from ninehours.attendance.v1 import attendance_service_pb2 as words
from ninehours.billing.v1 import billing_events_pb2 as events
from ninehours.billing.v1 import billing_service_pb2 as pb
from ninehours.common.v1 import common_pb2 as common
from ninehours.intake.v1 import intake_events_pb2 as intake
from ninehours.plans.v1 import plans_events_pb2 as plans

from kernel.messaging.envelope import Record
from kernel.process import Service
from kernel.rpc.translate import to_date, to_timestamp
from kernel.store.store import Store
from services.billing.__main__ import SERVICE as BILLING
from services.intake.__main__ import SERVICE as INTAKE
from tests.harness.billing.facts import COVERAGE, SITE, Story
from tests.harness.billing.history import day, ends_at
from tests.harness.billing.service import Office, covered
from tests.harness.billing.with_intake import House
from tests.harness.intake import service as desk
from tests.harness.intake.service import Desk

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
            events.Outcome.Name(billed.outcome).removeprefix("OUTCOME_"),
            [verdict.reason for verdict in billed.verdicts if not verdict.open],
        )
        for billed in listed.days
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


def test_a_correction_from_part_2_to_another_program_leaves_on_the_consent_of_the_original(
    new_store: Callable[[Service], Store],
) -> None:
    """What was told of the first program is taken back: the consent to tell it is in force."""
    house = House(Desk(new_store(INTAKE)), Office(new_store(BILLING)))
    client_id = house.admit(days=(0,))
    house.desk.admitted(client_id, under_part2=False, admitted_on=to_date(day(0)))
    house.relay()
    assert house.office.issue(day(6)).claims == 1
    [claim] = house.office.claims(client_id)
    house.office.adjudicate(claim.claim_id)
    [*_, other] = house.desk.rows("SELECT episode_id::text FROM episode ORDER BY number")
    tell, ends = house.story._tell, ends_at(day(0))
    of = {
        "client_id": client_id,
        "session_id": str(uuid4()),
        "site_id": house.story.site_id,
        "service_date": to_date(day(0)),
    }
    program = common.Program(program_id=desk.MENTAL_HEALTH, kind=common.PROGRAM_KIND_MENTAL_HEALTH)
    house.office.hear(
        [
            tell(
                plans.PlanActivated(
                    client_id=client_id,
                    episode_id=other.episode_id,
                    plan_id=str(uuid4()),
                    in_force_from=to_date(day(0)),
                )
            ),
            *house.story.corrected(client_id, day(0), 1, 0),
            tell(
                attendance.SessionScheduled(
                    **of,
                    program=program,
                    modality=words.MODALITY_TELEHEALTH,
                    starts_at=to_timestamp(ends - timedelta(hours=3)),
                    ends_at=to_timestamp(ends),
                )
            ),
            tell(attendance.SessionAttended(**of, program=program, minutes=180)),
            tell(
                attendance.SessionNoteSigned(
                    **of, signed_at=to_timestamp(ends + timedelta(hours=1))
                )
            ),
        ]
    )
    [proposal] = house.office.of_kind("proposal")
    assert (proposal["action"], proposal["state"]) == ("REPLACE", "READY")
    assert proposal["programs"] == [desk.MENTAL_HEALTH]
    answer = house.office.correct()
    assert [omitted.reason for omitted in answer.left_out] == []
    consents = {
        row.body["consent_id"]
        for row in house.office.query(
            "SELECT body FROM fact WHERE type = 'billing.claim_issued.v1'"
        )
    }
    assert consents == {house.consent_of(client_id)}
