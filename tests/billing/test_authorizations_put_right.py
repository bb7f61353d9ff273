"""What a payer authorized is read back and put right; days, drafts and claims follow."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from random import Random
from typing import Any
from uuid import uuid4

import pytest
from ninehours.billing.v1 import billing_service_pb2 as billing
from ninehours.billing.v1 import statements_service_pb2 as pb

from kernel.due import DueAsked
from kernel.process import Service
from kernel.refusal import Malformed, Stale, Unknown
from kernel.rpc.translate import to_date, to_timestamp
from kernel.store.store import Store
from operations.verifying.examination import Examination
from services.billing.__main__ import SERVICE
from services.billing.adapters.as_of import SqlDeadlines
from services.billing.adapters.checks import nothing_is_overdrawn
from services.billing.adapters.publication import publish
from services.billing.adapters.subscriptions import SUBSCRIPTIONS
from tests.harness.billing.facts import COVERAGE, SITE, Story
from tests.harness.billing.history import day
from tests.harness.billing.service import Office, covered
from tests.harness.billing.statements import (
    REMARK,
    last_said,
    of_kind,
    put_right,
    resting_on_amendments,
)
from tests.harness.kernel.owner import as_owner
from tests.harness.signing import signatures_of

NewStore = Callable[[Service], Store]
CLIENT = "0c11e700-0000-4000-8000-000000000001"
NUMBER = "AUTHNUM4711"
SEEDS = range(6)


def opened(office: Office, units: int = 30, days: Sequence[int] = (0, 2, 4)) -> Office:
    """A client who came on these days, with an authorization of so many units."""
    story = Story()
    office.set_up(SITE, [], filing_limit_days=3650)
    office.hear(story.admitted(CLIENT, office.payer_id))
    office.authorize(CLIENT, units)
    office.hear(story.attended(CLIENT, [day(number) for number in days]))
    office.identities.cover(office.payer_id, covered(CLIENT, COVERAGE))
    return office


@pytest.fixture
def office(new_store: NewStore) -> Office:
    return opened(Office(new_store(SERVICE)))


def said(office: Office) -> pb.Statement:
    return of_kind(office, CLIENT, "authorization")


def changed(office: Office, **changes: Any) -> Any:
    """The authorization as it stands, with changes, told as its whole."""
    content = last_said(said(office))
    for name, value in changes.items():
        if isinstance(value, int | str | bool):
            setattr(content, name, value)
        else:
            getattr(content, name).CopyFrom(value)
    return put_right(office, said(office), content)


def days_of(office: Office) -> dict[str, tuple[str, list[str]]]:
    """Service date → outcome, and reasons of closed gates."""
    return {
        content["service_date"]: (
            content["outcome"],
            [v["reason"] for v in content["verdicts"] if not v["open"]],
        )
        for content in office.of_kind("service_day")
    }


def held(office: Office) -> dict[str, list[str]]:
    return {on: reasons for on, (outcome, reasons) in days_of(office).items() if outcome == "HOLD"}


def balances(office: Office) -> list[Any]:
    request = billing.ListAuthorizationsRequest(client_id=CLIENT)
    return list(office.call("ListAuthorizations", request).authorizations)


def viewed(office: Office) -> list[tuple[int, str]]:
    """Units and levels, as billing teams' view has them."""
    with as_owner(office.store) as tx:
        rows = tx.execute("SELECT units, level_of_care FROM billing_views.authorizations")
        return [(row.units, row.level_of_care) for row in rows]


def findings(office: Office) -> list[Any]:
    with office.store.snapshot() as tx:
        examination = Examination(
            store=office.store,
            connection=tx.connection,
            subscriptions=SUBSCRIPTIONS,
            signatures=signatures_of(),
            publish=publish,
            owners={},
            heads={},
            kafka=lambda: iter(()),
        )
        found = list(nothing_is_overdrawn(examination))
        assert examination.looked_at > 0
        return found


def test_an_authorization_is_read_back_as_it_would_be_said_again(office: Office) -> None:
    statement = said(office)
    [revision] = statement.revisions
    assert revision.recording.authorization == billing.RecordAuthorizationRequest(
        client_id=CLIENT,
        payer_id=office.payer_id,
        number=NUMBER,
        level_of_care="2.1",
        units=30,
        effective_from=to_date(day(0)),
        effective_to=to_date(day(60)),
        unit=revision.recording.authorization.unit,
        any_site=True,
    )
    assert (revision.revision, revision.said_by, revision.voided) == (1, "staff/ada", False)


def test_said_again_as_it_was_nothing_changes(office: Office) -> None:
    before = office.current()
    answer = changed(office)
    assert answer.statement.revision == 1
    assert not answer.receipt.published
    assert office.current() == before


