"""A program is opened with what governs its records: said, or refused."""

from collections.abc import Callable
from typing import Any

import pytest
from ninehours.attendance.v1 import attendance_service_pb2 as pb
from ninehours.common.v1 import common_pb2 as common

from kernel.refusal import Malformed
from services.attendance.__main__ import SERVICE
from tests.attendance.frontdesk import FrontDesk


@pytest.fixture
def desk(new_store: Callable[[Any], Any]) -> FrontDesk:
    return FrontDesk(new_store(SERVICE)).open()


@pytest.mark.xfail(strict=True, reason="9.1: what nobody said is taken as not under Part 2")
def test_a_program_of_which_nobody_said_what_governs_it_is_not_opened(desk: FrontDesk) -> None:
    request = pb.OpenProgramRequest(site_id=desk.site_id, kind=common.PROGRAM_KIND_SUBSTANCE_USE)
    with pytest.raises(Malformed) as refused:
        desk.call(request)
    assert list(refused.value.details) == ["governed_by"]
