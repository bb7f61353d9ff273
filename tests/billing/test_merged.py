"""Two clients who are merged are billed as one, and as two again when it is taken back.

Intake is real here: its servicer, its published log; billing hears it when a test says.
"""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from ninehours.attendance.v1 import attendance_service_pb2 as attendance_api
from ninehours.billing.v1 import billing_service_pb2 as billing
from ninehours.common.v1 import persons_pb2 as persons
from ninehours.intake.v1 import intake_service_pb2 as pb

from kernel.messaging.persons import persons_of
from kernel.process import Service
from kernel.refusal import AgainstTheRules
from kernel.rpc.translate import to_date, to_timestamp
from kernel.store.store import Store
from services.billing.__main__ import SERVICE as BILLING
from services.intake.__main__ import SERVICE as INTAKE
from tests.harness.billing.history import day
from tests.harness.billing.service import Office
from tests.harness.billing.with_intake import House
from tests.harness.intake.merging import ADMINISTRATOR, merge, unmerge
from tests.harness.intake.service import Desk

NewStore = Callable[[Service], Store]


@pytest.fixture
def house(new_store: NewStore) -> House:
    return House(Desk(new_store(INTAKE)), Office(new_store(BILLING)))


def one_person(house: House, survivor: str, absorbed: str) -> None:
    merge(house.desk, survivor, absorbed, settled=["OPEN_EPISODES"], roles=ADMINISTRATOR)
    house.relay()


def two_people(house: House, survivor: str, absorbed: str) -> None:
    unmerge(house.desk, survivor, absorbed)
    house.relay()


def came(house: House, client_id: str, session_id: str, hours: tuple[int, int]) -> None:
    """On Monday to a session of these hours, which was closed, and its note signed."""
    on, (first, last) = day(0), hours
    starts_at = datetime.combine(on, time(first), UTC)
    ends_at = datetime.combine(on, time(last), UTC)
    of = {
        "client_id": client_id,
        "session_id": session_id,
        "site_id": house.story.site_id,
        "service_date": to_date(on),
    }
    span: dict[str, Any] = {"from": to_timestamp(starts_at), "to": to_timestamp(ends_at)}
    messages = (
        attendance.SessionScheduled(
            **of,
            modality=attendance_api.MODALITY_IN_PERSON,
            starts_at=to_timestamp(starts_at),
            ends_at=to_timestamp(ends_at),
        ),
        attendance.SessionAttended(
            **of, minutes=(last - first) * 60, treatment=[attendance.Treatment(**span)]
        ),
        attendance.SessionNoteSigned(**of, signed_at=to_timestamp(ends_at + timedelta(hours=1))),
    )
    house.office.hear([house.story._tell(message) for message in messages])


def days(house: House) -> dict[tuple[str, str], tuple[str, int]]:
    """Client and date → outcome and minutes."""
    return {
        (content["client_id"], content["service_date"]): (content["outcome"], content["minutes"])
        for content in house.office.of_kind("service_day")
    }


def contents(house: House) -> Any:
    return house.office.current()


def test_the_survivor_is_billed_for_both_and_the_absorbed_one_for_nothing(house: House) -> None:
    absorbed, survivor = house.admit(days=(0,)), house.admit(days=(2, 4))
    one_person(house, survivor, absorbed)
    assert {client for client, _ in days(house)} == {survivor}
    assert [on for _, on in days(house)] == [str(day(on)) for on in (0, 2, 4)]
    assert {draft["client_id"] for draft in house.office.of_kind("draft_claim")} == {survivor}


def test_taken_apart_where_nothing_was_issued_everything_is_as_it_was(house: House) -> None:
    absorbed, survivor = house.admit(days=(0, 2)), house.admit(days=(2, 4))
    before = contents(house)
    one_person(house, survivor, absorbed)
    assert contents(house) != before
    two_people(house, survivor, absorbed)
    assert contents(house) == before


