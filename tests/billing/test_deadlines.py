"""Authorizations that run out, filing limits, and a client's account as it stood at any moment."""

from datetime import date, timedelta
from typing import Any

import pytest
from ninehours.billing.v1 import accounts_service_pb2 as accounts
from ninehours.billing.v1 import deadlines_service_pb2 as pb

from kernel.rpc.call import Call
from kernel.rpc.rpcs import rpc_of
from kernel.rpc.tokens import Actor
from kernel.rpc.translate import to_date, to_timestamp
from services.billing.adapters.as_of import SqlDeadlines
from services.billing.api.accounts import AccountsServicer
from services.billing.api.deadlines import DeadlinesServicer
from tests.harness.billing.facts import COVERAGE, SITE, Story
from tests.harness.billing.history import day
from tests.harness.billing.service import NOW, Office, covered

CLIENT = "0c11e700-0000-4000-8000-000000000001"


def ask(office: Office, request: Any) -> Any:
    actor = Actor(
        id="staff/ada", roles=frozenset({"biller"}), sites=frozenset({"*"}), purpose="PAYMENT"
    )
    call = Call(actor=actor, now=NOW, deadline=lambda: None, correlation_id="c", traceparent="")
    servicers = {
        "DeadlinesService": DeadlinesServicer(office.store, SqlDeadlines()),
        "AccountsService": AccountsServicer(office.store),
    }
    rpc = rpc_of(request)
    return getattr(servicers[rpc.containing_service.name], rpc.name)(request, call)


def due(office: Office, on: date, **changes: Any) -> list[tuple[str, bool, str]]:
    found = ask(office, pb.ListDueRequest(on=to_date(on), **changes)).items
    return [(task.kind, task.overdue, task.detail) for task in found]


def attended(office: Office, story: Story, units: int, days: list[date]) -> None:
    office.set_up(SITE, [])
    office.authorize(CLIENT, units)
    office.hear(story.admitted(CLIENT, office.payer_id) + story.attended(CLIENT, days))


@pytest.mark.parametrize(("units", "told"), [(5, []), (4, ["0 of 4 DAYS left"])])
def test_an_authorization_is_due_when_its_units_will_not_last_a_week(
    office: Office, story: Story, units: int, told: list[str]
) -> None:
    attended(office, story, units, [day(21), day(22), day(28), day(35)])
    assert [detail for _, _, detail in due(office, NOW.date())] == told


def test_who_is_no_longer_expected_needs_no_more_authorization(
    office: Office, story: Story
) -> None:
    attended(office, story, 30, [day(0)])
    assert due(office, day(55)) == []
    office.hear(story.attended(CLIENT, [day(58)]))
    assert [kind for kind, *_ in due(office, day(55))] == ["EXTEND_AUTHORIZATION"]
    assert due(office, day(55), person="staff/ada") == []


def test_a_draft_is_due_before_the_payers_filing_limit_and_late_after_it(
    office: Office, story: Story
) -> None:
    attended(office, story, 30, [day(0)])
    limit = day(0) + timedelta(days=90)
    assert due(office, limit - timedelta(days=31)) == []
    assert due(office, limit - timedelta(days=30)) == [("ISSUE_CLAIM", False, "")]
    assert due(office, limit + timedelta(days=1)) == [("ISSUE_CLAIM", True, "")]


def test_an_account_is_told_as_it_was_heard_by_then(office: Office, story: Story) -> None:
    attended(office, story, 30, [day(0), day(1)])
    office.identities.cover(office.payer_id, covered(CLIENT, COVERAGE))
    office.issue(day(6))
    [now] = ask(office, accounts.ReadAccountRequest(client_id=CLIENT)).authorizations
    assert (now.issued, now.allocated) == (2, 0)
    before = accounts.ReadAccountRequest(
        client_id=CLIENT, as_of=to_timestamp(NOW - timedelta(seconds=1))
    )
    told = ask(office, before)
    assert (list(told.claims), [authorization.issued for authorization in told.authorizations]) == (
        [],
        [],
    )
    [claim] = ask(office, accounts.ReadAccountRequest(client_id=CLIENT)).claims
    assert (claim.frequency, claim.stands, claim.charge.minor_units) == ("1", True, 60_000)
