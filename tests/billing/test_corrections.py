"""Corrections over the servicer: proposed, answered, issued as 7 or 8, and what stands then."""

from typing import Any

import pytest
from ninehours.billing.v1 import billing_events_pb2 as events
from ninehours.billing.v1 import billing_service_pb2 as pb

from kernel.refusal import AgainstTheRules, Malformed, Stale, Unknown
from kernel.rpc.translate import date_of
from tests.harness.billing.facts import COVERAGE, SITE, Story
from tests.harness.billing.history import day
from tests.harness.billing.service import Office, covered
from tests.harness.kernel.tables import every_table
from tests.harness.x12.judge import judge
from tests.harness.x12.reading import claims_of

CLIENT = "0c11e700-0000-4000-8000-000000000001"
NOBODY = "0c11e700-0000-4000-8000-00000000dead"


@pytest.fixture
def sent(office: Office, story: Story) -> Office:
    """One client's first week of two days is issued; five days are authorized."""
    office.set_up(SITE, [])
    office.authorize(CLIENT, units=5)
    office.hear(story.admitted(CLIENT, office.payer_id) + story.attended(CLIENT, [day(0), day(2)]))
    office.identities.cover(office.payer_id, covered(CLIENT, COVERAGE))
    assert office.issue(day(6)).claims == 1
    office.pending_work.drain()
    return office


def the_claim(office: Office) -> Any:
    """The issued claim that nothing followed, and that is no void."""
    [claim] = [
        claim
        for claim in office.claims(CLIENT)
        if not claim.followed_by_claim_id and claim.frequency != "8"
    ]
    return claim


def balance(office: Office) -> tuple[int, int, int]:
    request = pb.ListAuthorizationsRequest(client_id=CLIENT)
    [only] = office.call("ListAuthorizations", request).authorizations
    return only.units, only.issued, only.allocated


def proposals(office: Office) -> list[tuple[str, str]]:
    return [(proposal["action"], proposal["state"]) for proposal in office.of_kind("proposal")]


def published(office: Office, kind: type[Any]) -> list[Any]:
    rows = office.query(
        "SELECT body FROM published WHERE type = :type ORDER BY position",
        type=kind.DESCRIPTOR.full_name,
    )
    return [kind.FromString(bytes(row.body)) for row in rows]


def test_a_corrected_day_is_replaced_once_the_payers_number_is_known(
    sent: Office, story: Story
) -> None:
    first = the_claim(sent)
    before = sent.file(first.batch_id)
    sent.hear(story.corrected(CLIENT, day(0), 1, 0))
    assert proposals(sent) == [("REPLACE", "AWAITING_CONTROL_NUMBER")]
    with pytest.raises(Malformed):
        sent.correct("too early")
    sent.adjudicate(first.claim_id, number="PCN4711")
    assert proposals(sent) == [("REPLACE", "READY")]

    answer = sent.correct()
    assert (answer.replaced, answer.voided, list(answer.left_out)) == (1, 0, [])
    content = sent.file(answer.batch_id)
    assert judge(content) == []
    [claim] = claims_of(content)
    assert (claim.frequency, claim.payer_control_number) == ("7", "PCN4711")
    assert [line.service_date for line in claim.lines] == [day(2)]
    assert claim.diagnoses == ("F1020", "F331")
    assert claim.prior_authorization == "AUTHNUM4711"

    sent.pending_work.drain()
    assert proposals(sent) == []
    assert balance(sent) == (5, 1, 0)
    assert sent.file(first.batch_id) == before
    was = next(claim for claim in sent.claims(CLIENT) if claim.claim_id == first.claim_id)
    now = the_claim(sent)
    assert (was.followed_by_claim_id, was.payer_control_number) == (now.claim_id, "PCN4711")
    assert (now.frequency, now.batch_id, now.site_id) == ("7", answer.batch_id, SITE)
    [replaced] = published(sent, events.ClaimReplaced)
    assert (replaced.claim_id, replaced.replaced_by_claim_id) == (first.claim_id, now.claim_id)
    issued = published(sent, events.ClaimIssued)[-1]
    assert (issued.corrects_claim_id, issued.frequency) == (first.claim_id, "7")
    assert len(published(sent, events.Disclosed)) == 2

    # The day comes back: the replacement is what stands, and needs a number of its own.
    sent.hear(story.corrected(CLIENT, day(0), 2, 180))
    [draft] = sent.of_kind("draft_claim")
    assert [line["service_date"] for line in draft["lines"]] == [day(0).isoformat()]
    sent.hear(story.corrected(CLIENT, day(2), 1, 0))
    assert proposals(sent) == [("VOID", "AWAITING_CONTROL_NUMBER")]