def test_a_day_as_the_absorbed_one_says_by_which_merge_it_is_the_survivors(house: House) -> None:
    absorbed, survivor = house.admit(days=(0,)), house.admit(days=(2,))
    one_person(house, survivor, absorbed)
    [merge] = house.office.query(
        "SELECT id FROM heard_fact WHERE type = 'ninehours.common.v1.ClientMerged'"
        " AND subject = :survivor",
        survivor=f"client/{survivor}",
    )
    rows = house.office.query(
        "SELECT content->>'service_date' AS on, provenance->'facts' AS facts FROM derived"
        " WHERE kind = 'service_day' AND current AND NOT withdrawn"
    )
    by_merge = {row.on for row in rows if str(merge.id) in row.facts}
    assert len(rows) == 2
    assert str(day(0)) in by_merge


def test_which_of_both_logs_is_heard_first_says_nothing(house: House) -> None:
    absorbed, survivor = house.admit(days=(0,)), house.admit(days=(2,))
    merge(house.desk, survivor, absorbed, settled=["OPEN_EPISODES"], roles=ADMINISTRATOR)
    told = [
        record
        for record in house.told()
        if dict(record.headers)["ce_type"] == persons.ClientMerged.DESCRIPTOR.full_name.encode()
    ]
    assert len(told) == 2
    before = contents(house)
    house.office.hear(told[:1])
    merged = contents(house)
    house.office.hear(told[1:])
    assert before != merged == contents(house)
    house.office.hear(told)
    assert contents(house) == merged


def test_a_minute_at_two_sessions_is_paid_once(house: House) -> None:
    absorbed, survivor = house.admit(days=()), house.admit(days=())
    came(house, absorbed, "morning", (9, 12))
    came(house, survivor, "noon", (11, 13))
    one_person(house, survivor, absorbed)
    assert days(house)[survivor, str(day(0))] == ("PER_DIEM", 240)
    two_people(house, survivor, absorbed)
    assert {minutes for _, minutes in days(house).values()} == {180, 120}


def test_one_session_attended_as_both_is_one_presence(house: House) -> None:
    absorbed, survivor = house.admit(days=()), house.admit(days=())
    for client_id, first, last in ((absorbed, 9, 11), (survivor, 10, 12)):
        came(house, client_id, "group", (first, last))
    one_person(house, survivor, absorbed)
    assert days(house)[survivor, str(day(0))] == ("PER_DIEM", 180)


def test_minutes_told_without_their_time_wait_for_a_person(house: House) -> None:
    absorbed, survivor = house.admit(days=(0,)), house.admit(days=(0,))
    one_person(house, survivor, absorbed)
    outcome, _ = days(house)[survivor, str(day(0))]
    assert outcome == "HOLD"
    [content] = house.office.of_kind("service_day")
    reasons = {verdict["reason"] for verdict in content["verdicts"] if not verdict["open"]}
    assert reasons == {"OVERLAP"}


def issued_both(house: House) -> tuple[str, str, str, str]:
    """Survivor, absorbed, and their claims, of one date."""
    absorbed, survivor = house.admit(days=()), house.admit(days=())
    came(house, absorbed, "morning", (9, 12))
    came(house, survivor, "noon", (11, 14))
    assert house.office.issue(day(6), command="both").claims == 2
    house.office.pending_work.drain()
    [of_survivor], [of_absorbed] = (
        house.office.claims(client_id) for client_id in (survivor, absorbed)
    )
    return survivor, absorbed, of_survivor.claim_id, of_absorbed.claim_id


def test_of_two_claims_of_one_date_one_is_proposed_to_be_voided(house: House) -> None:
    survivor, absorbed, *claims = issued_both(house)
    assert house.office.of_kind("proposal") == []
    one_person(house, survivor, absorbed)
    [proposal] = house.office.of_kind("proposal")
    assert (proposal["client_id"], proposal["action"]) == (survivor, "VOID")
    assert proposal["claim_id"] in claims
    assert proposal["corrected_charge_minor"] == 0
    assert house.office.of_kind("draft_claim") == []
    two_people(house, survivor, absorbed)
    assert house.office.of_kind("proposal") == []


