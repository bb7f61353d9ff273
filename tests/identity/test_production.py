"""In production people come from the identity provider; on one machine from its key file, too."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from ninehours.exchange.v1 import published_log_service_pb2 as log_pb2

from kernel.config import Settings, WrongSetting
from kernel.refusal import NotYet
from kernel.rpc.channel import Channel
from kernel.rpc.client import RpcClient
from kernel.rpc.server import Server
from kernel.rpc.tokens import Actor, Issuer, Unauthenticated
from kernel.rpc.verifier import Verifier, verifier_of
from kernel.watching.health import Health
from tests.harness.identity.small_issuer import LAKESIDE, SmallIssuer
from tests.harness.kernel.rpc import DEADLINE, LOG, Log, scope
from tests.identity.test_fetching import until

ADA = ("staff/ada", ["clinician"], [LAKESIDE], "TREATMENT")
Verifying = Callable[..., Verifier]


@pytest.fixture
def verifying(secrets_dir: Path) -> Iterator[Verifying]:
    """Verifiers as processes have them, which ask nobody any more when the test is over."""
    with ExitStack() as opened:

        def verifier(**changes: Any) -> Verifier:
            told = {
                "service": "intake",
                "database_url": "postgresql://nobody:hush@127.0.0.1:1/none",
                "secrets_dir": secrets_dir,
                "network": "test",
                "keys_database_url": "postgresql://nobody:hush@127.0.0.1:1/keys",
            }
            made = verifier_of(Settings(**{**told, **changes}))
            opened.callback(made.close)
            return made

        yield verifier


def test_production_without_an_identity_provider_names_the_setting(verifying: Verifying) -> None:
    with pytest.raises(WrongSetting, match=r"^NINEHOURS_OIDC_ISSUER: "):
        verifying(environment="production")


def test_in_production_the_key_file_of_one_machine_speaks_for_nobody(
    verifying: Verifying, issuer: SmallIssuer, secrets_dir: Path
) -> None:
    verifier = verifying(environment="production", oidc=issuer.settings)
    with pytest.raises(Unauthenticated):
        verifier.actor(Issuer(secrets_dir, "people").token(*ADA))
    own = ("service/plans", ["service:plans"], ["*"], "OPERATIONS")
    assert verifier.actor(Issuer(secrets_dir, "plans").token(*own)).id == "service/plans"
    assert eventually(verifier, issuer.token()).roles == {"clinician"}


@pytest.mark.parametrize("environment", ["local", "test"])
@pytest.mark.parametrize("has_provider", [True, False])
def test_elsewhere_it_speaks_for_people_with_a_provider_and_without(
    verifying: Verifying,
    issuer: SmallIssuer,
    secrets_dir: Path,
    environment: str,
    has_provider: bool,
) -> None:
    oidc = issuer.settings if has_provider else None
    verifier = verifying(environment=environment, oidc=oidc)
    assert verifier.actor(Issuer(secrets_dir, "people").token(*ADA)).id == "staff/ada"
    if has_provider:
        assert eventually(verifier, issuer.token()).roles == {"clinician"}


def test_a_process_fetches_its_providers_keys_from_its_start(
    verifying: Verifying, issuer: SmallIssuer
) -> None:
    verifying(oidc=issuer.settings)
    until(lambda: issuer.JWKS in issuer.asked)


def test_a_client_is_answered_by_itself_though_nobody_knows_its_tokens_key_yet(
    verifying: Verifying, issuer: SmallIssuer, secrets_dir: Path
) -> None:
    settings: dict[str, Any] = {
        "service": "intake",
        "database_url": "postgresql://nobody:hush@127.0.0.1:1/none",
        "secrets_dir": secrets_dir,
        "environment": "test",
    }
    server = Server(
        {LOG: Log()},
        verifier=verifying(environment="production", oidc=issuer.settings),
        scope=scope(),
        settings=Settings(**settings),
        health=Health(lambda: True),
    )
    server.start()
    operator = {"roles": ["operator"], "sites": ["*"], "purpose": "OPERATIONS"}
    client = RpcClient(
        Channel(f"127.0.0.1:{server.port}"),
        LOG,
        token=lambda: issuer.token(operator),
        deadline=DEADLINE,
    )
    try:
        assert client.Read(log_pb2.ReadRequest(after_sequence=6)).epoch == 7
        issuer.rotate()
        assert client.Read(log_pb2.ReadRequest(after_sequence=7)).epoch == 8
    finally:
        client.close()
        server.stop(0)


def eventually(verifier: Verifier, token: str) -> Actor:
    """As a client is answered that tries again while keys are fetched."""
    found: list[Actor] = []

    def is_believed() -> bool:
        try:
            found.append(verifier.actor(token))
        except NotYet:
            return False
        return True

    until(is_believed)
    return found[0]
