"""Who is left out is told with the claim that stays in, what of it is wrong, and of which day."""

from typing import Any

from ninehours.billing.v1 import billing_service_pb2 as pb
from ninehours.common.v1 import common_pb2 as common
from ninehours.intake.v1 import intake_service_pb2 as intake

from kernel.rpc.translate import to_date
from tests.harness.billing.facts import COVERAGE, SITE, Story
from tests.harness.billing.history import day
from tests.harness.billing.service import Office, covered

CLIENT = "0c11e700-0000-4000-8000-000000000001"


def attended(office: Office, story: Story, identity: intake.CoveredIdentity) -> Any:
    office.set_up(SITE, [CLIENT])
    office.hear(story.admitted(CLIENT, office.payer_id) + story.attended(CLIENT, [day(0), day(2)]))
    office.identities.cover(office.payer_id, identity)
    [draft] = office.call("ListClaims", pb.ListClaimsRequest(client_id=CLIENT)).claims
    return draft


def test_what_the_scrub_finds_names_field_and_date(office: Office, story: Story) -> None:
    born = intake.Identity(birth_date=common.Date(year=2026, month=3, day=3))
    draft = attended(office, story, covered(CLIENT, COVERAGE, identity=born))
    [left] = office.issue(day(6)).left_out
    assert (left.client_id, left.reason) == (CLIENT, "INVALID_SERVICE_BEFORE_BIRTH")
    assert (left.claim_id, left.field) == (draft.claim_id, "lines[0].service_date")
    assert left.service_date == to_date(day(0))


def test_what_is_wrong_with_the_whole_claim_names_its_first_day(
    office: Office, story: Story
) -> None:
    draft = attended(office, story, covered(CLIENT, COVERAGE, member_number=""))
    [left] = office.issue(day(6)).left_out
    assert (left.claim_id, left.field) == (draft.claim_id, "subscriber.member_id")
    assert left.service_date == to_date(day(0))


def test_a_closed_gate_names_the_claim_that_stays_in(office: Office, story: Story) -> None:
    draft = attended(office, story, covered(CLIENT, COVERAGE))
    office.identities.withheld[CLIENT] = "NO_COVERAGE"
    [left] = office.issue(day(6)).left_out
    assert (left.reason, left.claim_id, left.field) == ("NO_COVERAGE", draft.claim_id, "")
    assert left.service_date == to_date(day(0))


def test_a_correction_that_stays_in_names_the_claim_it_is_about(
    office: Office, story: Story
) -> None:
    attended(office, story, covered(CLIENT, COVERAGE))
    office.issue(day(6))
    office.pending_work.drain()
    [claim] = office.claims()
    office.adjudicate(claim.claim_id)
    office.hear(story.corrected(CLIENT, day(0), 1, 0))
    office.identities.withheld[CLIENT] = "NO_COVERAGE"
    [left] = office.correct().left_out
    assert (left.claim_id, left.service_date) == (claim.claim_id, to_date(day(2)))
