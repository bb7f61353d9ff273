"""Whoever is registered twice is billed once: by member number and birth date, as intake knows."""

import threading
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from ninehours.billing.v1 import billing_service_pb2 as billing
from ninehours.common.v1 import common_pb2 as common
from ninehours.intake.v1 import intake_service_pb2 as pb
from psycopg.rows import dict_row

from kernel.process import Service
from kernel.rpc.translate import to_date
from kernel.store.statements import text
from kernel.store.store import Store
from operations.verifying.examination import Examination
from services.billing.__main__ import SERVICE as BILLING
from services.billing.adapters.checks import a_member_is_billed_once
from services.billing.adapters.publication import publish
from services.billing.adapters.subscriptions import SUBSCRIPTIONS
from services.intake.__main__ import SERVICE as INTAKE
from tests.billing.test_forms import EVE, FACILITY
from tests.harness.billing.history import day
from tests.harness.billing.service import Office
from tests.harness.billing.with_intake import House
from tests.harness.intake.service import SITE, Desk
from tests.harness.kernel.owner import as_owner
from tests.harness.signing import signatures_of
from tests.system.wrongs import member_twice

ANN = "57aff000-0000-4000-8000-00000000000a"
NewStore = Callable[[Service], Store]


@pytest.fixture
def house(new_store: NewStore) -> House:
    return House(Desk(new_store(INTAKE)), Office(new_store(BILLING)))


def left_out(answer: Any) -> list[tuple[str, str]]:
    return [(omitted.client_id, omitted.reason) for omitted in answer.left_out]


@pytest.mark.parametrize("written", ["MEMBER-4711", "member 47-11"])
def test_one_person_registered_twice_is_billed_once(house: House, written: str) -> None:
    first = house.admit(member_number="MEMBER-4711")
    assert house.office.issue(day(6), command="first").claims == 1
    second = house.admit(member_number=written, days=(2,))
    answer = house.office.issue(day(6), command="second")
    assert (answer.claims, left_out(answer)) == (0, [(second, "DUPLICATE_MEMBER")])
    [left] = answer.left_out
    assert left.service_date == to_date(day(2))
    assert [claim.client_id for claim in house.office.claims()] == [first]


def test_of_two_registrations_in_one_command_one_is_billed(house: House) -> None:
    clients = {house.admit(member_number="MEMBER-4711") for _ in range(2)}
    answer = house.office.issue(day(6))
    house.office.pending_work.drain()
    [claim] = house.office.claims()
    assert answer.claims == 1
    [client_id] = clients - {claim.client_id}
    assert left_out(answer) == [(client_id, "DUPLICATE_MEMBER")] * 3
    assert [(omitted.service_date, omitted.other_claim_id) for omitted in answer.left_out] == [
        (to_date(day(on)), claim.claim_id) for on in (0, 2, 4)
    ]


@pytest.mark.parametrize("form", [{}, FACILITY], ids=["professional", "institutional"])
def test_a_claims_other_dates_leave_without_the_one_that_stands_elsewhere(
    house: House, form: dict[str, Any]
) -> None:
    house.office.propose(2, **form)
    house.office.confirm(2)
    house.office.register_practitioner(EVE)
    first = house.admit(member_number="MEMBER-4711", days=(2,), facilitator=EVE)
    house.office.issue(day(6), command="first")
    house.office.pending_work.drain()
    second = house.admit(member_number="MEMBER-4711", facilitator=EVE)
    answer = house.office.issue(day(6), command="second")
    house.office.pending_work.drain()
    [left] = answer.left_out
    assert (answer.claims, answer.charge.minor_units) == (1, 60_000)
    assert (left.client_id, left.service_date) == (second, to_date(day(2)))
    [claim] = house.office.claims(second)
    assert [line.service_date for line in claim.lines] == [to_date(day(0)), to_date(day(4))]
    units = house.office.call(
        "ListAuthorizations", billing.ListAuthorizationsRequest(client_id=second)
    )
    assert [
        (authorization.issued, authorization.allocated) for authorization in units.authorizations
    ] == [(2, 1)]
    # What is left is a draft of its own, left out until somebody says, or the other is voided.
    again = house.office.issue(day(6), command="again")
    assert (again.claims, left_out(again)) == (0, [(second, "DUPLICATE_MEMBER")])
    assert found(house) == []
    judge(house, first, second, "TWO_PEOPLE")
    house.relay()
    assert house.office.issue(day(6), command="two people").claims == 1
    house.office.pending_work.drain()
    assert house.office.of_kind("draft_claim") == []


