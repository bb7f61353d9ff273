"""Billing over its servicer, on PostgreSQL: what is registered, proposed, derived and listed."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from ninehours.billing.v1 import billing_events_pb2 as events
from ninehours.billing.v1 import billing_service_pb2 as pb
from ninehours.common.v1 import common_pb2 as common

from kernel.refusal import AgainstTheRules, Malformed, NotYet, Unknown
from kernel.rpc.translate import date_of, to_date
from services.billing.adapters.rule_sets import message_of
from tests.harness.billing.facts import COVERAGE, SITE, Story
from tests.harness.billing.history import RULES, day
from tests.harness.billing.service import ADA, Office, covered, provider

CLIENT = "0c11e700-0000-4000-8000-000000000001"
OTHERS = [f"0c11e700-0000-4000-8000-00000000000{n}" for n in range(2, 5)]


def outcomes(office: Office) -> list[str]:
    return [content["outcome"] for content in office.of_kind("service_day")]


def reasons(office: Office) -> set[str]:
    return {
        verdict["reason"]
        for content in office.of_kind("service_day")
        for verdict in content["verdicts"]
        if not verdict["open"]
    }


def confirmed(office: Office) -> None:
    office.propose()
    office.confirm()


def test_what_billing_itself_says_makes_its_clients_days_due_one_gate_after_the_other(
    office: Office, story: Story
) -> None:
    office.register()
    office.hear(story.admitted(CLIENT, office.payer_id) + story.attended(CLIENT, [day(0)]))
    steps: list[tuple[str, Callable[[], object]]] = [
        ("NO_RULES_IN_EFFECT", partial(confirmed, office)),
        ("NOT_ENROLLED", lambda: office.enroll(SITE)),
        ("NO_FEE", office.set_fee),
        ("NO_AUTHORIZATION", lambda: office.authorize(CLIENT)),
    ]
    for reason, step in steps:
        assert (outcomes(office), reasons(office)) == (["HOLD"], {reason})
        step()
        assert office.pending_work.drain() == 1
    assert (outcomes(office), reasons(office)) == (["PER_DIEM"], set())


def test_proposed_rules_hold_for_nobody_until_somebody_else_confirms_them(
    office: Office, story: Story
) -> None:
    office.set_up(SITE, [CLIENT])
    office.hear(story.admitted(CLIENT, office.payer_id) + story.attended(CLIENT, [day(0)]))
    assert outcomes(office) == ["PER_DIEM"]
    office.propose(version=2, billed_level="2.5")
    assert (office.pending_work.drain(), outcomes(office)) == (0, ["PER_DIEM"])
    with pytest.raises(AgainstTheRules) as refused:
        office.confirm(2, by=ADA)
    assert refused.value.reason == "CONFIRMED_BY_ITS_AUTHOR"
    assert (office.pending_work.drain(), outcomes(office)) == (0, ["PER_DIEM"])
    office.confirm(2)
    office.pending_work.drain()
    assert (outcomes(office), "OTHER_LEVEL" in reasons(office)) == (["HOLD"], True)


def test_a_fee_set_twice_for_one_day_is_the_later_one(office: Office, story: Story) -> None:
    office.set_up(SITE, [CLIENT])
    office.hear(story.admitted(CLIENT, office.payer_id) + story.attended(CLIENT, [day(0)]))
    for charge in (32_000, 31_000, 33_000, 30_500):
        office.set_fee(charge)
        office.pending_work.drain()
        [draft] = office.of_kind("draft_claim")
        assert draft["charge_minor"] == charge


MALFORMED: list[tuple[str, Any, set[str]]] = [
    ("RegisterProvider", provider(npi="1234567890"), {"npi"}),
    (
        "RegisterProvider",
        provider(tax_id="12-345678", contact_phone="1"),
        {"tax_id", "contact_phone"},
    ),
    (
        "RegisterProvider",
        provider(address=common.PostalAddress(zip="60601")),
        {"address.zip"},
    ),
    (
        "SetFee",
        pb.SetFeeRequest(charge=common.Money(currency_code="EUR", minor_units=1)),
        {"provider_id", "code", "charge.currency_code", "effective_from"},
    ),
    (
        "SetFee",
        pb.SetFeeRequest(
            provider_id=str(uuid4()),
            code="H0015",
            charge=common.Money(currency_code="USD", minor_units=10_000_001),
            effective_from=to_date(date(2026, 1, 1)),
        ),
        {"charge.minor_units"},
    ),
    (
        "RecordAuthorization",
        pb.RecordAuthorizationRequest(number="1", level_of_care="2.1", units=0),
        {"client_id", "payer_id", "units", "effective_from", "effective_to"},
    ),
    (
        "RecordAuthorization",
        pb.RecordAuthorizationRequest(number="AUTH*4711", level_of_care="2.1", units=1),
        {"number"},
    ),
    (
        "RegisterPayer",
        pb.RegisterPayerRequest(name="Payer", payer_number="1", filing_indicator="_"),
        {"payer_number", "filing_indicator"},
    ),
    (
        "RecordAdjudication",
        pb.RecordAdjudicationRequest(payer_control_number="ICN_1"),
        {"payer_control_number"},
    ),
    (
        "RegisterProvider",
        provider(taxonomy="261QR", contact_name="日本"),
        {"taxonomy", "contact_name"},
    ),
    (
        "ProposeRuleSet",
        pb.ProposeRuleSetRequest(),
        {"rule_set.payer_id", "rule_set.claim_form"},
    ),
    ("IssueClaims", pb.IssueClaimsRequest(), {"payer_id", "through"}),
    ("ReadBatch", pb.ReadBatchRequest(batch_id="../etc"), {"batch_id"}),
    ("ListClaims", pb.ListClaimsRequest(page_size=1001), {"page_size"}),
    ("ListClaims", pb.ListClaimsRequest(page_token="elsewhere|1"), {"page_token"}),
    ("ListServiceDays", pb.ListServiceDaysRequest(client_id="ada"), {"client_id"}),
    ("ListProposals", pb.ListProposalsRequest(page_size=-1), {"page_size"}),
]


def test_every_wrong_field_is_named(office: Office) -> None:
    for rpc, request, fields in MALFORMED:
        with pytest.raises(Malformed) as refused:
            office.call(rpc, request)
        assert fields <= refused.value.details.keys(), rpc


def test_what_is_not_there_is_unknown(office: Office) -> None:
    office.register()
    nobody = str(uuid4())
    for attempt in (
        lambda: office.call("ReadBatch", pb.ReadBatchRequest(batch_id=nobody)),
        lambda: office.issue(day(6), payer_id=nobody),
        lambda: office.confirm(7),
    ):
        with pytest.raises(Unknown):
            attempt()
    office.payer_id = nobody
    for attempt in (lambda: office.authorize(CLIENT), lambda: office.enroll(SITE)):
        with pytest.raises(Unknown):
            attempt()
    assert office.query("SELECT * FROM document") == []


def pages_of(
    office: Office, rpc: str, make: Callable[..., Any], items: str, size: int = 2
) -> list[Any]:
    """Everything an RPC lists, so many a page."""
    found: list[Any] = []
    token = ""
    while True:
        page = office.call(rpc, make(page_size=size, page_token=token))
        assert len(getattr(page, items)) <= size
        found += getattr(page, items)
        token = page.next_page_token
        if not token:
            return found


def test_pages_hold_everything_once(office: Office, story: Story) -> None:
    """Four clients over two weeks, of which one is issued; then days of the first are corrected."""
    clients = [CLIENT, *OTHERS]
    office.set_up(SITE, clients)
    for client_id in clients:
        office.hear(story.admitted(client_id, office.payer_id))
        office.hear(story.attended(client_id, [day(0), day(2), day(7)]))
        office.identities.withheld[client_id] = "NO_CONSENT"
    office.issue(day(6), command="nobody")
    office.identities.withheld.clear()
    for client_id in clients:
        office.identities.cover(office.payer_id, covered(client_id, COVERAGE))
    assert office.issue(day(6)).claims == 4
    office.pending_work.drain()
    for client_id in clients[:3]:
        office.hear(story.corrected(client_id, day(0), 1, 0))

    days = pages_of(office, "ListServiceDays", pb.ListServiceDaysRequest, "days")
    said = [(billed.client_id, date_of(billed, "service_date")) for billed in days]
    assert said == sorted((client, day(n)) for client in clients for n in (0, 2, 7))

    claims = pages_of(office, "ListClaims", pb.ListClaimsRequest, "claims")
    assert len({claim.claim_id for claim in claims}) == len(claims) == 8
    assert [claim.state for claim in claims] == [pb.CLAIM_STATE_ISSUED] * 4 + [
        pb.CLAIM_STATE_DRAFTED
    ] * 4
    for state in (pb.CLAIM_STATE_ISSUED, pb.CLAIM_STATE_DRAFTED):
        only = pages_of(
            office,
            "ListClaims",
            lambda state=state, **page: pb.ListClaimsRequest(state=state, **page),
            "claims",
        )
        assert only == [claim for claim in claims if claim.state == state]
    for size in (1, 3, 4, 7, 8, 9):
        assert claims == pages_of(office, "ListClaims", pb.ListClaimsRequest, "claims", size)
    whole = office.call("ListClaims", pb.ListClaimsRequest())
    assert (list(whole.claims), whole.next_page_token) == (claims, "")

    proposals = pages_of(office, "ListProposals", pb.ListProposalsRequest, "proposals")
    assert [proposal.client_id for proposal in proposals] == sorted(clients[:3])
    assert {proposal.action for proposal in proposals} == {1}


def test_lists_are_of_the_client_and_the_outcome_asked_for(office: Office, story: Story) -> None:
    office.set_up(SITE, [CLIENT, OTHERS[0]])
    for client_id in (CLIENT, OTHERS[0]):
        office.hear(story.admitted(client_id, office.payer_id))
        office.hear(story.attended(client_id, [day(0)]))
        office.hear(story.attended(client_id, [day(1)], minutes=10))
    asked = pb.ListServiceDaysRequest(client_id=CLIENT, outcome=events.OUTCOME_NOT_BILLABLE)
    [only] = office.call("ListServiceDays", asked).days
    assert (only.client_id, only.minutes, date_of(only, "service_date")) == (CLIENT, 10, day(1))
    [claim] = office.call("ListClaims", pb.ListClaimsRequest(client_id=CLIENT)).claims
    assert (claim.client_id, claim.charge.minor_units, len(claim.lines)) == (CLIENT, 30_000, 1)


def test_a_question_waits_for_what_it_is_to_come_after(office: Office, story: Story) -> None:
    office.set_up(SITE, [CLIENT])
    told = story.admitted(CLIENT, office.payer_id) + story.attended(CLIENT, [day(0)])
    last = common.Position(topic="ninehours.attendance.v1", subject=f"client/{CLIENT}", sequence=3)
    asked = pb.ListServiceDaysRequest(client_id=CLIENT, after=[last])
    with pytest.raises(NotYet) as refused:
        office.call("ListServiceDays", asked, deadline=0.5)
    assert refused.value.reason == "NOT_HEARD_YET"
    office.inbox.hear(told)
    with pytest.raises(NotYet):  # heard, but not derived
        office.call("ListServiceDays", asked, deadline=0.5)
    office.pending_work.drain()
    assert len(office.call("ListServiceDays", asked).days) == 1


def test_rules_are_kept_as_they_were_proposed(office: Office) -> None:
    office.register()
    office.propose(claim_period="MONTH", plan_due_days=11, late_day="REPLACE")
    office.confirm()
    [row] = office.query("SELECT body FROM published WHERE type LIKE '%RuleSetConfirmed'")
    message = events.RuleSetConfirmed.FromString(bytes(row.body))
    rules = replace(
        RULES,
        payer_id=office.payer_id,
        claim_period="MONTH",
        plan_due_days=11,
        late_day="REPLACE",
    )
    assert message.rule_set == message_of(rules)
    assert message.confirmed_by == "staff/bob"
