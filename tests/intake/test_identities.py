"""Identity is sealed, leaves only by ReadIdentities, and every asking is audited."""

from typing import Any
from uuid import uuid4

import pytest
from ninehours.intake.v1 import intake_service_pb2 as pb

from kernel.keys.forgetting import forget
from kernel.refusal import Malformed
from kernel.rpc.policy import policies_of
from kernel.rpc.translate import to_date
from services.intake.api.servicer import SERVICE
from tests.harness.intake.service import (
    MENTAL_HEALTH,
    OTHER_PAYER,
    OTHER_PROGRAM,
    PAYER,
    PROGRAM,
    SURNAME,
    Desk,
    areas,
    identity,
    restrict,
)
from tests.harness.intake.strategies import day
from tests.harness.kernel.owner import as_owner

PLANTED = (
    SURNAME,
    "Canary Row",
    "pharmacy",
    "Leadville",
    "MEMBER-4711",
    "GROUP-0815",
    "802021234",
    "1984-02-29",
)
TABLES = (
    "SELECT table_name FROM information_schema.tables"
    " WHERE table_schema = 'public' ORDER BY table_name"
)


def withheld(answer: Any) -> dict[str, str]:
    return {refusal.client_id: refusal.reason for refusal in answer.withheld}


def audited(desk: Desk) -> list[tuple[Any, ...]]:
    rows = desk.rows(
        "SELECT client_id::text, outcome, consent_id::text, identity_version FROM identity_audit"
        " ORDER BY id"
    )
    return [tuple(row) for row in rows]


def test_only_billing_may_ask_for_payment() -> None:
    policy = policies_of(SERVICE)["ReadIdentities"]
    assert (set(policy.roles), set(policy.purposes)) == ({"service:billing"}, {"PAYMENT"})


def test_a_claim_gets_what_was_registered(desk: Desk) -> None:
    client_id = desk.registered()
    consent_id, coverage_id = desk.consented(client_id), desk.covered(client_id)
    desk.admitted(client_id)
    answer = desk.identities(client_id)
    assert list(answer.withheld) == []
    [permit] = desk.rows("SELECT permit_id, sequence FROM permit")
    [head] = desk.rows("SELECT last, last_id FROM sequence")
    assert permit.sequence == head.last
    assert list(answer.identities) == [
        pb.CoveredIdentity(
            client_id=client_id,
            identity=identity(),
            identity_version=1,
            coverage_id=coverage_id,
            member_number="MEMBER-4711",
            group_number="GROUP-0815",
            consent_id=consent_id,
            coverages=[
                pb.MemberNumber(
                    coverage_id=coverage_id,
                    member_number="MEMBER-4711",
                    group_number="GROUP-0815",
                    version=1,
                )
            ],
            permit_id=str(permit.permit_id),
            permit_sequence=permit.sequence,
            permit_fact_id=str(head.last_id),
            program_ids=[PROGRAM],
        )
    ]
    assert audited(desk) == [(client_id, "GIVEN", consent_id, 1)]
    [row] = desk.rows("SELECT * FROM identity_audit")
    assert (row.actor, row.purpose) == ("service/billing", "PAYMENT")
    assert (row.at, str(row.recipient_payer_id)) == (desk.now, PAYER)


def test_the_audit_leads_to_the_command_that_asked(desk: Desk) -> None:
    desk.identities(desk.registered())
    assert [row.correlation for row in desk.rows("SELECT correlation FROM identity_audit")] == ["c"]


def test_a_program_not_under_part_2_needs_no_consent(desk: Desk) -> None:
    client_id = desk.registered()
    desk.covered(client_id, group_number="")
    desk.admitted(client_id, under_part2=False)
    [given] = desk.identities(client_id).identities
    assert (given.consent_id, given.group_number) == ("", "")
    assert audited(desk) == [(client_id, "GIVEN", None, 1)]