def test_somebody_may_say_that_a_correction_does_not_wait(sent: Office, story: Story) -> None:
    """Whoever led the evening has left, and nobody else may sign its note."""
    first = the_claim(sent)
    sent.hear(story.unsigned(CLIENT, day(0)))
    assert proposals(sent) == [("REPLACE", "AWAITING_RELEASE")]

    def named(**override: Any) -> list[Any]:
        listed = sent.call("ListProposals", pb.ListProposalsRequest()).proposals
        return [
            pb.NamedProposal(claim_id=item.claim_id, revision=item.revision, **override)
            for item in listed
        ]

    never: dict[str, Any] = {"without_waiting": pb.WAIT_OVERRIDE_NEVER_COMES}
    with pytest.raises(AgainstTheRules) as refused:
        sent.correct("the payer knows no number of it", named(**never))
    assert refused.value.reason == "AWAITING_CONTROL_NUMBER"
    sent.adjudicate(first.claim_id, number="PCN4711")
    assert proposals(sent) == [("REPLACE", "AWAITING_RELEASE")]
    with pytest.raises(AgainstTheRules) as refused:
        sent.correct("nobody said so", named())
    assert refused.value.reason == "AWAITING_RELEASE"
    with pytest.raises(Malformed, match="without_waiting"):
        sent.correct("no reason of the list", named(without_waiting=77))

    assert sent.correct("said so", named(**never)).replaced == 1
    sent.pending_work.drain()
    assert [to_day(line) for line in the_claim(sent).lines] == [day(2)]
    assert proposals(sent) == []
    [fact] = sent.query(
        "SELECT body->>'without_waiting' AS why FROM fact"
        " WHERE type = 'billing.claim_issued.v1' AND body->>'frequency' = '7'"
    )
    assert fact.why == "NEVER_COMES"


def to_day(line: Any) -> Any:
    return date_of(line, "service_date")


def test_a_fallen_claim_is_voided_with_what_it_said_and_its_units_return(
    sent: Office, story: Story
) -> None:
    first = the_claim(sent)
    sent.adjudicate(first.claim_id, number="PCN4711")
    assert balance(sent) == (5, 2, 0)
    sent.hear(story.corrected(CLIENT, day(0), 1, 0) + story.corrected(CLIENT, day(2), 1, 0))
    answer = sent.correct()
    assert (answer.replaced, answer.voided) == (0, 1)
    content = sent.file(answer.batch_id)
    assert judge(content) == []
    [void], [original] = claims_of(content), claims_of(sent.file(first.batch_id))
    assert (void.frequency, void.payer_control_number) == ("8", "PCN4711")
    assert (void.charge_minor, void.diagnoses) == (original.charge_minor, original.diagnoses)
    assert [(line.service_date, line.code, line.units) for line in void.lines] == [
        (line.service_date, line.code, line.units) for line in original.lines
    ]
    sent.pending_work.drain()
    assert (balance(sent), proposals(sent)) == ((5, 0, 0), [])
    [voided] = published(sent, events.ClaimVoided)
    assert voided.claim_id == first.claim_id

    # Attended after all: a new original, as nothing stands for that date.
    sent.hear(story.corrected(CLIENT, day(0), 2, 180))
    assert balance(sent) == (5, 0, 1)
    again = sent.issue(day(6), command="again")
    assert (again.claims, list(again.left_out)) == (1, [])
    [claim] = claims_of(sent.file(again.batch_id))
    assert (claim.frequency, [line.service_date for line in claim.lines]) == ("1", [day(0)])
    sent.adjudicate(voided.voided_by_claim_id, "REVERSED", "PCN4712")
    assert {claim.frequency: claim.adjudication for claim in sent.claims(CLIENT)} == {
        "1": pb.Claim().adjudication,
        "8": events.ADJUDICATION_STATUS_REVERSED,
    } | {"1": the_claim(sent).adjudication}


def test_a_repeated_correction_answers_the_same_and_sends_nothing(
    sent: Office, story: Story
) -> None:
    sent.adjudicate(the_claim(sent).claim_id)
    sent.hear(story.corrected(CLIENT, day(0), 1, 0))
    answer = sent.correct()
    before = every_table(sent.store)
    assert sent.correct() == answer
    assert every_table(sent.store) == before
    due = sent.correct("due")
    assert (due.batch_id, [omitted.reason for omitted in due.left_out]) == ("", ["NOT_SETTLED"])
    sent.pending_work.drain()
    with pytest.raises(Malformed):
        sent.correct("none left")


