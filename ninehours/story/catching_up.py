"""Waits until the services have heard one another, and derived what follows. Nobody sleeps."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import grpc
from ninehours.common.v1 import common_pb2 as common
from ninehours.exchange.v1 import listener_service_pb2 as listener
from ninehours.exchange.v1 import operating_service_pb2 as operating
from ninehours.exchange.v1 import published_log_service_pb2 as log

from kernel.rpc.status import AWAY, RemoteRefusal

# Service → whom it hears. Intake hears plans and billing, and they hear it.
HEARS = {
    "plans": ("intake", "attendance"),
    "intake": ("plans", "attendance", "billing"),
    "attendance": ("intake",),
    "billing": ("intake", "plans", "attendance"),
}
SERVICES = ("intake", "plans", "attendance", "billing")
ONE_QUESTION = 15.0  # seconds: within the deadline of one call
STANDSTILL = 120.0  # seconds in which nothing is heard or derived any more
MOST_HEADS = 5000

Ask = Callable[..., Any]
"""ask(service, request, deadline=…): a question to one service, as the operator."""
Heads = dict[str, list[tuple[str, str, int]]]
"""Service → topic, subject and last sequence of all it published."""


class NotSettled(Exception):
    """Some service has not heard or derived everything in time; the message says which, and why."""


def settle(ask: Ask, standstill: float = STANDSTILL) -> None:
    """Returns when every listener heard all heads, nothing is due, and no head moved meanwhile.

    NotSettled when for `standstill` seconds a listener neither heard nor derived anything: one that
    is slow is waited for.
    """
    before: Heads = {}
    # A service publishes while it settles, for others to hear: once more, until nobody did.
    while (heads := {service: list(heads_of(ask, service)) for service in SERVICES}) != before:
        for service, hears in HEARS.items():
            _await(ask, service, [head for heard in hears for head in heads[heard]], standstill)
        before = heads


def heads_of(ask: Ask, service: str) -> Iterator[tuple[str, str, int]]:
    """The last sequence of every subject, page by page."""
    request = log.HeadsRequest()
    while True:
        page = ask(service, request)
        for head in page.heads:
            yield page.topic, head.subject, head.sequence
        if not page.next_page_token:
            return
        request.page_token = page.next_page_token


def parked(ask: Ask) -> dict[str, list[listener.Parked]]:
    """What each listener set aside or stopped."""
    return {service: list(ask(service, listener.ListParkedRequest()).parked) for service in HEARS}


def _await(
    ask: Ask, service: str, heads: Sequence[tuple[str, str, int]], standstill: float
) -> None:
    for start in range(0, max(len(heads), 1), MOST_HEADS):
        positions = [
            common.Position(topic=topic, subject=subject, sequence=sequence)
            for topic, subject, sequence in heads[start : start + MOST_HEADS]
        ]
        request = listener.SettledRequest(heads=positions)
        stood, since = None, time.monotonic()
        while not _is_settled(ask, service, request, min(ONE_QUESTION, standstill)):
            stands = _standing(ask, service)
            if stands not in (None, stood):
                stood, since = stands, time.monotonic()
            elif time.monotonic() - since >= standstill:
                raise NotSettled(_why(ask, service))


def _is_settled(ask: Ask, service: str, request: listener.SettledRequest, within: float) -> bool:
    try:
        ask(service, request, deadline=within, patience=0.0)
    except RemoteRefusal as refusal:
        if refusal.code in AWAY or refusal.code is grpc.StatusCode.UNKNOWN:
            return False
        raise
    return True


def _standing(ask: Ask, service: str) -> tuple[object, ...] | None:
    """How far a listener came: what changes while it gets on. None when it does not answer."""
    try:
        told = ask(service, operating.GetStatusRequest(), deadline=ONE_QUESTION, patience=0.0)
        derived = ask(service, operating.CountDerivedRequest(), deadline=ONE_QUESTION, patience=0.0)
    except RemoteRefusal:
        return None
    lags = tuple((lag.topic, lag.facts, lag.owner_away) for lag in told.lags)
    return derived.revisions, derived.due, derived.failed, told.behind, told.parked, lags


def _why(ask: Ask, service: str) -> str:
    try:
        found = ask(
            service, listener.ListParkedRequest(), deadline=ONE_QUESTION, patience=0.0
        ).parked
    except RemoteRefusal as refusal:
        return f"{service} does not answer ({refusal.reason}): its processes' logs say why"
    if not found:
        return f"{service} has not heard or derived everything in time: its stream's log says why"
    kinds = sorted({f"{each.kind} of {each.type or each.subject}: {each.error}" for each in found})
    return f"{service} stopped at {len(found)} parked items: " + "; ".join(kinds[:5])