def test_without_consent_nothing_leaves(desk: Desk) -> None:
    not_admitted, admitted, both = (desk.registered() for _ in range(3))
    for client_id in (not_admitted, admitted, both):
        desk.covered(client_id)
    desk.admitted(admitted)
    desk.admitted(both, under_part2=False)
    desk.admitted(both, under_part2=True, program_id=OTHER_PROGRAM)
    answer = desk.identities(not_admitted, admitted, both, programs={both: [OTHER_PROGRAM]})
    assert withheld(answer) == dict.fromkeys((not_admitted, admitted, both), "NO_CONSENT")
    assert list(answer.identities) == []


def test_without_consent_a_client_is_named_for_lines_of_other_programs_alone(desk: Desk) -> None:
    client_id = desk.registered()
    desk.covered(client_id)
    desk.admitted(client_id, under_part2=False)
    desk.admitted(client_id, program_id=OTHER_PROGRAM)
    [given] = desk.identities(client_id).identities
    assert (given.consent_id, list(given.program_ids)) == ("", [MENTAL_HEALTH])
    consent_id = desk.consented(client_id)
    [given] = desk.identities(client_id).identities
    assert given.consent_id == consent_id
    assert list(given.program_ids) == [OTHER_PROGRAM, MENTAL_HEALTH]


@pytest.mark.parametrize("programs", [[], [""], [str(uuid4())], [MENTAL_HEALTH, ""]])
def test_lines_of_a_program_that_nobody_knows_are_under_part_2(
    desk: Desk, programs: list[str]
) -> None:
    client_id = desk.registered()
    desk.covered(client_id)
    desk.admitted(client_id, under_part2=False)
    answer = desk.identities(client_id, programs={client_id: programs})
    told = [list(disclosed.program_ids) for disclosed in answer.identities]
    assert told == ([[MENTAL_HEALTH]] if MENTAL_HEALTH in programs else [])
    assert withheld(answer) == ({} if told else {client_id: "NO_CONSENT"})


@pytest.mark.parametrize(("on", "given"), [(-1, False), (0, True), (5, True), (6, False)])
def test_a_consent_must_hold_on_the_date(desk: Desk, on: int, given: bool) -> None:
    client_id = desk.registered()
    desk.consented(client_id, expires_on=to_date(day(5)))
    coverage_id = desk.covered(client_id)
    earlier = pb.VerifyCoverageRequest(
        client_id=client_id, coverage_id=coverage_id, verified_from=to_date(day(-30))
    )
    desk.call(earlier)
    answer = desk.identities(client_id, on=on)
    assert len(answer.identities) == given
    assert withheld(answer) == ({} if given else {client_id: "NO_CONSENT"})


def test_a_consent_to_another_payer_is_none(desk: Desk) -> None:
    client_id = desk.registered()
    desk.covered(client_id)
    desk.consented(client_id, recipient_payer_id=OTHER_PAYER)
    assert withheld(desk.identities(client_id)) == {client_id: "NO_CONSENT"}


@pytest.mark.parametrize(("on", "given"), [(0, True), (2, True), (3, False), (4, False)])
def test_a_revoked_consent_opens_nothing_from_that_day_on(desk: Desk, on: int, given: bool) -> None:
    client_id = desk.registered()
    consent_id = desk.consented(client_id)
    desk.covered(client_id)
    desk.call(
        pb.RevokeConsentRequest(
            client_id=client_id, consent_id=consent_id, revoked_on=to_date(day(3))
        )
    )
    assert withheld(desk.identities(client_id, on=on)) == (
        {} if given else {client_id: "NO_CONSENT"}
    )
    assert ("ConsentRevoked", "PART2") in desk.published()


def test_a_settled_revocation_opens_what_was_consented_to_once_and_the_audit_says_so(
    desk: Desk,
) -> None:
    once, never = desk.registered(), desk.registered()
    consent_id = desk.consented(once)
    for client_id in (once, never):
        desk.covered(client_id)
    desk.call(
        pb.RevokeConsentRequest(client_id=once, consent_id=consent_id, revoked_on=to_date(day(1)))
    )
    answer = desk.identities(once, never, on=2, settled=(once, never))
    assert withheld(answer) == {never: "NO_CONSENT"}
    assert [disclosed.consent_id for disclosed in answer.identities] == [""]
    assert audited(desk) == [
        (once, "REVOCATION_SETTLED", None, 1),
        (never, "NO_CONSENT", None, None),
    ]


