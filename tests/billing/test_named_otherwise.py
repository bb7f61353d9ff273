"""What left with another name or number than is true: heard of from intake, and made good.

Intake is real here: what it puts right is all that billing hears of a name.
"""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from ninehours.billing.v1 import explanation_service_pb2 as pb
from ninehours.intake.v1 import intake_service_pb2 as words

from kernel.process import Service
from kernel.rpc.translate import to_date
from kernel.store.store import Store
from services.billing.__main__ import SERVICE as BILLING
from services.billing.adapters.as_of import SqlHistoryAsOf
from services.billing.api.explaining import ExplanationServicer
from services.intake.__main__ import SERVICE as INTAKE
from tests.billing.test_put_right import HAT, put_right, said
from tests.harness.billing.history import day
from tests.harness.billing.service import Office
from tests.harness.billing.with_intake import House
from tests.harness.intake.service import OTHER_PAYER, SITE, Desk, identity
from tests.harness.x12.judge import judge
from tests.harness.x12.reading import claims_of

NewStore = Callable[[Service], Store]
SEEDS = range(4)


@pytest.fixture
def house(new_store: NewStore) -> House:
    return House(Desk(new_store(INTAKE)), Office(new_store(BILLING)))


def registration(**changes: Any) -> words.RegisterClientRequest:
    return words.RegisterClientRequest(identity=identity(**changes), site_id=SITE)


def membership(house: House, client_id: str, **changes: Any) -> Any:
    added = said(house, client_id, "membership").revisions[0].recording.membership
    added.MergeFrom(words.AddCoverageRequest(**changes))
    return added


def change(house: House, client_id: str, since: int, **changes: Any) -> None:
    request = words.ChangePersonRequest(
        client_id=client_id, identity=identity(**changes), changed_from=to_date(day(since))
    )
    house.desk.call(request, roles=HAT, purpose="OPERATIONS")


def proposals(house: House) -> list[str]:
    return [proposal["action"] for proposal in house.office.of_kind("proposal")]


def issued(house: House) -> str:
    """A week's claim left, and is answered: what follows of it can be sent."""
    assert house.office.issue(day(6)).claims == 1
    house.office.pending_work.drain()
    [claim] = house.office.claims()
    house.office.adjudicate(claim.claim_id, number="PCN4711")
    return str(claim.claim_id)


def sent(house: House, batch_id: str) -> Any:
    content = house.office.file(batch_id)
    assert judge(content) == []
    return claims_of(content)


def heard(house: House, kind: str) -> set[str]:
    rows = house.office.query(
        "SELECT id FROM heard_fact WHERE type = :type", type=f"ninehours.intake.v1.{kind}"
    )
    return {str(row.id) for row in rows}


def test_a_name_put_right_before_anything_left_is_the_one_that_leaves(house: House) -> None:
    client_id = house.admit()
    put_right(house, client_id, "registration", registration(family_name="Smith"))
    house.relay()
    assert b"*SMITH*" in house.office.file(house.office.issue(day(6)).batch_id)
    house.office.pending_work.drain()
    assert proposals(house) == []


def test_a_name_put_right_after_it_left_is_sent_again_and_says_by_what(house: House) -> None:
    client_id = house.admit()
    issued(house)
    put_right(house, client_id, "registration", registration(family_name="Smith"))
    house.relay()
    assert proposals(house) == ["REPLACE"]
    [row] = house.office.query(
        "SELECT provenance FROM derived WHERE kind = 'proposal' AND current AND NOT withdrawn"
    )
    assert heard(house, "IdentityAmended") <= set(row.provenance["facts"])

    answer = house.office.correct()
    assert answer.replaced == 1
    [claim] = sent(house, answer.batch_id)
    assert claim.frequency == "7"
    assert b"*SMITH*" in house.office.file(answer.batch_id)
    house.office.pending_work.drain()
    assert proposals(house) == []


def test_a_house_that_was_moved_and_one_that_was_typed_wrong_send_nothing(house: House) -> None:
    client_id = house.admit()
    issued(house)
    address = identity().address
    address.line = "1 New Street"
    change(house, client_id, 3, address=address)
    put_right(house, client_id, "registration", registration(address=address))
    house.relay()
    assert proposals(house) == []


def test_who_married_since_is_not_claimed_again(house: House) -> None:
    client_id = house.admit()
    issued(house)
    change(house, client_id, 6, family_name="Jones")
    house.relay()
    assert proposals(house) == []


def test_a_claim_of_after_the_wedding_that_had_the_old_name_is_sent_again(house: House) -> None:
    client_id = house.admit()
    issued(house)
    change(house, client_id, 1, family_name="Jones")
    house.relay()
    assert proposals(house) == ["REPLACE"]


