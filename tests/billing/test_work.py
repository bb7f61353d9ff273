"""What billing teams list: filters find what they name; holds say what is at stake, since when."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from ninehours.billing.v1 import billing_events_pb2 as events
from ninehours.billing.v1 import billing_service_pb2 as pb
from ninehours.billing.v1 import billing_work_service_pb2 as work
from ninehours.billing.v1 import rules_pb2

from kernel.refusal import Malformed
from kernel.rpc.translate import date_of, to_date, to_timestamp
from services.billing.domain.payers.rules import LateSignature
from tests.harness.billing.facts import COVERAGE, SITE, Story
from tests.harness.billing.history import day
from tests.harness.billing.service import Office, covered

CLIENT = "0c11e700-0000-4000-8000-000000000001"
OTHER = "0c11e700-0000-4000-8000-000000000002"
NOBODY = "0c11e700-0000-4000-8000-00000000dead"


@pytest.fixture
def busy(office: Office, story: Story) -> Office:
    """One client with an issued week and a draft; another without authorization."""
    office.set_up(SITE, [CLIENT])
    for client_id in (CLIENT, OTHER):
        office.hear(story.admitted(client_id, office.payer_id))
        office.hear(story.attended(client_id, [day(0), day(2)]))
    office.identities.cover(office.payer_id, covered(CLIENT, COVERAGE))
    assert office.issue(day(6)).claims == 1
    office.hear(story.attended(CLIENT, [day(7)]))
    return office


def days(office: Office, **filters: Any) -> list[tuple[str, date]]:
    answer = office.call("ListServiceDays", pb.ListServiceDaysRequest(**filters))
    return [(billed.client_id, date_of(billed, "service_date")) for billed in answer.days]


def claims(office: Office, **filters: Any) -> list[int]:
    answer = office.call("ListClaims", pb.ListClaimsRequest(**filters))
    return [claim.state for claim in answer.claims]


def test_days_are_found_by_payer_site_outcome_reason_and_dates(busy: Office) -> None:
    everything = days(busy)
    assert len(everything) == 5
    assert days(busy, payer_id=busy.payer_id, site_id=SITE) == everything
    assert days(busy, payer_id=NOBODY) == days(busy, site_id=NOBODY) == []
    held = [(OTHER, day(0)), (OTHER, day(2))]
    assert days(busy, outcome=events.OUTCOME_HOLD) == held
    assert days(busy, reason="NO_AUTHORIZATION") == held
    assert days(busy, reason="NO_PLAN_IN_FORCE") == []
    assert days(busy, first=to_date(day(2)), last=to_date(day(2))) == [
        (CLIENT, day(2)),
        (OTHER, day(2)),
    ]


def test_claims_are_found_by_state_batch_frequency_answer_and_period(busy: Office) -> None:
    issued, drafted = pb.CLAIM_STATE_ISSUED, pb.CLAIM_STATE_DRAFTED
    assert claims(busy) == [issued, drafted]
    [claim] = busy.claims(CLIENT)
    assert claims(busy, batch_id=claim.batch_id) == [issued]
    assert claims(busy, batch_id=NOBODY) == []
    assert claims(busy, frequency="1") == [issued, drafted]
    assert claims(busy, frequency="7") == []
    assert claims(busy, adjudication=events.ADJUDICATION_STATUS_PAID) == []
    busy.adjudicate(claim.claim_id)
    assert claims(busy, adjudication=events.ADJUDICATION_STATUS_PAID) == [issued]
    assert claims(busy, first=to_date(day(7))) == [drafted]
    assert claims(busy, last=to_date(day(6))) == [issued]
    assert claims(busy, site_id=SITE, payer_id=busy.payer_id) == [issued, drafted]


def test_proposals_are_found_by_state_action_site_and_changed_dates(
    busy: Office, story: Story
) -> None:
    busy.hear(story.corrected(CLIENT, day(2), 1, 30))

    def found(**filters: Any) -> int:
        answer = busy.call("ListProposals", pb.ListProposalsRequest(**filters))
        return len(answer.proposals)

    assert found() == found(site_id=SITE) == found(payer_id=busy.payer_id) == 1
    assert found(action=rules_pb2.CORRECTION_ACTION_REPLACE) == 1
    assert found(action=rules_pb2.CORRECTION_ACTION_VOID) == 0
    assert found(state=events.PROPOSAL_STATE_AWAITING_CONTROL_NUMBER) == 1
    assert found(state=events.PROPOSAL_STATE_READY) == 0
    assert found(first=to_date(day(2)), last=to_date(day(2))) == 1
    assert found(first=to_date(day(3))) == found(last=to_date(day(1))) == found(site_id=NOBODY) == 0


def test_pages_of_claims_hold_each_once_from_issued_to_drafted(busy: Office) -> None:
    token, found = "", []
    while True:
        request = pb.ListClaimsRequest(page_size=1, page_token=token)
        answer = busy.call("ListClaims", request)
        found += [claim.claim_id for claim in answer.claims]
        token = answer.next_page_token
        if not token:
            break
    listed = busy.call("ListClaims", pb.ListClaimsRequest()).claims
    assert found == [item.claim_id for item in listed]
    assert len(found) == 2


def test_a_hold_says_what_awaits_how_long_and_what_it_is_worth(busy: Office) -> None:
    request = work.ListHoldsRequest(on=to_date(day(30)), reason="NO_AUTHORIZATION")
    held = busy.call("ListHolds", request).holds
    assert [(h.client_id, h.age_days, h.at_stake.minor_units) for h in held] == [
        (OTHER, 30, 30_000),
        (OTHER, 28, 30_000),
    ]
    assert [[reason.gate for reason in hold.reasons] for hold in held] == [["AUTHORIZATION"]] * 2


def test_what_a_hold_is_worth_is_not_guessed_where_no_fee_is_known(
    office: Office, story: Story
) -> None:
    office.register()
    office.hear(story.admitted(CLIENT, office.payer_id) + story.attended(CLIENT, [day(0)]))
    [hold] = office.call("ListHolds", work.ListHoldsRequest()).holds
    assert not hold.HasField("at_stake")


def test_who_writes_notes_is_told_what_waits_on_them_and_no_other_hold(
    busy: Office, story: Story
) -> None:
    for client_id in (CLIENT, OTHER):
        busy.hear(story.attended(client_id, [day(9)]) + story.unsigned(client_id, day(9)))
    busy.hear(story.discharged(OTHER, day(8), "OTHER"))
    asked = work.ListDaysAwaitingNotesRequest(on=to_date(day(12)))
    awaiting = busy.call("ListDaysAwaitingNotes", asked).days
    assert [
        (each.client_id, each.age_days, each.at_stake.minor_units, each.others_wait)
        for each in awaiting
    ] == [(CLIENT, 3, 30_000, False), (OTHER, 3, 30_000, True)]
    asked.page_size = 1
    first = busy.call("ListDaysAwaitingNotes", asked)
    asked.page_token = first.next_page_token
    assert [*first.days, *busy.call("ListDaysAwaitingNotes", asked).days] == list(awaiting)


def test_who_signed_too_late_is_told_what_is_to_be_attested_and_how_much_waits_on_it(
    office: Office, story: Story
) -> None:
    office.set_up(SITE, [CLIENT], late_signature=LateSignature.ATTEST)
    office.hear(story.admitted(CLIENT, office.payer_id))
    office.hear(story.attended(CLIENT, [day(0), day(2)]))
    office.hear(story.late(CLIENT, day(2)) + story.unsigned(CLIENT, day(0)))
    evening = f"{CLIENT} {day(2)} evening"

    def waiting() -> list[tuple[str, int, int]]:
        asked = work.ListNotesToAttestRequest(on=to_date(day(12)))
        notes = office.call("ListNotesToAttest", asked).notes
        return [(it.terms.session_id, it.age_days, it.at_stake.minor_units) for it in notes]

    assert waiting() == [(evening, 10, 30_000)]
    asked = work.TellNoteTermsRequest(client_ids=[CLIENT], service_date=to_date(day(2)))
    told = {it.session_id: it for it in office.call("TellNoteTerms", asked).notes}
    assert {it.late_signature for it in told.values()} == {rules_pb2.LATE_SIGNATURE_ATTEST}
    assert {session_id: it.late for session_id, it in told.items()} == {
        evening: True,
        f"{CLIENT} {day(2)}": False,
    }
    office.hear(story.attested(CLIENT, day(2)))
    assert waiting() == []
    assert {it.attested for it in office.call("TellNoteTerms", asked).notes} == {True, False}


def test_payers_are_listed_with_the_versions_of_their_rules(office: Office) -> None:
    office.register()
    office.propose()
    office.confirm()
    office.propose(version=2, effective_from=day(7))
    [payer] = office.call("ListPayers", work.ListPayersRequest()).payers
    assert (payer.payer_id, payer.name) == (office.payer_id, "Prairie Health")
    assert [(rule.version, rule.confirmed) for rule in payer.rules] == [(1, True), (2, False)]
    named = office.call("NamePayers", work.NamePayersRequest()).payers
    assert [(payer.payer_id, payer.name) for payer in named] == [
        (office.payer_id, "Prairie Health")
    ]


def test_staff_are_named_as_they_were_registered_last_and_by_no_number(office: Office) -> None:
    kim, pat = str(uuid4()), str(uuid4())
    office.register_practitioner(kim, family_name="Typed", command="first")
    office.register_practitioner(kim, family_name="Ferro", given_name="Kim")
    office.register_practitioner(pat, family_name="Quinn", given_name="Pat")
    named = office.call("NameStaff", work.NameStaffRequest()).staff
    assert {each.staff_id: (each.given_name, each.family_name) for each in named} == {
        kim: ("Kim", "Ferro"),
        pat: ("Pat", "Quinn"),
    }


def test_everything_wrong_with_a_question_is_told_at_once(office: Office) -> None:
    request = pb.ListServiceDaysRequest(client_id="x", payer_id="y", page_size=-1)
    with pytest.raises(Malformed) as refused:
        office.call("ListServiceDays", request)
    assert refused.value.details.keys() == {"client_id", "payer_id", "page_size"}


def test_claims_are_told_as_billing_had_heard_it_by_a_moment(office: Office, story: Story) -> None:
    begun = office.now
    office.set_up(SITE, [CLIENT], filing_limit_days=3650)
    office.hear(story.admitted(CLIENT, office.payer_id))
    office.hear(story.attended(CLIENT, [day(0), day(2)]))
    office.identities.cover(office.payer_id, covered(CLIENT, COVERAGE))
    heard = datetime.now(UTC)
    office.now = heard + timedelta(hours=1)
    assert office.issue(day(6)).claims == 1
    office.pending_work.drain()
    [claim] = office.claims(CLIENT)
    office.now = heard + timedelta(hours=2)
    office.adjudicate(claim.claim_id)

    def told(moment: datetime, **filters: Any) -> list[tuple[int, int]]:
        request = pb.ListClaimsRequest(as_of=to_timestamp(moment), **filters)
        listed = office.call("ListClaims", request).claims
        return [(item.state, item.adjudication) for item in listed]

    issued, unanswered = pb.CLAIM_STATE_ISSUED, events.ADJUDICATION_STATUS_UNSPECIFIED
    paid = events.ADJUDICATION_STATUS_PAID
    assert told(begun - timedelta(days=1)) == []
    assert told(heard) == [(pb.CLAIM_STATE_DRAFTED, unanswered)]
    assert told(heard, payer_id=NOBODY) == []
    assert told(heard + timedelta(minutes=90)) == [(issued, unanswered)]
    assert told(heard + timedelta(minutes=90), adjudication=paid) == []
    assert told(heard + timedelta(hours=3)) == [(issued, paid)]
    assert told(heard + timedelta(hours=3), adjudication=paid) == [(issued, paid)]