def test_a_client_whose_coverage_ended_is_still_named_with_all_numbers(desk: Desk) -> None:
    """For the claims of the days it was in force, which name the coverage they are under."""
    client_id = desk.registered()
    desk.consented(client_id)
    ended = desk.covered(client_id, member_number="OLD", verified_to=to_date(day(5)))
    assert [
        disclosed.coverage_id for disclosed in desk.identities(client_id, on=20).identities
    ] == [ended]
    now = desk.covered(client_id, member_number="NEW", order=2)
    desk.covered(client_id, member_number="OTHER", payer_id=OTHER_PAYER)
    [given] = desk.identities(client_id, on=20).identities
    assert (given.coverage_id, given.member_number) == (now, "NEW")
    assert {coverage.coverage_id: coverage.member_number for coverage in given.coverages} == {
        ended: "OLD",
        now: "NEW",
    }


def test_a_coverage_must_be_of_the_payer_and_verified_for_the_date(desk: Desk) -> None:
    client_id = desk.registered()
    desk.consented(client_id, given_on=to_date(day(-1)))
    desk.covered(client_id, payer_id=OTHER_PAYER)
    assert withheld(desk.identities(client_id)) == {client_id: "NO_COVERAGE"}
    desk.covered(client_id)
    assert withheld(desk.identities(client_id, on=-1)) == {client_id: "NO_COVERAGE"}
    assert len(desk.identities(client_id).identities) == 1


def test_each_client_asked_for_is_audited_once_given_or_not(desk: Desk) -> None:
    given, unknown, uncovered, unconsented = (
        desk.registered(),
        str(uuid4()),
        desk.registered(),
        desk.registered(),
    )
    consent_id = desk.consented(given)
    desk.covered(given)
    desk.covered(unconsented)
    answer = desk.identities(given, unknown, uncovered, unconsented, given)
    assert [disclosed.client_id for disclosed in answer.identities] == [given]
    assert withheld(answer) == {
        unknown: "NOT_REGISTERED",
        uncovered: "NO_COVERAGE",
        unconsented: "NO_CONSENT",
    }
    assert audited(desk) == [
        (given, "GIVEN", consent_id, 1),
        (unknown, "NOT_REGISTERED", None, None),
        (uncovered, "NO_COVERAGE", None, None),
        (unconsented, "NO_CONSENT", None, None),
    ]


def test_a_forgotten_client_is_withheld_and_audited(desk: Desk) -> None:
    client_id = desk.registered()
    desk.consented(client_id)
    desk.covered(client_id)
    forgotten = {f"client/{client_id}": desk.now}
    forget(desk.store.engine, desk.store.vault.keys, forgotten)
    assert withheld(desk.identities(client_id)) == {client_id: "NOT_REGISTERED"}
    assert audited(desk) == [(client_id, "NOT_REGISTERED", None, None)]


def test_no_audit_no_answer(desk: Desk) -> None:
    client_id = desk.registered()
    with as_owner(desk.store) as tx:
        tx.connection.exec_driver_sql("DROP TABLE identity_audit")
    with pytest.raises(Exception, match="identity_audit"):
        desk.identities(client_id)


@pytest.mark.parametrize(
    "client_ids",
    [[], ["ada"], [str(uuid4()), ""], [f"{{{uuid4()}}}"], [str(uuid4())] * 1001],
    ids=["none", "a name", "empty", "braces", "too many"],
)
def test_only_up_to_a_thousand_uuids_are_asked_for(desk: Desk, client_ids: list[str]) -> None:
    with pytest.raises(Malformed) as refused:
        desk.identities(*client_ids)
    assert list(refused.value.details) == ["client_ids"]
    assert audited(desk) == []


def test_a_thousand_clients_are_answered(desk: Desk) -> None:
    answer = desk.identities(*(str(uuid4()) for _ in range(1000)))
    assert len(answer.withheld) == 1000
    assert desk.rows("SELECT count(*) FROM identity_audit") == [(1000,)]