def test_who_attended_the_other_dates_is_named(house: House) -> None:
    house.office.propose(2, **FACILITY)
    house.office.confirm(2)
    for staff_id in (EVE, ANN):
        house.office.register_practitioner(staff_id)
    house.admit(member_number="MEMBER-4711", days=(2, 4), facilitator=EVE)
    house.office.issue(day(6), command="first")
    house.office.pending_work.drain()
    second = house.admit(member_number="MEMBER-4711", days=(2, 4), facilitator=EVE)
    house.office.hear(house.story.attended(second, [day(0)], facilitator=ANN))
    answer = house.office.issue(day(6), command="second")
    assert left_out(answer) == [(second, "DUPLICATE_MEMBER")] * 2
    [issued] = house.office.query(
        "SELECT body->>'rendering_staff_id' AS attending FROM fact"
        " WHERE type = 'billing.claim_issued.v1' AND body->>'client_id' = :client",
        client=second,
    )
    assert issued.attending == ANN


def test_a_replacement_does_not_bring_a_date_that_stands_on_anothers_claim(house: House) -> None:
    house.office.propose(2, late_day="REPLACE")
    house.office.confirm(2)
    house.admit(member_number="MEMBER-4711", days=(2,))
    house.office.issue(day(6), command="first")
    house.office.pending_work.drain()
    second = house.admit(member_number="MEMBER-4711")
    house.office.issue(day(6), command="second")
    house.office.pending_work.drain()
    [claim] = house.office.claims(second)
    house.office.adjudicate(claim.claim_id)
    answer = house.office.correct()
    assert (answer.replaced, left_out(answer)) == (0, [(second, "DUPLICATE_MEMBER")])
    assert answer.left_out[0].service_date == to_date(day(2))


def test_other_dates_of_the_same_member_are_billed(house: House) -> None:
    house.admit(member_number="MEMBER-4711", days=(0, 4))
    house.admit(member_number="MEMBER-4711", days=(2,))
    assert house.office.issue(day(6)).claims == 2


def test_a_familys_number_is_shared_and_each_of_them_is_billed(house: House) -> None:
    born = common.Date(year=2009, month=5, day=1)
    house.admit(member_number="MEMBER-4711")
    house.admit(member_number="MEMBER-4711", birth_date=born)
    assert house.office.issue(day(6)).claims == 2


def test_a_named_person_may_say_that_they_are_two_people_and_take_it_back(house: House) -> None:
    first, second = (house.admit(member_number="MEMBER-4711") for _ in range(2))
    assert house.office.issue(day(6), command="doubles").claims == 1
    house.office.pending_work.drain()
    judge(house, second, first, "TWO_PEOPLE")
    unheard = left_out(house.office.issue(day(6), command="not heard"))
    assert [reason for _, reason in unheard] == ["NOT_SETTLED"]
    house.relay()
    assert house.office.issue(day(6), command="two people").claims == 1
    house.office.pending_work.drain()
    assert found(house) == []
    judge(house, first, second, "ONE_PERSON")
    house.relay()
    for (reason, about, says), on in zip(found(house), (0, 2, 4), strict=True):
        assert (reason, about) == ("MEMBER_BILLED_TWICE", f"client/{min(first, second)}")
        assert says.startswith(f"{day(on)} is billed of client {max(first, second)} too")
        assert all(claim.claim_id in says for claim in house.office.claims())


