"""Issuing claims: who is left out and why, what is in the file, and what is nowhere else."""

from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4, uuid5

import pytest
from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from ninehours.billing.v1 import billing_events_pb2 as events
from ninehours.billing.v1 import billing_service_pb2 as pb
from ninehours.common.v1 import common_pb2 as common
from ninehours.intake.v1 import intake_events_pb2 as events_of_intake
from ninehours.intake.v1 import intake_service_pb2 as intake

from kernel.keys.ports import OwnerForgotten
from kernel.refusal import AgainstTheRules, NotYet, Unknown
from kernel.store.store import Context
from services.billing.adapters.subscriptions import forget as hears_of_it
from tests.harness.billing.facts import COVERAGE, OPENED, SITE, Story
from tests.harness.billing.history import day
from tests.harness.billing.service import ADA, NOW, NPI, Office, covered
from tests.harness.kernel.tables import every_table
from tests.harness.x12.judge import judge
from tests.harness.x12.reading import ClaimSummary, claims_of

CLIENT = "0c11e700-0000-4000-8000-000000000001"
OTHER = "0c11e700-0000-4000-8000-000000000002"
NUMBER = "AUTHNUM4711"
CANARIES = ["Zyxwander", "Quorla", "Wobblecroft", "MEMB90210", "GRP7", NUMBER]


@pytest.fixture
def ready(office: Office, story: Story) -> Office:
    """Two clients with three billable days in the first week and one in the second."""
    office.set_up(SITE, [CLIENT, OTHER])
    attend(office, story, CLIENT, OTHER)
    return office


def attend(office: Office, story: Story, *clients: str) -> None:
    for client_id in clients:
        office.hear(
            story.admitted(client_id, office.payer_id)
            + story.attended(client_id, [day(0), day(2), day(4), day(7)])
        )
        office.identities.cover(office.payer_id, covered(client_id, COVERAGE))


def left_out(answer: Any) -> list[tuple[str, str]]:
    return [(omitted.client_id, omitted.reason) for omitted in answer.left_out]


def file_of(office: Office, answer: Any) -> bytes:
    read = office.call("ReadBatch", pb.ReadBatchRequest(batch_id=answer.batch_id))
    return bytes(read.content)


def published(office: Office, kind: type[Any]) -> list[Any]:
    rows = office.query(
        "SELECT body FROM published WHERE type = :type ORDER BY position",
        type=kind.DESCRIPTOR.full_name,
    )
    return [kind.FromString(bytes(row.body)) for row in rows]


def test_claims_of_periods_that_ended_are_issued_in_one_file_that_says_what_was_issued(
    ready: Office,
) -> None:
    answer = ready.issue(day(6))
    assert (answer.claims, answer.charge.minor_units, left_out(answer)) == (2, 180_000, [])
    content = file_of(ready, answer)
    assert judge(content) == []
    issued = published(ready, events.ClaimIssued)
    found = claims_of(content)
    assert sum(claim.charge_minor for claim in found) == answer.charge.minor_units
    assert {claim.claim_id for claim in found} == {
        claim.claim_id.replace("-", "").upper()[:20] for claim in issued
    }
    for claim in found:
        assert_says_what_a_week_is(claim)
    assert sorted(claim.client_id for claim in issued) == [CLIENT, OTHER]
    assert {claim.identity_version for claim in issued} == {3}


def assert_says_what_a_week_is(claim: ClaimSummary) -> None:
    assert (claim.billing_npi, claim.payer_id, claim.member_id) == (NPI, "PRAIRIE1", "MEMB90210")
    assert (claim.frequency, claim.prior_authorization) == ("1", NUMBER)
    assert claim.diagnoses == ("F1020", "F331")
    assert [line.service_date for line in claim.lines] == [day(0), day(2), day(4)]
    for line in claim.lines:
        assert (line.code, line.modifiers, line.units) == ("H0015", ("HF",), 1)
        assert (line.charge_minor, line.diagnosis_pointers) == (30_000, (1, 2))


