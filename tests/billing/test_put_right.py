"""What intake puts right reaches days, drafts and claims; each changed row says by what.

Intake is real here: its servicer, its published log; billing hears it when a test says.
"""

import re
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest
from ninehours.common.v1 import statements_pb2 as common
from ninehours.intake.v1 import intake_service_pb2 as words
from ninehours.intake.v1 import statements_service_pb2 as statements

from kernel.process import Service
from kernel.rpc.translate import to_date
from kernel.store.store import Store
from services.billing.__main__ import SERVICE as BILLING
from services.intake.__main__ import SERVICE as INTAKE
from tests.harness.billing.history import day
from tests.harness.billing.service import Office
from tests.harness.billing.with_intake import House
from tests.harness.intake.service import Desk, consent, diagnose

NewStore = Callable[[Service], Store]
AMENDED = common.StatementAmended.DESCRIPTOR.full_name
HAT = frozenset({"clinician", "front_desk", "biller"})  # whoever may say any of it
SEEDS = range(4)
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@pytest.fixture
def house(new_store: NewStore) -> House:
    return House(Desk(new_store(INTAKE)), Office(new_store(BILLING)))


def said(house: House, client_id: str, kind: str) -> Any:
    """The client's only statement of a kind, as it stands or stood."""
    request = statements.ListStatementsRequest(client_id=client_id)
    answers = [
        house.desk.call(request, roles=HAT, purpose=purpose).statements
        for purpose in ("TREATMENT", "PAYMENT")
    ]
    found = {
        statement.statement_id: statement
        for listed in answers
        for statement in listed
        if statement.revisions[0].recording.WhichOneof("said") == kind
    }
    [statement] = found.values()
    return statement


def put_right(house: House, client_id: str, kind: str, content: Any | None) -> None:
    """Says it otherwise; None takes it back."""
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
    house.desk.call(request, roles=HAT, purpose="TREATMENT")


def of_code(client_id: str, code: str) -> Any:
    return diagnose(client_id, code=code, effective_from=to_date(day(0)))


def amendments(house: House) -> set[str]:
    """Ids of what was heard of statements put right."""
    rows = house.office.query("SELECT id FROM heard_fact WHERE type = :type", type=AMENDED)
    return {str(row.id) for row in rows}


def resting_on(house: House, facts: set[str]) -> set[tuple[str, str]]:
    """Kind and key of the current rows that rest on one of these facts."""
    rows = house.office.query("SELECT kind, row_key, provenance FROM derived WHERE current")
    return {(row.kind, row.row_key) for row in rows if facts & set(row.provenance["facts"])}


def outcomes(house: House) -> set[str]:
    return {content["outcome"] for content in house.office.of_kind("service_day")}


def codes_of_drafts(house: House) -> list[list[str]]:
    return [draft["diagnoses"] for draft in house.office.of_kind("draft_claim")]


def test_a_draft_carries_the_diagnosis_that_stands_and_names_the_correction(house: House) -> None:
    client_id = house.admit()
    put_right(house, client_id, "diagnosis", of_code(client_id, "F11.20"))
    house.relay()
    assert codes_of_drafts(house) == [["F11.20"]]
    drafts = {key for key in house.office.current() if key[0] == "draft_claim"}
    assert drafts <= resting_on(house, amendments(house))


def test_what_had_left_with_another_diagnosis_is_proposed_anew(house: House) -> None:
    client_id = house.admit()
    assert house.office.issue(day(6)).claims == 1
    house.office.pending_work.drain()
    put_right(house, client_id, "diagnosis", of_code(client_id, "F11.20"))
    house.relay()
    [proposal] = house.office.of_kind("proposal")
    assert proposal["action"] == "REPLACE"
    proposed = {key for key in house.office.current() if key[0] == "proposal"}
    assert proposed <= resting_on(house, amendments(house))


def test_days_of_a_consent_that_was_never_given_wait_and_name_what_took_it_away(
    house: House,
) -> None:
    client_id = house.admit()
    before = outcomes(house)
    put_right(house, client_id, "consent", None)
    house.relay()
    assert outcomes(house) == {"HOLD"} != before
    days = {key for key in house.office.current() if key[0] == "service_day"}
    assert days <= resting_on(house, amendments(house))
    given = consent(client_id, recipient_payer_id=house.payer_id, given_on=to_date(day(0)))
    put_right(house, client_id, "consent", given)
    house.relay()
    assert outcomes(house) == before


