"""What a dry run foresees is what comes when the command is given: days, claims, dollars."""

from collections.abc import Callable
from typing import Any

import pytest
from ninehours.billing.v1 import billing_service_pb2 as billing
from ninehours.billing.v1 import billing_work_service_pb2 as pb
from ninehours.common.v1 import common_pb2
from ninehours.common.v1 import statements_pb2 as common
from ninehours.intake.v1 import intake_service_pb2 as intake
from ninehours.intake.v1 import statements_service_pb2 as statements

from kernel.process import Service
from kernel.refusal import Malformed
from kernel.rpc.translate import date_of, to_date
from kernel.store.statements import text
from kernel.store.store import Store
from services.billing.__main__ import SERVICE as BILLING
from services.intake.__main__ import SERVICE as INTAKE
from tests.billing.test_put_right import HAT, of_code, said
from tests.harness.billing.history import day
from tests.harness.billing.service import Office
from tests.harness.billing.with_intake import House
from tests.harness.intake.merging import ADMINISTRATOR, merge_request, unmerge_request
from tests.harness.intake.service import SITE as DESK_SITE
from tests.harness.intake.service import Desk, identity
from tests.harness.kernel.tables import every_table

NewStore = Callable[[Service], Store]


@pytest.fixture
def house(new_store: NewStore) -> House:
    return House(Desk(new_store(INTAKE)), Office(new_store(BILLING)))


@pytest.fixture
def client_id(house: House) -> str:
    """Three days at 300 dollars, issued."""
    admitted = house.admit()
    assert house.office.issue(day(6)).claims == 1
    house.office.pending_work.drain()
    return admitted


def correcting(house: House, client_id: str, kind: str, content: Any | None) -> Any:
    """The command that says a statement otherwise; None takes it back."""
    statement = said(house, client_id, kind)
    request: Any = (
        statements.VoidStatementRequest()
        if content is None
        else statements.CorrectStatementRequest(recording=statements.Recording(**{kind: content}))
    )
    request.statement.statement_id = statement.statement_id
    request.statement.revision = statement.revisions[-1].revision
    request.correction.reason = common.CORRECTION_REASON_MISTYPED
    request.correction.remark = "typed otherwise than meant"
    return request


def give(house: House, request: Any, *, dry_run: bool) -> Any:
    request.meta.dry_run = dry_run
    return house.desk.call(request, roles=HAT, purpose="TREATMENT")


def foreseen(house: House, client_id: str, request: Any) -> Any:
    supposed = give(house, request, dry_run=True).receipt.supposed
    return house.office.call("Foresee", pb.ForeseeRequest(client_id=client_id, facts=supposed))


def days(house: House) -> dict[str, str]:
    return {c["service_date"]: c["outcome"] for c in house.office.of_kind("service_day")}


def changes(answer: Any) -> dict[str, str]:
    return {
        str(date_of(change, "service_date")): pb.DayUnderRules.DESCRIPTOR.fields_by_name["outcome"]
        .enum_type.values_by_number[change.after.outcome]
        .name.removeprefix("OUTCOME_")
        for change in answer.client.days
    }


def becoming(answer: Any) -> list[str]:
    return [pb.ClaimConsequence.Name(claim.consequence) for claim in answer.client.claims]


def test_the_days_that_an_admission_taken_back_would_change_are_those_that_it_changes(
    house: House, client_id: str
) -> None:
    request = correcting(house, client_id, "admission", None)
    before = days(house)
    answer = foreseen(house, client_id, request)
    assert changes(answer) and days(house) == before
    give(house, request, dry_run=False)
    house.relay()
    assert changes(answer) == {on: now for on, now in days(house).items() if now != before[on]}


def test_it_says_what_becomes_of_claims_and_what_money_moves(house: House, client_id: str) -> None:
    answer = foreseen(house, client_id, correcting(house, client_id, "admission", None))
    assert becoming(answer) == ["CLAIM_CONSEQUENCE_VOID"]
    before = sum(total.before.minor_units for total in answer.totals)
    after = sum(total.after.minor_units for total in answer.totals)
    assert (before, after) == (3 * 30_000, 0)


