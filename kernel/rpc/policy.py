"""Who may call what, and for whose: read from the descriptors, so that protos' promise is kept.

Role and purpose are asked first, whose a request's things are last. In this order: a remembered
command is answered, whatever holds by now; what the request rests on is waited for (an admission
elsewhere, just made, says whose the client is); then every binding of the RPC's policy is judged.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from google.protobuf.descriptor import (
    Descriptor,
    FieldDescriptor,
    MethodDescriptor,
    ServiceDescriptor,
)
from google.protobuf.message import Message
from ninehours.common.v1 import policy_pb2

from kernel.execute import recall
from kernel.messaging.caught_up import wait_until_heard
from kernel.refusal import Malformed, NotAllowed
from kernel.rpc.call import Call
from kernel.rpc.commands import context_of, patience_of, positions_of
from kernel.rpc.tokens import PURPOSES, Actor
from kernel.sites import not_of_your_sites, require_network, speaks_for_every
from kernel.store.store import Store, Transaction


class UndeclaredRpc(Exception):
    """An RPC without a usable policy: its server doesn't start."""


# Kinds that name nothing: what belongs to the token's sites, what is the whole network's, and what
# the caller made, whichever their sites are.
OWN, NETWORK, PERSON = "own", "network", "person"
NAMELESS = (OWN, NETWORK, PERSON)
SITE = "site"
READS_FOR: Mapping[str, frozenset[str]] = {
    "front_desk": frozenset({"TREATMENT", "PAYMENT", "OPERATIONS"}),
    "clinician": frozenset({"TREATMENT", "OPERATIONS"}),
    "biller": frozenset({"PAYMENT", "OPERATIONS"}),
    "administrator": frozenset({"OPERATIONS"}),
    "operator": frozenset({"OPERATIONS"}),
}
"""For what somebody in a role reads about clients; in a role that isn't here nobody does."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A kind of thing, and the request's field with its id; `optional`: may be left out."""

    kind: str
    field: str = ""
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """Any of these roles, with any of these purposes, for all that the request is bound by.

    `audited`: a reading that is entered, whatever is answered.
    """

    roles: frozenset[str]
    purposes: frozenset[str]
    bound_by: tuple[Bound, ...] = ()
    audited: bool = False


@cache
def policies_of(service: ServiceDescriptor) -> Mapping[str, Policy]:
    """RPC name → its policy, for every RPC; UndeclaredRpc for one that lacks any part."""
    return {method.name: _policy_of(method) for method in service.methods}


def permit(policy: Policy, actor: Actor) -> None:
    """Returns when role and purpose agree: asked before anything of the request is read."""
    if not policy.roles & actor.roles:
        roles = " or ".join(sorted(policy.roles))
        raise NotAllowed("ROLE_NOT_ALLOWED", f"this takes {roles}, which your token isn't of")
    if actor.purpose not in policy.purposes:
        purposes = " or ".join(sorted(policy.purposes))
        raise NotAllowed(
            "PURPOSE_NOT_ALLOWED", f"this is for {purposes}; your token's purpose is another"
        )
    if policy.audited and not any(
        actor.purpose in READS_FOR[role] for role in policy.roles & actor.roles
    ):
        raise NotAllowed("PURPOSE_NOT_ALLOWED", "nobody reads this for that purpose in your role")


@dataclass(frozen=True, slots=True)
class BindingKind:
    """How a service tells whose a thing is: the sites of an id, none where nobody knows it.

    One of them suffices; with `every`, as of what sums over several, each is needed.
    """

    sites_of: Callable[[Transaction, str], Iterable[str]]
    every: bool = False

    def covered_by(self, sites: frozenset[str], tx: Transaction, key: str) -> bool:
        """Whether a token of these sites speaks for the thing."""
        its = frozenset(self.sites_of(tx, key))
        return bool(its) and (its <= sites if self.every else not its.isdisjoint(sites))


