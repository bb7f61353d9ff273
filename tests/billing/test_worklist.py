"""What awaits billers is one list: days on HOLD, drafts and corrections, with why, and by whom."""

from collections.abc import Sequence
from typing import Any

import pytest
from ninehours.billing.v1 import billing_events_pb2 as events
from ninehours.billing.v1 import billing_work_service_pb2 as work
from sqlalchemy import event

from kernel.refusal import Malformed
from kernel.rpc.translate import date_of, to_date
from tests.harness.billing.facts import COVERAGE, SITE, Story
from tests.harness.billing.history import day
from tests.harness.billing.service import Office, covered

CLIENT = "0c11e700-0000-4000-8000-000000000001"
OTHER = "0c11e700-0000-4000-8000-000000000002"
NOBODY = "0c11e700-0000-4000-8000-00000000dead"
HOLD, DRAFT, PROPOSAL = work.WORK_KIND_HOLD, work.WORK_KIND_DRAFT, work.WORK_KIND_PROPOSAL


@pytest.fixture
def busy(office: Office, story: Story) -> Office:
    """One client with an issued week, of which a day lost an hour, and a draft; another without
    authorization."""
    office.set_up(SITE, [CLIENT])
    for client_id in (CLIENT, OTHER):
        office.hear(story.admitted(client_id, office.payer_id))
        office.hear(story.attended(client_id, [day(0), day(2)]))
    office.identities.cover(office.payer_id, covered(CLIENT, COVERAGE))
    assert office.issue(day(6)).claims == 1
    office.hear(story.attended(CLIENT, [day(7), day(8)]))
    office.hear(story.corrected(CLIENT, day(2), 1, 30))
    return office


def asked(office: Office, **filters: Any) -> work.ListWorkResponse:
    answer: work.ListWorkResponse = office.call(
        "ListWork", work.ListWorkRequest(on=to_date(day(30)), **filters)
    )
    return answer


def kinds(office: Office, **filters: Any) -> Sequence[int]:
    return [item.kind for item in asked(office, **filters).items]


def test_oldest_first_each_with_its_dates_its_dollars_and_why(busy: Office) -> None:
    found = asked(busy).items
    assert [(item.kind, date_of(item, "first"), item.age_days) for item in found] == [
        (HOLD, day(0), 30),
        (PROPOSAL, day(2), 28),
        (HOLD, day(2), 28),
        (DRAFT, day(7), 23),
    ]
    assert [item.at_stake.minor_units for item in found] == [30_000, 30_000, 30_000, 60_000]
    assert {item.site_id for item in found} == {SITE}
    [reason] = found[0].reasons
    assert (reason.gate, reason.reason) == ("AUTHORIZATION", "NO_AUTHORIZATION")
    assert [opener.rpc.rpartition("/")[2] for opener in reason.opened_by] == [
        "RecordAuthorization",
        "BillWithoutAuthorization",
    ]
    assert str(day(0)) in reason.opened_by[0].says
    assert list(reason.opened_by[0].roles) == ["biller"]
    [claim] = busy.claims(CLIENT)
    assert found[1].claim_id == claim.claim_id
    assert found[1].state == events.PROPOSAL_STATE_AWAITING_CONTROL_NUMBER


def test_most_dollars_first_where_that_is_asked(busy: Office) -> None:
    dollars = work.WORK_ORDER_DOLLARS
    found = asked(busy, order=dollars).items
    assert [item.at_stake.minor_units for item in found] == [60_000, 30_000, 30_000, 30_000]


@pytest.mark.parametrize("order", [work.WORK_ORDER_UNSPECIFIED, work.WORK_ORDER_DOLLARS])
def test_pages_hold_each_once_and_totals_tell_of_all(busy: Office, order: int) -> None:
    whole = asked(busy, order=order)
    paged, token = list[work.WorkItem](), ""
    while True:
        page = asked(busy, order=order, page_size=1, page_token=token)
        assert page.totals == whole.totals
        paged += page.items
        if not (token := page.next_page_token):
            break
    assert paged == list(whole.items)
    assert [(each.kind, each.items, each.at_stake.minor_units) for each in whole.totals] == [
        (HOLD, 2, 60_000),
        (DRAFT, 1, 60_000),
        (PROPOSAL, 1, 30_000),
    ]


def test_however_much_awaits_it_is_looked_through_once_for_a_page_and_what_it_comes_to(
    busy: Office,
) -> None:
    said: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        said.append(statement)

    event.listen(busy.store.engine, "before_cursor_execute", note)
    try:
        assert asked(busy).totals
    finally:
        event.remove(busy.store.engine, "before_cursor_execute", note)
    assert len([each for each in said if "FROM derived" in each]) == 1


def test_it_is_found_by_kind_payer_site_reason_and_first_date(busy: Office) -> None:
    everything = kinds(busy)
    assert kinds(busy, payer_id=busy.payer_id, site_id=SITE) == everything
    assert kinds(busy, payer_id=NOBODY) == kinds(busy, site_id=NOBODY) == []
    assert kinds(busy, kind=DRAFT) == [DRAFT]
    assert kinds(busy, reason="NO_AUTHORIZATION") == [HOLD, HOLD]
    assert kinds(busy, first=to_date(day(3))) == [DRAFT]
    assert kinds(busy, last=to_date(day(0))) == [HOLD]


def test_a_token_of_nobodys_is_refused(busy: Office) -> None:
    with pytest.raises(Malformed, match="page_token"):
        asked(busy, page_token="elsewhere")
