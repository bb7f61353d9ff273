"""A worklist's address says what it is filtered by; its rows say what they are told, in words."""

import pytest
from ninehours.billing.v1 import billing_events_pb2 as events
from ninehours.billing.v1 import billing_work_service_pb2 as work
from ninehours.billing.v1 import rules_pb2 as rules
from ninehours.common.v1 import common_pb2 as common

from ninehours.console.directories import ClientsNamed
from ninehours.console.pages.worklist.filters import Filters, NoDate
from ninehours.console.pages.worklist.rows import row_of
from services.billing.adapters.explained import roles_of
from services.billing.domain.reasons import Reason
from tests.harness.billing.opening import commands_opening

CLIENT = "0c11e700-0000-4000-8000-000000000001"
KNOWN = ClientsNamed({CLIENT: "Garcia, Robin (1990)"}, known=True)


def test_another_order_or_filter_begins_at_the_first_page_and_keeps_the_rest() -> None:
    filters = Filters.of({"kind": "hold", "reason": "NOTE_UNSIGNED", "after": "x", "other": "y"})
    assert filters.address(order="dollars") == (
        "/worklist?kind=hold&reason=NOTE_UNSIGNED&order=dollars"
    )
    assert Filters.of({}).address() == "/worklist"
    assert filters.query == "kind=hold&reason=NOTE_UNSIGNED"


def test_what_is_asked_is_what_the_address_says() -> None:
    asked = Filters.of({"kind": "draft", "order": "dollars", "first": "2026-03-09"}).request(50)
    assert asked == work.ListWorkRequest(
        kind=work.WORK_KIND_DRAFT,
        order=work.WORK_ORDER_DOLLARS,
        first=common.Date(year=2026, month=3, day=9),
        page_size=50,
    )
    with pytest.raises(NoDate, match="last"):
        Filters.of({"last": "tomorrow"}).request(50)


def usd(minor: int) -> common.Money:
    return common.Money(currency_code="USD", minor_units=minor)


def test_a_correction_says_what_becomes_of_the_charge_and_what_it_waits_for() -> None:
    item = work.WorkItem(
        kind=work.WORK_KIND_PROPOSAL,
        client_id=CLIENT,
        payer_id="p",
        claim_id="claim-1",
        first=common.Date(year=2026, month=3, day=9),
        last=common.Date(year=2026, month=3, day=11),
        at_stake=usd(30_000),
        action=rules.CORRECTION_ACTION_REPLACE,
        state=events.PROPOSAL_STATE_AWAITING_RELEASE,
        issued_charge=usd(60_000),
        corrected_charge=usd(30_000),
        reasons=[
            work.WorkReason(
                reason="NOTE_UNSIGNED",
                says="a session's note is not signed",
                opened_by=[work.Opener(says="signs it", roles=["clinician"])],
            )
        ],
    )
    row = row_of(item, KNOWN, {"p": "Prairie"}, {})
    assert row.why == "/why/claims/claim-1"
    assert (row.client, row.dates) == ("Garcia, Robin (1990)", ["2026-03-09", "2026-03-11"])
    assert row.change == "replace, $600.00 → $300.00"
    assert row.state == "A date may still come back."
    assert [waits.opened_by for waits in row.waits] == [["a clinician signs it"]]
    assert row.act.name == "See the correction"
    assert "$600.00 at Prairie would become $300.00" in row.act.consequence


@pytest.mark.parametrize(
    ("reason", "path", "says"),
    [
        (Reason.NO_AUTHORIZATION, "/days/c/2026-03-09/authorization", "takes its units"),
        (Reason.NO_COVERAGE, "/clients/c#coverages", "Where it is recorded"),
        (Reason.PLAN_ON_PAPER, "/why/days/c/2026-03-09", "outside of these pages"),
        (Reason.NOTE_UNSIGNED, "/why/days/c/2026-03-09", "none of it is a biller's"),
    ],
)
def test_what_is_next_of_a_hold_is_what_a_biller_does_on_a_page_else_who_opens_it(
    reason: Reason, path: str, says: str
) -> None:
    item = work.WorkItem(
        kind=work.WORK_KIND_HOLD,
        client_id="c",
        first=common.Date(year=2026, month=3, day=9),
        last=common.Date(year=2026, month=3, day=9),
        reasons=[
            work.WorkReason(
                opened_by=[
                    work.Opener(rpc=rpc, roles=roles_of(rpc)) for rpc in commands_opening(reason)
                ]
            )
        ],
    )
    row = row_of(item, KNOWN, {}, {})
    assert row.act.path == path
    assert says in row.act.consequence


def test_a_draft_does_not_promise_that_it_leaves() -> None:
    """Billing knows why it stays when it issues, and not before."""
    item = work.WorkItem(kind=work.WORK_KIND_DRAFT, payer_id="p", at_stake=usd(30_000))
    act = row_of(item, KNOWN, {"p": "Prairie"}, {}).act
    assert "Prairie" in act.consequence
    assert "$300.00" in act.consequence
    assert "what stays, and why" in act.consequence
    assert "would go" not in act.consequence


def test_dollars_that_nobody_knows_are_not_told_as_none() -> None:
    item = work.WorkItem(kind=work.WORK_KIND_HOLD, client_id="somebody")
    row = row_of(item, KNOWN, {}, {})
    assert (row.at_stake, row.client, row.where) == ("", "somebody", [])
