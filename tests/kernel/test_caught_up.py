"""Waiting until something is heard: never for long, never for nobody, and not for what failed."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import grpc
import pytest
from ninehours.common.v1 import common_pb2
from ninehours.exchange.v1 import listener_service_pb2 as pb

from kernel import patience
from kernel.facts import Position
from kernel.messaging.caught_up import clients_not_caught_up, is_caught_up, wait_until_heard
from kernel.patience import Patience
from kernel.refusal import AgainstTheRules, NotYet
from kernel.rpc.call import Call
from kernel.rpc.remote_refusal import refusal_of
from kernel.store.store import Store
from operations.serving import LISTENER, ListenerServicer
from tests.harness.kernel.counters import (
    ADA,
    BOB,
    BROKEN,
    COUNTER,
    PATIENCE,
    SITE,
    TOPIC,
    Count,
    Listener,
    Log,
    attended,
    context,
    executor_of,
    until,
)
from tests.harness.kernel.rpc import Serve
from tests.kernel.rpc.conftest import operator, serve, settings_of

__all__ = ["operator", "serve", "settings_of"]
NEVER = Position(TOPIC, ADA, 9)


@pytest.mark.parametrize(
    ("left", "waits"), [(None, 9.5), (3.0, 2.5), (15.2, 14.5), (3600.0, 14.5), (0.1, 0.0)]
)
def test_a_server_is_patient_for_fifteen_seconds_at_most(left: float | None, waits: float) -> None:
    assert Patience.within(left, 0.5) == waits


def test_nobody_waits_for_a_caller_who_went_away(
    tallying: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []

    def waits() -> bool:
        asked.append(True)
        return len(asked) < 3

    monkeypatch.setattr(patience, "LONGEST", PATIENCE)
    with pytest.raises(NotYet):
        wait_until_heard(tallying, [NEVER], Patience.within(PATIENCE, 0.0, waits))
    assert len(asked) == 3


@contextmanager
def asked_without_deadline(
    servicer: ListenerServicer, serve: Serve, operator: Callable[[], str]
) -> Iterator[Any]:
    """`Settled` of what is never heard."""
    server = serve({LISTENER: servicer})
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        path = f"/{LISTENER.full_name}/Settled"
        send = channel.unary_unary(path, pb.SettledRequest.SerializeToString, None)
        metadata = (("authorization", f"Bearer {operator()}"),)
        yield send.future(pb.SettledRequest(heads=[position()]), metadata=metadata)


def test_settled_without_a_deadline_ends_and_gives_its_thread_back(
    tallying: Store,
    serve: Serve,
    operator: Callable[[], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(patience, "DEFAULT", 0.5)
    with asked_without_deadline(ListenerServicer(tallying), serve, operator) as asked:
        assert refusal_of(asked.exception(timeout=PATIENCE)).reason == "NOT_HEARD_YET"


def test_a_cancelled_question_is_given_up(
    tallying: Store,
    serve: Serve,
    operator: Callable[[], str],
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(patience, "DEFAULT", 10 * PATIENCE)
    monkeypatch.setattr(patience, "LONGEST", 10 * PATIENCE)
    begun = threading.Event()
    written: list[str] = []

    class Telling(ListenerServicer):
        def Settled(self, request: pb.SettledRequest, call: Call) -> pb.SettledResponse:
            begun.set()
            return super().Settled(request, call)

    def told() -> bool:
        written.append(capfd.readouterr().err)
        return "Settled" in "".join(written)

    with asked_without_deadline(Telling(tallying), serve, operator) as asked:
        assert begun.wait(PATIENCE)
        asked.cancel()
        until(told)


def position() -> common_pb2.Position:
    return common_pb2.Position(topic=TOPIC, subject=ADA, sequence=9)


def test_what_follows_from_a_client_whose_derivation_failed_is_not_waited_for_and_refused(
    tallying: Store,
) -> None:
    log = Log()
    listener = Listener(tallying, log)
    listener.hear(log.tell(ADA, attended("s", BROKEN)), log.tell(BOB, attended("s", 1)))
    listener.pending_work.drain()
    wait_until_heard(tallying, [Position(TOPIC, BOB, 1)], 0.0)
    with pytest.raises(AgainstTheRules) as refused:
        wait_until_heard(tallying, [Position(TOPIC, ADA, 1)], 0.0)
    assert refused.value.reason == "DERIVATION_PARKED"


def test_an_accepted_command_is_answered_again_while_what_it_rests_on_is_parked(
    tallying: Store,
) -> None:
    log = Log()
    listener = Listener(tallying, log)
    listener.hear(log.tell(ADA, attended("s", 1)))
    listener.pending_work.drain()
    ours = context(after=(Position(TOPIC, ADA, 1),))
    first = executor_of(tallying).execute(COUNTER, "counter/1", Count(BOB, 5), ours)
    listener.hear(log.tell(ADA, attended("s", BROKEN)))
    listener.pending_work.drain()
    assert executor_of(tallying).execute(COUNTER, "counter/1", Count(BOB, 5), ours) == first
    with pytest.raises(AgainstTheRules) as refused:
        new = context(after=ours.after)
        executor_of(tallying).execute(COUNTER, "counter/1", Count(BOB, 5), new)
    assert refused.value.reason == "DERIVATION_PARKED"


@pytest.mark.parametrize("subject", [SITE, ADA])
def test_what_anybody_says_was_published_holds_up_nobody(tallying: Store, subject: str) -> None:
    log = Log()
    listener = Listener(tallying, log)
    listener.hear(log.tell(ADA, attended("s", 9, site=SITE)))
    listener.pending_work.drain()
    with pytest.raises(NotYet):
        wait_until_heard(tallying, [Position(TOPIC, subject, 9)], 1.5)
    with tallying.transaction() as tx:
        assert not clients_not_caught_up(tx.connection, [ADA, BOB])
        assert is_caught_up(tx.connection, [Position(TOPIC, ADA, 1)])
    assert listener.gap_repair.repair() <= 1  # its owner has no more
    assert listener.heard(ADA) == [1]
    assert not listener.ask("SELECT FROM heard_head WHERE sequence = 0")