def test_corrections_pass_the_gates_of_disclosure(sent: Office, story: Story) -> None:
    sent.adjudicate(the_claim(sent).claim_id)
    sent.hear(story.corrected(CLIENT, day(0), 1, 0))
    sent.identities.withheld[CLIENT] = "NO_CONSENT"
    refused = sent.correct("withheld")
    assert [omitted.reason for omitted in refused.left_out] == ["NO_CONSENT"]
    sent.identities.withheld.clear()
    sent.identities.cover(sent.payer_id, covered(CLIENT, "another coverage"))
    refused = sent.correct("covered otherwise")
    assert [omitted.reason for omitted in refused.left_out] == ["COVERAGE_CHANGED"]
    assert (refused.batch_id, refused.replaced, refused.voided) == ("", 0, 0)
    assert published(sent, events.ClaimReplaced) == []


def test_files_of_originals_and_corrections_share_one_row_of_numbers(
    sent: Office, story: Story
) -> None:
    sent.adjudicate(the_claim(sent).claim_id)
    sent.hear(story.corrected(CLIENT, day(0), 1, 0))
    read = sent.call("ReadBatch", pb.ReadBatchRequest(batch_id=sent.correct().batch_id))
    assert read.content[90:99] == b"000000002"
    assert read.file_name == "PRAIRIE1-000000002.837p"


@pytest.mark.parametrize("status", ["PAID", "DENIED"])
def test_what_the_payer_answered_is_listed_and_published(sent: Office, status: str) -> None:
    claim = the_claim(sent)
    sent.adjudicate(claim.claim_id, status, "PCN1")
    [found] = published(sent, events.ClaimAdjudicated)
    assert (found.claim_id, found.payer_control_number) == (claim.claim_id, "PCN1")
    listed = the_claim(sent)
    assert (listed.payer_control_number, listed.adjudication) == ("PCN1", found.status)
    sent.adjudicate(claim.claim_id, status, "PCN1")
    assert len(published(sent, events.ClaimAdjudicated)) == 1


def test_what_is_no_answer_to_a_claim_is_refused(sent: Office) -> None:
    claim_id = the_claim(sent).claim_id
    with pytest.raises(AgainstTheRules) as refused:
        sent.adjudicate(claim_id, "REVERSED")
    assert refused.value.reason == "STATUS_NOT_OF_FREQUENCY"
    with pytest.raises(Unknown):
        sent.adjudicate(NOBODY)
    for number in ("", "PCN*1", "PCN~", "PCÑ"):
        with pytest.raises(Malformed) as malformed:
            sent.adjudicate(claim_id, number=number)
        assert set(malformed.value.details) == {"payer_control_number"}


def test_corrections_are_named_with_the_revision_that_was_looked_at(
    sent: Office, story: Story
) -> None:
    sent.adjudicate(the_claim(sent).claim_id)
    sent.hear(story.corrected(CLIENT, day(0), 1, 0))
    [looked_at] = sent.call("ListProposals", pb.ListProposalsRequest()).proposals
    with pytest.raises(Malformed) as malformed:
        sent.correct("nothing is named", [])
    assert set(malformed.value.details) == {"proposals"}
    with pytest.raises(Malformed):
        sent.correct("named twice", [looked_at, looked_at])

    sent.hear(story.corrected(CLIENT, day(2), 1, 0))  # now the whole claim is to be voided
    with pytest.raises(Stale):
        sent.correct("changed since", [looked_at])
    [changed] = sent.call("ListProposals", pb.ListProposalsRequest()).proposals
    assert changed.revision > looked_at.revision
    answer = sent.correct("as it is", [changed])
    assert (answer.issued_charge, answer.corrected_charge) == (
        changed.issued_charge,
        changed.corrected_charge,
    )
    assert (answer.voided, answer.corrected_charge.minor_units) == (1, 0)
    sent.pending_work.drain()
    with pytest.raises(Stale):
        sent.correct("issued before", [changed])


def test_what_is_not_ready_is_refused_by_what_it_waits_for(sent: Office, story: Story) -> None:
    sent.hear(story.corrected(CLIENT, day(0), 1, 0))
    [early] = sent.call("ListProposals", pb.ListProposalsRequest()).proposals
    with pytest.raises(AgainstTheRules) as refused:
        sent.correct("too early", [early])
    assert refused.value.reason == "AWAITING_CONTROL_NUMBER"


def test_a_date_with_a_session_that_nobody_closed_takes_no_money_back(
    sent: Office, story: Story
) -> None:
    sent.adjudicate(the_claim(sent).claim_id)
    sent.hear(story.expected(CLIENT, day(0)) + story.corrected(CLIENT, day(0), 1, 0))
    [waiting] = sent.call("ListProposals", pb.ListProposalsRequest()).proposals
    with pytest.raises(AgainstTheRules) as refused:
        sent.correct("not yet", [waiting])
    assert refused.value.reason == "AWAITING_RELEASE"