def test_the_void_leaves_as_the_client_whose_claim_it_was(house: House) -> None:
    survivor, absorbed, *claims = issued_both(house)
    one_person(house, survivor, absorbed)
    [proposal] = house.office.of_kind("proposal")
    house.office.adjudicate(proposal["claim_id"])
    answer = house.office.correct()
    house.office.pending_work.drain()
    assert (answer.voided, list(answer.left_out)) == (1, [])
    assert house.office.of_kind("proposal") == []
    [void] = [one for one in house.office.claims() if one.claim_id not in claims]
    [corrected] = [one for one in house.office.claims() if one.claim_id == proposal["claim_id"]]
    assert void.client_id == corrected.client_id
    # Taken apart after all, the date is billed anew of whom it was voided.
    two_people(house, survivor, absorbed)
    [draft] = house.office.of_kind("draft_claim")
    assert draft["client_id"] == corrected.client_id


def test_what_was_issued_of_other_dates_stands_and_is_not_drafted_again(house: House) -> None:
    absorbed, survivor = house.admit(days=(0,)), house.admit(days=(2,))
    assert house.office.issue(day(6), command="both").claims == 2
    house.office.pending_work.drain()
    one_person(house, survivor, absorbed)
    assert house.office.of_kind("draft_claim") == []
    lists = billing.ListClaimsRequest(client_id=absorbed)
    assert len(house.office.call("ListClaims", lists).claims) == 2


def test_the_absorbed_ones_days_leave_as_the_survivors(house: House) -> None:
    absorbed = house.admit(days=(0,))
    survivor = house.desk.registered()
    one_person(house, survivor, absorbed)
    answer = house.office.issue(day(6))
    house.office.pending_work.drain()
    assert (answer.claims, list(answer.left_out)) == (1, [])
    [claim] = house.office.claims()
    assert claim.client_id == survivor
    assert house.office.of_kind("draft_claim") == []


def test_a_claim_waits_until_the_other_ones_log_is_heard(house: House) -> None:
    absorbed = house.admit(days=(0,))
    survivor = house.desk.registered()
    one_person(house, survivor, absorbed)
    with house.desk.store.transaction() as tx:
        assert persons_of(tx.connection, [f"client/{absorbed}"]).into
    house.restrict(survivor)
    answer = house.office.issue(day(6))
    assert [left.reason for left in answer.left_out] == ["NOT_SETTLED"]


def test_what_is_said_under_the_absorbed_id_is_refused_with_the_id_to_use(house: House) -> None:
    absorbed, survivor = house.admit(days=(0,)), house.admit(days=(2,))
    one_person(house, survivor, absorbed)
    with pytest.raises(AgainstTheRules) as refusal:
        house.office.authorize(absorbed, number="ANOTHER")
    assert refusal.value.reason == "CLIENT_MERGED"
    assert refusal.value.details["survivor_client_id"] == survivor
    house.office.authorize(survivor, number="ANOTHER")


def test_a_chain_is_billed_as_its_last_survivor(house: House) -> None:
    first, second, third = (house.admit(days=(number,)) for number in (0, 2, 4))
    before = contents(house)
    one_person(house, second, first)
    one_person(house, third, second)
    assert {client for client, _ in days(house)} == {third}
    assert len(days(house)) == 3
    two_people(house, second, first)
    assert {client for client, _ in days(house)} == {first, third}
    two_people(house, third, second)
    assert contents(house) == before


def test_a_consent_revoked_as_one_closes_the_days_of_the_other(house: House) -> None:
    absorbed, survivor = house.admit(days=()), house.admit(days=(4,))
    house.desk.call(
        pb.RevokeConsentRequest(
            client_id=absorbed, consent_id=house.consent_of(absorbed), revoked_on=to_date(day(3))
        )
    )
    assert days(house)[survivor, str(day(4))][0] == "PER_DIEM"
    one_person(house, survivor, absorbed)
    assert days(house)[survivor, str(day(4))][0] == "HOLD"
