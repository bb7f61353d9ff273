"""What a request of attendance leaves out permits nothing."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from ninehours.attendance.v1 import attendance_service_pb2 as pb

from kernel.refusal import Malformed
from kernel.rpc.translate import to_date
from services.attendance.__main__ import SERVICE
from tests.harness.attendance.front_desk import MONDAY, FrontDesk, clients, weekly


@pytest.fixture
def desk(new_store: Callable[[Any], Any]) -> FrontDesk:
    return FrontDesk(new_store(SERVICE)).open()


def refused(desk: FrontDesk, request: Any) -> list[str]:
    with pytest.raises(Malformed) as refusal:
        desk.call(request)
    return list(refusal.value.details)


def test_a_group_that_says_no_capacity_is_refused(desk: FrontDesk) -> None:
    one = desk.scheduling(clients(1), capacity=0)
    assert refused(desk, one) == ["capacity"]
    every_week = pb.DefineTemplateRequest(
        site_id=desk.site_id, program_id=desk.program_id, sessions=[weekly(1, 9, capacity=0)]
    )
    assert refused(desk, every_week) == ["sessions.0.capacity"]


def test_a_credential_that_says_no_state_is_refused(desk: FrontDesk) -> None:
    staff = pb.CredentialStaffRequest(
        credential="LCSW", npi="1234567893", effective_from=to_date(date(2026, 1, 1))
    )
    assert refused(desk, staff) == ["state"]


def test_a_group_has_a_capacity_or_none_and_one_client_alone_needs_neither(desk: FrontDesk) -> None:
    both = desk.scheduling(clients(1), capacity=12, no_limit=True)
    assert refused(desk, both) == ["no_limit"]
    assert desk.session(clients(1), capacity=12)
    alone = {"service_kind": pb.SERVICE_KIND_INDIVIDUAL, "no_limit": False}
    assert desk.session(clients(1), starts_at=MONDAY + timedelta(days=1), **alone)
