"""Whose what a request names is: the last thing asked before it is answered.

In this order, after role and purpose: a remembered command is answered, whatever holds by now; what
the request rests on is waited for (an admission elsewhere, just made, says whose the client is);
then every binding of the RPC's policy is judged, as of one transaction.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.message import Message

from kernel.execute import recall
from kernel.messaging.caught_up import wait_until_heard
from kernel.refusal import Malformed
from kernel.rpc.call import Call
from kernel.rpc.commands import context_of, patience_of, positions_of
from kernel.rpc.policy import NETWORK, OWN, SITE, Bound, Policy, UndeclaredRpc, policies_of
from kernel.sites import not_of_your_sites, require_network, speaks_for_every
from kernel.store.store import Store, Transaction


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
        self._store = store
        self._kinds = kinds

    def require(self, services: Iterable[ServiceDescriptor]) -> None:
        """UndeclaredRpc for an RPC that is bound by a kind without a resolver."""
        for service in services:
            for name, policy in policies_of(service).items():
                for bound in policy.bound_by:
                    if bound.kind not in (OWN, NETWORK, SITE, *self._kinds):
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
        wait_until_heard(self._store, positions_of(_after(request)), patience_of(call))
        things = [(self._kinds[bound.kind], key) for bound, key in named if bound.kind != SITE]
        if not things:
            return
        with self._store.transaction() as tx:
            if not all(kind.covered_by(call.actor.sites, tx, key) for kind, key in things):
                raise not_of_your_sites()

    def _is_remembered(self, request: Message, call: Call) -> bool:
        if "meta" not in request.DESCRIPTOR.fields_by_name:
            return False
        context = context_of(request, call, self._store.vault)
        with self._store.transaction() as tx:
            return recall(tx, context) is not None


def _after(request: Any) -> Any:
    fields = request.DESCRIPTOR.fields_by_name
    if "meta" in fields:
        return request.meta.after
    return request.after if "after" in fields else ()


def _keys(bound: Bound, request: Message) -> list[str]:
    """The ids that a request is bound by, each once; Malformed where one is missing or none."""
    if bound.kind in (OWN, NETWORK):
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