def test_what_is_disclosed_is_published_with_its_consent_and_the_notice(ready: Office) -> None:
    answer = ready.issue(day(6))
    disclosed = published(ready, events.Disclosed)
    assert {disclosure.client_id for disclosure in disclosed} == {CLIENT, OTHER}
    for disclosure in disclosed:
        assert disclosure.recipient_payer_id == ready.payer_id
        assert disclosure.batch_id == answer.batch_id
        assert (disclosure.scope, disclosure.notice) == ("CLAIM", "42_CFR_2_32_SHORT_FORM")
        assert disclosure.consent_id == "5cbf2e4e-9a86-4b83-9a2e-1f3d5f4f9d10"
    labels = ready.query(
        "SELECT DISTINCT headers->>'label' AS label FROM published p"
        " WHERE type LIKE '%ClaimIssued' OR type LIKE '%Disclosed'"
    )
    assert [row.label for row in labels] == ["PART2"]


def test_who_reads_a_file_is_written_down_and_who_asks_for_none_is_not(ready: Office) -> None:
    answer = ready.issue(day(6))
    file_of(ready, answer)
    with pytest.raises(Unknown):
        ready.call("ReadBatch", pb.ReadBatchRequest(batch_id=str(uuid4())))
    [entry] = ready.query("SELECT * FROM file_audit")
    assert (entry.at, entry.actor, entry.purpose) == (ready.now, ADA, "PAYMENT")
    assert (str(entry.batch_id), entry.correlation) == (answer.batch_id, "c")


def test_a_file_names_nobody_who_was_forgotten_and_everybody_else(ready: Office) -> None:
    remains = covered(OTHER, COVERAGE)
    remains.identity.family_name = "Remainwell"
    ready.identities.cover(ready.payer_id, remains)
    answer = ready.issue(day(6))
    assert {b"ZYXWANDER" in file_of(ready, answer), b"REMAINWELL" in file_of(ready, answer)} == {
        True
    }
    forget(ready, CLIENT)
    read = ready.call("ReadBatch", pb.ReadBatchRequest(batch_id=answer.batch_id))
    assert read.forgotten_claims == 1
    assert b"ZYXWANDER" not in read.content
    assert b"REMAINWELL" in read.content
    [kept] = claims_of(read.content)
    assert_says_what_a_week_is(kept)
    # With the last of them all of it is gone; claims and days stand.
    forget(ready, OTHER)
    with pytest.raises(OwnerForgotten) as refused:
        file_of(ready, answer)
    assert refused.value.reason == "CLIENT_FORGOTTEN"
    assert len(published(ready, events.ClaimIssued)) == answer.claims
    assert ready.query("SELECT FROM document") == []


def test_a_file_kept_whole_by_a_release_before_is_read_and_forgotten_with_the_last_whom_it_names(
    ready: Office,
) -> None:
    answer = ready.issue(day(6))
    content = file_of(ready, answer)
    with ready.store.transaction() as tx:
        tx.documents.put(f"batch/{answer.batch_id}", "837p", content)
    forget(ready, CLIENT)
    assert file_of(ready, answer) == content
    forget(ready, OTHER)
    with pytest.raises(OwnerForgotten):
        file_of(ready, answer)


def forget(office: Office, client_id: str) -> None:
    """As billing reacts to what intake published."""
    told = events_of_intake.ClientForgotten(client_id=client_id)
    hears_of_it(office.store, told, context(client_id))


def context(client_id: str) -> Context:
    return Context(
        command_id=uuid5(UUID(client_id), "forget"), digest=b"", actor="reaction/forget", now=NOW
    )


def test_a_repeated_command_answers_the_same_and_issues_nothing(ready: Office) -> None:
    answer = ready.issue(day(6))
    asked = len(ready.identities.asked)
    before = every_table(ready.store)
    assert ready.issue(day(6)) == answer
    assert every_table(ready.store) == before
    assert len(ready.identities.asked) == asked
    with pytest.raises(AgainstTheRules) as refused:
        ready.issue(day(13))
    assert refused.value.reason == "COMMAND_ID_REUSED"


def test_what_was_issued_is_never_issued_again(ready: Office) -> None:
    first = ready.issue(day(6), command="first")
    due = ready.issue(day(6), command="due")  # the clients are due by what was just issued
    assert (due.claims, left_out(due)) == (0, [(CLIENT, "NOT_SETTLED"), (OTHER, "NOT_SETTLED")])
    ready.pending_work.drain()
    again = ready.issue(day(6), command="again")
    assert (again.claims, again.batch_id, left_out(again)) == (0, "", [])
    rest = ready.issue(day(13), command="rest")
    assert (first.claims, rest.claims) == (2, 2)
    dates = [
        (fact.client_id, line.service_date.day)
        for fact in published(ready, events.ClaimIssued)
        for line in fact.lines
    ]
    assert len(set(dates)) == len(dates) == 8


