"""A program is opened with what governs its records: said, or refused."""

from collections.abc import Callable
from typing import Any

import pytest
from ninehours.attendance.v1 import attendance_service_pb2 as pb
from ninehours.attendance.v1.attendance_events_pb2 import ProgramOpened
from ninehours.common.v1 import common_pb2 as common

from kernel.messaging.public_facts import public_facts
from kernel.refusal import Malformed
from services.attendance.__main__ import SERVICE
from tests.harness.attendance.front_desk import FrontDesk


@pytest.fixture
def desk(new_store: Callable[[Any], Any]) -> FrontDesk:
    return FrontDesk(new_store(SERVICE)).open()


def test_a_program_of_which_nobody_said_what_governs_it_is_not_opened(desk: FrontDesk) -> None:
    request = pb.OpenProgramRequest(site_id=desk.site_id, kind=common.PROGRAM_KIND_SUBSTANCE_USE)
    with pytest.raises(Malformed) as refused:
        desk.call(request)
    assert list(refused.value.details) == ["governed_by"]


@pytest.mark.parametrize(
    ("said", "under_part2"),
    [
        ({"under_part2": True}, True),
        ({"governed_by": pb.GOVERNED_BY_PART2}, True),
        ({"governed_by": pb.GOVERNED_BY_PART2, "under_part2": True}, True),
        ({"governed_by": pb.GOVERNED_BY_HIPAA_ALONE}, False),
    ],
)
def test_a_program_is_what_was_said(desk: FrontDesk, said: Any, under_part2: bool) -> None:
    kind = common.PROGRAM_KIND_MENTAL_HEALTH
    request = pb.OpenProgramRequest(site_id=desk.site_id, kind=kind, **said)
    program_id = desk.call(request).program_id
    with desk.store.transaction() as tx:
        opened = public_facts(tx.connection, [ProgramOpened])
    found = {opening.message.program.program_id: opening.message.program for opening in opened}
    assert found[program_id].under_part2 == under_part2


def test_a_program_of_which_two_things_are_said_is_not_opened(desk: FrontDesk) -> None:
    request = pb.OpenProgramRequest(
        site_id=desk.site_id,
        kind=common.PROGRAM_KIND_MENTAL_HEALTH,
        governed_by=pb.GOVERNED_BY_HIPAA_ALONE,
        under_part2=True,
    )
    with pytest.raises(Malformed) as refused:
        desk.call(request)
    assert list(refused.value.details) == ["governed_by"]
