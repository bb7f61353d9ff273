"""An episode goes on elsewhere: where it is known, who is told of the client, and the way back."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from ninehours.intake.v1 import chart_service_pb2 as chart
from ninehours.intake.v1 import clients_service_pb2 as clients
from ninehours.intake.v1 import intake_service_pb2 as pb
from ninehours.intake.v1 import statements_service_pb2 as said

from kernel.process import Service
from kernel.refusal import Refusal
from kernel.rpc.translate import to_date
from kernel.store.store import Store
from services.intake.__main__ import SERVICE
from services.intake.adapters.bindings import sites_of
from tests.harness.intake.service import MENTAL_HEALTH, PROGRAM, SITE, Desk, admission, network
from tests.harness.intake.strategies import day

THERE = "51000000-0000-4000-8000-00000000000b"
CLINICIAN = frozenset({"clinician"})


@pytest.fixture(scope="module")
def desk(new_store_of_module: Callable[[Service], Store]) -> Desk:
    desk = Desk(new_store_of_module(SERVICE))
    desk.told(*network(THERE))
    desk.now += timedelta(days=90)
    return desk


def moving(client_id: str, of_episode: str, on: date, **changes: Any) -> pb.TransferClientRequest:
    given: dict[str, Any] = {
        "client_id": client_id,
        "episode_id": of_episode,
        "site_id": THERE,
        "program_id": PROGRAM,
        "transferred_on": to_date(on),
    }
    return pb.TransferClientRequest(**{**given, **changes})


def sites(desk: Desk, client_id: str) -> set[str]:
    with desk.store.transaction() as tx:
        return set(sites_of(tx, client_id))


def where(desk: Desk, client_id: str) -> tuple[str, str]:
    record = desk.call(clients.ReadClientRequest(client_id=client_id))
    [episode] = record.episodes
    return episode.site_id, episode.program.program_id


def put_right(desk: Desk, client_id: str, content: Any | None) -> Any:
    """The transfer that was told last."""
    asked = said.ListStatementsRequest(client_id=client_id)
    found = desk.call(asked, roles=CLINICIAN, purpose="TREATMENT").statements
    *_, statement = (each for each in found if each.revisions[0].recording.HasField("transfer"))
    revision = {
        "statement_id": statement.statement_id,
        "revision": statement.revisions[-1].revision,
    }
    why = {"reason": 1, "remark": "the wrong line"}
    request: Any = said.VoidStatementRequest(statement=revision, correction=why)
    if content is not None:
        request = said.CorrectStatementRequest(
            statement=revision, correction=why, recording=said.Recording(transfer=content)
        )
    return desk.call(request, roles=CLINICIAN, purpose="TREATMENT")


def test_who_is_transferred_is_at_the_new_site_and_known_at_both(desk: Desk) -> None:
    ada = desk.registered()
    episode_id = desk.admitted(ada)
    desk.call(moving(ada, episode_id, day(10)))
    assert where(desk, ada) == (THERE, PROGRAM)
    assert sites(desk, ada) == {SITE, THERE}
    chart_of = chart.ReadChartRequest(client_id=ada)
    for site_id in (SITE, THERE):
        told = desk.call(chart_of, roles=CLINICIAN, purpose="TREATMENT", sites=frozenset({site_id}))
        [admitted] = told.admissions
        [transfer] = admitted.transfers
        assert (admitted.site_id, transfer.site_id) == (SITE, THERE)
        assert transfer.transferred_on == to_date(day(10))
    desk.call(
        pb.RecordDiagnosisRequest(
            client_id=ada, code="F10.20", rank=1, effective_from=to_date(day(11))
        ),
        sites=frozenset({THERE}),
    )


def test_a_transfer_is_put_right_and_taken_back(desk: Desk) -> None:
    ada = desk.registered()
    episode_id = desk.admitted(ada)
    desk.call(moving(ada, episode_id, day(10)))
    put_right(desk, ada, moving(ada, episode_id, day(12), site_id=SITE, program_id=MENTAL_HEALTH))
    assert where(desk, ada) == (SITE, MENTAL_HEALTH)
    assert sites(desk, ada) == {SITE}
    put_right(desk, ada, moving(ada, episode_id, day(12)))
    assert (where(desk, ada), sites(desk, ada)) == ((THERE, PROGRAM), {SITE, THERE})
    put_right(desk, ada, None)
    assert (where(desk, ada), sites(desk, ada)) == ((SITE, PROGRAM), {SITE})
    assert [noun for noun, _ in desk.published()].count("ClientTransferred") >= 1


def test_whoever_left_a_program_may_be_admitted_to_it_and_not_to_the_one_they_are_in(
    desk: Desk,
) -> None:
    ada = desk.registered()
    episode_id = desk.admitted(ada, under_part2=False)
    desk.call(moving(ada, episode_id, day(10)))
    with pytest.raises(Refusal) as refused:
        desk.call(admission(ada, site_id=THERE))
    assert refused.value.reason == "ALREADY_IN_PROGRAM"
    again = admission(ada, under_part2=False, admitted_on=to_date(day(20)))
    assert not desk.call(again).previous_episode_id
    with pytest.raises(Refusal) as refused:
        back = moving(ada, episode_id, day(30), site_id=SITE, program_id=MENTAL_HEALTH)
        desk.call(back)
    assert refused.value.reason == "ALREADY_IN_PROGRAM"


@pytest.mark.parametrize(
    ("changes", "reason", "named"),
    [
        ({"site_id": SITE}, "ALREADY_THERE", "episode_id"),
        ({"program_id": THERE}, "PROGRAM_UNKNOWN", ""),
        ({"episode_id": THERE}, "EPISODE_UNKNOWN", ""),
        ({"transferred_on": to_date(day(0))}, "MALFORMED", "transferred_on"),
    ],
)
def test_what_is_refused_is_refused_by_name(
    desk: Desk, changes: dict[str, Any], reason: str, named: str
) -> None:
    ada = desk.registered()
    episode_id = desk.admitted(ada)
    with pytest.raises(Refusal) as refused:
        desk.call(moving(ada, episode_id, day(10), **changes))
    assert refused.value.reason == reason
    assert named in {"", *refused.value.details}


def test_an_admission_that_is_put_right_stays_before_the_transfer(desk: Desk) -> None:
    ada = desk.registered()
    episode_id = desk.admitted(ada)
    desk.call(moving(ada, episode_id, day(10)))
    asked = said.ListStatementsRequest(client_id=ada)
    found = desk.call(asked, roles=CLINICIAN, purpose="TREATMENT").statements
    [statement] = (each for each in found if each.revisions[0].recording.HasField("admission"))

    def correction(on: date, program_id: str) -> Any:
        recording = said.Recording(
            admission=admission(ada, admitted_on=to_date(on), program_id=program_id)
        )
        return said.CorrectStatementRequest(
            statement={"statement_id": statement.statement_id, "revision": 1},
            correction={"reason": 1, "remark": "the wrong line"},
            recording=recording,
        )

    with pytest.raises(Refusal, match="before the client was transferred"):
        desk.call(correction(day(10), PROGRAM), roles=CLINICIAN, purpose="TREATMENT")
    desk.call(correction(day(5), PROGRAM), roles=CLINICIAN, purpose="TREATMENT")
    assert where(desk, ada) == (THERE, PROGRAM)