def test_names_stand_nowhere_in_the_database(desk: Desk) -> None:
    client_id = desk.registered()
    desk.consented(client_id)
    desk.covered(client_id)
    desk.admitted(client_id)
    desk.call(areas(client_id))
    desk.close_task(client_id, desk.scored(client_id).safety_task_id)
    assert len(desk.identities(client_id).identities) == 1
    tables = [name for (name,) in desk.rows(TABLES)]
    assert {"fact", "published", "document", "command", "identity_audit"} <= set(tables)
    dumped = {
        table: " ".join(row for (row,) in desk.rows(f'SELECT t::text FROM "{table}" t'))
        for table in tables
    }
    # The search sees what is there, in text, in JSON and in bytes.
    assert client_id in dumped["fact"]
    assert client_id.encode().hex() in dumped["published"]
    for table, content in dumped.items():
        for planted in PLANTED:
            assert planted not in content, table
            assert planted.encode().hex() not in content, table


def test_each_asking_has_permits_of_its_own_which_nobody_hears_of(desk: Desk) -> None:
    given, unconsented = desk.registered(), desk.registered()
    desk.consented(given)
    for client_id in (given, unconsented):
        desk.covered(client_id)
    published = desk.published()
    first, second = (desk.identities(given, unconsented).identities[0] for _ in range(2))
    assert first.permit_id != second.permit_id
    assert desk.published() == published
    facts = desk.rows(
        "SELECT stream FROM fact WHERE type = 'intake.disclosure_permitted.v1' ORDER BY recorded_at"
    )
    assert [row.stream for row in facts] == [
        f"permit/{either.permit_id}" for either in (first, second)
    ]


def test_who_takes_something_away_is_told_what_was_permitted_to_that_payer_before(
    desk: Desk,
) -> None:
    client_id = desk.registered()
    consent_id = desk.consented(client_id)
    desk.covered(client_id)
    before = [desk.identities(client_id).identities[0].permit_id for _ in range(2)]
    revoking = pb.RevokeConsentRequest(
        client_id=client_id, consent_id=consent_id, revoked_on=to_date(day(1))
    )
    answer = desk.call(revoking, command_id=str(uuid4()))
    assert [earlier_permit.permit_id for earlier_permit in answer.earlier_permits] == before[::-1]
    assert {earlier_permit.consent_id for earlier_permit in answer.earlier_permits} == {consent_id}
    after = desk.identities(client_id).identities[0].permit_id
    assert desk.call(revoking) == answer  # as it was answered, whatever was permitted since
    restricted = desk.call(restrict(client_id)).earlier_permits
    assert [permit.permit_id for permit in restricted] == [after, *before[::-1]]
    other = pb.RestrictDisclosureRequest(client_id=client_id, payer_id=OTHER_PAYER)
    other.MergeFrom(restrict(client_id))
    other.payer_id = OTHER_PAYER
    assert list(desk.call(other).earlier_permits) == []


def test_at_most_fifty_clients_are_locked_at_once_and_at_most_a_hundred_permits_told(
    desk: Desk,
) -> None:
    clients = [desk.registered() for _ in range(51)]
    for client_id in clients:
        desk.consented(client_id)
        desk.covered(client_id)
    assert len(desk.identities(*clients).identities) == 51
    commands = desk.rows(
        "SELECT count(*) AS n FROM fact WHERE type = 'intake.disclosure_permitted.v1'"
        " GROUP BY command_id ORDER BY 1"
    )
    assert [row.n for row in commands] == [1, 50]
    with desk.store.transaction() as tx:
        tx.connection.exec_driver_sql(
            "INSERT INTO permit (permit_id, client_id, payer_id, sequence, permitted_at)"
            " SELECT gen_random_uuid(), client_id, payer_id, sequence, permitted_at"
            " FROM (SELECT * FROM permit LIMIT 1) AS one, generate_series(1, 120)"
        )
    [most] = desk.rows("SELECT client_id FROM permit GROUP BY client_id HAVING count(*) > 100")
    assert len(desk.call(restrict(str(most.client_id))).earlier_permits) == 100
