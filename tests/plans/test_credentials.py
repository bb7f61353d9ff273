"""Who signs and certifies plans: whose credential is for it, on the day of the act."""

from typing import Any
from uuid import uuid4

import pytest
from ninehours.common.v1 import common_pb2 as common
from ninehours.plans.v1 import plans_service_pb2 as pb

from kernel.refusal import NotAllowed
from tests.plans.made import Log, Plans, credentialed, draft, march

NEXT_MONTH = common.Date(year=2026, month=4, day=1)


def held_by(plans: Plans, log: Log, *texts: str, **changes: Any) -> None:
    """From here on somebody calls who holds these alone."""
    plans.actor = f"staff/{uuid4()}"
    plans.hear([log.tell(credentialed(plans.actor, text, **changes)) for text in texts])


def sign(plans: Plans, plan_id: str, role: str = "CLINICIAN", credential: str = "") -> Any:
    request = pb.SignPlanRequest(
        plan_id=plan_id,
        signer_role=f"SIGNER_ROLE_{role}",
        signed_on=march(2),
        credential=credential,
    )
    return plans.call("SignPlan", request)


def drafted(plans: Plans) -> str:
    found: str = plans.call("DraftPlan", draft(str(uuid4()), str(uuid4()))).plan_id
    return found


def certification(plan_id: str) -> pb.CertifyPlanRequest:
    recertify_by = common.Date(year=2026, month=4, day=20)
    return pb.CertifyPlanRequest(plan_id=plan_id, certified_on=march(2), recertify_by=recertify_by)


@pytest.mark.parametrize("texts", [(), ("Wizard",), ("student",), ("LCSW student",)])
def test_nobody_signs_without_a_credential_that_is_for_it(
    plans: Plans, log: Log, texts: tuple[str, ...]
) -> None:
    plan_id = drafted(plans)
    held_by(plans, log, *texts)
    with pytest.raises(NotAllowed) as refused:
        sign(plans, plan_id)
    assert refused.value.reason == "NOT_CREDENTIALED"
    sign(plans, plan_id, "CLIENT")  # attesting the client's own signature is no act of it


def test_a_credential_counts_from_its_first_day_on(plans: Plans, log: Log) -> None:
    plan_id = drafted(plans)
    held_by(plans, log, "LCSW", effective_from=NEXT_MONTH)
    with pytest.raises(NotAllowed):
        sign(plans, plan_id)
    held_by(plans, log, "LCSW", effective_from=march(2))
    sign(plans, plan_id)


def test_a_signature_carries_a_credential_that_is_held(plans: Plans, log: Log) -> None:
    plan_id = drafted(plans)
    held_by(plans, log, "lcsw")
    with pytest.raises(NotAllowed):
        sign(plans, plan_id, credential="LPC")
    sign(plans, plan_id)
    [row] = plans.query("SELECT body FROM fact WHERE type = 'plans.plan_signed.v1'")
    assert row.body["credential"] == "LCSW"


def test_physicians_certify_and_nobody_else(plans: Plans, log: Log) -> None:
    plan_id = drafted(plans)
    for role in ("CLIENT", "CLINICIAN"):
        sign(plans, plan_id, role)
    held_by(plans, log, "LCSW")
    with pytest.raises(NotAllowed) as refused:
        plans.call("CertifyPlan", certification(plan_id))
    assert refused.value.reason == "NOT_CREDENTIALED"
    held_by(plans, log, "DO")
    assert plans.call("CertifyPlan", certification(plan_id)).receipt.published