def test_days_wait_that_the_payer_never_authorized_and_name_the_correction(office: Office) -> None:
    changed(office, effective_from=to_date(day(2)))
    assert held(office) == {str(day(0)): ["NO_AUTHORIZATION"]}
    days = {("service_day", f"{CLIENT}|{day(0)}")}
    assert days <= resting_on_amendments(office)
    changed(office, effective_from=to_date(day(0)))
    assert held(office) == {}
    assert [revision.remark for revision in said(office).revisions] == ["", REMARK, REMARK]


def test_more_units_pay_for_the_days_that_waited(new_store: NewStore) -> None:
    office = opened(Office(new_store(SERVICE)), units=1)
    assert len(held(office)) == 2
    changed(office, units=3, effective_to=to_date(day(90)))
    assert held(office) == {}
    [balance] = balances(office)
    assert (balance.units, balance.effective_to) == (3, to_date(day(90)))


def test_what_was_taken_back_authorizes_nothing_and_is_read_by_nobody_else(office: Office) -> None:
    answer = put_right(office, said(office), None)
    assert held(office) == {str(day(number)): ["NO_AUTHORIZATION"] for number in (0, 2, 4)}
    assert balances(office) == []
    assert list(answer.uncovered) == []
    assert viewed(office) == []
    assert said(office).revisions[-1].voided


def test_the_views_of_billing_teams_say_what_stands(office: Office) -> None:
    changed(office, units=7, level_of_care="2.5")
    assert viewed(office) == [(7, "2.5")]


def test_a_corrected_number_is_sealed_anew_and_stands_on_the_next_claims(office: Office) -> None:
    changed(office, number="AUTHNUM9999")
    numbers = [r.recording.authorization.number for r in said(office).revisions]
    assert numbers == [NUMBER, "AUTHNUM9999"]
    assert held(office) == {}
    [batch_id] = office.issue(day(6)).batch_ids
    file = office.file(batch_id)
    assert b"AUTHNUM9999" in file
    assert NUMBER.encode() not in file
    published = b"".join(bytes(row.body) for row in office.query("SELECT body FROM published"))
    assert b"AUTHNUM" not in published
    assert REMARK.encode() not in published


def test_what_had_left_under_a_number_typed_wrong_is_proposed_under_the_one_that_stands(
    office: Office,
) -> None:
    assert office.issue(day(6)).claims == 1
    office.pending_work.drain()
    [claim] = office.claims(CLIENT)
    changed(office, number="AUTHNUM9999")
    [proposal] = office.of_kind("proposal")
    assert (proposal["claim_id"], proposal["action"]) == (claim.claim_id, "REPLACE")
    assert proposal["changed_dates"] == [str(day(number)) for number in (0, 2, 4)]
    proposed = {key for key in office.current() if key[0] == "proposal"}
    assert proposed <= resting_on_amendments(office)
    office.adjudicate(claim.claim_id)
    [batch_id] = office.correct().batch_ids
    office.pending_work.drain()
    assert b"AUTHNUM9999" in office.file(batch_id)
    assert office.of_kind("proposal") == []


def test_a_number_that_was_right_at_first_is_proposed_no_more(office: Office) -> None:
    office.issue(day(6))
    office.pending_work.drain()
    before = office.current()
    changed(office, number="AUTHNUM9999")
    changed(office, number=NUMBER)
    assert office.current() == before


def test_the_payers_cut_below_what_is_issued_is_recorded_and_says_what_it_uncovers(
    office: Office,
) -> None:
    assert office.issue(day(6)).claims == 1
    office.pending_work.drain()
    [claim] = office.claims(CLIENT)
    answer = changed(office, units=2)
    [uncovered] = answer.uncovered
    assert uncovered.claim_id == claim.claim_id
    assert list(uncovered.service_dates) == [to_date(day(4))]
    [proposal] = office.of_kind("proposal")
    assert (proposal["claim_id"], proposal["action"]) == (claim.claim_id, "REPLACE")
    assert proposal["changed_dates"] == [str(day(4))]
    assert held(office) == {str(day(4)): ["AUTHORIZATION_USED_UP"]}
    proposed = {key for key in office.current() if key[0] == "proposal"}
    assert proposed <= resting_on_amendments(office)
    assert findings(office) == []


def test_an_authorization_that_ended_before_what_left_uncovers_the_days_after(
    office: Office,
) -> None:
    office.issue(day(6))
    answer = changed(office, effective_to=to_date(day(1)))
    [uncovered] = answer.uncovered
    assert list(uncovered.service_dates) == [to_date(day(2)), to_date(day(4))]
    answer = changed(office, effective_to=to_date(day(60)))
    assert list(answer.uncovered) == []
    assert office.of_kind("proposal") == []


def test_what_left_on_an_authorization_that_never_was_is_proposed_to_be_voided(
    office: Office,
) -> None:
    office.issue(day(6))
    [claim] = office.claims(CLIENT)
    answer = put_right(office, said(office), None)
    assert [found.claim_id for found in answer.uncovered] == [claim.claim_id]
    [proposal] = office.of_kind("proposal")
    assert proposal["action"] == "VOID"
    assert findings(office) == []