def test_verify_finds_a_member_who_was_billed_twice(house: House) -> None:
    for _ in range(2):
        house.admit(days=(2,))
    assert house.office.issue(day(6)).claims == 2
    assert found(house) == []
    url = house.office.store.engine.url.set(drivername="postgresql")
    with (
        psycopg.connect(
            url.render_as_string(hide_password=False), autocommit=True, row_factory=dict_row
        ) as connection,
        member_twice(connection) as named,
    ):
        [(reason, about, says)] = found(house)
    assert reason == "MEMBER_BILLED_TWICE"
    assert f"{about}: {says}".startswith(named)
    assert found(house) == []


def test_who_was_not_recognised_yet_waits(house: House) -> None:
    client_id = house.admit()
    with house.office.store.transaction() as tx:
        tx.connection.execute(text("DELETE FROM heard_fact WHERE type LIKE '%MemberRecognised'"))
    assert left_out(house.office.issue(day(6))) == [(client_id, "NOT_RECOGNISED")]


def test_the_claim_on_which_the_date_stands_is_told_to_its_site_alone(house: House) -> None:
    house.admit(member_number="MEMBER-4711")
    house.office.issue(day(6), command="first")
    house.office.pending_work.drain()
    [claim] = house.office.claims()
    with as_owner(house.office.store) as tx:  # as if another site had billed it
        tx.connection.execute(
            text(
                "UPDATE fact SET body = body || CAST(:site AS jsonb)"
                " WHERE type = 'billing.claim_issued.v1'"
            ),
            {"site": '{"site_id": "51000000-0000-4000-8000-00000000000b"}'},
        )
    house.admit(member_number="MEMBER-4711", days=(2,))
    [left] = house.office.issue(day(6), command="network").left_out
    assert (left.reason, left.other_claim_id) == ("DUPLICATE_MEMBER", claim.claim_id)
    house.office.sites = frozenset({SITE})
    [left] = house.office.issue(day(6), command="site").left_out
    assert (left.reason, left.other_claim_id) == ("DUPLICATE_MEMBER", "")


def test_once_a_claim_is_voided_its_dates_may_be_billed_of_the_other(house: House) -> None:
    first = house.admit(member_number="MEMBER-4711", days=(0,))
    house.office.issue(day(6), command="first")
    house.office.pending_work.drain()
    second = house.admit(member_number="MEMBER-4711", days=(0,))
    [claim] = house.office.claims()
    assert left_out(house.office.issue(day(6), command="too early")) == [
        (second, "DUPLICATE_MEMBER")
    ]
    house.office.adjudicate(claim.claim_id)
    house.office.hear(house.story.corrected(first, day(0), 1, 0))
    assert house.office.correct().voided == 1
    house.office.pending_work.drain()
    answer = house.office.issue(day(6), command="second")
    assert (answer.claims, left_out(answer), found(house)) == (1, [], [])


def test_a_claim_under_a_mistyped_number_stands_for_whoever_has_the_corrected_one(
    house: House,
) -> None:
    first = house.admit(member_number="MEMBER-4712", days=(2,))
    assert house.office.issue(day(6), command="first").claims == 1
    house.office.pending_work.drain()
    house.cover(first, member_number="MEMBER-4711")
    house.relay()
    second = house.admit(member_number="MEMBER-4711", days=(2,))
    answer = house.office.issue(day(6), command="second")
    assert (answer.claims, left_out(answer)) == (0, [(second, "DUPLICATE_MEMBER")])


def test_who_once_had_a_members_number_is_asked_about_under_it_too(house: House) -> None:
    house.admit(member_number="MEMBER-4712", days=(2,))
    assert house.office.issue(day(6), command="first").claims == 1
    house.office.pending_work.drain()
    second = house.admit(member_number="MEMBER-4712", days=(2,))
    house.cover(second, member_number="MEMBER-4711")
    house.relay()
    answer = house.office.issue(day(6), command="second")
    assert (answer.claims, left_out(answer)) == (0, [(second, "DUPLICATE_MEMBER")])


def test_of_two_registrations_in_one_command_one_had_the_number_mistyped(house: House) -> None:
    clients = [house.admit(member_number=number) for number in ("MEMBER-4712", "MEMBER-4711")]
    house.cover(clients[0], member_number="MEMBER-4711")
    house.cover(clients[1], member_number="MEMBER-4710")
    house.relay()
    assert house.office.issue(day(6)).claims == 1