def test_days_that_the_payer_never_confirmed_are_no_longer_covered(house: House) -> None:
    client_id = house.admit()
    coverage = said(house, client_id, "coverage").revisions[0].recording.coverage
    coverage.verified_from.CopyFrom(to_date(day(2)))
    put_right(house, client_id, "coverage", coverage)
    house.relay()
    covered = {c["service_date"]: bool(c["payer_id"]) for c in house.office.of_kind("service_day")}
    assert [covered[str(day(n))] for n in (0, 2, 4)] == [False, True, True]


def test_days_of_an_admission_that_never_was_are_not_billable_and_what_left_is_proposed(
    house: House,
) -> None:
    client_id = house.admit()
    assert house.office.issue(day(6)).claims == 1
    house.office.pending_work.drain()
    put_right(house, client_id, "admission", None)
    house.relay()
    assert outcomes(house) == {"NOT_BILLABLE"}
    [proposal] = house.office.of_kind("proposal")
    assert (proposal["action"], proposal.get("waits_for", [])) == ("VOID", [])
    assert proposal["state"] == "AWAITING_CONTROL_NUMBER"
    assert house.office.current().keys() <= resting_on(house, amendments(house))


def test_days_before_the_admission_that_stands_are_not_billable(house: House) -> None:
    client_id = house.admit()
    admitted = said(house, client_id, "admission").revisions[0].recording.admission
    admitted.admitted_on.CopyFrom(to_date(day(2)))
    put_right(house, client_id, "admission", admitted)
    house.relay()
    found = {c["service_date"]: c["outcome"] for c in house.office.of_kind("service_day")}
    assert found == {
        str(day(0)): "NOT_BILLABLE",
        str(day(2)): "PER_DIEM",
        str(day(4)): "PER_DIEM",
    }


def moves(client_id: str, payer_id: str, coverage: Any) -> Iterator[tuple[str, list[Any]]]:
    """What each statement may say: last of all what the tidy telling says at once."""
    yield "diagnosis", [of_code(client_id, code) for code in ("F10.21", "F33.1", "F11.20")]
    given = [
        consent(client_id, recipient_payer_id=payer_id, given_on=to_date(day(number)))
        for number in (0, 2)
    ]
    yield "consent", [given[1], None, given[0]]
    dates = []
    for number in (4, 2):
        changed = words.VerifyCoverageRequest()
        changed.CopyFrom(coverage)
        changed.verified_from.CopyFrom(to_date(day(number)))
        dates.append(changed)
    yield "coverage", [dates[0], None, dates[1]]


@pytest.mark.parametrize("seed", SEEDS)
def test_corrections_in_any_order_end_where_the_tidy_telling_does(
    new_store: NewStore, seed: int
) -> None:
    """Before anything is issued; heard at any moment, or all at once."""
    chance = Random(seed)
    told, tidy = (
        House(Desk(new_store(INTAKE)), Office(new_store(BILLING))) for _ in ("told", "tidy")
    )
    contents = []
    for house, disturbed in ((told, True), (tidy, False)):
        client_id = house.admit()
        coverage = said(house, client_id, "coverage").revisions[0].recording.coverage
        steps = [
            (kind, saying)
            for kind, sayings in moves(client_id, house.payer_id, coverage)
            for saying in (sayings if disturbed else sayings[-1:])
        ]
        if disturbed:  # each statement's sayings in their order, the statements' mixed
            order = sorted(range(len(steps)), key=lambda _: chance.random())
            kinds = [steps[number][0] for number in order]
            rest = {kind: [s for k, s in steps if k == kind] for kind in kinds}
            steps = [(kind, rest[kind].pop(0)) for kind in kinds]
        for kind, saying in steps:
            put_right(house, client_id, kind, saying)
            if chance.random() < 0.5:
                house.relay()
        house.relay()
        contents.append(_without_ids(house))
    assert contents[0] == contents[1]
    assert contents[0]


def _without_ids(house: House) -> list[tuple[str, str]]:
    """The current contents, ids left out: another house gives others."""
    return sorted(
        (kind, ID.sub("id", f"{key} {content}"))
        for (kind, key), content in house.office.current().items()
    )
