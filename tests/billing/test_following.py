"""Following billing's changes by a cursor: who applies each once has what billing has."""

from collections.abc import Iterator
from typing import Any

import pytest
from ninehours.billing.v1 import billing_events_pb2 as events
from ninehours.billing.v1 import billing_service_pb2 as pb
from ninehours.billing.v1 import billing_work_service_pb2 as work

from kernel.refusal import Malformed
from kernel.rpc.translate import date_of
from tests.harness.billing.facts import COVERAGE, SITE, Story
from tests.harness.billing.history import day
from tests.harness.billing.service import Office, covered

CLIENT = "0c11e700-0000-4000-8000-000000000001"
OTHER = "0c11e700-0000-4000-8000-000000000002"


class Follower:
    """A consumer who keeps a cursor for each list, and reads two changes at a time."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.cursors = {"ListServiceDays": "", "ListClaims": "", "ListProposals": ""}

    def changes(self, rpc: str, **fields: Any) -> Iterator[Any]:
        more = True
        while more:
            request = getattr(pb, f"{rpc}Request")(
                changed_since=self.cursors[rpc], page_size=2, **fields
            )
            answer = self.office.call(rpc, request)
            yield from getattr(answer, {"ListServiceDays": "days"}.get(rpc, rpc[4:].lower()))
            self.cursors[rpc], more = answer.cursor, answer.more


def holds(office: Office, since: str) -> list[tuple[bool, list[str]]]:
    answer = office.call("ListHolds", work.ListHoldsRequest(changed_since=since))
    return [(hold.released, [it.reason for it in hold.reasons]) for hold in answer.holds]


def course(office: Office, story: Story) -> Iterator[None]:
    """A week of two clients: attended, issued, corrected, answered, replaced, voided."""
    office.set_up(SITE, [CLIENT, OTHER])
    for client_id in (CLIENT, OTHER):
        office.hear(story.admitted(client_id, office.payer_id))
        office.hear(story.attended(client_id, [day(0), day(2)]))
        office.identities.cover(office.payer_id, covered(client_id, COVERAGE))
        yield
    assert office.issue(day(6)).claims == 2
    office.pending_work.drain()
    yield
    office.hear(story.corrected(CLIENT, day(0), 1, 30))
    yield
    [claim] = office.claims(CLIENT)
    office.adjudicate(claim.claim_id)
    yield
    assert office.correct().replaced == 1
    office.pending_work.drain()
    yield


def test_who_applies_every_change_once_has_the_days_claims_and_proposals_that_are_current(
    office: Office, story: Story
) -> None:
    follower = Follower(office)
    days: dict[Any, Any] = {}
    claims: dict[str, Any] = {}
    proposals: dict[str, Any] = {}
    revisions: list[Any] = []
    for _ in course(office, story):
        for found in follower.changes("ListServiceDays"):
            key = (found.client_id, date_of(found, "service_date"))
            revisions.append((key, found.revision))
            _apply(days, key, found)
        for found in follower.changes("ListClaims"):
            _apply(claims, found.claim_id, found)
        for found in follower.changes("ListProposals"):
            revisions.append((found.claim_id, found.revision))
            _apply(proposals, found.claim_id, found)
        listed = office.call("ListServiceDays", pb.ListServiceDaysRequest()).days
        assert {(d.client_id, date_of(d, "service_date")): d for d in listed} == days
        current = office.call("ListClaims", pb.ListClaimsRequest()).claims
        assert {claim.claim_id: claim for claim in current} == claims
        proposed = office.call("ListProposals", pb.ListProposalsRequest()).proposals
        assert {proposal.claim_id: proposal for proposal in proposed} == proposals
    assert len(revisions) == len(set(revisions)) > 8
    assert len(claims) == 3


def _apply(kept: dict[Any, Any], key: Any, found: Any) -> None:
    if found.withdrawn:
        kept.pop(key)
    else:
        kept[key] = found


def test_an_issued_claim_is_told_as_each_step_left_it(office: Office, story: Story) -> None:
    for _ in course(office, story):
        pass
    [original] = [claim for claim in office.claims(CLIENT) if claim.frequency == "1"]
    told = [
        (claim.adjudication, bool(claim.followed_by_claim_id))
        for claim in Follower(office).changes("ListClaims")
        if claim.claim_id == original.claim_id
    ]
    unspecified = events.ADJUDICATION_STATUS_UNSPECIFIED
    paid = events.ADJUDICATION_STATUS_PAID
    assert told == [(unspecified, False), (paid, False), (paid, True)]


def test_one_client_is_followed_alone(office: Office, story: Story) -> None:
    for _ in course(office, story):
        pass
    of_other = [*Follower(office).changes("ListClaims", client_id=OTHER)]
    assert {change.client_id for change in of_other} == {OTHER}
    assert len(of_other) > 1


def test_a_hold_is_told_when_it_comes_and_when_it_is_released(office: Office, story: Story) -> None:
    office.set_up(SITE, [])
    office.hear(story.admitted(CLIENT, office.payer_id))
    office.hear(story.attended(CLIENT, [day(0)]))
    cursor = office.call("ListHolds", work.ListHoldsRequest(changed_since="")).cursor
    assert holds(office, "")[-1] == (False, ["NO_AUTHORIZATION"])
    office.authorize(CLIENT)
    office.pending_work.drain()
    assert holds(office, cursor) == [(True, [])]


@pytest.mark.parametrize(
    "filters",
    [{"outcome": events.OUTCOME_HOLD}, {"reason": "NOTE_UNSIGNED"}, {"payer_id": CLIENT}],
)
def test_a_filter_that_a_row_can_leave_is_refused_with_a_cursor(
    office: Office, filters: dict[str, Any]
) -> None:
    with pytest.raises(Malformed) as refused:
        office.call("ListServiceDays", pb.ListServiceDaysRequest(changed_since="", **filters))
    assert refused.value.details.keys() == filters.keys()