def test_verify_finds_a_member_who_was_billed_twice_under_a_mistyped_number(house: House) -> None:
    first = house.admit(member_number="MEMBER-4712", days=(2,))
    second = house.admit(member_number="MEMBER-4711", days=(2,))
    assert house.office.issue(day(6)).claims == 2
    house.office.pending_work.drain()
    assert found(house) == []
    house.cover(first, member_number="MEMBER-4711")
    house.relay()
    [(reason, about, _)] = found(house)
    assert (reason, about) == ("MEMBER_BILLED_TWICE", f"client/{min(first, second)}")


def test_where_the_payer_wants_voids_processed_the_others_claim_waits_too(house: House) -> None:
    house.office.propose(2, new_claim_after="VOID_PROCESSED")
    house.office.confirm(2)
    first = house.admit(member_number="MEMBER-4711", days=(0,))
    house.office.issue(day(6), command="first")
    house.office.pending_work.drain()
    second = house.admit(member_number="MEMBER-4711", days=(0,))
    [claim] = house.office.claims()
    house.office.adjudicate(claim.claim_id)
    house.office.hear(house.story.corrected(first, day(0), 1, 0))
    assert house.office.correct().voided == 1
    house.office.pending_work.drain()
    answer = house.office.issue(day(6), command="too early")
    assert (answer.claims, left_out(answer)) == (0, [(second, "DUPLICATE_MEMBER")])
    [void] = [claim for claim in house.office.claims() if claim.frequency == "8"]
    house.office.adjudicate(void.claim_id, status="REVERSED")
    answer = house.office.issue(day(6), command="processed")
    assert (answer.claims, left_out(answer), found(house)) == (1, [], [])


def test_recognised_anew_while_it_is_issued_it_is_judged_anew(house: House) -> None:
    """A corrected member number comes between the permit and billing's transaction."""
    house.admit(member_number="MEMBER-4711")
    house.office.issue(day(6), command="first")
    house.office.pending_work.drain()
    second = house.admit(days=(2,))

    def corrected() -> None:
        house.permitted = lambda: None
        house.cover(second, member_number="MEMBER-4711")
        house.relay()

    house.permitted = corrected
    answer = house.office.issue(day(6), command="second")
    assert (answer.claims, left_out(answer)) == (0, [(second, "DUPLICATE_MEMBER")])


def test_issuing_holds_the_member(house: House) -> None:
    house.admit()
    [member] = {ref for row in house.office.query(KEYS) for ref in row.refs}
    with house.office.store.transaction() as tx:
        tx.lock([member])
        issuing = threading.Thread(target=lambda: house.office.issue(day(6)))
        issuing.start()
        while not house.office.query("SELECT FROM pg_locks WHERE NOT granted"):
            assert issuing.is_alive()
        assert house.office.query("SELECT FROM fact WHERE stream LIKE 'claim/%'") == []
    issuing.join()
    assert len(house.office.claims()) == 1


KEYS = "SELECT refs FROM heard_fact WHERE type LIKE '%MemberRecognised'"


def judge(house: House, client_id: str, other_client_id: str, verdict: str) -> None:
    house.desk.call(
        pb.JudgeDoublesRequest(
            client_id=client_id,
            other_client_id=other_client_id,
            verdict=f"DOUBLES_VERDICT_{verdict}",
            reason="twins",
        )
    )


def found(house: House) -> list[tuple[str, str, str]]:
    """What billing's own check of members finds."""
    store = house.office.store
    with store.snapshot() as tx:
        examination = Examination(
            store=store,
            connection=tx.connection,
            subscriptions=SUBSCRIPTIONS,
            signatures=signatures_of(),
            publish=publish,
            owners={},
            heads={},
            kafka=lambda: iter(()),
        )
        findings = list(a_member_is_billed_once(examination))
        assert examination.looked_at > 0
    return [(finding.reason, finding.about, finding.says) for finding in findings]
