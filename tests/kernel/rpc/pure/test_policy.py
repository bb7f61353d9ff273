"""Who may call what, and that a server without a promise doesn't start."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from grpc_reflection.v1alpha import reflection_pb2
from ninehours.common.v1.policy_pb2 import Policy as Declared
from ninehours.exchange.v1 import published_log_service_pb2
from ninehours.intake.v1 import intake_service_pb2

from kernel.config import Settings
from kernel.refusal import NotAllowed
from kernel.rpc.policy import Bound, Policy, UndeclaredRpc, no_reading, permit, policies_of
from kernel.rpc.server import Server
from kernel.rpc.tokens import Actor
from kernel.rpc.verifier import Verifier
from kernel.watching.health import Health
from tests.harness.kernel.rpc import bound, declare, scope

CLINICIAN = Actor("staff/ada", frozenset({"clinician"}), frozenset({"site-1"}), "TREATMENT")
HERE = (Bound("site", "site_id"),)
TREATING = Policy(frozenset({"clinician"}), frozenset({"TREATMENT"}), HERE)


def actor(**changed: Any) -> Actor:
    told = {"id": "staff/ada", "roles": CLINICIAN.roles, "sites": CLINICIAN.sites}
    return Actor(**{**told, "purpose": "TREATMENT", **changed})


def test_policies_are_read_from_the_protos() -> None:
    service = published_log_service_pb2.DESCRIPTOR.services_by_name["PublishedLogService"]
    policies = policies_of(service)
    assert set(policies) >= {"Read", "Heads"}
    assert "service:billing" in policies["Read"].roles
    assert policies["Read"].purposes == {"OPERATIONS"}


def test_role_and_purpose_together_permit() -> None:
    permit(TREATING, CLINICIAN)


@pytest.mark.parametrize(
    ("who", "reason"),
    [
        (actor(roles=frozenset()), "ROLE_NOT_ALLOWED"),
        (actor(roles=frozenset({"operator"})), "ROLE_NOT_ALLOWED"),
        (actor(purpose="PAYMENT"), "PURPOSE_NOT_ALLOWED"),
    ],
)
def test_whatever_one_of_them_does_not_cover_is_refused(who: Actor, reason: str) -> None:
    with pytest.raises(NotAllowed) as refused:
        permit(TREATING, who)
    assert refused.value.reason == reason


def test_a_policy_that_allows_nobody_allows_nobody() -> None:
    with pytest.raises(NotAllowed):
        permit(Policy(frozenset(), frozenset()), actor(sites=frozenset({"*"})))


@pytest.mark.parametrize(
    "policy",
    [
        None,
        Declared(purposes=["TREATMENT"]),
        Declared(roles=["clinician"]),
        Declared(roles=[""], purposes=["TREATMENT"]),
        Declared(roles=["clinician"], purposes=["CURIOSITY"]),
        bound(),
        bound({}),
        bound({"kind": "site", "field": "clinic_id"}),
        bound({"kind": "site", "field": "count"}),
        bound({"kind": "site", "field": "site_id.id"}),
        bound({"kind": "network", "field": "site_id"}),
        bound({"kind": "own"}, {"kind": "network"}),
        bound({"kind": "site", "field": "site_id", "optional": True}),
        bound({"kind": "clinic", "field": "site_id"}),
    ],
    ids=[
        "none",
        "no roles",
        "no purposes",
        "empty role",
        "unknown purpose",
        "bound by nothing",
        "bound by no kind",
        "no such field",
        "not text",
        "no such field within",
        "the network has no field",
        "the network's and a part's",
        "all may be left out",
        "a kind without a resolver",
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
            scope=scope(),
            settings=settings_of(),
            health=Health(lambda: True),
        )


@pytest.mark.parametrize(
    ("changed", "streams"),
    [
        ({}, True),
        ({"roles": ["service:billing"]}, False),
        ({"purposes": ["PAYMENT"]}, False),
    ],
)
def test_what_is_audited_is_read_whole_by_a_role_for_a_purpose_of_its(
    changed: dict[str, Any], streams: bool
) -> None:
    audited = bound({"kind": "site", "field": "site_id"})
    audited.audited = True
    assert policies_of(declare(audited))["Do"].audited
    for name, values in changed.items():
        del getattr(audited, name)[:]
        getattr(audited, name).extend(values)
    with pytest.raises(UndeclaredRpc, match="audited"):
        policies_of(declare(audited, streams=streams))


def test_an_audited_command_is_not_served() -> None:
    service = intake_service_pb2.DESCRIPTOR.services_by_name["IntakeService"]
    method = service.methods_by_name["CloseSafetyTask"]
    declared = bound({"kind": "client", "field": "client_id"})
    assert no_reading(method, declared) == "is a command"


def test_of_what_is_audited_one_role_must_have_the_purpose() -> None:
    """A token that holds both reads for either's purposes, and for no other."""
    audited = replace(
        TREATING,
        roles=frozenset({"clinician", "biller"}),
        purposes=frozenset({"TREATMENT", "PAYMENT"}),
        audited=True,
    )
    permit(audited, CLINICIAN)
    permit(audited, actor(roles=frozenset({"clinician", "biller"}), purpose="PAYMENT"))
    for role, purpose in (("biller", "TREATMENT"), ("clinician", "PAYMENT")):
        with pytest.raises(NotAllowed) as refused:
            permit(audited, actor(roles=frozenset({role, "nurse"}), purpose=purpose))
        assert refused.value.reason == "PURPOSE_NOT_ALLOWED"


def test_a_foreign_service_without_policies_is_refused() -> None:
    foreign = reflection_pb2.DESCRIPTOR.services_by_name["ServerReflection"]
    with pytest.raises(UndeclaredRpc, match=r"ServerReflection\.\w+ declares no policy"):
        policies_of(foreign)


def test_a_servicer_must_have_every_method_and_no_rpc_takes_a_stream(
    secrets_dir: Path, settings_of: Callable[..., Settings]
) -> None:
    class Servicer:
        def Do(self, request: Any, call: Any) -> Any: ...

    for service, servicer in [
        (declare(bound({"kind": "network"})), object()),
        (declare(bound({"kind": "network"}), streams_in=True), Servicer()),
    ]:
        with pytest.raises(UndeclaredRpc):
            Server(
                {service: servicer},
                verifier=Verifier(secrets_dir),
                scope=scope(),
                settings=settings_of(),
                health=Health(lambda: True),
            )


def test_a_well_declared_service_is_accepted() -> None:
    declared = bound({"kind": "site", "field": "site_id"})
    assert policies_of(declare(declared))["Do"] == TREATING