def test_a_diagnosis_put_right_would_replace_what_left(house: House, client_id: str) -> None:
    request = correcting(house, client_id, "diagnosis", of_code(client_id, "F11.20"))
    assert becoming(foreseen(house, client_id, request)) == ["CLAIM_CONSEQUENCE_REPLACE"]


def test_what_had_not_left_would_be_another_draft_or_none(house: House) -> None:
    client_id = house.admit()
    request = correcting(house, client_id, "diagnosis", of_code(client_id, "F11.20"))
    assert becoming(foreseen(house, client_id, request)) == ["CLAIM_CONSEQUENCE_CHANGE_DRAFT"]
    request = correcting(house, client_id, "admission", None)
    assert becoming(foreseen(house, client_id, request)) == ["CLAIM_CONSEQUENCE_DROP_DRAFT"]


def test_nothing_is_written_where_something_is_foreseen(house: House, client_id: str) -> None:
    stores = (house.desk.store, house.office.store)
    before = [every_table(store) for store in stores]
    foreseen(house, client_id, correcting(house, client_id, "admission", None))
    assert [every_table(store) for store in stores] == before


def test_the_same_command_may_be_given_after_its_dry_run_and_is_then_remembered(
    house: House, client_id: str
) -> None:
    request = correcting(house, client_id, "diagnosis", of_code(client_id, "F11.20"))
    supposed = give(house, request, dry_run=True)
    given = give(house, request, dry_run=False)
    assert not supposed.receipt.published
    assert supposed.statement == given.statement
    again = give(house, request, dry_run=True)  # it was given: it is answered what it was
    assert (again.receipt.published, again.receipt.supposed) == (given.receipt.published, [])


def test_what_is_of_other_sites_is_counted_and_not_told(house: House, client_id: str) -> None:
    request = correcting(house, client_id, "admission", None)
    supposed = give(house, request, dry_run=True).receipt.supposed
    house.office.sites = frozenset({"51000000-0000-4000-8000-00000000000b"})
    asked = pb.ForeseeRequest(client_id=client_id, facts=supposed)
    answer = house.office.call("Foresee", asked)
    assert (len(answer.client.days), len(answer.client.claims), answer.elsewhere) == (0, 0, 4)


@pytest.mark.parametrize(
    ("field", "value"),
    [("label", 0), ("subject", "nobody"), ("fact_id", "1"), ("body", b"\xff")],
)
def test_what_is_no_fact_is_refused_by_its_field(
    house: House, client_id: str, field: str, value: Any
) -> None:
    request = correcting(house, client_id, "diagnosis", of_code(client_id, "F11.20"))
    [fact, *_] = give(house, request, dry_run=True).receipt.supposed
    setattr(fact, field, value)
    with pytest.raises(Malformed) as refused:
        house.office.call("Foresee", pb.ForeseeRequest(client_id=client_id, facts=[fact]))
    assert [*refused.value.details] == [f"facts.0.{field}"]


def test_a_day_before_a_later_confirmation_would_come_to_nothing(
    house: House, client_id: str
) -> None:
    verified = said(house, client_id, "coverage").revisions[0].recording.coverage
    verified.verified_from.CopyFrom(to_date(day(2)))
    answer = foreseen(house, client_id, correcting(house, client_id, "coverage", verified))
    [change] = [one for one in answer.client.days if date_of(one, "service_date") == day(0)]
    assert change.before.amount.minor_units == 30_000 and not change.after.amount.minor_units


def supposing(house: House, request: Any) -> Any:
    """What a command of an administrator would publish."""
    request.meta.dry_run = True
    return house.desk.call(request, roles=ADMINISTRATOR).receipt.supposed


def rows_of(house: House, client_id: str) -> dict[str, str]:
    return {
        content["service_date"]: content["outcome"]
        for content in house.office.of_kind("service_day")
        if content["client_id"] == client_id
    }


