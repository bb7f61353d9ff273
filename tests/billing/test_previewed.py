"""What would leave, and what would stay and why, before anything does: a dry run of issuing.

Intake is real here: it is asked who would be named, records nothing of it, and names nobody.
"""

from collections.abc import Callable
from typing import Any

import pytest
from ninehours.billing.v1 import billing_service_pb2 as pb
from ninehours.billing.v1 import billing_work_service_pb2 as work
from ninehours.intake.v1 import intake_service_pb2 as intake

from kernel.process import Service
from kernel.rpc.translate import to_date
from kernel.store.store import Store
from services.billing.__main__ import SERVICE as BILLING
from services.intake.__main__ import SERVICE as INTAKE
from tests.harness.billing.history import day
from tests.harness.billing.service import Office
from tests.harness.billing.with_intake import House
from tests.harness.intake.service import Desk
from tests.harness.kernel.tables import every_table

NewStore = Callable[[Service], Store]


@pytest.fixture
def house(new_store: NewStore) -> House:
    return House(Desk(new_store(INTAKE)), Office(new_store(BILLING)))


def issue(house: House, *, dry_run: bool) -> Any:
    request = pb.IssueClaimsRequest(payer_id=house.payer_id, through=to_date(day(6)))
    request.meta.dry_run = dry_run
    return house.office.call("IssueClaims", request, command="issue")


def said(answer: Any) -> tuple[int, int, list[tuple[str, str]]]:
    """Claims, cents, and who stays and why."""
    left_out = sorted((left.client_id, left.reason) for left in answer.left_out)
    return answer.claims, answer.charge.minor_units, left_out


def test_what_would_leave_and_what_would_stay_is_what_does(house: House) -> None:
    house.admit()
    stays = house.admit(days=(0,))
    house.revoke(stays)
    stores = (house.desk.store, house.office.store)
    before = [every_table(store) for store in stores]
    previewed = issue(house, dry_run=True)
    assert [every_table(store) for store in stores] == before
    assert (previewed.claims, previewed.charge.minor_units) == (1, 90_000)
    assert [left.client_id for left in previewed.left_out] == [stays]
    assert said(issue(house, dry_run=False)) == said(previewed)


def test_its_facts_say_what_would_become_of_days_and_claims(house: House) -> None:
    client_id = house.admit()
    facts = issue(house, dry_run=True).receipt.supposed
    assert {fact.type.rpartition(".")[2] for fact in facts} == {"ClaimIssued", "Disclosed"}
    asked = work.ForeseeRequest(client_id=client_id, facts=facts)
    [change] = house.office.call("Foresee", asked).client.claims
    assert change.consequence == work.CLAIM_CONSEQUENCE_DROP_DRAFT


def test_corrections_are_previewed_too(house: House) -> None:
    house.admit()
    issue(house, dry_run=False)
    house.office.pending_work.drain()
    request = pb.IssueCorrectionsRequest(payer_id=house.payer_id)
    [claim] = house.office.claims()
    house.office.adjudicate(claim.claim_id)
    house.office.set_fee(20_000)
    house.office.pending_work.drain()
    listed = house.office.call("ListProposals", pb.ListProposalsRequest())
    request.proposals.extend(
        pb.NamedProposal(claim_id=one.claim_id, revision=one.revision) for one in listed.proposals
    )
    request.meta.dry_run = True
    before = every_table(house.office.store)
    answer = house.office.call("IssueCorrections", request, command="correct")
    assert (answer.replaced, answer.corrected_charge.minor_units) == (1, 60_000)
    assert every_table(house.office.store) == before


def test_who_would_be_named_is_told_without_a_name(house: House) -> None:
    client_id = house.admit(member_number="MEMB4711")
    request = intake.ReadIdentitiesRequest(
        client_ids=[client_id],
        recipient_payer_id=house.payer_id,
        on=to_date(day(6)),
        supposed=True,
    )
    before = every_table(house.desk.store)
    [given] = house.desk.call(request, actor="service/billing").identities
    assert (given.client_id, given.identity_version) == (client_id, 1)
    assert not given.HasField("identity")
    assert b"MEMB4711" not in given.SerializeToString()
    assert every_table(house.desk.store) == before
