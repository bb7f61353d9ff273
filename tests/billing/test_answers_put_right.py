"""A payer's answer that was typed wrong, and a waiver, are put right; lists and views follow."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from ninehours.billing.v1 import billing_events_pb2 as events
from ninehours.billing.v1 import billing_service_pb2 as billing
from ninehours.common.v1 import common_pb2 as common

from kernel.process import Service
from kernel.refusal import AgainstTheRules, Malformed
from kernel.rpc.translate import to_date
from kernel.store.store import Store
from services.billing.__main__ import SERVICE
from services.billing.adapters.record import SqlDrafts
from tests.harness.billing.facts import COVERAGE, SITE, Story
from tests.harness.billing.history import day
from tests.harness.billing.service import Office, covered
from tests.harness.billing.statements import (
    last_said,
    listed,
    of_kind,
    put_right,
    resting_on_amendments,
)
from tests.harness.kernel.owner import as_owner

CLIENT = "0c11e700-0000-4000-8000-000000000001"
DENIED, PAID = events.ADJUDICATION_STATUS_DENIED, events.ADJUDICATION_STATUS_PAID


@pytest.fixture
def office(new_store: Callable[[Service], Store], story: Story) -> Office:
    """A claim of two days left, and a third day waits for an authorization."""
    office = Office(new_store(SERVICE))
    office.set_up(SITE, [], filing_limit_days=3650)
    office.hear(story.admitted(CLIENT, office.payer_id))
    office.authorize(CLIENT, 2)
    office.hear(story.attended(CLIENT, [day(0), day(2), day(4)]))
    office.identities.cover(office.payer_id, covered(CLIENT, COVERAGE))
    assert office.issue(day(6)).claims == 1
    office.pending_work.drain()
    return office


def listed_as(office: Office, status: int) -> int:
    request = billing.ListClaimsRequest(adjudication=status, state=billing.CLAIM_STATE_ISSUED)
    return len(office.call("ListClaims", request).claims)


def viewed(office: Office) -> list[tuple[str | None, str | None]]:
    with as_owner(office.store) as tx:
        rows = tx.execute(
            "SELECT adjudication, payer_control_number FROM billing_views.claims"
            " WHERE state = 'ISSUED'"
        )
        return [(row.adjudication, row.payer_control_number) for row in rows]


def answered(office: Office) -> Any:
    """The payer denied the claim, as it was typed."""
    [claim] = office.claims(CLIENT)
    office.adjudicate(claim.claim_id, "DENIED", "PCN1")
    return of_kind(office, CLIENT, "adjudication")


def test_an_answer_that_was_typed_wrong_is_said_otherwise_without_a_second_answer(
    office: Office,
) -> None:
    statement = answered(office)
    assert (listed_as(office, DENIED), listed_as(office, PAID)) == (1, 0)
    content = last_said(statement)
    content.status, content.payer_control_number = PAID, "PCN2"
    content.paid.CopyFrom(common.Money(currency_code="USD", minor_units=12_345))
    put_right(office, statement, content)
    assert (listed_as(office, DENIED), listed_as(office, PAID)) == (0, 1)
    assert viewed(office) == [("PAID", "PCN2")]
    [claim] = office.claims(CLIENT)
    assert claim.payer_control_number == "PCN2"
    assert len(listed(office, CLIENT)) == 2


def test_an_answer_that_never_came_is_none_and_may_come_later(office: Office) -> None:
    put_right(office, answered(office), None)
    assert (listed_as(office, DENIED), listed_as(office, PAID)) == (0, 0)
    assert viewed(office) == [(None, None)]
    [claim] = office.claims(CLIENT)
    office.adjudicate(claim.claim_id, "PAID", "PCN3")
    assert viewed(office) == [("PAID", "PCN3")]


def test_a_correction_with_an_answer_taken_back_waits_for_its_number(office: Office) -> None:
    statement = answered(office)
    put_right(office, of_kind(office, CLIENT, "authorization"), None)
    [proposal] = office.of_kind("proposal")
    put_right(office, statement, None)
    [waiting] = office.of_kind("proposal")
    assert waiting["state"] != proposal["state"] or waiting["state"] == "AWAITING_RELEASE"
    proposed = {key for key in office.current() if key[0] == "proposal"}
    assert proposed <= resting_on_amendments(office)


def test_an_answer_is_judged_as_the_command_is_that_records_it(office: Office) -> None:
    statement = answered(office)
    above, another = last_said(statement), last_said(statement)
    above.status = PAID
    above.paid.CopyFrom(common.Money(currency_code="USD", minor_units=9_000_000))
    with pytest.raises(AgainstTheRules, match="more than the claim's charge"):
        put_right(office, statement, above)
    another.claim_id = CLIENT
    with pytest.raises(Malformed, match=r"recording\.adjudication\.claim_id"):
        put_right(office, statement, another)
    before = last_said(statement)
    before.adjudicated_on.CopyFrom(to_date(day(-30)))
    with pytest.raises(Malformed, match=r"recording\.adjudication\.adjudicated_on"):
        put_right(office, statement, before)


def test_every_step_of_a_claim_is_followed_and_what_put_it_right_is_one(office: Office) -> None:
    put_right(office, answered(office), None)
    put_right(office, of_kind(office, CLIENT, "authorization"), None)
    request = billing.ListClaimsRequest(changed_since="", client_id=CLIENT)
    steps = office.call("ListClaims", request).claims
    issued = [step for step in steps if step.state == billing.CLAIM_STATE_ISSUED]
    assert [step.adjudication for step in issued] == [0, DENIED, 0]


def waived(office: Office) -> Any:
    """The day that waits is billed without authorization."""
    request = billing.BillWithoutAuthorizationRequest(
        client_id=CLIENT,
        payer_id=office.payer_id,
        service_date=to_date(day(4)),
        reason=billing.WAIVER_REASON_NETWORK_DECISION,
    )
    office.call("BillWithoutAuthorization", request)
    office.pending_work.drain()
    return of_kind(office, CLIENT, "waiver")


def drafts(office: Office) -> int:
    return len(office.of_kind("draft_claim"))


def test_a_waiver_that_nobody_gave_lets_no_day_be_billed(office: Office) -> None:
    assert drafts(office) == 0
    statement = waived(office)
    assert drafts(office) == 1
    put_right(office, statement, None)
    assert drafts(office) == 0
    assert ("service_day", f"{CLIENT}|{day(4)}") in resting_on_amendments(office)
    office.now += timedelta(days=1)
    request = last_said(statement)
    office.call("BillWithoutAuthorization", request)
    office.pending_work.drain()
    assert drafts(office) == 1


def test_a_waiver_has_its_reason_corrected_and_no_other_date(office: Office) -> None:
    statement = waived(office)
    content = last_said(statement)
    content.reason = billing.WAIVER_REASON_PAYER_SAYS_SUBMIT
    put_right(office, statement, content)
    assert drafts(office) == 1
    now = of_kind(office, CLIENT, "waiver")
    assert last_said(now).reason == billing.WAIVER_REASON_PAYER_SAYS_SUBMIT
    content.service_date.CopyFrom(to_date(day(2)))
    with pytest.raises(Malformed, match=r"recording\.waiver\.service_date"):
        put_right(office, now, content)


def settled(office: Office, *, disclose: bool, on: int) -> Any:
    """A named person's word on the consent that was revoked on that day."""
    request = billing.SettleRevocationRequest(
        client_id=CLIENT,
        payer_id=office.payer_id,
        disclose=disclose,
        revoked_on=to_date(day(on)),
    )
    office.call("SettleRevocation", request)
    office.pending_work.drain()
    return of_kind(office, CLIENT, "settlement")


