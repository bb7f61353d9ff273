"""Who may call what, and that a server without a promise doesn't start."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.message_factory import GetMessageClass
from grpc_health.v1 import health_pb2
from ninehours.common.v1.policy_pb2 import Policy as Declared
from ninehours.exchange.v1 import published_log_service_pb2

from kernel.config import Settings
from kernel.refusal import NotAllowed
from kernel.rpc.policy import Policy, UndeclaredRpc, permit, policies_of
from kernel.rpc.server import Server
from kernel.rpc.tokens import Actor, Verifier
from tests.kernel.rpc.made import declare

CLINICIAN = Actor("staff/ada", frozenset({"clinician"}), frozenset({"site-1"}), "TREATMENT")
TREATING = Policy(frozenset({"clinician"}), frozenset({"TREATMENT"}), "site_id")


def request(site_id: str) -> Any:
    service = declare(None)
    return GetMessageClass(service.methods[0].input_type)(site_id=site_id)


def actor(**changed: Any) -> Actor:
    told = {"id": "staff/ada", "roles": CLINICIAN.roles, "sites": CLINICIAN.sites}
    return Actor(**{**told, "purpose": "TREATMENT", **changed})


def test_policies_are_read_from_the_protos() -> None:
    service = published_log_service_pb2.DESCRIPTOR.services_by_name["PublishedLogService"]
    policies = policies_of(service)
    assert set(policies) >= {"Read", "Heads"}
    assert "service:billing" in policies["Read"].roles
    assert policies["Read"].purposes == {"OPERATIONS"}


def test_role_purpose_and_site_together_permit() -> None:
    permit(TREATING, CLINICIAN, request("site-1"))


def test_the_star_is_every_site_and_a_policy_without_a_site_asks_for_none() -> None:
    permit(TREATING, actor(sites=frozenset({"*"})), request("site-9"))
    permit(Policy(TREATING.roles, TREATING.purposes), actor(sites=frozenset()), request(""))


@pytest.mark.parametrize(
    ("who", "site", "reason"),
    [
        (actor(roles=frozenset()), "site-1", "ROLE_NOT_ALLOWED"),
        (actor(roles=frozenset({"operator"})), "site-1", "ROLE_NOT_ALLOWED"),
        (actor(purpose="PAYMENT"), "site-1", "PURPOSE_NOT_ALLOWED"),
        (actor(), "site-2", "SITE_NOT_ALLOWED"),
        (actor(), "", "SITE_NOT_ALLOWED"),
        (actor(), "*", "SITE_NOT_ALLOWED"),
        (actor(sites=frozenset()), "site-1", "SITE_NOT_ALLOWED"),
    ],
)
def test_whatever_one_of_them_does_not_cover_is_refused(who: Actor, site: str, reason: str) -> None:
    with pytest.raises(NotAllowed) as refused:
        permit(TREATING, who, request(site))
    assert refused.value.reason == reason


def test_a_policy_that_allows_nobody_allows_nobody() -> None:
    with pytest.raises(NotAllowed):
        permit(Policy(frozenset(), frozenset()), actor(sites=frozenset({"*"})), request(""))


@pytest.mark.parametrize(
    "policy",
    [
        None,
        Declared(purposes=["TREATMENT"]),
        Declared(roles=["clinician"]),
        Declared(roles=[""], purposes=["TREATMENT"]),
        Declared(roles=["clinician"], purposes=["CURIOSITY"]),
        Declared(roles=["clinician"], purposes=["TREATMENT"], site_field="clinic_id"),
        Declared(roles=["clinician"], purposes=["TREATMENT"], site_field="count"),
        Declared(roles=["clinician"], purposes=["TREATMENT"], site_field="tags"),
    ],
    ids=[
        "none",
        "no roles",
        "no purposes",
        "empty role",
        "unknown purpose",
        "no such field",
        "not text",
        "repeated",
    ],
)
def test_a_server_with_an_undeclared_rpc_does_not_start(
    policy: Declared | None, secrets_dir: Path, settings_of: Callable[..., Settings]
) -> None:
    class Servicer:
        def Do(self, request: Any, call: Any) -> Any: ...

    with pytest.raises(UndeclaredRpc, match="Do "):
        Server(
            {declare(policy): Servicer()},
            verifier=Verifier(secrets_dir),
            settings=settings_of(),
            ready=lambda: True,
        )


def test_a_foreign_service_without_policies_is_refused() -> None:
    health = health_pb2.DESCRIPTOR.services_by_name["Health"]
    with pytest.raises(UndeclaredRpc, match=r"Health\.\w+ declares no policy"):
        policies_of(health)


def test_a_servicer_must_have_every_method_and_no_rpc_takes_a_stream(
    secrets_dir: Path, settings_of: Callable[..., Settings]
) -> None:
    class Servicer:
        def Do(self, request: Any, call: Any) -> Any: ...

    for service, servicer in [
        (declare(Declared(roles=["clinician"], purposes=["TREATMENT"])), object()),
        (
            declare(Declared(roles=["clinician"], purposes=["TREATMENT"]), streams_in=True),
            Servicer(),
        ),
    ]:
        with pytest.raises(UndeclaredRpc):
            Server(
                {service: servicer},
                verifier=Verifier(secrets_dir),
                settings=settings_of(),
                ready=lambda: True,
            )


def test_a_well_declared_service_is_accepted() -> None:
    assert (
        policies_of(
            declare(Declared(roles=["clinician"], purposes=["TREATMENT"], site_field="site_id"))
        )["Do"]
        == TREATING
    )