def test_files_to_a_payer_are_numbered(ready: Office) -> None:
    first = file_of(ready, ready.issue(day(6), command="first"))
    ready.pending_work.drain()
    second = file_of(ready, ready.issue(day(13), command="second"))
    assert (first[90:99], second[90:99]) == (b"000000001", b"000000002")
    assert judge(second) == []


def test_the_bytes_of_a_batch_are_read_as_they_were_issued(ready: Office) -> None:
    answer = ready.issue(day(6))
    read = [
        ready.call("ReadBatch", pb.ReadBatchRequest(batch_id=answer.batch_id)) for _ in range(2)
    ]
    assert read[0] == read[1]
    assert read[0].file_name == "PRAIRIE1-000000001.837p"
    assert read[0].sha256 == sha256(read[0].content).hexdigest()


def withheld(office: Office, story: Story) -> None:
    office.identities.withheld[OTHER] = "NO_CONSENT"


def due(office: Office, story: Story) -> None:
    office.inbox.hear(story.attended(OTHER, [day(8)]))


def behind(office: Office, story: Story) -> None:
    office.inbox.hear(story.attended(OTHER, [day(8)])[1:])
    office.pending_work.drain()


def other_coverage(office: Office, story: Story) -> None:
    office.identities.cover(office.payer_id, covered(OTHER, "another coverage"))


def born(**birth: int) -> Callable[[Office, Story], None]:
    def change(office: Office, story: Story) -> None:
        person = covered(OTHER, COVERAGE)
        person.identity.birth_date.CopyFrom(common.Date(**birth))
        office.identities.cover(office.payer_id, person)

    return change


def living(**address: str) -> Callable[[Office, Story], None]:
    def change(office: Office, story: Story) -> None:
        changes = intake.Identity(address=common.PostalAddress(**address))
        office.identities.cover(office.payer_id, covered(OTHER, COVERAGE, identity=changes))

    return change


def without_birth_date(office: Office, story: Story) -> None:
    person = covered(OTHER, COVERAGE)
    person.identity.ClearField("birth_date")
    office.identities.cover(office.payer_id, person)


def unknown_sex(office: Office, story: Story) -> None:
    person = covered(OTHER, COVERAGE)
    person.identity.sex = intake.SEX_UNSPECIFIED
    office.identities.cover(office.payer_id, person)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (withheld, "NO_CONSENT"),
        (due, "NOT_SETTLED"),
        (behind, "NOT_SETTLED"),
        (other_coverage, "COVERAGE_CHANGED"),
        (without_birth_date, "INVALID_BIRTH_DATE_MISSING"),
        (born(year=2026, month=2, day=30), "INVALID_BIRTH_DATE_MISSING"),
        (born(year=2026, month=3, day=3), "INVALID_SERVICE_BEFORE_BIRTH"),
        (living(state="Illinois"), "INVALID_STATE_UNKNOWN"),
        (living(zip="6061"), "INVALID_POSTAL_CODE_SHAPE"),
        (living(line="北京路"), "INVALID_NOT_REPRESENTABLE"),
        (unknown_sex, "INVALID_SEX_MISSING"),
    ],
)
def test_who_can_not_be_issued_is_left_out_by_name_of_the_reason_and_the_others_go_out(
    ready: Office, story: Story, change: Callable[[Office, Story], None], reason: str
) -> None:
    change(ready, story)
    answer = ready.issue(day(6))
    assert (answer.claims, left_out(answer)) == (1, [(OTHER, reason)])
    assert {fact.client_id for fact in published(ready, events.ClaimIssued)} == {CLIENT}
    assert {fact.client_id for fact in published(ready, events.Disclosed)} == {CLIENT}
    content = file_of(ready, answer)
    assert (len(claims_of(content)), judge(content)) == (1, [])


def test_each_claim_that_stays_in_is_named_once(ready: Office) -> None:
    ready.identities.withheld = {CLIENT: "NO_CONSENT", OTHER: "NO_CONSENT"}
    answer = ready.issue(day(13))
    assert (answer.claims, answer.batch_id) == (0, "")
    assert left_out(answer) == [(CLIENT, "NO_CONSENT")] * 2 + [(OTHER, "NO_CONSENT")] * 2
    assert len({omitted.claim_id for omitted in answer.left_out}) == 4
    assert published(ready, events.ClaimIssued) == []


