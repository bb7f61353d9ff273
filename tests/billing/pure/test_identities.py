"""Whoever answers for identities keeps one contract: the tests' fake, and intake over gRPC."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from ninehours.intake.v1 import intake_service_pb2 as pb

from kernel.config import Settings
from kernel.rpc.call import Call
from kernel.rpc.channel import Channel
from kernel.rpc.client import RpcClient
from kernel.rpc.policy import BindingKind
from kernel.rpc.server import Server
from kernel.rpc.tokens import Actor, service_tokens
from kernel.rpc.translate import date_of
from kernel.rpc.verifier import Verifier
from kernel.watching.health import Health
from services.billing.adapters.identities import PAGE, SERVICE, IntakeIdentities
from services.billing.app.ports import Identities
from tests.harness.billing.service import FakeIntake, covered
from tests.harness.kernel.rpc import scope

ON = date(2026, 3, 23)
PAYER, OTHER_PAYER = "payer", "another payer"
PROGRAM = "90000000-0000-4000-8000-000000000001"
ADA, BOB, EVE = "ada", "bob", "eve"
ISSUING = Call(
    actor=Actor("staff/biller", frozenset({"BILLER"}), frozenset(), "PAYMENT"),
    now=datetime(2026, 3, 23, 9, tzinfo=UTC),
    deadline=lambda: 5.0,
    correlation_id="8a3c8a94-5c07-4f0e-a4ea-2f6c3f1f3b52",
    traceparent=f"00-{'4' * 32}-{'7' * 16}-01",
)


def asking(clients: Sequence[str], payer_id: str) -> tuple[Any, ...]:
    """Nobody's revocation is settled, and everybody's lines are of one program."""
    return clients, payer_id, ON, (), {client: {PROGRAM} for client in clients}


class TinyIntake:
    """Intake's answer in a few lines: what it was asked is kept."""

    def __init__(self) -> None:
        self.requests: list[pb.ReadIdentitiesRequest] = []
        self.calls: list[Call] = []

    def ReadIdentities(
        self, request: pb.ReadIdentitiesRequest, call: Call
    ) -> pb.ReadIdentitiesResponse:
        self.requests.append(request)
        self.calls.append(call)
        answer = pb.ReadIdentitiesResponse()
        for client_id in request.client_ids:
            if client_id == BOB:
                answer.withheld.add(client_id=BOB, reason="NO_CONSENT")
            elif request.recipient_payer_id != PAYER:
                answer.withheld.add(client_id=client_id, reason="NO_COVERAGE")
            else:
                answer.identities.append(covered(client_id, f"coverage of {client_id}"))
        return answer

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def refuse(_request: Any, _call: Call) -> Any:
            raise NotImplementedError(name)

        return refuse


@pytest.fixture(scope="module")
def tiny() -> TinyIntake:
    return TinyIntake()


@pytest.fixture(scope="module")
def real(tiny: TinyIntake, secrets_dir: Path) -> Iterator[Identities]:
    settings: dict[str, Any] = {
        "service": "intake",
        "database_url": "postgresql://elsewhere/none",
        "secrets_dir": secrets_dir,
        "environment": "test",
    }
    server = Server(
        {SERVICE: tiny},
        verifier=Verifier(secrets_dir),
        scope=scope(client=BindingKind(lambda _, __: ())),
        settings=Settings(**settings),
        health=Health(lambda: True),
    )
    server.start()
    client = RpcClient(
        Channel(f"127.0.0.1:{server.port}"),
        SERVICE,
        token=service_tokens(secrets_dir, "billing", "PAYMENT"),
    )
    yield IntakeIdentities(client, ISSUING)
    client.close()
    server.stop(0)


@pytest.fixture
def fake() -> Identities:
    intake = FakeIntake()
    for client_id in [ADA, EVE, *(f"client {n}" for n in range(PAGE + 1))]:
        intake.cover(PAYER, covered(client_id, f"coverage of {client_id}"))
    intake.withheld[BOB] = "NO_CONSENT"
    return intake


@pytest.fixture(params=["fake", "real"])
def identities(request: pytest.FixtureRequest) -> Identities:
    found: Identities = request.getfixturevalue(request.param)
    return found


def test_everybody_asked_for_is_named_or_withheld_with_a_reason(identities: Identities) -> None:
    people = identities(*asking([ADA, BOB, EVE], PAYER))
    assert people.persons.keys() == {ADA, EVE}
    assert people.withheld == {BOB: "NO_CONSENT"}


def test_a_person_is_who_the_claim_names(identities: Identities) -> None:
    ada = identities(*asking([ADA], PAYER)).persons[ADA]
    assert (ada.client_id, ada.version, ada.coverage_id) == (ADA, 3, "coverage of ada")
    assert ada.consent_id == "5cbf2e4e-9a86-4b83-9a2e-1f3d5f4f9d10"
    assert ada.particulars == covered(ADA, "coverage of ada")


def test_nobody_is_named_to_a_payer_who_does_not_cover_them(identities: Identities) -> None:
    people = identities(*asking([ADA], OTHER_PAYER))
    assert (dict(people.persons), people.withheld) == ({}, {ADA: "NO_COVERAGE"})


def test_nobody_is_named_who_was_not_asked_for(identities: Identities) -> None:
    people = identities(*asking([], PAYER))
    assert (dict(people.persons), dict(people.withheld)) == ({}, {})


def test_more_clients_than_a_page_are_all_answered(identities: Identities) -> None:
    clients = [f"client {n}" for n in range(PAGE)] + [BOB, f"client {PAGE}"]
    people = identities(*asking(clients, PAYER))
    assert {*people.persons, *people.withheld} == set(clients)
    assert people.withheld == {BOB: "NO_CONSENT"}


def test_a_person_shows_no_name(identities: Identities) -> None:
    people = identities(*asking([ADA], PAYER))
    assert "Zyxwander" not in repr(people)
    assert ADA in repr(people)


def test_intake_is_asked_as_billing_with_payer_and_date(real: Identities, tiny: TinyIntake) -> None:
    real(*asking([ADA], PAYER))
    asked = tiny.requests[-1]
    assert (list(asked.client_ids), asked.recipient_payer_id) == ([ADA], PAYER)
    assert date_of(asked, "on") == ON
    assert list(asked.programs) == [pb.ProgramsOfLines(client_id=ADA, program_ids=[PROGRAM])]
    assert tiny.calls[-1].actor.id == "service/billing"


def test_intakes_audit_can_name_the_command_that_asked(real: Identities, tiny: TinyIntake) -> None:
    real(*asking([ADA], PAYER))
    asked = tiny.calls[-1]
    assert asked.correlation_id == ISSUING.correlation_id
    assert asked.traceparent == ISSUING.traceparent
    left = asked.deadline()
    assert left is not None
    assert left < 5.5  # gRPC rounds it up on the way