class Scope:
    """The resolvers of one service, asked on its own database."""

    def __init__(self, store: Store, kinds: Mapping[str, BindingKind]) -> None:
        self.store = store
        self._kinds = kinds

    def require(self, services: Iterable[ServiceDescriptor]) -> None:
        """UndeclaredRpc for an RPC that is bound by a kind without a resolver."""
        for service in services:
            for name, policy in policies_of(service).items():
                for bound in policy.bound_by:
                    if bound.kind not in (*NAMELESS, SITE, *self._kinds):
                        raise UndeclaredRpc(
                            f"{service.full_name}.{name} is bound by {bound.kind!r},"
                            " of which this service can't tell the sites"
                        )

    def admit(self, policy: Policy, request: Message, call: Call) -> None:
        """Returns when the token speaks for all that the request is bound by, or is remembered.

        Refuses SITE_NOT_ALLOWED, and what can't be read of what it is bound by as Malformed.
        """
        if speaks_for_every(call.actor.sites) or self._is_remembered(request, call):
            return
        if any(bound.kind == NETWORK for bound in policy.bound_by):
            require_network(call.actor.sites)
        named = [(bound, key) for bound in policy.bound_by for key in _keys(bound, request)]
        if any(bound.kind == SITE and key not in call.actor.sites for bound, key in named):
            raise not_of_your_sites()
        wait_until_heard(self.store, positions_of(_after(request)), patience_of(call))
        things = [(self._kinds[bound.kind], key) for bound, key in named if bound.kind != SITE]
        if not things:
            return
        with self.store.by_statement() as tx:
            if not all(kind.covered_by(call.actor.sites, tx, key) for kind, key in things):
                raise not_of_your_sites()

    def _is_remembered(self, request: Message, call: Call) -> bool:
        if "meta" not in request.DESCRIPTOR.fields_by_name:
            return False
        context = context_of(request, call, self.store.vault)
        with self.store.by_statement() as tx:
            return recall(tx, context) is not None


def _policy_of(method: MethodDescriptor) -> Policy:
    options: Any = method.GetOptions()
    if not options.HasExtension(policy_pb2.policy):
        raise UndeclaredRpc(f"{method.full_name} declares no policy")
    declared = options.Extensions[policy_pb2.policy]
    if not declared.roles or not all(declared.roles):
        raise UndeclaredRpc(f"{method.full_name} declares no roles")
    if not declared.purposes or not PURPOSES.issuperset(declared.purposes):
        raise UndeclaredRpc(f"{method.full_name} declares no purposes, or unknown ones")
    bound_by = tuple(Bound(bound.kind, bound.field, bound.optional) for bound in declared.bound_by)
    if wrong := _wrong_with(bound_by, method.input_type):
        raise UndeclaredRpc(f"{method.full_name} {wrong}")
    if declared.audited and (wrong := no_reading(method, declared)):
        raise UndeclaredRpc(f"{method.full_name} is audited, and {wrong}")
    return Policy(
        frozenset(declared.roles), frozenset(declared.purposes), bound_by, declared.audited
    )


def no_reading(method: MethodDescriptor, declared: Any) -> str:
    """Why it can't be audited as a reading; empty: it can."""
    if method.server_streaming:
        return "answers a stream, of which some would leave before it is entered"
    if "meta" in method.input_type.fields_by_name:
        return "is a command"
    if unknown := sorted(set(declared.roles) - set(READS_FOR)):
        return f"nobody says for what {', '.join(unknown)} reads"
    if idle := sorted(
        role for role in declared.roles if READS_FOR[role].isdisjoint(declared.purposes)
    ):
        return f"{', '.join(idle)} reads for none of its purposes"
    return ""


def _wrong_with(bound_by: Sequence[Bound], request: Descriptor) -> str:
    """Why these can't bind; empty: they do."""
    kinds = [bound.kind for bound in bound_by]
    if not kinds or not all(kinds):
        return "declares nothing that it is bound by"
    if NETWORK in kinds and len(kinds) > 1:
        return "is the network's, and of a part of it"
    if all(bound.optional for bound in bound_by):
        return "may leave out all that it is bound by"
    for bound in bound_by:
        if bound.kind in NAMELESS:
            if bound.field:
                return f"names a field for {bound.kind!r}"
        elif not _is_text(request, bound.field.split(".")):
            return (
                f"is bound to a {bound.kind} by {bound.field!r}, "
                f"which is no text field of {request.name}"
            )
    return ""


def _is_text(message: Descriptor, path: Sequence[str]) -> bool:
    field = message.fields_by_name.get(path[0])
    if field is None:
        return False
    if len(path) > 1:
        return field.message_type is not None and _is_text(field.message_type, path[1:])
    return bool(field.type == FieldDescriptor.TYPE_STRING)


def _after(request: Any) -> Any:
    fields = request.DESCRIPTOR.fields_by_name
    if "meta" in fields:
        return request.meta.after
    return request.after if "after" in fields else ()


def _keys(bound: Bound, request: Message) -> list[str]:
    """The ids that a request is bound by, each once; Malformed where one is missing or none."""
    if bound.kind in NAMELESS:
        return []
    given = _values([request], bound.field.split("."))
    if bound.optional and not any(given):
        return []
    if not given or not all(given):
        raise Malformed(**{bound.field: "is required"})
    try:
        return sorted({str(UUID(thing_id)) for thing_id in given})
    except ValueError:
        raise Malformed(**{bound.field: "is not a UUID"}) from None


def _values(holders: list[Any], path: list[str]) -> list[Any]:
    for step in path:
        found: list[Any] = []
        for holder in holders:
            value = getattr(holder, step)
            repeated = holder.DESCRIPTOR.fields_by_name[step].is_repeated
            found += value if repeated else [value]
        holders = found
    return holders
