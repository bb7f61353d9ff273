"""Who signs and certifies plans: whose credential is for it, on the day of the act."""

from typing import Any
from uuid import uuid4

import pytest
from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from ninehours.common.v1 import common_pb2 as common
from ninehours.plans.v1 import plans_service_pb2 as pb

from kernel.refusal import NotAllowed
from tests.harness.plans.service import Log, Plans, credentialed, draft, march
from tests.harness.plans.treatments import Treated

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
    assert refused.value.details["act"] == "SIGN"
    assert refused.value.details["on"].startswith("2026-03-02")
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


def opened_at(site_id: str) -> attendance.SiteOpened:
    """In Illinois."""
    address = common.PostalAddress(state="IL")
    return attendance.SiteOpened(site_id=site_id, time_zone="America/Chicago", address=address)


def typed(staff: str = "", **changes: Any) -> dict[str, Any]:
    """An LCSW of Illinois."""
    return {"type": 3, "state": "IL", "token_subject": staff} | changes


@pytest.mark.parametrize(
    ("changes", "signs"),
    [
        ({}, True),
        ({"state": "WI"}, False),
        ({"type": 22}, False),
        ({"effective_to": march(1)}, False),
        ({"effective_to": march(20)}, True),
        ({"token_subject": "okta/ada"}, False),
    ],
)
def test_a_credential_with_a_type_is_valid_in_its_state_to_its_last_day(
    plans: Plans, log: Log, changes: dict[str, Any], signs: bool
) -> None:
    client = Treated(log)
    plans.hear([client.admitted(), log.tell(opened_at(client.site_id))])
    plan_id = plans.call("DraftPlan", draft(client.client_id, client.episode_id)).plan_id
    held_by(plans, log, "LCSW", **typed(**changes))
    if signs:
        sign(plans, plan_id)
        return
    with pytest.raises(NotAllowed) as refused:
        sign(plans, plan_id)
    assert refused.value.reason == "NOT_CREDENTIALED"
    assert refused.value.details["state"] == "IL"


def test_a_credential_is_for_the_token_it_names(plans: Plans, log: Log) -> None:
    client = Treated(log)
    plans.hear([client.admitted(), log.tell(opened_at(client.site_id))])
    plan_id = plans.call("DraftPlan", draft(client.client_id, client.episode_id)).plan_id
    held_by(plans, log, "LCSW", **typed("okta/ada"))
    plans.actor = "okta/ada"
    sign(plans, plan_id)


def test_nobody_knows_the_state_of_a_site_that_was_not_heard_of(plans: Plans, log: Log) -> None:
    plan_id = drafted(plans)
    held_by(plans, log, "LCSW", **typed())
    with pytest.raises(NotAllowed):
        sign(plans, plan_id)


def test_at_a_site_in_a_zone_that_is_not_known_here_the_days_are_those_of_utc(
    plans: Plans, log: Log
) -> None:
    treated = Treated(log)
    opened = attendance.SiteOpened(site_id=treated.site_id, time_zone="Mars/Olympus")
    plans.hear([treated.admitted(), log.tell(opened)])
    plan_id = plans.call("DraftPlan", draft(treated.client_id, treated.episode_id)).plan_id
    sign(plans, plan_id)
