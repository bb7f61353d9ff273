"""A restored billing sends nothing before a named person said what had left."""

from collections.abc import Callable
from typing import Any

import pytest
from ninehours.billing.v1 import billing_service_pb2 as billing
from ninehours.billing.v1 import restore_service_pb2 as pb
from ninehours.common.v1 import common_pb2 as common

from kernel.messaging.envelope import Envelope
from kernel.refusal import AgainstTheRules, Malformed, Unknown
from kernel.rpc.translate import to_date
from kernel.store import published
from kernel.store.published import envelope_of
from kernel.store.statements import text
from operations.verifying.examination import Examination
from operations.verifying.outbox import message_of
from services.billing.adapters.checks import a_restore_is_reconciled
from services.billing.adapters.lost import OF_COMMANDS, lost_of
from services.billing.adapters.publication import publish
from services.billing.adapters.subscriptions import SUBSCRIPTIONS
from services.billing.app.ports import Lost
from tests.harness.billing.facts import COVERAGE, SITE, Story
from tests.harness.billing.history import day
from tests.harness.billing.service import Office, covered
from tests.harness.kernel.owner import as_owner
from tests.harness.signing import signatures_of

CLIENT = "0c11e700-0000-4000-8000-000000000001"
ISSUED = "ninehours.billing.v1.ClaimIssued"
HELD = "RESTORED_NOT_RECONCILED"


class Restored:
    """An office whose database is at an earlier point than another one's; Kafka has the rest."""

    def __init__(self, office: Office, ahead: Office | None = None, *, raised: bool = True) -> None:
        self.office = office
        if raised:
            with as_owner(office.store) as tx:
                published.raise_epoch(tx.connection)
        self.lost = Lost()
        if ahead is not None:
            known = {envelope.id for envelope, _ in told_by(office)}
            self.lost = lost_of([said for said in told_by(ahead) if said[0].id not in known])
        office.restore_with(lambda: self.lost)

    def show(self) -> Any:
        return self.office.call("GetRestore", pb.GetRestoreRequest())

    def recover(self) -> list[str]:
        answer = self.office.call("RecoverClaims", pb.RecoverClaimsRequest(reason="restored"))
        self.office.pending_work.drain()
        return list(answer.claim_ids)

    def reconcile(self) -> None:
        self.office.call("Reconcile", pb.ReconcileRequest(reason="that is all"))

    def sent(self, about_id: str, number: str = "0F3AB", charge_minor: int = 30_000) -> Any:
        charge = common.Money(currency_code="USD", minor_units=charge_minor)
        request = pb.RecordSentClaimsRequest(
            payer_id=self.office.payer_id,
            claims=[pb.SentClaim(about_id=about_id, number=number, charge=charge)],
            reason="the file says so",
        )
        answer = self.office.call("RecordSentClaims", request)
        self.office.pending_work.drain()
        return answer


def told_by(office: Office) -> list[tuple[Envelope, Any]]:
    """What of commands an office's relay would have sent."""
    with office.store.transaction() as tx:
        rows = tx.connection.execute(text("SELECT * FROM published ORDER BY position")).all()
    return [
        (envelope_of(row, source="", epoch=1), message_of(row.type, bytes(row.body)))
        for row in rows
        if row.type in OF_COMMANDS
    ]


def at_the_point(office: Office, story: Story) -> Office:
    """A day is drafted, and not issued."""
    office.set_up(SITE, [CLIENT])
    office.hear(story.admitted(CLIENT, office.payer_id) + story.attended(CLIENT, [day(0)]))
    office.identities.cover(office.payer_id, covered(CLIENT, COVERAGE))
    return office


def issued(office: Office) -> str:
    """The one claim that leaves."""
    office.issue(day(6))
    office.pending_work.drain()
    [claim] = listed(office)
    return str(claim.claim_id)


def adjudicate(office: Office, claim_id: str) -> None:
    request = billing.RecordAdjudicationRequest(
        claim_id=claim_id,
        payer_control_number="PCN1",
        status="ADJUDICATION_STATUS_PAID",
        paid=common.Money(currency_code="USD", minor_units=30_000),
        adjudicated_on=to_date(office.now.date()),
    )
    office.call("RecordAdjudication", request)


def listed(office: Office) -> list[Any]:
    return list(office.call("ListClaims", billing.ListClaimsRequest()).claims)


@pytest.fixture
def restored(new_office: Callable[[], Office]) -> Restored:
    """At the point a claim was drafted; it left after it, and was paid."""
    ahead = at_the_point(new_office(), Story())
    adjudicate(ahead, issued(ahead))
    return Restored(at_the_point(new_office(), Story()), ahead)


def refused(reason: str, do: Callable[[], object]) -> None:
    with pytest.raises(AgainstTheRules) as refusal:
        do()
    assert refusal.value.reason == reason


def test_a_restored_billing_issues_nothing(restored: Restored) -> None:
    answer = restored.office.issue(day(6))
    assert [left_out.reason for left_out in answer.left_out] == [HELD]
    assert answer.batch_ids == []
    assert restored.show().held


def test_an_epoch_raised_by_hand_holds_too(office: Office, story: Story) -> None:
    restored = Restored(at_the_point(office, story), raised=False)
    assert not restored.show().held
    with as_owner(office.store) as tx:
        tx.connection.execute(text("UPDATE epoch SET epoch = epoch + 1"))
    assert restored.show().held
    assert [left_out.reason for left_out in office.issue(day(6)).left_out] == [HELD]


def test_what_kafka_knows_is_shown_with_what_people_must_say_again(
    new_office: Callable[[], Office],
) -> None:
    ahead = at_the_point(new_office(), Story())
    ahead.issue(day(6))
    ahead.authorize(CLIENT, number="LATER")
    shown = Restored(at_the_point(new_office(), Story()), ahead).show()
    told = {(lost.type.rpartition(".")[2], lost.recoverable) for lost in shown.lost}
    assert told == {("ClaimIssued", True), ("AuthorizationRecorded", False)}


