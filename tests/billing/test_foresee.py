"""What a dry run foresees is what comes when the command is given: days, claims, dollars."""

from collections.abc import Callable
from typing import Any

import pytest
from ninehours.billing.v1 import billing_work_service_pb2 as pb
from ninehours.common.v1 import statements_pb2 as common
from ninehours.intake.v1 import statements_service_pb2 as statements

from kernel.process import Service
from kernel.refusal import Malformed
from kernel.rpc.translate import date_of, to_date
from kernel.store.store import Store
from services.billing.__main__ import SERVICE as BILLING
from services.intake.__main__ import SERVICE as INTAKE
from tests.billing.test_put_right import HAT, of_code, said
from tests.harness.billing.history import day
from tests.harness.billing.service import Office
from tests.harness.billing.with_intake import House
from tests.harness.intake.service import Desk
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