def test_a_merge_is_foreseen_of_both_and_so_it_comes(house: House) -> None:
    absorbed, survivor = (
        house.admit(days=days, member_number="W778812") for days in ((0,), (2, 4))
    )
    request = merge_request(survivor, absorbed, settled=["OPEN_EPISODES"])
    facts = supposing(house, request)
    before = {client_id: rows_of(house, client_id) for client_id in (survivor, absorbed)}
    of_survivor, of_absorbed = (
        house.office.call("Foresee", pb.ForeseeRequest(client_id=client_id, facts=facts))
        for client_id in (survivor, absorbed)
    )
    assert [one.HasField("before") for one in of_survivor.client.days] == [False]
    assert [one.HasField("after") for one in of_absorbed.client.days] == [False]
    # Two authorizations pay for the survivor now, and the first by id is used first.
    assert sorted(becoming(of_survivor)) in (
        ["CLAIM_CONSEQUENCE_CHANGE_DRAFT"],
        ["CLAIM_CONSEQUENCE_DRAFT", "CLAIM_CONSEQUENCE_DROP_DRAFT"],
    )
    assert becoming(of_absorbed) == ["CLAIM_CONSEQUENCE_DROP_DRAFT"]
    [gained], [lost] = of_survivor.totals, of_absorbed.totals
    assert gained.after.minor_units == lost.before.minor_units == 30_000

    request.meta.dry_run = False
    house.desk.call(request, roles=ADMINISTRATOR)
    house.relay()
    assert rows_of(house, survivor) == before[survivor] | before[absorbed]
    assert rows_of(house, absorbed) == {}
    apart = supposing(house, unmerge_request(survivor, absorbed))
    again = house.office.call("Foresee", pb.ForeseeRequest(client_id=absorbed, facts=apart))
    assert [one.HasField("before") for one in again.client.days] == [False]
    assert becoming(again) == ["CLAIM_CONSEQUENCE_DRAFT"]


def fee_supposed(house: House, cents: int) -> Any:
    request = billing.SetFeeRequest(
        provider_id=house.office.provider_id,
        code="H0015",
        charge=common_pb2.Money(currency_code="USD", minor_units=cents),
        effective_from=to_date(day(0)),
    )
    request.meta.dry_run = True
    return house.office.call("SetFee", request).receipt.supposed


def test_a_fee_is_foreseen_over_all_whom_it_concerns(house: House) -> None:
    clients = [house.admit(days=(0,)), house.admit(days=(2, 4))]
    nobody = house.desk.registered()
    facts = fee_supposed(house, 20_000)
    answer = house.office.call("ForeseeForAll", pb.ForeseeForAllRequest(facts=facts))
    assert (answer.looked_at, answer.concerned) == (2, 2)
    assert sorted(client.client_id for client in answer.clients) == sorted(clients)
    assert nobody not in {client.client_id for client in answer.clients}
    [total] = answer.totals
    assert (total.changed_days, total.before.minor_units, total.after.minor_units) == (
        3, 90_000, 60_000
    )  # fmt: skip


def test_what_is_foreseen_of_many_is_of_as_many_as_were_asked_for_and_says_so(
    house: House,
) -> None:
    for number in (0, 2):
        house.admit(days=(number,))
    asked = pb.ForeseeForAllRequest(facts=fee_supposed(house, 20_000), most_clients=1)
    answer = house.office.call("ForeseeForAll", asked)
    assert (answer.looked_at, answer.concerned, len(answer.clients)) == (1, 2, 1)
    with pytest.raises(Malformed, match="most_clients"):
        house.office.call("ForeseeForAll", pb.ForeseeForAllRequest(most_clients=1001))


def owners_with_keys(house: House) -> set[str]:
    with house.desk.store.vault.keys.engine.begin() as connection:  # type: ignore[attr-defined]
        return {owner for (owner,) in connection.execute(text("SELECT owner FROM owner_key"))}


def test_a_first_sealing_that_is_only_supposed_makes_no_key(house: House) -> None:
    house.desk.registered()  # keys of nobody in particular are made once
    before = owners_with_keys(house)
    request = intake.RegisterClientRequest(identity=identity(), site_id=DESK_SITE)
    supposed = give(house, request, dry_run=True)
    assert owners_with_keys(house) == before
    given = give(house, request, dry_run=False)
    assert owners_with_keys(house) - before == {f"client/{given.client_id}"}
    assert supposed.client_id == given.client_id
