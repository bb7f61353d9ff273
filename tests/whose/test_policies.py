"""Every RPC is bound: a token of A gets past policy with what is A's, and not with what is B's."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message_factory import GetMessageClass

from kernel.process import Service
from kernel.refusal import NotAllowed
from kernel.rpc.call import Call
from kernel.rpc.policy import NETWORK, OWN, Policy, Scope, policies_of
from kernel.rpc.rpcs import rpc_of
from kernel.rpc.tokens import Actor
from kernel.store.store import Store
from services.attendance.__main__ import SERVICE as ATTENDANCE
from services.billing.__main__ import SERVICE as BILLING
from services.intake.__main__ import SERVICE as INTAKE
from services.plans.__main__ import SERVICE as PLANS
from tests.whose.worlds import WORLDS, Counted, World, rpcs_of

PROTOS = Path(__file__).resolve().parents[2] / "protos"
SERVICES = {owner.name: owner for owner in (INTAKE, PLANS, ATTENDANCE, BILLING)}
NOBODYS = str(uuid4())


def descriptors() -> dict[str, ServiceDescriptor]:
    found: dict[str, ServiceDescriptor] = {}
    for path in sorted(PROTOS.rglob("*_service.proto")):
        module = path.relative_to(PROTOS).with_suffix("").as_posix().replace("/", ".") + "_pb2"
        for service in import_module(module).DESCRIPTOR.services_by_name.values():
            found[service.full_name] = service
    return found


DESCRIPTORS = descriptors()
RPCS = [(name, rpc) for name in SERVICES for rpc in rpcs_of(name, DESCRIPTORS)]


def ids(case: tuple[str, MethodDescriptor]) -> str:
    return f"{case[0]}: {case[1].full_name}"


@pytest.fixture(scope="module")
def worlds(new_store_of_module: Callable[[Service], Store]) -> dict[str, World]:
    return {name: make(new_store_of_module) for name, make in WORLDS.items()}


def call(world: World, *sites: str) -> Call:
    return Call(
        actor=Actor("person/ada", frozenset({world.role}), frozenset(sites), world.purpose),
        now=world.now,
        deadline=lambda: 1.0,
        correlation_id="c",
        traceparent="",
    )


def admitted(world: World, policy: Policy, request: Any, *sites: str) -> bool:
    scope = Scope(world.store, SERVICES[world.name].kinds())
    try:
        scope.admit(policy, request, call(world, *sites))
    except NotAllowed as refused:
        assert refused.reason == "SITE_NOT_ALLOWED"
        return False
    return True


def request_of(rpc: MethodDescriptor, fields: dict[str, str]) -> Any:
    """With these fields, by their paths; what repeats has one."""
    request: Any = GetMessageClass(rpc.input_type)()
    for path, value in fields.items():
        *outer, name = path.split(".")
        holder = request
        for step in outer:
            repeated = holder.DESCRIPTOR.fields_by_name[step].is_repeated
            holder = getattr(holder, step).add() if repeated else getattr(holder, step)
        if holder.DESCRIPTOR.fields_by_name[name].is_repeated:
            getattr(holder, name).append(value)
        else:
            setattr(holder, name, value)
    if "meta" in rpc.input_type.fields_by_name:
        request.meta.command_id = str(uuid4())
    return request


def test_every_rpc_of_every_service_is_looked_at() -> None:
    of_all = sum("exchange" in name for name in DESCRIPTORS)
    looked_at = {rpc.full_name for _, rpc in RPCS}
    assert looked_at == {
        rpc.full_name for descriptor in DESCRIPTORS.values() for rpc in descriptor.methods
    }
    assert (of_all, len(RPCS)) >= (4, 130)


@pytest.mark.parametrize("name", SERVICES)
def test_every_kind_of_a_service_has_an_object_at_each_of_two_sites(
    worlds: dict[str, World], name: str
) -> None:
    world, kinds = worlds[name], SERVICES[name].kinds()
    assert world.pairs.keys() == {"site", *kinds}
    here, there = world.pairs["site"]
    with world.store.transaction() as tx:
        for kind, pair in world.pairs.items():
            if kind != "site":
                told = [set(kinds[kind].sites_of(tx, key)) for key in (*pair, NOBODYS)]
                assert told == [{here}, {there}, set()], kind


@pytest.mark.parametrize("case", RPCS, ids=ids)
def test_ones_own_gets_past_policy_and_anothers_does_not(
    worlds: dict[str, World], case: tuple[str, MethodDescriptor]
) -> None:
    name, rpc = case
    world, policy = worlds[name], policies_of(rpc.containing_service)[rpc.name]
    here, there = world.pairs["site"]
    named = [bound for bound in policy.bound_by if bound.field]
    if any(bound.kind == NETWORK for bound in policy.bound_by):
        assert not admitted(world, policy, request_of(rpc, {}), here, there)
        assert admitted(world, policy, request_of(rpc, {}), "*")
        return
    own = {bound.field: world.pairs[bound.kind][0] for bound in named}
    assert admitted(world, policy, request_of(rpc, own), here)
    for bound in named:
        for elsewhere in (world.pairs[bound.kind][1], NOBODYS):
            other = request_of(rpc, {**own, bound.field: elsewhere})
            assert not admitted(world, policy, other, here), bound
        other = request_of(rpc, {**own, bound.field: world.pairs[bound.kind][1]})
        assert admitted(world, policy, other, here, there), bound


# How payers and staff are called, and with what clients are assessed, is the network's.
OF_NO_SITE = {
    "ninehours.billing.v1.BillingWorkService.NamePayers",
    "ninehours.billing.v1.BillingWorkService.NameStaff",
    "ninehours.intake.v1.ChartService.ListInstruments",
}


@pytest.mark.parametrize("name", SERVICES)
def test_what_is_a_tokens_own_is_all_it_is_shown(worlds: dict[str, World], name: str) -> None:
    world = worlds[name]
    here, there = world.pairs["site"]
    asked = {rpc_of(request).full_name for request, _ in world.shown}
    bound = {
        rpc.full_name
        for method, rpc in RPCS
        if method == name
        and OWN in {bound.kind for bound in policies_of(rpc.containing_service)[rpc.name].bound_by}
    }
    assert asked == bound - OF_NO_SITE
    for request, count in world.shown:
        rpc = rpc_of(request)

        def shown(
            *sites: str, request: Any = request, rpc: Any = rpc, count: Counted = count
        ) -> int:
            if "meta" in rpc.input_type.fields_by_name:
                request.meta.command_id = str(uuid4())
            policy = policies_of(rpc.containing_service)[rpc.name]
            if not admitted(world, policy, request, *sites):
                return 0
            answers = world.servicers[rpc.containing_service]
            return count(getattr(answers, rpc.name)(request, call(world, *sites)))

        assert shown(here) == 0, rpc.full_name
        assert shown(there) > 0, rpc.full_name
