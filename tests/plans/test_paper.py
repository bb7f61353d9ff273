"""What was signed on paper has its own day, its signer and its sheet, and is known from entry."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from ninehours.plans.v1 import care_service_pb2 as care
from ninehours.plans.v1 import plans_events_pb2 as public
from ninehours.plans.v1 import plans_service_pb2 as pb

from kernel.refusal import Malformed, NotAllowed, Unknown
from kernel.rpc.translate import to_timestamp
from tests.harness.plans.service import EVENING, Log, Plans, credentialed, draft, march, sign
from tests.harness.plans.statements import changed, last_said, of_kind, plans_of, put_right
from tests.harness.plans.treatments import COLLEAGUE, Treated

CLIENT, CLINICIAN = pb.SIGNER_ROLE_CLIENT, pb.SIGNER_ROLE_CLINICIAN
SCAN = b"%PDF-1.7 signed by Wolfeschlegelstein"


@pytest.fixture
def client(plans: Plans, log: Log) -> Treated:
    treated = Treated(log)
    plans.hear([treated.admitted()])
    return treated


def drafted(plans: Plans, client: Treated, now: datetime = EVENING) -> str:
    """Entered on the day."""
    plans.now = now
    return str(plans.call("DraftPlan", draft(client.client_id, client.episode_id)).plan_id)


def paper(by: str, scan: bytes = SCAN, **said: Any) -> pb.PaperSignature:
    return pb.PaperSignature(
        **{"signed_by": by, "scan": scan, "scan_type": pb.SCAN_TYPE_PDF, **said}
    )


def on_paper(plan_id: str, role: int, day: int, sheet: pb.PaperSignature) -> Any:
    request = sign(plan_id, role, day)
    request.paper.CopyFrom(sheet)
    return request


def entered(plans: Plans, client: Treated) -> str:
    """Both signed one sheet in the first week; it is entered on the 20th, by the colleague."""
    plan_id = drafted(plans, client)
    clinician, plans.actor = plans.actor, COLLEAGUE
    plans.call("SignPlan", on_paper(plan_id, CLIENT, 3, paper(clinician)))
    again = paper(clinician, b"", scan_version=1)
    assert plans.call("SignPlan", on_paper(plan_id, CLINICIAN, 4, again)).active
    plans.actor = clinician
    return plan_id


def test_a_plan_signed_on_paper_is_in_force_from_its_day_and_known_from_its_entry(
    plans: Plans, client: Treated
) -> None:
    entered(plans, client)
    [activated] = plans.published(public.PlanActivated)
    assert (activated.in_force_from, activated.entered_on) == (march(4), march(20))
    [plan] = plans_of(plans, client.client_id)
    clients, clinicians = plan.signatures
    assert (clinicians.signed_by, clinicians.signed_on) == (plans.actor, march(4))
    assert (clinicians.credential, clinicians.recorded_by) == ("LCSW", COLLEAGUE)
    assert (clinicians.paper.scan_version, clinicians.paper.entered_on) == (1, march(20))
    before = care.ReadPlansRequest(
        client_id=client.client_id, as_of=to_timestamp(EVENING - timedelta(hours=1))
    )
    assert list(plans.call("ReadPlans", before).plans) == []
    assert clients.paper == clinicians.paper


def read_scan(plans: Plans, client: Treated, plan_id: str, version: int = 1) -> Any:
    request = care.ReadScanRequest(
        client_id=client.client_id, plan_id=plan_id, scan_version=version
    )
    return plans.call("ReadScan", request)


def test_the_sheet_is_sealed_and_read_by_whom_the_plan_is_told(
    plans: Plans, client: Treated, log: Log
) -> None:
    plan_id = entered(plans, client)
    assert read_scan(plans, client, plan_id).scan == SCAN
    with pytest.raises(Unknown, match="scan"):
        read_scan(plans, client, plan_id, version=2)
    with pytest.raises(Unknown, match="plan"):
        read_scan(plans, Treated(log), plan_id)
    rows = plans.query(
        "SELECT body FROM published UNION ALL SELECT body::text::bytea FROM fact"
        " UNION ALL SELECT sealed FROM document"
    )
    assert SCAN not in b"".join(bytes(row.body) for row in rows)


def test_who_signed_is_asked_for_a_credential_of_that_day_and_who_enters_for_none(
    plans: Plans, client: Treated
) -> None:
    plan_id = drafted(plans, client)
    gone = "staff/33333333-3333-4333-8333-333333333333"
    left = {"effective_to": march(10)}
    plans.hear([Log().tell(credentialed(gone, "LPC", **left))])
    plans.actor = COLLEAGUE
    assert not plans.call("SignPlan", on_paper(plan_id, CLINICIAN, 4, paper(gone))).active
    [plan] = plans_of(plans, client.client_id)
    assert plan.signatures[0].signed_by == gone
    other = drafted(plans, client)
    with pytest.raises(NotAllowed, match="credential"):
        plans.call("SignPlan", on_paper(other, CLINICIAN, 11, paper(gone)))


def test_a_certification_on_paper_is_the_physicians_who_signed_it(
    plans: Plans, client: Treated
) -> None:
    plan_id = entered(plans, client)
    physician, plans.actor = plans.actor, COLLEAGUE
    request = pb.CertifyPlanRequest(
        plan_id=plan_id,
        certified_on=march(5),
        recertify_by=march(30),
        paper=paper(physician, b"%PDF-1.7 certified"),
    )
    plans.call("CertifyPlan", request)
    [plan] = plans_of(plans, client.client_id)
    [certified] = plan.certifications
    assert (certified.certified_by, certified.recorded_by) == (physician, COLLEAGUE)
    assert read_scan(plans, client, plan_id, certified.paper.scan_version).scan.endswith(b"ied")
    again = pb.CertifyPlanRequest()
    again.CopyFrom(request)
    assert not plans.call("CertifyPlan", again, str(uuid4())).receipt.published


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"scan": b""}, "scan"),
        ({"scan_version": 1}, "scan"),
        ({"scan": b"%PDF-" + b"x" * 2 * 1024 * 1024}, "scan"),
        ({"scan_type": pb.SCAN_TYPE_PNG}, "scan_type"),
        ({"scan_type": pb.SCAN_TYPE_UNSPECIFIED}, "scan_type"),
        ({"signed_by": ""}, "signed_by"),
    ],
    ids=["none", "both", "too large", "another type", "no type", "nobody"],
)
def test_a_sheet_is_whole(plans: Plans, client: Treated, said: dict[str, Any], field: str) -> None:
    plan_id = drafted(plans, client)
    sheet = paper(plans.actor)
    sheet.MergeFrom(pb.PaperSignature(**said))
    for name, value in said.items():
        if not value:
            sheet.ClearField(name)
    with pytest.raises(Malformed) as refused:
        plans.call("SignPlan", on_paper(plan_id, CLINICIAN, 4, sheet))
    assert list(refused.value.details) == [f"paper.{field}"]
    with pytest.raises(Unknown, match="scan"):
        unsealed = paper(plans.actor, b"", scan_version=7)
        plans.call("SignPlan", on_paper(plan_id, CLINICIAN, 4, unsealed))


def test_signed_here_it_is_not_signed_before_it_was_drafted(plans: Plans, client: Treated) -> None:
    plan_id = drafted(plans, client)
    with pytest.raises(Malformed, match="before the plan was drafted"):
        plans.call("SignPlan", sign(plan_id, CLINICIAN, 4))


def test_paper_is_put_right_and_keeps_the_day_of_its_entry(plans: Plans, client: Treated) -> None:
    plan_id = entered(plans, client)
    plans.now = EVENING + timedelta(days=5)
    [statement] = [
        said
        for said in of_kind(plans, client.client_id, "signature")
        if last_said(said).signer_role == CLINICIAN
    ]
    assert not put_right(plans, statement, last_said(statement)).receipt.published
    right = paper(plans.actor, b"%PDF-1.7 the other sheet")
    changed(plans, statement, signed_on=march(6), paper=right)
    [plan] = plans_of(plans, client.client_id)
    _, clinicians = plan.signatures
    assert plan.in_force_from == march(6)
    assert (clinicians.paper.scan_version, clinicians.paper.entered_on) == (2, march(20))
    assert read_scan(plans, client, plan_id).scan == SCAN
    assert read_scan(plans, client, plan_id, 2).scan == b"%PDF-1.7 the other sheet"
