"""Replay: what other rules would make of what was attended, with nothing touched."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from ninehours.billing.v1 import billing_work_service_pb2 as pb
from sqlalchemy.exc import DBAPIError

from kernel.messaging.pending import mark_pending
from kernel.refusal import Malformed, Unknown
from kernel.rpc.translate import date_of, to_date
from kernel.store.statements import text
from services.billing.adapters.rule_sets import message_of
from services.billing.domain.payers.rules import PerDiem
from tests.harness.billing.facts import COVERAGE, SITE, Story
from tests.harness.billing.history import MONDAY, RULES, day
from tests.harness.billing.service import Office, covered
from tests.harness.kernel.tables import every_table

LONG, SHORT, ISSUED = (f"0c11e700-0000-4000-8000-00000000000{n}" for n in (1, 2, 3))
MINUTES = {LONG: 200, SHORT: 150, ISSUED: 190}
DAYS = [day(0), day(2), day(7)]
NOBODY = "0c11e700-0000-4000-8000-00000000dead"


@pytest.fixture
def attended(office: Office, story: Story) -> Office:
    """Three clients of 200, 150 and 190 minutes a day; of the last the first week is issued."""
    office.set_up(SITE, [])
    for client_id, minutes in MINUTES.items():
        office.authorize(client_id)
        office.hear(story.admitted(client_id, office.payer_id))
        office.hear(story.attended(client_id, DAYS, minutes))
    office.identities.cover(office.payer_id, covered(ISSUED, COVERAGE))
    assert office.issue(day(6)).claims == 1
    office.pending_work.drain()
    return office


def request(office: Office, first: date = MONDAY, **changes: Any) -> pb.ReplayRequest:
    """The rules of the office with these changes, for service dates from `first` on."""
    rules = replace(RULES, payer_id=office.payer_id, **changes)
    return pb.ReplayRequest(rule_set=message_of(rules), first=to_date(first))


def per_diem(minutes: int) -> dict[str, Any]:
    return {"per_diem": PerDiem(code="H0015", modifiers=("HF",), minimum_minutes=minutes)}


def replayed(office: Office, asked: pb.ReplayRequest) -> tuple[list[Any], Any]:
    """Clients whose rows change, and the summary."""
    *clients, last = office.call("Replay", asked)
    return [client.client for client in clients], last.summary


def changed_days(clients: list[Any]) -> dict[tuple[str, date], tuple[int, int]]:
    """Client and date → amounts before and after."""
    return {
        (client.client_id, date_of(billed, "service_date")): (
            billed.before.amount.minor_units,
            billed.after.amount.minor_units,
        )
        for client in clients
        for billed in client.days
    }


def test_the_same_rules_change_nothing(attended: Office) -> None:
    clients, summary = replayed(attended, request(attended))
    assert (clients, summary.clients, summary.days) == ([], 3, 9)
    assert (summary.changed_days, summary.changed_claims, [*summary.totals]) == (0, 0, [])


@pytest.mark.parametrize("minimum", [120, 150, 151, 190, 195, 201])
def test_another_threshold_changes_exactly_the_days_between_the_two(
    attended: Office, minimum: int
) -> None:
    clients, summary = replayed(attended, request(attended, **per_diem(minimum)))
    expected = {
        (client_id, on): (30_000, 0) if minutes >= 180 else (0, 30_000)
        for client_id, minutes in MINUTES.items()
        for on in DAYS
        if (minutes >= 180) != (minutes >= minimum)
    }
    assert changed_days(clients) == expected
    assert summary.changed_days == len(expected)
    assert sum(total.after.minor_units - total.before.minor_units for total in summary.totals) == (
        sum(after - before for before, after in expected.values())
    )


def test_it_says_which_claims_would_be_voided_dropped_and_drafted(attended: Office) -> None:
    clients, _ = replayed(attended, request(attended, **per_diem(195)))
    [of_issued] = [client for client in clients if client.client_id == ISSUED]
    [claim] = attended.claims(ISSUED)
    told = {
        (pb.ClaimConsequence.Name(of_claim.consequence), of_claim.claim_id == claim.claim_id)
        for of_claim in of_issued.claims
    }
    assert told == {("CLAIM_CONSEQUENCE_VOID", True), ("CLAIM_CONSEQUENCE_DROP_DRAFT", False)}
    clients, _ = replayed(attended, request(attended, **per_diem(120)))
    [of_short] = [client for client in clients if client.client_id == SHORT]
    assert [
        (
            pb.ClaimConsequence.Name(claim.consequence),
            claim.before.minor_units,
            claim.after.minor_units,
        )
        for claim in of_short.claims
    ] == [("CLAIM_CONSEQUENCE_DRAFT", 0, 60_000), ("CLAIM_CONSEQUENCE_DRAFT", 0, 30_000)]


def test_a_day_says_why_it_would_not_be_billed(attended: Office) -> None:
    clients, _ = replayed(attended, request(attended, **per_diem(201)))
    reasons = {tuple(billed.after.reasons) for client in clients for billed in client.days}
    assert reasons == {("SHORT_OF_MINUTES",)}
    says = {tuple(billed.after.says) for client in clients for billed in client.days}
    assert says == {("fewer minutes were attended than the payer asks for",)}


def test_the_rules_hold_for_the_dates_that_are_asked_and_for_no_others(attended: Office) -> None:
    asked = request(attended, day(1), **per_diem(120))
    asked.last.CopyFrom(to_date(day(3)))
    clients, _ = replayed(attended, asked)
    assert changed_days(clients).keys() == {(SHORT, day(2))}


def test_a_replay_changes_no_row_of_the_database(attended: Office) -> None:
    before = every_table(attended.store)
    assert len(before) > 10
    replayed(attended, request(attended, **per_diem(120)))
    assert every_table(attended.store) == before


def test_the_database_itself_refuses_a_write_in_a_snapshot(attended: Office) -> None:
    with pytest.raises(DBAPIError) as refused, attended.store.snapshot() as tx:
        mark_pending(tx, [("claims", f"client/{LONG}")])
    assert "read-only" in str(refused.value.orig)
    with attended.store.transaction() as tx:
        assert tx.connection.execute(text("SHOW transaction_read_only")).scalar() == "off"


def test_rules_that_cant_be_read_are_refused_by_the_name_of_every_field(attended: Office) -> None:
    asked = request(attended, **per_diem(180))
    asked.rule_set.per_diem.minimum_minutes = 0
    asked.rule_set.billed_level = ""
    with pytest.raises(Malformed) as refused:
        replayed(attended, asked)
    assert refused.value.details.keys() == {
        "rule_set.per_diem.minimum_minutes",
        "rule_set.billed_level",
    }


def test_a_payer_nobody_registered_is_refused(attended: Office) -> None:
    asked = request(attended)
    asked.rule_set.payer_id = NOBODY
    with pytest.raises(Unknown):
        replayed(attended, asked)