def let_go(office: Office) -> dict[str, date]:
    """Clients of whom dates before the revocation may be told, as issuing asks."""
    with office.store.transaction() as tx:
        return dict(SqlDrafts().settled(tx, office.payer_id))


def test_a_settled_revocation_that_was_typed_wrong_lets_nothing_go(
    office: Office, story: Story
) -> None:
    office.hear(story.revoked(CLIENT, office.payer_id, day(5)))
    statement = settled(office, disclose=True, on=5)
    assert let_go(office) == {CLIENT: day(5)}
    content = last_said(statement)
    content.disclose = False
    put_right(office, statement, content)
    assert let_go(office) == {}
    content.disclose = True
    put_right(office, of_kind(office, CLIENT, "settlement"), content)
    assert let_go(office) == {CLIENT: day(5)}
    put_right(office, of_kind(office, CLIENT, "settlement"), None)
    assert let_go(office) == {}


def test_a_settlement_is_about_the_last_revocation_also_when_it_is_put_right(
    office: Office, story: Story
) -> None:
    office.hear(story.revoked(CLIENT, office.payer_id, day(5)))
    statement = settled(office, disclose=True, on=5)
    content = last_said(statement)
    content.revoked_on.CopyFrom(to_date(day(6)))
    with pytest.raises(AgainstTheRules, match="another one than was meant"):
        put_right(office, statement, content)
    content.client_id = "0c11e700-0000-4000-8000-000000000002"
    with pytest.raises((AgainstTheRules, Malformed)):
        put_right(office, statement, content)
