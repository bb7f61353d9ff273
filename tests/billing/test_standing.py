"""ListStanding on billing's own record: who is told what, and that it comes true."""

from types import SimpleNamespace
from typing import Any

import pytest
from ninehours.billing.v1 import explanation_service_pb2 as pb
from ninehours.intake.v1 import intake_events_pb2 as intake
from sqlalchemy import event

from kernel.refusal import Malformed
from kernel.rpc.translate import to_date
from services.billing.adapters.as_of import SqlHistoryAsOf
from services.billing.api.explaining import ExplanationServicer
from tests.harness.billing.facts import SITE, Story
from tests.harness.billing.history import day
from tests.harness.billing.service import Office
from tests.harness.kernel.tables import every_table

CLIENT = "0c11e700-0000-4000-8000-000000000001"
NOBODY = "0c11e700-0000-4000-8000-00000000000f"


@pytest.fixture
def admitted(office: Office, story: Story) -> Office:
    """With an authorization of two days."""
    office.set_up(SITE, [], filing_limit_days=3650)
    office.hear(story.admitted(CLIENT, office.payer_id))
    office.authorize(CLIENT, 2)
    return office


def standing(office: Office, *sites: str, **asked: Any) -> list[pb.Standing]:
    servicer = ExplanationServicer(office.store, SqlHistoryAsOf())
    request = pb.ListStandingRequest(**{"client_ids": [CLIENT], "on": to_date(day(8)), **asked})
    call: Any = SimpleNamespace(actor=SimpleNamespace(sites=frozenset(sites or ("*",))))
    return list(servicer.ListStanding(request, call).standings)


def reasons(office: Office, **asked: Any) -> list[str]:
    [found] = standing(office, **asked)
    return [obstacle.reason for obstacle in found.obstacles]


def test_what_is_told_before_is_what_the_day_says_when_it_is_there(
    admitted: Office, story: Story
) -> None:
    assert reasons(admitted) == []
    admitted.hear(story.attended(CLIENT, [day(3), day(4)]))
    [found] = standing(admitted)
    [obstacle] = found.obstacles
    assert (found.site_id, found.payer_id) == (SITE, admitted.payer_id)
    assert obstacle.says == "the units of every fitting authorization are taken"
    assert [list(release.roles) for release in obstacle.releases] == [["biller"], ["biller"]]
    admitted.hear(story.attended(CLIENT, [day(8)]))
    held = {
        content["service_date"]: [v["reason"] for v in content["verdicts"] if not v["open"]]
        for content in admitted.of_kind("service_day")
        if content["outcome"] == "HOLD"
    }
    assert held == {str(day(8)): [obstacle.reason]}


def test_nothing_is_written_by_asking(admitted: Office) -> None:
    before = every_table(admitted.store)
    standing(admitted, ahead_days=30)
    assert every_table(admitted.store) == before


def test_what_ends_ahead_is_told_with_the_date_that_was_looked_at(admitted: Office) -> None:
    [found] = standing(admitted, ahead_days=90)
    assert [(o.on, o.reason) for o in found.obstacles] == [(to_date(day(98)), "NO_AUTHORIZATION")]


def test_a_site_is_told_of_its_own_admissions(admitted: Office) -> None:
    assert len(standing(admitted, SITE)) == 1
    assert standing(admitted, "51000000-0000-4000-8000-00000000000e") == []


def test_of_whom_nothing_was_heard_all_that_is_known_is_that(admitted: Office) -> None:
    admitted.introduce("client", NOBODY, intake.ClientRegistered(client_id=NOBODY))
    [found] = standing(admitted, client_ids=[NOBODY])
    assert (found.site_id, [o.reason for o in found.obstacles]) == ("", ["NO_COVERAGE"])


@pytest.mark.parametrize(
    ("asked", "wrong"),
    [
        ({"client_ids": []}, "client_ids"),
        ({"client_ids": [CLIENT] * 201}, "client_ids"),
        ({"client_ids": ["ada"]}, "client_ids"),
        ({"ahead_days": 91}, "ahead_days"),
        ({"on": None}, "on"),
    ],
)
def test_what_can_not_be_asked_is_refused_by_its_field(
    admitted: Office, asked: dict[str, Any], wrong: str
) -> None:
    with pytest.raises(Malformed, match=wrong):
        standing(admitted, **asked)


def test_many_clients_take_no_more_questions_to_the_database_than_one(
    admitted: Office, story: Story
) -> None:
    clients = [CLIENT, *(f"0c11e700-0000-4000-8000-0000000001{number:02}" for number in range(9))]
    for client_id in clients[1:]:
        admitted.hear(story.admitted(client_id, admitted.payer_id))
    asked: list[str] = []

    def count(*said: Any) -> None:
        asked.append(said[2])

    event.listen(admitted.store.engine, "before_cursor_execute", count)
    try:
        standing(admitted)
        of_one = len(asked)
        found = standing(admitted, client_ids=clients)
    finally:
        event.remove(admitted.store.engine, "before_cursor_execute", count)
    assert [one.client_id for one in found] == clients
    assert len(asked) == 2 * of_one