@pytest.mark.parametrize(("days_later", "claims"), [(90, 2), (91, 0)])
def test_the_filing_limit_counts_from_the_earliest_service(
    ready: Office, days_later: int, claims: int
) -> None:
    ready.now = datetime.combine(day(days_later), NOW.timetz())
    answer = ready.issue(day(6))
    assert answer.claims == claims
    if not claims:
        assert {reason for _, reason in left_out(answer)} == {"FILING_LIMIT_PASSED"}


def test_intake_is_asked_once_about_whom_the_file_is_about(ready: Office) -> None:
    ready.issue(day(6))
    assert ready.identities.asked == [((CLIENT, OTHER), ready.payer_id, NOW.date())]


def test_issuing_waits_for_what_it_is_to_come_after(office: Office, story: Story) -> None:
    office.set_up(SITE, [CLIENT])
    position = common.Position(
        topic="ninehours.attendance.v1", subject=f"client/{CLIENT}", sequence=1
    )
    meta = common.CommandMeta(after=[position])
    request = pb.IssueClaimsRequest(
        meta=meta, payer_id=office.payer_id, through=common.Date(year=2026, month=3, day=8)
    )
    with pytest.raises(NotYet):
        office.call("IssueClaims", request, deadline=0.5)
    assert office.identities.asked == []


def test_names_and_numbers_are_in_the_file_and_nowhere_else(ready: Office) -> None:
    answer = ready.issue(day(6))
    ready.pending_work.drain()
    content = file_of(ready, answer).decode()
    for canary in CANARIES:
        assert canary.upper() in content
    tables = every_table(ready.store)
    assert {"fact", "published", "heard_fact", "derived", "document", "command"} <= tables.keys()
    for name, rows in tables.items():
        for canary in CANARIES:
            assert canary.lower() not in rows.lower(), name
            assert canary.encode().hex() not in rows, name  # as bytea shows it
            assert canary.upper().encode().hex() not in rows, name
    # The looking itself: what is kept in clear is seen.
    assert "Prairie Health" in tables["fact"]
    assert b"Prairie Health".hex() in tables["published"]


def test_what_left_the_house_stays_as_it_was_whatever_is_corrected(
    ready: Office, story: Story
) -> None:
    answer = ready.issue(day(6))
    ready.pending_work.drain()
    before = (file_of(ready, answer), published(ready, events.ClaimIssued))
    ready.hear(story.corrected(CLIENT, day(0), 1, 0))
    [proposal] = ready.of_kind("proposal")
    assert (proposal["action"], proposal["issued_charge_minor"]) == ("REPLACE", 90_000)
    assert proposal["corrected_charge_minor"] == 60_000
    assert proposal["changed_dates"] == [day(0).isoformat()]
    ready.hear(story.corrected(CLIENT, day(0), 2, 180))
    assert ready.of_kind("proposal") == []
    again = ready.issue(day(6), command="again")
    assert again.claims == 0
    assert (file_of(ready, answer), published(ready, events.ClaimIssued)) == before


def test_a_filing_limit_ends_with_the_last_evening_of_the_site(
    office: Office, story: Story
) -> None:
    client_id = "0c11e700-0000-4000-8000-000000000001"
    office.set_up(SITE, [client_id], filing_limit_days=20)
    office.hear(story.admitted(client_id, office.payer_id) + story.attended(client_id, [day(0)]))
    office.identities.cover(office.payer_id, covered(client_id, COVERAGE))
    office.now = datetime(2026, 3, 23, 5, 0, tzinfo=UTC)  # midnight of the 23rd in Chicago
    [left] = office.issue(day(6), command="too late").left_out
    assert left.reason == "FILING_LIMIT_PASSED"
    office.now = datetime(2026, 3, 23, 4, 59, tzinfo=UTC)
    assert office.issue(day(6), command="that evening").claims == 1


def test_at_a_site_in_a_zone_that_is_not_known_here_claims_leave_by_the_day_of_utc(
    ready: Office, story: Story
) -> None:
    opened = attendance.SiteOpened.FromString(OPENED.SerializeToString())
    opened.time_zone = "Mars/Olympus"
    ready.hear([story._tell(opened)])
    assert ready.issue(day(6)).claims == 2
