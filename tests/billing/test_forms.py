"""Both forms, who is named, waived days, settled revocations: issued over the servicer."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from ninehours.billing.v1 import billing_events_pb2 as events
from ninehours.billing.v1 import billing_service_pb2 as pb
from ninehours.intake.v1 import intake_service_pb2 as intake

from kernel.refusal import AgainstTheRules, Malformed, Unknown
from kernel.rpc.translate import to_date
from services.billing.domain.payers.rules import (
    ExampleLine,
    ExampleSession,
    Institutional,
    WorkedExample,
)
from tests.billing.test_corrections import published
from tests.harness.billing.facts import COVERAGE, SITE, Story
from tests.harness.billing.history import day
from tests.harness.billing.service import Office, covered
from tests.harness.kernel.tables import every_table
from tests.harness.x12.judge import judge
from tests.harness.x12.reading import claims_of

CLIENT = "0c11e700-0000-4000-8000-000000000001"
OTHER = "0c11e700-0000-4000-8000-000000000002"
EVE = "57aff000-0000-4000-8000-00000000000e"
FACILITY: dict[str, Any] = {
    "claim_form": "INSTITUTIONAL",
    "institutional": Institutional(type_of_bill="13", revenue_code="0906", condition_code="92"),
    "rendering": "FACILITATOR",
}
STAFF = ["Vexholm", "Tamsin", "101YA0400X"]


def attend(office: Office, story: Story, client_id: str = CLIENT, days: Any = (0, 2)) -> None:
    office.hear(
        story.admitted(client_id, office.payer_id)
        + story.attended(client_id, [day(n) for n in days], facilitator=EVE)
    )
    office.identities.cover(office.payer_id, covered(client_id, COVERAGE))


def reasons(answer: Any) -> list[str]:
    return [omitted.reason for omitted in answer.left_out]


def test_an_institutional_claim_says_what_a_facility_claims_and_who_attends(
    office: Office, story: Story
) -> None:
    office.set_up(SITE, [CLIENT], **FACILITY)
    attend(office, story)
    assert reasons(office.issue(day(6), command="nobody")) == ["PRACTITIONER_UNKNOWN"]
    office.register_practitioner(EVE)
    answer = office.issue(day(6))
    assert (answer.claims, reasons(answer), len(answer.batch_ids)) == (1, [], 1)
    read = office.call("ReadBatch", pb.ReadBatchRequest(batch_id=answer.batch_id))
    assert read.file_name == "PRAIRIE1-000000002.837i"
    assert judge(read.content) == []
    [claim] = claims_of(read.content)
    assert (claim.form, claim.type_of_bill, claim.frequency) == ("I", "13", "1")
    assert (claim.statement_from, claim.statement_to) == (day(0), day(2))
    assert (claim.admission_type, claim.admission_source, claim.patient_status) == ("3", "1", "01")
    assert (claim.condition_codes, claim.diagnoses) == (("92",), ("F1020", "F331"))
    assert claim.attending_npi is not None
    assert claim.attending_npi.startswith("123456788")
    assert [(line.revenue_code, line.code, line.charge_minor) for line in claim.lines] == [
        ("0906", "H0015", 30_000)
    ] * 2
    [listed] = office.claims()
    assert (listed.claim_form, listed.lines[0].rendering_staff_id) == (2, EVE)


def test_an_institutional_claim_is_replaced_and_voided_too(office: Office, story: Story) -> None:
    office.set_up(SITE, [CLIENT], **FACILITY)
    office.register_practitioner(EVE)
    attend(office, story)
    office.issue(day(6))
    office.pending_work.drain()
    office.adjudicate(office.claims()[0].claim_id, number="PCN1")
    office.hear(story.corrected(CLIENT, day(0), 1, 0))
    replaced = office.file(office.correct("replace").batch_id)
    office.pending_work.drain()
    [standing] = [claim for claim in office.claims() if not claim.followed_by_claim_id]
    office.adjudicate(standing.claim_id, number="PCN2")
    office.hear(story.corrected(CLIENT, day(2), 1, 0))
    voided = office.file(office.correct("void").batch_id)
    for content, frequency, number in ((replaced, "7", "PCN1"), (voided, "8", "PCN2")):
        assert judge(content) == []
        [claim] = claims_of(content)
        assert (claim.frequency, claim.payer_control_number) == (frequency, number)
        assert (claim.statement_from, claim.statement_to) == (day(2), day(2))
        assert (claim.type_of_bill, claim.condition_codes) == ("13", ("92",))


def proposals(office: Office) -> list[tuple[str, str]]:
    return [(proposal["action"], proposal["state"]) for proposal in office.of_kind("proposal")]


def test_a_discharge_told_after_its_bill_was_issued_replaces_it(
    office: Office, story: Story
) -> None:
    office.set_up(SITE, [CLIENT], **FACILITY)
    office.register_practitioner(EVE)
    attend(office, story)
    office.issue(day(6))
    office.pending_work.drain()
    office.adjudicate(office.claims()[0].claim_id, number="PCN1")
    assert proposals(office) == []
    office.hear(story.discharged(CLIENT, day(2), "LEFT_AGAINST_ADVICE"))
    assert proposals(office) == [("REPLACE", "READY")]
    content = office.file(office.correct().batch_id)
    assert judge(content) == []
    [claim] = claims_of(content)
    assert (claim.frequency, claim.patient_status) == ("7", "07")
    assert [line.service_date for line in claim.lines] == [day(0), day(2)]
    office.pending_work.drain()
    assert proposals(office) == []


def test_the_names_of_staff_are_in_the_file_and_in_no_public_fact(
    office: Office, story: Story
) -> None:
    office.set_up(SITE, [CLIENT], rendering="FACILITATOR")
    office.register_practitioner(EVE)
    attend(office, story)
    content = office.file(office.issue(day(6)).batch_id)
    assert judge(content) == []
    [claim] = claims_of(content)
    assert claim.rendering_npi is not None
    office.pending_work.drain()
    tables = every_table(office.store)
    for name in STAFF:
        assert name.upper() in content.decode()
        assert name in tables["fact"]
        for table in ("published", "heard_fact", "derived"):
            assert name not in tables[table]
            assert name.encode().hex() not in tables[table]


def test_two_forms_in_one_command_make_two_files_numbered_one_after_the_other(
    office: Office, story: Story
) -> None:
    """The payer changes from one form to the other between two weeks."""
    office.set_up(SITE, [CLIENT], rendering="FACILITATOR")
    office.register_practitioner(EVE)
    office.propose(version=2, effective_from=day(7), **FACILITY)
    office.confirm(2)
    attend(office, story, days=(0, 7))
    answer = office.issue(day(13))
    assert (answer.claims, len(answer.batch_ids)) == (2, 2)
    assert answer.batch_id == answer.batch_ids[0]
    files = [office.file(batch_id) for batch_id in answer.batch_ids]
    assert [file[90:99] for file in files] == [b"000000001", b"000000002"]
    assert [judge(file) for file in files] == [[], []]
    assert [claims_of(file)[0].form for file in files] == ["P", "I"]
    assert office.issue(day(13)) == answer


def test_the_same_story_twice_gives_the_same_bytes(
    new_office: Callable[[], Office],
) -> None:
    """Numbers included: ids depend on commands, and commands here on their names."""

    def told(office: Office) -> list[bytes]:
        story = Story()
        office.set_up(SITE, [CLIENT, OTHER], rendering="FACILITATOR")
        office.register_practitioner(EVE)
        for client_id in (CLIENT, OTHER):
            attend(office, story, client_id)
        batches = list(office.issue(day(6)).batch_ids)
        office.pending_work.drain()
        for n, claim in enumerate(office.claims()):
            office.adjudicate(claim.claim_id, number=f"PCN{n}")
        office.hear(story.corrected(CLIENT, day(0), 1, 0))
        office.hear(story.corrected(OTHER, day(0), 1, 0) + story.corrected(OTHER, day(2), 1, 0))
        answer = office.correct()
        assert (answer.replaced, answer.voided) == (1, 1)
        return [office.file(batch_id) for batch_id in [*batches, *answer.batch_ids]]

    first, second = told(new_office()), told(new_office())
    assert len(first) == 2
    assert first == second


def test_a_claim_names_the_number_of_its_own_coverage(office: Office, story: Story) -> None:
    office.set_up(SITE, [CLIENT])
    attend(office, story)
    numbers = [
        intake.MemberNumber(coverage_id="a newer one", member_number="NEWER1"),
        intake.MemberNumber(coverage_id=COVERAGE, member_number="OLDER1", group_number="G1"),
    ]
    person = covered(CLIENT, "a newer one")
    office.identities.cover(office.payer_id, person)
    assert reasons(office.issue(day(6), command="one number")) == ["COVERAGE_CHANGED"]
    person.coverages.extend(numbers)
    [claim] = claims_of(office.file(office.issue(day(6)).batch_id))
    assert claim.member_id == "OLDER1"


def test_where_the_payer_wants_it_one_bill_is_answered_before_the_next(
    office: Office, story: Story
) -> None:
    office.set_up(SITE, [CLIENT], sequential=True)
    attend(office, story, days=(0, 7, 14))
    first = office.issue(day(20), command="first")
    assert (first.claims, reasons(first)) == (1, ["PRIOR_NOT_ADJUDICATED"] * 2)
    office.pending_work.drain()
    assert office.issue(day(20), command="too early").claims == 0
    office.adjudicate(office.claims()[0].claim_id, "DENIED")
    second = office.issue(day(20), command="second")
    assert (second.claims, reasons(second)) == (1, ["PRIOR_NOT_ADJUDICATED"])


def waive(office: Office, reason: Any = pb.WAIVER_REASON_PAYER_SAYS_SUBMIT, **changes: Any) -> Any:
    request = pb.BillWithoutAuthorizationRequest(
        client_id=CLIENT, payer_id=office.payer_id, service_date=to_date(day(0)), reason=reason
    )
    request.MergeFrom(pb.BillWithoutAuthorizationRequest(**changes))
    return office.call("BillWithoutAuthorization", request, command=f"waive {request}")


def test_a_named_person_bills_a_day_without_authorization(office: Office, story: Story) -> None:
    office.set_up(SITE, [])
    attend(office, story)
    assert office.issue(day(6), command="nothing").claims == 0
    waive(office)
    office.pending_work.drain()
    answer = office.issue(day(6))
    [claim] = claims_of(office.file(answer.batch_id))
    assert (claim.prior_authorization, [line.service_date for line in claim.lines]) == (
        None,
        [day(0)],
    )
    [waived] = published(office, events.AuthorizationWaived)
    assert (waived.waived_by, waived.reason) == ("staff/ada", "PAYER_SAYS_SUBMIT")
    with pytest.raises(AgainstTheRules):
        waive(office, pb.WAIVER_REASON_NETWORK_DECISION)
    with pytest.raises(Malformed):
        waive(office, pb.WAIVER_REASON_UNSPECIFIED)
    with pytest.raises(Unknown):
        waive(office, payer_id=OTHER)


def test_dates_are_told_for_a_revocation_that_is_named(office: Office, story: Story) -> None:
    office.set_up(SITE, [CLIENT])
    attend(office, story)
    office.hear(story.revoked(CLIENT, office.payer_id, day(5)))
    request = pb.SettleRevocationRequest(client_id=CLIENT, payer_id=office.payer_id, disclose=True)
    with pytest.raises(Malformed) as refused:
        office.call("SettleRevocation", request)
    assert list(refused.value.details) == ["revoked_on"]


def settle(office: Office, disclose: bool, revoked_on: int = 5) -> None:
    request = pb.SettleRevocationRequest(
        client_id=CLIENT,
        payer_id=office.payer_id,
        disclose=disclose,
        revoked_on=to_date(day(revoked_on)),
    )
    office.call("SettleRevocation", request)
    office.pending_work.drain()


def test_a_consent_revoked_since_the_service_is_settled_by_a_named_person(
    office: Office, story: Story
) -> None:
    office.set_up(SITE, [CLIENT])
    attend(office, story)
    office.identities.withheld[CLIENT] = "NO_CONSENT"
    assert reasons(office.issue(day(6), command="never given")) == ["NO_CONSENT"]
    office.hear(story.revoked(CLIENT, office.payer_id, day(5)))
    assert reasons(office.issue(day(6), command="revoked")) == ["REVOKED_AFTER_SERVICE"]
    settle(office, disclose=False)
    assert reasons(office.issue(day(6), command="not to be told")) == ["REVOKED_AFTER_SERVICE"]
    assert not office.identities.settled[-1]
    settle(office, disclose=True)
    answer = office.issue(day(6))
    assert (answer.claims, reasons(answer)) == (1, [])
    assert office.identities.settled[-1] == (CLIENT,)
    [disclosed] = published(office, events.Disclosed)
    assert (disclosed.basis, disclosed.consent_id) == ("REVOCATION_SETTLED", "")
    settled = published(office, events.RevocationSettled)
    assert [settlement.disclose for settlement in settled] == [False, True]
    assert {settlement.revoked_on.day for settlement in settled} == {day(5).day}


def test_claims_of_days_to_come_are_not_issued(office: Office, story: Story) -> None:
    office.set_up(SITE, [CLIENT])
    attend(office, story)
    with pytest.raises(Malformed) as refused:
        office.issue(office.now.date() + timedelta(days=1))
    assert refused.value.details == {"through": "is in the future"}
    assert office.issue(office.now.date()).claims == 1


def test_a_word_taken_back_while_intake_is_asked_holds(office: Office, story: Story) -> None:
    office.set_up(SITE, [CLIENT])
    attend(office, story)
    office.identities.withheld[CLIENT] = "NO_CONSENT"
    office.hear(story.revoked(CLIENT, office.payer_id, day(5)))
    settle(office, disclose=True)
    office.identities.meanwhile = lambda: settle(office, disclose=False)
    assert reasons(office.issue(day(6))) == ["REVOKED_AFTER_SERVICE"]
    assert published(office, events.Disclosed) == []


def test_a_consent_revoked_from_an_earlier_day_is_settled_anew(
    office: Office, story: Story
) -> None:
    office.set_up(SITE, [CLIENT])
    attend(office, story)
    office.issue(day(6))
    office.pending_work.drain()
    office.adjudicate(office.claims()[0].claim_id)
    office.identities.withheld[CLIENT] = "NO_CONSENT"
    office.hear(story.revoked(CLIENT, office.payer_id, day(5), day(1)))
    settle(office, disclose=True, revoked_on=1)
    [settled] = published(office, events.RevocationSettled)
    assert settled.revoked_on.day == day(1).day
    office.hear(story.corrected(CLIENT, day(0), 1, 0) + story.corrected(CLIENT, day(2), 1, 0))
    assert reasons(office.correct("void")) == ["NO_CONSENT"]


@pytest.mark.parametrize("form", [{}, FACILITY], ids=["professional", "institutional"])
def test_a_claim_names_the_site_where_another_address_bills(
    office: Office, story: Story, form: dict[str, Any]
) -> None:
    office.set_up(SITE, [CLIENT], **form)
    office.register_practitioner(EVE)
    attend(office, story)
    office.hear(story.opened(line="8 Breakwater Way", city="Milwaukee", state="WI"))
    content = office.file(office.issue(day(6)).batch_id)
    assert judge(content) == []
    [claim] = claims_of(content)
    assert (claim.facility_name, claim.facility_npi) == ("LAKESIDE", None)


def test_there_must_be_a_revocation_to_settle(office: Office, story: Story) -> None:
    office.set_up(SITE, [CLIENT])
    with pytest.raises(AgainstTheRules) as refused:
        settle(office, disclose=True)
    assert refused.value.reason == "NOTHING_REVOKED"


def test_authorizations_are_listed_with_what_is_issued_and_allocated(
    office: Office, story: Story
) -> None:
    office.set_up(SITE, [CLIENT])
    attend(office, story, days=(0, 2, 7))
    office.issue(day(6))
    office.pending_work.drain()
    request = pb.ListAuthorizationsRequest(client_id=CLIENT)
    [only] = office.call("ListAuthorizations", request).authorizations
    assert (only.units, only.issued, only.allocated) == (30, 2, 1)
    assert (only.unit, only.payer_id, only.site_id) == (1, office.payer_id, "")
    with pytest.raises(Malformed):
        office.call("ListAuthorizations", pb.ListAuthorizationsRequest())


def test_rules_that_do_not_come_to_their_examples_are_not_confirmed(office: Office) -> None:
    office.register()
    example = WorkedExample(
        name="an hour is a day",
        sessions=(ExampleSession(service_kind="GROUP", minutes=60),),
        outcome="PER_DIEM",
        lines=(ExampleLine(code="H0015", units=1),),
    )
    office.propose(examples=(example,))
    with pytest.raises(AgainstTheRules) as refused:
        office.confirm()
    assert refused.value.reason == "EXAMPLES_NOT_REPRODUCED"
    assert refused.value.details["examples"] == "an hour is a day"


def test_what_a_practitioner_lacks_is_told(office: Office) -> None:
    with pytest.raises(Malformed) as refused:
        office.call("RegisterPractitioner", pb.RegisterPractitionerRequest(npi="1234567890"))
    assert {"staff_id", "family_name", "given_name", "npi"} <= refused.value.details.keys()
