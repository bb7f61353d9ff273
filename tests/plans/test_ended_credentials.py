"""Plans hear that a credential ended: nobody signs a plan by it after its last day."""

from typing import Any

import pytest
from ninehours.attendance.v1 import attendance_events_pb2 as attendance

from kernel.refusal import NotAllowed
from tests.harness.plans.service import Log, Plans, march
from tests.plans.test_credentials import drafted, sign, typed

ADA = "staff/5a000000-0000-4000-8000-000000000001"


def held(**changes: Any) -> attendance.StaffCredentialed:
    """Free text, in any state."""
    first = march(1)
    return attendance.StaffCredentialed(
        staff_id=ADA.removeprefix("staff/"), credential="LCSW", effective_from=first, **changes
    )


def ended(day: int, **changes: Any) -> Any:
    given = {"staff_id": ADA.removeprefix("staff/"), "credential": "LCSW", "last_day": march(day)}
    return attendance.CredentialEnded(**given | changes)


def test_nobody_signs_after_the_last_day(plans: Plans, log: Log) -> None:
    plan_id = drafted(plans)
    plans.actor = ADA
    plans.hear([log.tell(held()), log.tell(ended(1))])
    with pytest.raises(NotAllowed) as refused:
        sign(plans, plan_id)
    assert refused.value.reason == "NOT_CREDENTIALED"
    plans.hear([log.tell(ended(30))])  # the last word counts
    sign(plans, plan_id)


def test_an_end_is_of_that_credential_and_of_what_was_told_before(plans: Plans, log: Log) -> None:
    plan_id = drafted(plans)
    plans.actor = ADA
    plans.hear([log.tell(held()), log.tell(ended(1, type=3, state="WI"))])
    sign(plans, plan_id)
    plans.hear([log.tell(ended(1)), log.tell(held(**typed(state="")))])
    sign(plans, drafted(plans))
