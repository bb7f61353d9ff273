"""What billing was told is read back: authorizations with numbers, payers' answers, who bills."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from ninehours.billing.v1 import billing_events_pb2 as events
from ninehours.billing.v1 import billing_service_pb2 as pb
from ninehours.billing.v1 import ledger_service_pb2 as ledger

from kernel.keys.forgetting import forget
from kernel.refusal import Unknown
from kernel.rpc.call import Call
from kernel.rpc.rpcs import rpc_of
from kernel.rpc.tokens import Actor
from kernel.rpc.translate import to_date, to_timestamp
from services.billing.adapters.rule_sets import message_of
from services.billing.api.ledger import LedgerServicer
from tests.harness.billing.facts import COVERAGE, SITE, Story
from tests.harness.billing.history import RULES, day
from tests.harness.billing.service import ADA, BOB, NPI, Office, covered, provider

CLIENT = "0c11e700-0000-4000-8000-000000000001"
STAFF = "5aff0000-0000-4000-8000-000000000001"


def read(office: Office, request: Any) -> Any:
    actor = Actor(ADA, frozenset({"biller"}), frozenset({"*"}), "PAYMENT")
    call = Call(
        actor=actor, now=office.now, deadline=lambda: None, correlation_id="c", traceparent=""
    )
    return getattr(LedgerServicer(office.store), rpc_of(request).name)(request, call)


def of_client(office: Office, **asked: Any) -> Any:
    return read(office, ledger.ReadLedgerRequest(client_id=CLIENT, **asked))


@pytest.fixture
def sent(office: Office, story: Story) -> Office:
    """One client's first week is issued."""
    office.set_up(SITE, [])
    office.authorize(CLIENT, units=5, site_id=SITE)
    office.hear(story.admitted(CLIENT, office.payer_id) + story.attended(CLIENT, [day(0), day(2)]))
    office.identities.cover(office.payer_id, covered(CLIENT, COVERAGE))
    assert office.issue(day(6)).claims == 1
    return office


def test_authorizations_are_told_with_the_payers_number(office: Office) -> None:
    office.register()
    first = office.authorize(CLIENT, units=5)
    office.authorize(CLIENT, units=7, number="SECOND-8", site_id=SITE)
    one, two = of_client(office).authorizations
    assert (one.authorization_id, one.number, one.any_site) == (first, "AUTHNUM4711", True)
    assert (two.number, two.units, two.site_id, two.any_site) == ("SECOND-8", 7, SITE, False)
    assert (one.recorded_by, one.version) == (ADA, 1)
    forget(office.store.engine, office.store.vault.keys, {f"client/{CLIENT}": office.now})
    one, two = of_client(office).authorizations
    assert (one.text_forgotten, one.number, one.units) == (True, "", 5)


def test_a_claim_is_told_with_every_answer_of_its_payer(sent: Office) -> None:
    [claim] = of_client(sent).claims
    assert (claim.payer_id, list(claim.adjudications)) == (sent.payer_id, [])
    before = sent.now
    sent.now += timedelta(days=1)
    sent.adjudicate(claim.claim_id, "DENIED")
    anew = pb.RecordAdjudicationRequest(
        claim_id=claim.claim_id,
        payer_control_number="PCN2",
        status=events.ADJUDICATION_STATUS_PAID,
        adjudicated_on=to_date(sent.now.date()),
        overrides=[pb.ADJUDICATION_OVERRIDE_PAYER_ANSWERED_ANEW],
    )
    anew.paid.currency_code, anew.paid.minor_units = "USD", 59_000
    sent.call("RecordAdjudication", anew)
    [claim] = of_client(sent).claims
    first, second = claim.adjudications
    assert (first.status, first.payer_control_number) == (
        events.ADJUDICATION_STATUS_DENIED,
        "PCN1",
    )
    assert (second.paid.minor_units, list(second.overrides)) == (59_000, list(anew.overrides))
    assert claim.version == 3
    [then] = of_client(sent, as_of=to_timestamp(before)).claims
    assert list(then.adjudications) == []


def test_waivers_and_settlements_are_told_with_who_said_so(sent: Office, story: Story) -> None:
    waiver = pb.BillWithoutAuthorizationRequest(
        client_id=CLIENT,
        payer_id=sent.payer_id,
        service_date=to_date(day(4)),
        reason=pb.WAIVER_REASON_NETWORK_DECISION,
    )
    sent.call("BillWithoutAuthorization", waiver, by=BOB)
    sent.hear(story.revoked(CLIENT, sent.payer_id, day(9)))
    for disclose in (True, False):
        settle = pb.SettleRevocationRequest(
            client_id=CLIENT,
            payer_id=sent.payer_id,
            disclose=disclose,
            revoked_on=to_date(day(9)),
        )
        sent.call("SettleRevocation", settle)
    told = of_client(sent)
    [waived] = told.waivers
    assert (waived.service_date, waived.recorded_by) == (to_date(day(4)), BOB)
    assert [settled.disclose for settled in told.settlements] == [True, False]


def test_a_payer_is_told_with_rules_proposed_and_confirmed(office: Office) -> None:
    office.register()
    office.propose()
    office.confirm()
    office.propose(2, sign_within_hours=12)
    payer = read(office, ledger.ReadPayerRequest(payer_id=office.payer_id))
    assert (payer.name, payer.payer_number) == ("Prairie Health", "PRAIRIE1")
    first, second = payer.rule_sets
    rules = replace(RULES, payer_id=office.payer_id, version=1)
    assert (first.rule_set, first.confirmed.recorded_by) == (message_of(rules), BOB)
    assert second.rule_set.sign_within_hours == 12
    assert not second.HasField("confirmed")
    with pytest.raises(Unknown):
        read(office, ledger.ReadPayerRequest(payer_id=str(uuid4())))


def test_who_bills_is_told_with_fees_enrollments_and_practitioners(office: Office) -> None:
    office.register()
    office.set_fee(30_000)
    office.set_fee(31_000, effective_from=to_date(day(90)))
    office.enroll(SITE)
    office.register_practitioner(STAFF)
    married = pb.RegisterPractitionerRequest(
        staff_id=STAFF, family_name="Oakes", given_name="Tamsin", npi=NPI
    )
    office.call("RegisterPractitioner", married)
    answer = read(office, ledger.ListProvidersRequest())
    [told] = answer.providers
    asked = provider()
    assert (told.name, told.npi, told.tax_id, told.address) == (
        asked.name,
        asked.npi,
        asked.tax_id,
        asked.address,
    )
    assert [fee.charge.minor_units for fee in told.fees] == [30_000, 31_000]
    assert [enrolled.site_id for enrolled in told.enrollments] == [SITE]
    [person] = answer.practitioners
    # The stream's version: each registration said another number, which is a fact beside it.
    assert (person.family_name, person.version) == ("Oakes", 4)
