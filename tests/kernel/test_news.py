"""News: whoever watches is told what is recorded as it is committed, by ids, and nothing else."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc
import pytest
from ninehours.exchange.v1 import news_service_pb2 as pb

from kernel.process import Service
from kernel.rpc import answer
from kernel.rpc.channel import Channel
from kernel.rpc.client import RpcClient
from kernel.rpc.news import SERVICE as NEWS_SERVICE
from kernel.rpc.remote_refusal import RemoteRefusal
from kernel.rpc.tokens import service_tokens
from kernel.services import CONSOLE
from kernel.store import news
from kernel.store.bells import NEWS
from kernel.store.news import News, Unnamed
from kernel.store.store import Store
from services.attendance.__main__ import SERVICE as ATTENDANCE
from tests.harness.api import Api, api
from tests.harness.attendance.front_desk import MONDAY, FrontDesk
from tests.harness.kernel.counters import ADA, BOB, PATIENCE, is_asleep, published, until

FOR_EVER = 3600.0


def told_of(follower: news.Follower) -> Iterator[str | Unnamed | None]:
    """One after the other."""
    while True:
        yield follower.next(PATIENCE)


def publish(store: Store, *subjects: str) -> None:
    with store.transaction() as tx:
        tx.publish([published(subject) for subject in subjects])


@contextmanager
def hearing(store: Store) -> Iterator[Iterator[str | Unnamed | None]]:
    """Somebody who is listened to from now on; no poll ends a wait of theirs."""
    told = News(store.engine)
    with told.followed() as follower:
        heard = told_of(follower)
        assert next(heard) is Unnamed.ANYTHING
        yield heard
    told.close()


def test_what_is_committed_is_told_and_what_is_rolled_back_is_not(
    counting: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(news, "POLL", FOR_EVER)
    with hearing(counting) as heard:
        with pytest.raises(ZeroDivisionError), counting.transaction() as tx:
            tx.publish([published(ADA)])
            raise ZeroDivisionError
        publish(counting, BOB)
        assert next(heard) == f"{BOB} published"
        publish(counting, BOB, ADA, BOB)
        assert next(heard) == " ".join([*sorted((ADA, BOB)), "published"])


def test_more_than_a_ring_holds_is_told_as_anything(
    counting: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kernel.store.store.MOST_TOLD", len(ADA))
    with hearing(counting) as heard:
        publish(counting, ADA, BOB)
        assert next(heard) is Unnamed.ANYTHING


def test_nobody_is_rung_for_once_the_last_one_is_gone(
    counting: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(news, "POLL", 0.05)
    with hearing(counting):
        assert is_asleep(counting, NEWS.lock)
    until(lambda: not is_asleep(counting, NEWS.lock))


def test_of_two_that_listen_the_second_goes_on_when_the_first_is_gone(
    counting: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was written in between may be missed: it is told as anything."""
    monkeypatch.setattr(news, "POLL", 0.05)
    with ExitStack() as first:
        first.enter_context(hearing(counting))
        with hearing(counting) as heard:
            publish(counting, ADA)
            assert next(heard) == f"{ADA} published"
            first.close()
            assert next(heard) is Unnamed.ANYTHING
            publish(counting, BOB)
            assert next(heard) == f"{BOB} published"


@pytest.fixture
def served(
    new_store: Callable[[Service], Store], secrets_dir: Path
) -> Iterator[tuple[Api, FrontDesk]]:
    store = new_store(ATTENDANCE)
    with api(ATTENDANCE, store, secrets_dir, datetime.now(UTC)) as opened:
        yield opened, FrontDesk(store)


def watch(served: Api, token: Callable[[], str], *kinds: str) -> Iterator[Any]:
    """What is answered, from when it is listened to."""
    client = RpcClient(
        Channel(f"127.0.0.1:{served.server.port}"), NEWS_SERVICE, token=token, deadline=PATIENCE
    )
    answers: Iterator[Any] = client.Watch(pb.WatchRequest(kinds=kinds))
    assert next(answers).anything
    return answers


def test_a_console_hears_ids_of_the_kinds_that_it_asked_for_alone(
    served: tuple[Api, FrontDesk], secrets_dir: Path
) -> None:
    serving, desk = served
    desk.open()
    answers = watch(serving, service_tokens(secrets_dir, CONSOLE), "session", "day")
    session_id = desk.session([ADA.partition("/")[2]])
    day = f"day/{desk.site_id}.{MONDAY.date()}"
    assert list(next(answers).changed) == [day, f"session/{session_id}"]


def test_four_watch_at_once_while_others_are_answered_and_a_stop_ends_them(
    served: tuple[Api, FrontDesk], secrets_dir: Path
) -> None:
    serving, _ = served
    token = service_tokens(secrets_dir, CONSOLE)
    watching = [watch(serving, token, "session") for _ in range(answer.MOST_WATCHING)]
    client = RpcClient(
        Channel(f"127.0.0.1:{serving.server.port}"), NEWS_SERVICE, token=token, deadline=1.0
    )
    with pytest.raises(RemoteRefusal) as refused:
        next(client.Watch(pb.WatchRequest(kinds=["session"])))
    assert refused.value.reason == "TOO_MANY_AT_ONCE"
    serving.assert_healthy()
    serving.server.stop(PATIENCE)
    assert [list(each) for each in watching] == [[]] * answer.MOST_WATCHING


def test_nobody_else_hears_that_anything_changed(served: tuple[Api, FrontDesk]) -> None:
    serving, _ = served
    asked = serving.ask(pb.WatchRequest(kinds=["session"]), "staff/1", "operator", "OPERATIONS")
    with pytest.raises(RemoteRefusal) as refused:
        next(asked)
    assert refused.value.code is grpc.StatusCode.PERMISSION_DENIED