def test_a_claim_of_another_site_is_not_named_to_who_does_not_speak_for_it(
    office: Office,
) -> None:
    office.issue(day(6))
    office.sites = frozenset({"51000000-0000-4000-8000-00000000000b"})
    [uncovered] = changed(office, units=1).uncovered
    assert uncovered.claim_id == ""
    assert len(uncovered.service_dates) == 2


def test_extended_after_what_left_it_changes_nothing_of_that(office: Office) -> None:
    office.issue(day(6))
    office.pending_work.drain()
    before = office.current()
    answer = changed(office, units=60, effective_to=to_date(day(90)))
    assert list(answer.uncovered) == []
    assert office.current() == before
    assert findings(office) == []


def test_an_extension_lets_more_leave_and_verify_finds_nothing_overdrawn(
    new_store: NewStore,
) -> None:
    office = opened(Office(new_store(SERVICE)), units=1)
    changed(office, units=3)
    assert office.issue(day(6)).claims == 1
    assert findings(office) == []


def test_what_runs_out_is_asked_of_the_authorization_that_stands(office: Office) -> None:
    asked = DueAsked(on=day(80), now=office.now)
    with office.store.transaction() as tx:
        assert SqlDeadlines().authorized(tx, asked) == []
    changed(office, effective_to=to_date(day(90)))
    with office.store.transaction() as tx:
        [history] = SqlDeadlines().authorized(tx, asked)
    assert history.client_id == CLIENT


def test_a_correction_is_judged_as_the_command_is_that_records_it(office: Office) -> None:
    statement = said(office)
    for wrong, refused, why in (
        ({"units": 0}, Malformed, "recording.authorization.units"),
        ({"effective_to": to_date(day(-1))}, Malformed, "effective_to"),
        ({"payer_id": str(uuid4())}, Unknown, "payer"),
        ({"client_id": str(uuid4())}, Malformed, "recording.authorization.client_id"),
        ({"number": ""}, Malformed, "recording.authorization.number"),
        ({"any_site": False}, Malformed, "recording.authorization.site_id"),
    ):
        with pytest.raises(refused, match=why):
            changed(office, **wrong)
    assert said(office) == statement


def test_only_what_was_read_last_is_put_right(office: Office) -> None:
    statement = said(office)
    changed(office, units=20)
    with pytest.raises(Stale, match="put right since"):
        put_right(office, statement, last_said(statement))
    with pytest.raises(Stale, match="put right since"):
        put_right(office, statement, None)


def test_a_correction_told_twice_is_answered_twice_and_recorded_once(office: Office) -> None:
    office.issue(day(6))
    statement = said(office)
    content = last_said(statement)
    content.units = 2
    answers = []
    for _ in range(2):
        answers.append(put_right(office, statement, content, command="cut"))
        office.now += timedelta(minutes=5)
    assert answers[0] == answers[1]
    assert len(said(office).revisions) == 2


def test_what_was_known_then_is_listed_and_accounted_for_as_it_stood(office: Office) -> None:
    then = to_timestamp(office.now)
    office.now += timedelta(days=1)
    changed(office, units=2)
    assert len(of_kind(office, CLIENT, "authorization", as_of=then).revisions) == 1
    assert len(said(office).revisions) == 2


def test_an_issued_claim_is_no_statement(office: Office) -> None:
    office.issue(day(6))
    [row] = office.query("SELECT id FROM fact WHERE type = 'billing.claim_issued.v1'")
    unknown = pb.Statement(statement_id=str(row.id), revisions=[pb.Revision(revision=1)])
    with pytest.raises(Unknown, match="statement"):
        put_right(office, unknown, None)


def moves() -> list[dict[str, Any] | None]:
    """What the authorization may say; last of all what the tidy telling says at once."""
    return [
        {"units": 2, "effective_from": to_date(day(2))},
        None,
        {"level_of_care": "2.5"},
        {"units": 40},
        None,
        {"effective_to": to_date(day(3)), "number": "OTHER1"},
    ]


TIDY: dict[str, Any] = {
    "units": 2,
    "level_of_care": "2.1",
    "effective_from": to_date(day(0)),
    "effective_to": to_date(day(60)),
    "number": NUMBER,
}


@pytest.mark.parametrize("issued", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_corrections_in_any_order_end_where_the_tidy_telling_does(
    new_store: NewStore, seed: int, issued: bool
) -> None:
    """Before and after issue; of what had left the same is proposed."""
    chance = Random(seed)
    contents = []
    for disturbed in (True, False):
        office = opened(Office(new_store(SERVICE)))
        if issued:
            assert office.issue(day(6)).claims == 1
            office.pending_work.drain()
        steps = [*chance.sample(moves(), k=4), TIDY] if disturbed else [TIDY]
        for step in steps:
            if step is None:
                put_right(office, said(office), None)
            else:
                changed(office, **step)
        contents.append(office.current())
        assert findings(office) == []
    assert contents[0] == contents[1]
    assert bool(issued) == any(kind == "proposal" for kind, _ in contents[0])
