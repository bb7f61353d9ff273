"""Waits until services have heard one another, and projected what follows. Nobody sleeps."""

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import grpc
from ninehours.common.v1 import common_pb2 as common
from ninehours.exchange.v1 import listener_service_pb2 as listener
from ninehours.exchange.v1 import operating_service_pb2 as operating
from ninehours.exchange.v1 import published_log_service_pb2 as log

from kernel.rpc.connections import pages
from kernel.rpc.remote_refusal import AWAY, RemoteRefusal
from kernel.services import SERVICES

# Service → whom it hears. Intake hears plans and billing, and they hear it.
HEARS = {
    "plans": ("intake", "attendance"),
    "intake": ("plans", "attendance", "billing"),
    "attendance": ("intake",),
    "billing": ("intake", "plans", "attendance"),
}
ONE_QUESTION = 15.0  # seconds: within the deadline of one call
STANDSTILL = 120.0  # seconds in which nothing is heard or projected any more
MOST_HEADS = 5000

Ask = Callable[..., Any]
"""ask(service, request): a question to one service, as the operator; with `deadline=`, at once."""
Heads = dict[str, list[common.Position]]
"""Service → the last position of every subject it published about."""


class NotCaughtUp(Exception):
    """Some service did not hear or project everything in time; the message says which, and why."""


def wait_until_caught_up(ask: Ask, standstill: float = STANDSTILL) -> None:
    """Returns when every service heard all heads, nothing is pending, and no head moved meanwhile.

    NotCaughtUp when for `standstill` seconds a service neither heard nor projected anything: one
    that is slow is waited for.
    """
    before: Heads = {}
    # A service publishes while it catches up, for others to hear: once more, until nobody did.
    while (heads := {service: list(heads_of(ask, service)) for service in SERVICES}) != before:
        for service, hears in HEARS.items():
            _await(ask, service, [head for owner in hears for head in heads[owner]], standstill)
        before = heads


def heads_of(ask: Ask, service: str) -> Iterator[common.Position]:
    """The last position of every subject, page by page."""
    for page in pages(partial(ask, service), log.HeadsRequest()):
        for head in page.heads:
            yield common.Position(topic=page.topic, subject=head.subject, sequence=head.sequence)


def parked(ask: Ask) -> dict[str, list[listener.Parked]]:
    """What each service parked, or stopped at."""
    return {service: list(ask(service, listener.ListParkedRequest()).parked) for service in HEARS}


def _await(ask: Ask, service: str, heads: Sequence[common.Position], standstill: float) -> None:
    for start in range(0, max(len(heads), 1), MOST_HEADS):
        request = listener.SettledRequest(heads=heads[start : start + MOST_HEADS])
        before, since = None, time.monotonic()
        while not _is_caught_up(ask, service, request, min(ONE_QUESTION, standstill)):
            now = _progress(ask, service)
            if now not in (None, before):
                before, since = now, time.monotonic()
            elif time.monotonic() - since >= standstill:
                raise NotCaughtUp(_why(ask, service))


def _is_caught_up(ask: Ask, service: str, request: listener.SettledRequest, within: float) -> bool:
    try:
        ask(service, request, deadline=within)
    except RemoteRefusal as refusal:
        if refusal.code in AWAY or refusal.code is grpc.StatusCode.UNKNOWN:
            return False
        raise
    return True


def _progress(ask: Ask, service: str) -> tuple[object, ...] | None:
    """How far a service came: what changes while it gets on. None when it does not answer."""
    try:
        status = ask(service, operating.GetStatusRequest(), deadline=ONE_QUESTION)
        rows = ask(service, operating.CountDerivedRequest(), deadline=ONE_QUESTION)
    except RemoteRefusal:
        return None
    lags = tuple((lag.topic, lag.facts, lag.owner_away) for lag in status.lags)
    return rows.revisions, rows.due, rows.failed, status.behind, status.parked, lags


def _why(ask: Ask, service: str) -> str:
    try:
        found = ask(service, listener.ListParkedRequest(), deadline=ONE_QUESTION).parked
    except RemoteRefusal as refusal:
        return f"{service} does not answer ({refusal.reason}): its processes' logs say why"
    if not found:
        return f"{service} has not heard or derived everything in time: its stream's log says why"
    kinds = sorted({f"{item.kind} of {item.type or item.subject}: {item.error}" for item in found})
    return f"{service} stopped at {len(found)} parked items: " + "; ".join(kinds[:5])