def test_what_is_recovered_is_the_claim_that_left(restored: Restored) -> None:
    [left] = [found for found in restored.lost.of_claims if found.about.type.endswith("Issued")]
    assert restored.recover() == [left.fact.claim_id]
    with restored.office.store.transaction() as tx:
        recorded = tx.load(f"claim/{left.fact.claim_id}")
    assert [fact.fact for fact in recorded] == [found.fact for found in restored.lost.of_claims]
    assert recorded[0].at == left.about.signed_at


def test_every_field_of_a_claim_comes_back(new_office: Callable[[], Office]) -> None:
    ahead = at_the_point(new_office(), Story())
    claim_id = issued(ahead)
    with ahead.store.transaction() as tx:
        [left] = tx.load(f"claim/{claim_id}")
    [found] = Restored(at_the_point(new_office(), Story()), ahead).lost.of_claims
    assert found.fact == left.fact


def test_a_recovered_claim_is_neither_drafted_nor_sent_again(restored: Restored) -> None:
    restored.recover()
    restored.reconcile()
    [claim] = listed(restored.office)
    assert claim.state == billing.CLAIM_STATE_ISSUED
    assert claim.payer_control_number == "PCN1"
    assert restored.office.issue(day(6), command="again").batch_ids == []


def test_recovering_twice_records_once(restored: Restored) -> None:
    assert restored.recover()
    assert restored.recover() == []
    assert [lost for lost in restored.show().lost if lost.recoverable] == []


def test_what_kafka_knows_must_be_recovered_before_anything_leaves(restored: Restored) -> None:
    refused("CLAIMS_NOT_RECOVERED", restored.reconcile)
    restored.recover()
    restored.reconcile()
    restored.reconcile()
    assert not restored.show().held


def test_what_kafka_knows_is_recorded_with_its_own_ids(restored: Restored) -> None:
    [draft] = listed(restored.office)
    refused("CLAIMS_NOT_RECOVERED", lambda: restored.sent(draft.claim_id))


def test_the_answer_to_a_claim_that_kafka_forgot_is_shown(restored: Restored) -> None:
    answered = [found for found in restored.lost.of_claims if found.about.type != ISSUED]
    restored.lost = Lost(of_claims=answered)
    [shown] = restored.show().lost
    assert shown.type.endswith("ClaimAdjudicated")
    assert not shown.recoverable
    assert restored.recover() == []


def test_once_nothing_is_held_nothing_is_recorded_again(restored: Restored) -> None:
    restored.recover()
    restored.reconcile()
    refused("RECONCILED", restored.recover)


def test_one_that_was_never_restored_has_nothing_to_reconcile(office: Office, story: Story) -> None:
    never = Restored(at_the_point(office, story), raised=False)
    refused("NOT_RESTORED", never.reconcile)
    refused("NOT_RESTORED", never.recover)


def held_by_verify(office: Office) -> list[str]:
    with office.store.snapshot() as tx:
        examination = Examination(
            store=office.store,
            connection=tx.connection,
            subscriptions=SUBSCRIPTIONS,
            signatures=signatures_of(),
            publish=publish,
            owners={},
            heads={},
            kafka=lambda: iter(()),
        )
        return [finding.reason for finding in a_restore_is_reconciled(examination)]


def test_verify_tells_that_claims_are_held(restored: Restored) -> None:
    assert held_by_verify(restored.office) == [HELD]
    restored.recover()
    restored.reconcile()
    assert held_by_verify(restored.office) == []


def test_numbers_of_interchanges_are_left_out_that_may_have_been_given(
    office: Office, story: Story
) -> None:
    restored = Restored(at_the_point(office, story))
    restored.reconcile()
    isa = office.file(office.issue(day(6)).batch_id).decode().split("~")[0]
    assert int(isa.split("*")[13]) > 100_000


def test_another_restore_holds_anew(restored: Restored) -> None:
    restored.recover()
    restored.reconcile()
    again = Restored(restored.office)
    assert again.show().held


def test_a_draft_that_left_is_recorded_by_its_file(office: Office, story: Story) -> None:
    restored = Restored(at_the_point(office, story))
    [draft] = listed(office)
    answer = restored.sent(draft.claim_id)
    [claim] = listed(office)
    assert [claim.claim_id] == answer.claim_ids
    assert claim.state == billing.CLAIM_STATE_ISSUED
    assert claim.batch_id == answer.batch_id
    restored.reconcile()
    assert office.issue(day(6)).batch_ids == []


def test_a_draft_is_no_claim_that_has_another_charge(office: Office, story: Story) -> None:
    restored = Restored(at_the_point(office, story))
    [draft] = listed(office)
    refused("SENT_OTHERWISE", lambda: restored.sent(draft.claim_id, charge_minor=29_999))


def test_a_number_is_one_claims(office: Office, story: Story) -> None:
    restored = Restored(at_the_point(office, story))
    [draft] = listed(office)
    restored.sent(draft.claim_id)
    office.hear(story.attended(CLIENT, [day(7)]))
    [later] = [claim for claim in listed(office) if claim.state == billing.CLAIM_STATE_DRAFTED]
    refused("NUMBER_RECORDED", lambda: restored.sent(later.claim_id))


def test_what_is_no_draft_is_not_recorded_as_sent(office: Office, story: Story) -> None:
    restored = Restored(at_the_point(office, story))
    with pytest.raises(Unknown):
        restored.sent(CLIENT)
    with pytest.raises(Malformed):
        restored.sent(CLIENT, number="not one of ours")