def test_another_member_number_voids_what_left_and_claims_it_anew(house: House) -> None:
    client_id = house.admit(member_number="WRONG-1")
    claim_id = issued(house)
    put_right(house, client_id, "membership", membership(house, client_id, member_number="RIGHT-2"))
    house.relay()
    assert proposals(house) == ["VOID"]

    answer = house.office.correct()
    assert answer.voided == 1
    [void] = sent(house, answer.batch_id)
    assert (void.frequency, void.member_id) == ("8", "WRONG-1")
    house.office.pending_work.drain()
    again = house.office.issue(day(6), command="again")
    assert again.claims == 1
    [claim] = sent(house, again.batch_id)
    assert (claim.frequency, claim.member_id) == ("1", "RIGHT-2")
    house.office.pending_work.drain()
    assert proposals(house) == []
    [was] = [claim for claim in house.office.claims() if claim.claim_id == claim_id]
    assert was.followed_by_claim_id


def test_why_of_what_left_names_what_put_it_right(house: House) -> None:
    client_id = house.admit()
    claim_id = issued(house)
    put_right(house, client_id, "registration", registration(family_name="Smith"))
    house.relay()
    servicer = ExplanationServicer(house.office.store, SqlHistoryAsOf())
    request = pb.ExplainClaimRequest(claim_id=claim_id)
    explained: Any = servicer.ExplainClaim(request, None).claim  # type: ignore[arg-type]
    [part] = explained.proposal.amended
    assert part.party == "NAME"
    assert {part.fact_id} == heard(house, "IdentityAmended")


def test_a_number_moves_the_coverage_to_another_payer_with_all_its_payer_said(
    house: House,
) -> None:
    """The payer was another one: nothing is billed to the one that was typed."""
    client_id = house.admit()
    to = OTHER_PAYER
    put_right(house, client_id, "membership", membership(house, client_id, payer_id=to))
    house.relay()
    payers = {row["payer_id"] for row in house.office.of_kind("service_day")}
    assert payers == {to}


def moves(house: House, client_id: str) -> list[tuple[str, list[Callable[[], None]]]]:
    """What each statement may say: last of all what the tidy telling says at once."""

    def registered(name: str) -> Callable[[], None]:
        return lambda: put_right(house, client_id, "registration", registration(family_name=name))

    def numbered(number: str) -> Callable[[], None]:
        return lambda: put_right(
            house, client_id, "membership", membership(house, client_id, member_number=number)
        )

    def married(name: str) -> Callable[[], None]:
        return lambda: change(house, client_id, 3, family_name=name)

    return [
        ("registration", [registered("Smiht"), registered("Smythe"), registered("Smith")]),
        ("membership", [numbered("A-1"), numbered("B-2"), numbered("C-3")]),
        ("change", [married("Jonse"), married("Jones")]),
    ]


@pytest.mark.parametrize("left", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_corrections_in_any_order_end_where_the_tidy_telling_does(
    new_store: NewStore, seed: int, left: bool
) -> None:
    """Before anything left, or after; heard at any moment, or all at once."""
    chance = Random(seed)
    ends = []
    for disturbed in (True, False):
        house = House(Desk(new_store(INTAKE)), Office(new_store(BILLING)))
        client_id = house.admit()
        if left:
            issued(house)
        steps = [
            (kind, say)
            for kind, sayings in moves(house, client_id)
            for say in (sayings if disturbed else sayings[-1:])
        ]
        if disturbed:  # each statement's sayings in their order, the statements' mixed
            kinds = [kind for kind, _ in steps]
            chance.shuffle(kinds)
            rest = {kind: [say for of, say in steps if of == kind] for kind in kinds}
            steps = [(kind, rest[kind].pop(0)) for kind in kinds]
        for _, say in steps:
            say()
            if disturbed and chance.random() < 0.5:
                house.relay()
        house.relay()
        ends.append((proposals(house), _named(house, client_id)))
    assert ends[0] == ends[1]
    assert ends[0][0] == (["VOID"] if left else [])


def _named(house: House, client_id: str) -> tuple[str, str]:
    """By which name and number a payer would be told of them now."""
    request = words.ReadIdentitiesRequest(
        client_ids=[client_id],
        recipient_payer_id=house.payer_id,
        on=to_date(day(6)),
        programs=[
            words.ProgramsOfLines(
                client_id=client_id, program_ids=house.desk.programs_of(client_id)
            )
        ],
    )
    [given] = house.desk.call(request, actor="service/billing").identities
    return given.identity.family_name, given.member_number
